/**
 * The texts of the app in the language of who uses it. `words` is empty until an area is loaded, so that a text is taken where it is
 * shown, never while a module is evaluated. Another language means another page: nothing is drawn anew.
 */
import { areas, languages, load } from 'virtual:words';
import { readStoredText, writeStoredText } from '../stored.ts';
import type { Messages } from './messages.ts';

export type Area = keyof Messages;

/** Read when the page is loaded; a language that is gone since, or was never known, counts for none. */
const KEY = 'starling.language';
const FALLBACK = 'en';

/** Languages by their BCP 47 tags, each with its own name for itself. */
export const LANGUAGES: readonly { readonly tag: string; readonly name: string }[] = languages.map(tag => ({
  tag,
  name: new Intl.DisplayNames([tag], { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag,
}));

/** What was chosen; null: as the browser is set. */
export function chosenLanguage(): string | null {
  const kept = readStoredText(KEY);
  return kept !== null && languages.includes(kept) ? kept : null;
}

/** Takes effect with the next load of the page. */
export function chooseLanguage(tag: string | null): void {
  writeStoredText(KEY, tag);
}

/** The first of these tags that there are texts for, by its language alone where its script is not told apart. */
export function bestLanguage(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const { language, script } = new Intl.Locale(tag).maximize();
    const match = languages.find(known => {
      const ours = new Intl.Locale(known).maximize();
      return ours.language === language && ours.script === script;
    });
    if (match !== undefined) return match;
  }
  return FALLBACK;
}

/** The language of the texts. */
export const language = chosenLanguage() ?? bestLanguage(typeof navigator === 'undefined' ? [] : navigator.languages);

/** Which way it is written. */
export const direction = ['Arab', 'Hebr'].includes(new Intl.Locale(language).maximize().script ?? '') ? 'rtl' : 'ltr';

export const words = {} as Messages;

/** Loads the texts of these areas. Rejects where they cannot be fetched. */
export async function loadWords(...areas: readonly Area[]): Promise<void> {
  const from = load[language];
  if (from === undefined) throw new Error(`There are no texts in ${language}`);
  await Promise.all(
    areas.map(async area => {
      const texts = await from[area]();
      Object.assign(words, { [area]: texts.default });
    }),
  );
}

/** Those of every area, for who shows all of them or none knows which. */
export function loadAllWords(): Promise<void> {
  return loadWords(...areas);
}
