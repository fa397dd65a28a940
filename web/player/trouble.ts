/** Why a film does not play, in words: cause, consequence, what to do. */
import type { Film } from '../playing.ts';

/** In which place the file lies: the name of a folder of this computer, or null for the browser's own storage. */
export type Place = string | null;

const ELSEWHERE = 'a player such as VLC';

/** `MPEG` of `film.mpeg`. */
function kindOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toUpperCase();
}

function instead(place: Place): string {
  return place === null
    ? `Save it, and open it in ${ELSEWHERE}.`
    : `It is in “${place}” on this computer: open it there in ${ELSEWHERE}.`;
}

/** Of a kind that no browser plays. */
export function hopeless({ name }: Film, place: Place): string {
  return `Browsers do not play ${kindOf(name)} files. ${instead(place)}`;
}

/** The browser has looked into it, and does not play it. */
export function unplayable({ name }: Film, place: Place): string {
  return `This browser does not play what is in this ${kindOf(name)} file. ${instead(place)}`;
}

/** One of picture and sound has come for seconds without the other. */
export function halfPlayed(lacks: 'picture' | 'sound', place: Place): string {
  return lacks === 'sound'
    ? `There is no sound, or it is of a kind that this browser does not play. ${instead(place)}`
    : `The picture is of a kind that this browser does not play. ${instead(place)}`;
}

/** The worker's own words where it refuses the file, null where it gives it. @throws where it does not answer */
export async function refusalOf(address: string): Promise<string | null> {
  const asked = new AbortController();
  try {
    const answer = await fetch(address, { headers: { range: 'bytes=0-0' }, cache: 'no-store', signal: asked.signal });
    return answer.ok ? null : (await answer.text()).trim();
  } finally {
    asked.abort();
  }
}
