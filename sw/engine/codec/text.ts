/** Text from outside, made fit to be shown. */

/**
 * Control characters, characters that reorder or hide what stands beside them, and lone surrogates.
 * Joiners within emoji go too: a name that can be read wrongly is worse than one that looks plain.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]+/gu;

/** One line of at most `maxLength` characters without what cannot be seen, or null where nothing is left. */
export function printable(text: string, maxLength: number): string | null {
  // Cut roughly first, so that the work is bounded by what is kept and not by what was sent.
  const clean = text
    .slice(0, 4 * maxLength)
    .replace(/\s+/gu, ' ')
    .replace(UNPRINTABLE, '')
    .trim();
  if (clean === '') return null;
  const characters = [...clean];
  return characters.length <= maxLength ? clean : `${characters.slice(0, maxLength - 1).join('')}…`;
}
