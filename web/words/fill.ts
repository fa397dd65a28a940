/** One of the characters that Unicode keeps for a program’s own use, so that no text has them. */
const FIRST_MARK = 0xfdd0;
const MARKS = /([\ufdd0-\ufdef])/;

/** A text of what is put in each of these places. */
export type TextOf<K extends string> = (places: Readonly<Record<K, string>>) => string;

/** The pieces of a text, with what is no text, such as an element, in the places that its language has for it. */
export function fill<K extends string, T>(text: TextOf<K>, parts: Readonly<Record<K, T>>): readonly (string | T)[] {
  const names = Object.keys(parts) as K[];
  const places = Object.fromEntries(names.map((name, at) => [name, String.fromCharCode(FIRST_MARK + at)])) as Record<K, string>;
  return text(places)
    .split(MARKS)
    .filter(piece => piece !== '')
    .map(piece => {
      const name = MARKS.test(piece) ? names[piece.charCodeAt(0) - FIRST_MARK] : undefined;
      return name === undefined ? piece : parts[name];
    });
}
