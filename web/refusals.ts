/** What the worker refused, in a sentence. */
import type { Said, SaidValue } from '../sw/said.ts';
import { formatEnough, isolated, shownText } from './format.ts';
import { loadWords, words } from './words/words.ts';

type Texts = Readonly<Record<string, ((values: Readonly<Record<string, string | number>>) => string) | undefined>>;

/** Its texts are fetched with the first that is shown; without them it can only be named. */
export async function describeError({ code, values }: Said): Promise<string> {
  try {
    await loadWords('said');
  } catch (error) {
    console.warn('The texts of what is refused could not be loaded.', error);
    return words.refusals.unknown({ code });
  }
  const text = (words.said as Texts)[code];
  return text?.(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(value)]))) ?? '';
}

function shown(value: SaidValue): string | number {
  if (typeof value === 'object') return formatEnough(value.bytes);
  return typeof value === 'string' ? isolated(shownText(value)) : value;
}
