/** Addresses that a person wants no peer to have, for one torrent or for all. */
import type { TorrentId } from '../sw/view-model.ts';
import { command } from './actions.ts';
import { notify } from './notices.ts';

export async function banHere(of: TorrentId, host: string): Promise<void> {
  await tell(
    command({ do: 'ban', of, add: [host], remove: [] }),
    `${host} is banned from this torrent. Take it off the list below to let it in again.`,
  );
}

export async function letInHere(of: TorrentId, host: string): Promise<void> {
  await tell(command({ do: 'ban', of, add: [], remove: [host] }), `${host} may connect to this torrent again.`);
}

export async function banEverywhere(host: string): Promise<void> {
  await tell(
    command({ do: 'ban', of: null, add: [host], remove: [] }),
    `${host} is banned from all torrents. The settings have the list.`,
  );
}

/** What a person made of the list: what another window has done to it meanwhile stays. Resolves to why it was refused, or null. */
export function banListed(before: readonly string[], text: string): Promise<string | null> {
  const listed = readAddresses(text);
  const add = listed.filter(host => !before.includes(host));
  const remove = before.filter(host => !listed.includes(host));
  return command({ do: 'ban', of: null, add, remove });
}

async function tell(done: Promise<string | null>, words: string): Promise<void> {
  const refused = await done;
  if (refused === null) notify(words);
  else notify(refused, 'bad');
}

/** The addresses of a text, one a line or with commas between. The engine says which is none. */
export function readAddresses(text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '');
}
