/**
 * Languages that nobody speaks, made of the English for tests of the interface: `en-XA` is longer and accented, with ⟦ ⟧ around each text, so
 * that a text which is in no catalogue shows; `ar-XB` is written from right to left. Their tags are those that others use for the same.
 */
import { parse } from '@messageformat/parser';

export const PSEUDO = ['en-XA', 'ar-XB'];

/** Vowels become two, which makes English about as long as German. */
const ACCENTED = {
  a: 'àa',
  e: 'éé',
  i: 'ïi',
  o: 'öö',
  u: 'ûu',
  A: 'Àa',
  E: 'Éé',
  I: 'Ïi',
  O: 'Öö',
  U: 'Ûu',
  c: 'ç',
  n: 'ñ',
  y: 'ý',
};
const LATIN = 'abcdefghijklmnopqrstuvwxyz';
const ARABIC = 'ابجدهوزحطيكلمنسعفصقرشتثخذض';

function spell(locale, text) {
  if (locale === 'en-XA') return text.replace(/[a-zA-Z]/g, letter => ACCENTED[letter] ?? letter);
  return text.replace(/[a-zA-Z]/g, letter => ARABIC[LATIN.indexOf(letter.toLowerCase())]);
}

/** @returns {string} the same message in that language; what it takes stays. Units stand without marks, as their numbers are no texts */
export function pseudo(locale, area, message) {
  const write = tokens =>
    tokens
      .map(token => {
        switch (token.type) {
          case 'content':
            return spell(locale, token.value);
          case 'octothorpe':
            return '#';
          case 'argument':
            return `{${token.arg}}`;
          case 'function':
            return `{${token.arg}, ${token.key}}`;
          default: {
            const cases = token.cases.map(({ key, tokens: inner }) => `${key} {${write(inner)}}`);
            return `{${token.arg}, ${token.type}, ${cases.join(' ')}}`;
          }
        }
      })
      .join('');
  const text = write(parse(message, { strict: true }));
  return area === 'units' ? text : `⟦${text}⟧`;
}
