import type { ComponentChildren, JSX } from 'preact';
import { fill, type TextOf } from '../words/fill.ts';

interface Props<K extends string> {
  readonly text: TextOf<K>;
  readonly parts: Readonly<Record<K, ComponentChildren>>;
}

/** A text with elements in it, such as a field or a name, where its language has them. */
export function Filled<K extends string>({ text, parts }: Props<K>): JSX.Element {
  return <>{fill(text, parts)}</>;
}
