import type { ComponentChildren, JSX } from 'preact';

/** A character that stands in no text: one of those that Unicode keeps for a program’s own use, and no other. */
const FIRST_MARK = 0xfdd0;
const MARKS = /([\ufdd0-\ufdef])/;

interface Props<K extends string> {
  /** The text, of what is put in each place. */
  text(places: Readonly<Record<K, string>>): string;
  readonly parts: Readonly<Record<K, ComponentChildren>>;
}

/** A text with elements, such as a field or a name, in the places that its language has for them. */
export function Filled<K extends string>({ text, parts }: Props<K>): JSX.Element {
  const names = Object.keys(parts) as K[];
  const places = Object.fromEntries(names.map((name, at) => [name, String.fromCharCode(FIRST_MARK + at)])) as Record<K, string>;
  return (
    <>
      {text(places)
        .split(MARKS)
        .map(piece => {
          const name = MARKS.test(piece) ? names[piece.charCodeAt(0) - FIRST_MARK] : undefined;
          return name === undefined ? piece : parts[name];
        })}
    </>
  );
}
