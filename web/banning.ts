/** Addresses that a person wants no peer to have, for one torrent or for all. */
import type { TorrentRow } from '../sw/view-model.ts';
import { command } from './actions.ts';
import { notify } from './notices.ts';
import { store } from './store.ts';

/** In these, as the engine keeps them. */
const MOST = 1_000;
const MOST_HERE = 100;
const FULL = 'The list of banned addresses is full. Take some off it first.';

export async function banHere(row: TorrentRow, host: string): Promise<void> {
  const { banned } = row.options;
  if (banned.length >= MOST_HERE && !banned.includes(host)) return notify(FULL, 'bad');
  await tell(
    command({ do: 'set', ids: [row.id], options: { banned: [...banned, host] } }),
    `${host} is banned from this torrent. Take it off the list below to let it in again.`,
  );
}

export async function letInHere(row: TorrentRow, host: string): Promise<void> {
  const banned = row.options.banned.filter(each => each !== host);
  await tell(command({ do: 'set', ids: [row.id], options: { banned } }), `${host} may connect to this torrent again.`);
}

export async function banEverywhere(host: string): Promise<void> {
  const banned = store.settings.value?.banned ?? [];
  if (banned.length >= MOST && !banned.includes(host)) return notify(FULL, 'bad');
  await tell(
    command({ do: 'configure', settings: { banned: [...banned, host] } }),
    `${host} is banned from all torrents. The settings have the list.`,
  );
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
