/** What is told of a connection to a peer: the letters that other clients use, and what they mean. */
import type { PeerRow } from '../sw/view-model.ts';
import type { Messages } from './words/messages.ts';
import { language, words } from './words/words.ts';

export interface Flag {
  readonly letter: string;
  readonly words: string;
}

interface Rule extends Flag {
  readonly holds: (peer: PeerRow) => boolean;
}

const RULES: readonly Rule[] = [
  rule('D', 'sends', peer => peer.amInterested && !peer.peerChoking),
  rule('d', 'chokes', peer => peer.amInterested && peer.peerChoking),
  rule('U', 'served', peer => peer.peerInterested && !peer.amChoking),
  rule('u', 'waits', peer => peer.peerInterested && peer.amChoking),
  rule('K', 'idle', peer => !peer.amInterested && !peer.peerChoking),
  rule('?', 'idleHere', peer => !peer.peerInterested && !peer.amChoking),
  rule('I', 'incoming', peer => peer.incoming),
  rule('H', 'dht', peer => peer.source === 'dht'),
  rule('X', 'pex', peer => peer.source === 'pex'),
  rule('L', 'lsd', peer => peer.source === 'lsd'),
  rule('E', 'encrypted', peer => peer.encryption === 'full'),
  rule('e', 'handshake', peer => peer.encryption === 'handshake'),
  rule('P', 'utp', peer => peer.transport === 'utp'),
  rule('W', 'webrtc', peer => peer.transport === 'webrtc'),
];

function rule(letter: string, key: keyof Messages['peerFlags'], holds: Rule['holds']): Rule {
  return {
    letter,
    get words() {
      return words.peerFlags[key]();
    },
    holds,
  };
}

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
