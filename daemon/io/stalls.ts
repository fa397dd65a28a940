/**
 * Peers that take nothing of what was read for them while others wait for that memory: they are closed, the one that has most
 * first. Nothing is looked at where nobody waits.
 */
import { CloseReason } from '../wire/frames.ts';
import { STALL_BYTES } from './limits.ts';
import type { PeerSocket } from './peer-socket.ts';
import type { Time } from '../wire/throttle.ts';

/** Looks within the patience. */
const LOOKS = 4;
/** Ms until the next is looked for, where one alone was not enough. */
const NEXT = 50;

/** What has memory for sends, or waits for it. */
export interface Holder {
  readonly peer: Pick<PeerSocket, 'isBehind' | 'isClosed' | 'taken' | 'close'>;
  /** Bytes of it that it has. */
  held: number;
  /** There is memory again. */
  readonly wake: () => void;
}

/** What a peer had taken, and when it had taken so much. */
interface Mark {
  readonly taken: number;
  readonly at: number;
}

export class Stalls {
  readonly #holders: ReadonlySet<Holder>;
  readonly #waiting: ReadonlySet<Holder>;
  /** Ms. */
  readonly #patience: number;
  readonly #time: Time;
  #marks = new Map<Holder, Mark>();
  #isWatching = false;
  /** Somebody had to wait since the last look. */
  #hasWaited = false;

  constructor(holders: ReadonlySet<Holder>, waiting: ReadonlySet<Holder>, patience: number, time: Time) {
    this.#holders = holders;
    this.#waiting = waiting;
    this.#patience = patience;
    this.#time = time;
  }

  /** Somebody waits. */
  watch(): void {
    this.#hasWaited = true;
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#after(this.#patience / LOOKS);
  }

  #after(ms: number): void {
    this.#time.after(ms, () => this.#look());
  }

  #look(): void {
    if (!this.#hasWaited && this.#waiting.size === 0) {
      this.#marks.clear();
      this.#isWatching = false;
      return;
    }
    this.#hasWaited = false;
    const stalled = this.#mark(this.#time.now());
    let most: Holder | null = null;
    for (const holder of stalled) if (most === null || holder.held > most.held) most = holder;
    most?.peer.close(CloseReason.STALLED, 'it took nothing for too long, and others waited');
    this.#after(stalled.length > 1 ? NEXT : this.#patience / LOOKS);
  }

  /** Notes what each has taken. @returns those who have taken next to nothing for too long, and hold up somebody else */
  #mark(now: number): readonly Holder[] {
    const marks = new Map<Holder, Mark>();
    const stalled: Holder[] = [];
    for (const holder of this.#holders) {
      const { peer } = holder;
      // What waits for turns alone is held up by its own limits.
      if (peer.isClosed || !peer.isBehind) continue;
      const { taken } = peer;
      const before = this.#marks.get(holder);
      const mark = before !== undefined && taken - before.taken < STALL_BYTES ? before : { taken, at: now };
      marks.set(holder, mark);
      const others = this.#waiting.size - (this.#waiting.has(holder) ? 1 : 0);
      if (others > 0 && now - mark.at >= this.#patience) stalled.push(holder);
    }
    this.#marks = marks;
    return stalled;
  }
}
