/** Addresses that a person wants no peer to have, for one torrent or for all. */
import type { TorrentId } from '../sw/view-model.ts';
import { command } from './actions.ts';
import { isolated } from './format.ts';
import { notify } from './notices.ts';
import { words } from './words/words.ts';

export async function banHere(of: TorrentId, host: string): Promise<void> {
  const done = command({ do: 'ban', of, add: [host], remove: [] });
  await tell(done, words.inspector.peerBannedNow({ address: isolated(host) }));
}

export async function letInHere(of: TorrentId, host: string): Promise<void> {
  const done = command({ do: 'ban', of, add: [], remove: [host] });
  await tell(done, words.inspector.peerMayConnect({ address: isolated(host) }));
}

export async function banEverywhere(host: string): Promise<void> {
  const done = command({ do: 'ban', of: null, add: [host], remove: [] });
  await tell(done, words.inspector.peerBannedEverywhereNow({ address: isolated(host) }));
}

/** What a person made of the list: what another window has done to it meanwhile stays. Resolves to why it was refused, or null. */
export function banListed(before: readonly string[], text: string): Promise<string | null> {
  const listed = readAddresses(text);
  const add = listed.filter(host => !before.includes(host));
  const remove = before.filter(host => !listed.includes(host));
  return command({ do: 'ban', of: null, add, remove });
}

async function tell(done: Promise<string | null>, text: string): Promise<void> {
  const refused = await done;
  if (refused === null) notify(text);
  else notify(refused, 'bad');
}

/** The addresses of a text, one a line or with commas between. The engine says which is none. */
export function readAddresses(text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '');
}
