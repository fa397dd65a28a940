/** What the worker says, in a sentence. */
import type { Said, SaidValue } from '../sw/said.ts';
import { formatEnough, isolated, shownText } from './format.ts';
import { translated } from './told.ts';
import { words } from './words/words.ts';

/** Its texts take what the codes bring, which a test compares (words.test.ts). */
type Text = (values: Readonly<Record<string, string | number>>) => string;

export function say({ code, values }: Said): string {
  const text = words.said[code] as Text;
  return text(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(value)])));
}

function shown(value: SaidValue): string | number {
  if (typeof value === 'object') return formatEnough(value.bytes);
  return typeof value === 'string' ? isolated(shownText(translated(value))) : value;
}
