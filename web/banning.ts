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

async function tell(done: Promise<string | null>, text: string): Promise<void> {
  const refused = await done;
  if (refused === null) notify(text);
  else notify(refused, 'bad');
}
