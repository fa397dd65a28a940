import type { Peer } from './peer.ts';

/** Payload that went over all connections of a torrent, those that have ended as well, bytes. */
export class Traffic {
  private readonly past = { up: 0, down: 0 };

  constructor(private readonly peers: ReadonlyMap<number, Peer>) {}

  sum(way: 'up' | 'down'): number {
    let total = this.past[way];
    for (const peer of this.peers.values()) total += peer[way].total;
    return total;
  }

  gone(peer: Peer): void {
    this.past.up += peer.up.total;
    this.past.down += peer.down.total;
  }
}
