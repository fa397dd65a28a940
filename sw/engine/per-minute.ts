import type { Peer } from './peer.ts';

const MINUTE = 60_000;

/** Counts by peer, from the first in a minute on. */
export class PerMinute {
  private readonly counts = new WeakMap<Peer, { since: number; count: number }>();

  /** How many there are in this minute, with this one. */
  count(peer: Peer, now: number): number {
    let entry = this.counts.get(peer);
    if (!entry || now - entry.since >= MINUTE) {
      entry = { since: now, count: 0 };
      this.counts.set(peer, entry);
    }
    entry.count += 1;
    return entry.count;
  }
}
