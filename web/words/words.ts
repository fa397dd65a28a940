/**
 * The texts of the app in the language of who uses it. An area of `words` is there once it is loaded: those of the first screen before
 * anything is drawn, others with the part of the app that shows them (web/ui/lazy.tsx). So a text is taken where it is shown, never while
 * a module is evaluated. Another language means another page: nothing is drawn anew.
 */
import { load } from 'virtual:words';
import { readStoredText, writeStoredText } from '../stored.ts';
import type { Messages } from './messages.ts';

export type Area = keyof Messages;

/** Read by public/theme.js as the page is loaded. */
const KEY = 'starling.language';
/** The same for this tab alone, and before the other. */
const INSTEAD = 'starling.language.instead';
const FALLBACK = 'en';

const known = Object.keys(load);

/** Languages by their BCP 47 tags, each with its own name for itself. */
export function languages(): readonly { readonly tag: string; readonly name: string }[] {
  return known.map(tag => ({
    tag,
    name: new Intl.DisplayNames([tag], { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag,
  }));
}

/** What was chosen; null: as the browser is set. */
export function chosenLanguage(): string | null {
  const kept = readStoredText(KEY);
  return kept !== null && known.includes(kept) ? kept : null;
}

/** Takes effect with the next load of the page. Rejects where the texts cannot be fetched: a page without them would be no way back. */
export async function chooseLanguage(tag: string | null): Promise<void> {
  if (tag !== null) await load[tag]?.();
  writeStoredText(KEY, tag);
  sessionStorage.removeItem(INSTEAD);
}

/** Has this tab shown in English, which is kept with the app, where the texts of the language cannot be had. False where it is. */
export function speakEnglish(): boolean {
  if (language === FALLBACK) return false;
  try {
    sessionStorage.setItem(INSTEAD, FALLBACK);
  } catch {
    return false;
  }
  location.reload();
  return true;
}

/** The language of the texts, which public/theme.js has found. */
export const language = typeof document === 'undefined' ? FALLBACK : document.documentElement.lang;

/** Which way it is written. */
export const direction = typeof document !== 'undefined' && document.documentElement.dir === 'rtl' ? 'rtl' : 'ltr';

export const words = {} as Messages;

/** Loads the texts of the first screen. Rejects where they cannot be fetched. */
export async function loadFirstWords(): Promise<void> {
  Object.assign(words, (await texts()).default);
}

/** Loads the texts of those of these areas that are not there yet, maybe with others. Rejects where they cannot be fetched. */
export async function loadWords(...areas: readonly Area[]): Promise<void> {
  const lacking = areas.filter(area => !(area in words));
  if (lacking.length === 0) return;
  const { later } = await texts();
  for (const loaded of await Promise.all(lacking.map(area => later[area]()))) Object.assign(words, loaded.default);
}

/** Those of every area. */
export async function loadAllWords(): Promise<void> {
  await loadFirstWords();
  await loadWords(...(Object.keys((await texts()).later) as Area[]));
}

function texts(): ReturnType<NonNullable<(typeof load)[string]>> {
  const first = load[language];
  if (first === undefined) throw new Error(`There are no texts in ${language}`);
  return first();
}

/** For a text that is one of two: `{name, select, yes {…} other {…}}`. */
export function whether(is: boolean): 'yes' | 'no' {
  return is ? 'yes' : 'no';
}
