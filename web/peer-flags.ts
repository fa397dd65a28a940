/** What is told of a connection to a peer, in the words for what other clients show as letters; and the order of peers. */
import type { PeerRow } from '../sw/view-model.ts';
import type { Messages } from './words/messages.ts';
import { language, words } from './words/words.ts';

const FLAGS: readonly { readonly key: keyof Messages['peerFlags']; readonly holds: (peer: PeerRow) => boolean }[] = [
  { key: 'sends', holds: peer => peer.amInterested && !peer.peerChoking },
  { key: 'chokes', holds: peer => peer.amInterested && peer.peerChoking },
  { key: 'served', holds: peer => peer.peerInterested && !peer.amChoking },
  { key: 'waits', holds: peer => peer.peerInterested && peer.amChoking },
  { key: 'idle', holds: peer => !peer.amInterested && !peer.peerChoking },
  { key: 'idleHere', holds: peer => !peer.peerInterested && !peer.amChoking },
  { key: 'incoming', holds: peer => peer.incoming },
  { key: 'dht', holds: peer => peer.source === 'dht' },
  { key: 'pex', holds: peer => peer.source === 'pex' },
  { key: 'lsd', holds: peer => peer.source === 'lsd' },
  { key: 'encrypted', holds: peer => peer.encryption === 'full' },
  { key: 'handshake', holds: peer => peer.encryption === 'handshake' },
  { key: 'utp', holds: peer => peer.transport === 'utp' },
  { key: 'webrtc', holds: peer => peer.transport === 'webrtc' },
];

/** Phrases, what matters most first. */
export function flagsOf(peer: PeerRow): string[] {
  return FLAGS.filter(({ holds }) => holds(peer)).map(({ key }) => words.peerFlags[key]());
}

/** IP literal of a peer; empty where the browser does not tell it. */
export function hostOf({ address, transport }: PeerRow): string {
  if (transport === 'webrtc') return address;
  return /^\[([^\]]+)\]/.exec(address)?.[1] ?? address.slice(0, address.lastIndexOf(':'));
}

export type PeerColumn = 'address' | 'client' | 'progress' | 'down' | 'up';

const collator = new Intl.Collator(language, { numeric: true });

const ORDERS: Readonly<Record<PeerColumn, (a: PeerRow, b: PeerRow) => number>> = {
  address: (a, b) => collator.compare(a.address, b.address),
  client: (a, b) => collator.compare(a.client, b.client),
  progress: (a, b) => a.progress - b.progress,
  down: (a, b) => a.down - b.down,
  up: (a, b) => a.up - b.up,
};

export interface PeerSort {
  readonly by: PeerColumn;
  readonly isDescending: boolean;
}

export function sortPeers(peers: readonly PeerRow[], { by, isDescending }: PeerSort): PeerRow[] {
  const order = ORDERS[by];
  return [...peers].sort((a, b) => (isDescending ? -1 : 1) * order(a, b) || a.id - b.id);
}
