/** What the worker says unasked or refuses, in a sentence that is fetched with the first of them. */
import type { Said } from '../sw/said.ts';
import { loadTold } from './told.ts';
import { loadWords, words } from './words/words.ts';

export async function describeSaid(said: Said): Promise<string> {
  try {
    const [{ say }] = await Promise.all([import('./said.ts'), loadWords('said'), loadTold()]);
    return say(said);
  } catch (error) {
    console.warn('The texts of what is refused could not be loaded.', error);
    return words.refusals.unknown({ code: said.code });
  }
}
