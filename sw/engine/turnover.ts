import type { Peer } from './peer.ts';

/** Each five minutes, where nine places in ten are taken and others wait, one peer in 25 makes room (as in libtorrent). */
const EVERY = 5 * 60_000;
const FULL = 0.9;
const SHARE = 0.04;
/** Ms that a new connection is left in peace: it has yet to show its worth. */
const SETTLED = 60_000;

/** Keeps a full torrent from resting with the first peers that it met. */
export class Turnover {
  private nextAt = -1;

  /** The peers that are to make room now. `waiting`: whether there is anyone to connect to instead. */
  due(peers: ReadonlyMap<number, Peer>, most: number, waiting: () => boolean, rank: (peer: Peer) => number, now: number): Peer[] {
    if (this.nextAt < 0) this.nextAt = now + EVERY;
    if (now < this.nextAt) return [];
    this.nextAt = now + EVERY;
    if (peers.size < most * FULL || !waiting()) return [];
    return byUse(peers.values(), rank, now).slice(0, Math.max(1, Math.floor(peers.size * SHARE)));
  }
}

/** Who makes room for a newcomer that ranks this high, where there is none: the lowest rank among those that give and get nothing. */
export function yieldsTo(rankOfNew: number, peers: Iterable<Peer>, rank: (peer: Peer) => number, now: number): Peer | null {
  const [least] = byUse(peers, rank, now);
  return least && rateOf(least, now) === 0 && rank(least) < rankOfNew ? least : null;
}

/** Those that may be parted with, the least useful first: by payload, then by whether either wants anything, then by rank. */
function byUse(peers: Iterable<Peer>, rank: (peer: Peer) => number, now: number): Peer[] {
  const settled = [...peers].filter(peer => peer.stage === 'open' && now - peer.openedAt > SETTLED);
  const judged = settled.map(peer => ({ peer, rate: rateOf(peer, now), wish: wishes(peer), rank: rank(peer) }));
  return judged.sort((a, b) => a.rate - b.rate || a.wish - b.wish || a.rank - b.rank).map(({ peer }) => peer);
}

function rateOf(peer: Peer, now: number): number {
  return Math.round(peer.down.rate(now) + peer.up.rate(now));
}

function wishes(peer: Peer): number {
  return (peer.amInterested ? 1 : 0) + (peer.peerInterested ? 1 : 0);
}
