import type { Handover } from './handover.ts';
import { makePeerId } from './model/ids.ts';

/** Ms for which a name outlasts the engine that had it: a hand-over, or the start after a browser that was killed. */
const OUTLASTS = 5 * 60_000;
/** Ms after which a name is given up at the next hand-over, so that nobody is told by it for longer. */
const LASTS = 24 * 3600_000;

/** What we are called: by peers and, with a key of which they alone hear, by trackers. */
export class Identity {
  /** Filled anew where an earlier engine's is taken over, before any torrent is there. */
  readonly peerId: Uint8Array;
  key: number;
  /** Ms since 1970. */
  since: number;

  constructor(random: Uint8Array, key: number, now: number) {
    this.peerId = makePeerId(random);
    this.key = key;
    this.since = now;
  }

  /** Goes by the name of an earlier engine; false where that is too long ago, `now` being ms since 1970. */
  takeOver({ at, since, peerId, key }: Handover, now: number): boolean {
    const isRecent = at <= now && now - at <= OUTLASTS;
    if (!isRecent || since > now || now - since > LASTS) return false;
    this.peerId.set(peerId);
    this.key = key;
    this.since = since;
    return true;
  }
}
