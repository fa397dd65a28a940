/** Knows sentences again: the English of the catalogue, with what stood in its places, in the language of the window. */
import { load } from 'virtual:words';
import { isolated } from './format.ts';
import { words } from './words/words.ts';

type Values = Readonly<Record<string, string>>;
type Text = (values: Values) => string;

/** A character that no text has. */
const PLACE = '\ufdd0';

interface Pattern {
  readonly is: RegExp;
  readonly names: readonly string[];
  readonly text: Text;
}

/** Loads the English that it needs; the texts of the window are there. Rejects where it cannot be had. */
export async function translator(): Promise<(text: string) => string> {
  const english = load['en'];
  if (english === undefined) throw new Error('There are no texts in English');
  const { later } = await english();
  const [told, said] = await Promise.all([later.told(), later.said()]);
  const exact = new Map<string, Text>();
  const patterns: Pattern[] = [];
  const own = textsOf(words.told);
  for (const [key, text] of textsOf(told.default.told)) {
    const pattern = patternOf(text, own.get(key) ?? text);
    if (pattern.names.length === 0) exact.set(text({}), pattern.text);
    else patterns.push(pattern);
  }
  // Sentences of codes come as texts over HTTP; those that take something come with their codes alone.
  const ownSaid = textsOf(words.said);
  for (const [key, text] of textsOf(said.default.said)) if (text.length === 0) exact.set(text({}), ownSaid.get(key) ?? text);
  const translate = (text: string): string => {
    const known = exact.get(text);
    if (known !== undefined) return known({});
    for (const pattern of patterns) {
      const found = pattern.is.exec(text);
      if (found === null) continue;
      return pattern.text(Object.fromEntries(pattern.names.map((name, at) => [name, isolated(translate(found[at + 1] ?? ''))])));
    }
    return text;
  };
  return translate;
}

function textsOf(area: object = {}): ReadonlyMap<string, Text> {
  return new Map(Object.entries(area) as [string, Text][]);
}

function patternOf(english: Text, text: Text): Pattern {
  const names: string[] = [];
  const places: Values = new Proxy(
    {},
    {
      get: (_, name) => {
        names.push(String(name));
        return PLACE;
      },
    },
  );
  const parts = english(places).split(PLACE).map(escaped);
  return { is: new RegExp(`^${parts.join('(.+)')}$`, 's'), names, text };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
