/** What is told of a connection to a peer: the letters that other clients use, and what they mean. */
import type { PeerRow } from '../sw/view-model.ts';

export interface Flag {
  readonly letter: string;
  readonly words: string;
}

interface Rule extends Flag {
  readonly holds: (peer: PeerRow) => boolean;
}

const RULES: readonly Rule[] = [
  { letter: 'D', words: 'it sends to us', holds: peer => peer.amInterested && !peer.peerChoking },
  { letter: 'd', words: 'we want something, it does not send yet', holds: peer => peer.amInterested && peer.peerChoking },
  { letter: 'U', words: 'we send to it', holds: peer => peer.peerInterested && !peer.amChoking },
  { letter: 'u', words: 'it wants something, we do not send yet', holds: peer => peer.peerInterested && peer.amChoking },
  { letter: 'K', words: 'it would send, we want nothing', holds: peer => !peer.amInterested && !peer.peerChoking },
  { letter: '?', words: 'we would send, it wants nothing', holds: peer => !peer.peerInterested && !peer.amChoking },
  { letter: 'I', words: 'it came to us', holds: peer => peer.incoming },
  { letter: 'H', words: 'found in the DHT', holds: peer => peer.source === 'dht' },
  { letter: 'X', words: 'named by another peer', holds: peer => peer.source === 'pex' },
  { letter: 'L', words: 'found on this network', holds: peer => peer.source === 'lsd' },
  { letter: 'E', words: 'encrypted', holds: peer => peer.encryption === 'full' },
  { letter: 'e', words: 'handshake encrypted', holds: peer => peer.encryption === 'handshake' },
  { letter: 'P', words: 'over uTP', holds: peer => peer.transport === 'utp' },
  { letter: 'W', words: 'over WebRTC', holds: peer => peer.transport === 'webrtc' },
];

/** All that there are, in the order in which they stand. */
export const FLAGS: readonly Flag[] = RULES;

export function flagsOf(peer: PeerRow): readonly Flag[] {
  return RULES.filter(({ holds }) => holds(peer));
}

/** IP literal of a peer; empty where the browser does not tell it. */
export function hostOf({ address, transport }: PeerRow): string {
  if (transport === 'webrtc') return address;
  return /^\[([^\]]+)\]/.exec(address)?.[1] ?? address.slice(0, address.lastIndexOf(':'));
}

export type PeerColumn = 'address' | 'client' | 'progress' | 'down' | 'up';

const collator = new Intl.Collator('en', { numeric: true });

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
