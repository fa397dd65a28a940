/** Why a film does not play, in words: cause, consequence, what to do. */
import { isolated, shownName } from '../format.ts';
import type { Film } from '../playing.ts';
import { loadTold, translated } from '../told.ts';
import { whether, words } from '../words/words.ts';

/** In which place the file lies: the name of a folder of this computer, or null for the browser's own storage. */
export type Place = string | null;

/** `MPEG` of `film.mpeg`. */
function kindOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toUpperCase();
}

function at(place: Place): { readonly here: 'yes' | 'no'; readonly folder: string } {
  return { here: whether(place === null), folder: isolated(shownName(place ?? '')) };
}

/** Of a kind that no browser plays. */
export function hopeless({ name }: Film, place: Place): string {
  return words.trouble.hopeless({ kind: isolated(kindOf(name)), ...at(place) });
}

/** The browser has looked into it, and does not play it. */
export function unplayable({ name }: Film, place: Place): string {
  return words.trouble.unplayable({ kind: isolated(kindOf(name)), ...at(place) });
}

/** One of picture and sound has come for seconds without the other. */
export function halfPlayed(lacks: 'picture' | 'sound', place: Place): string {
  return lacks === 'sound' ? words.trouble.noSound(at(place)) : words.trouble.noPicture(at(place));
}

/** The worker's own words where it refuses the file, null where it gives it. @throws where it does not answer */
export async function refusalOf(address: string): Promise<string | null> {
  const asked = new AbortController();
  try {
    const answer = await fetch(address, { headers: { range: 'bytes=0-0' }, cache: 'no-store', signal: asked.signal });
    if (answer.ok) return null;
    await loadTold();
    return translated((await answer.text()).trim());
  } finally {
    asked.abort();
  }
}
