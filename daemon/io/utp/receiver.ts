/** What comes in over one connection: put in order, held until it is read, and never more than was said there is room for. */
import { ahead, MAX_MASK } from './packet.ts';

/** Bytes that the other side may have under way or unread. */
export const RECEIVE_WINDOW = 1 << 20;
/** What a packet costs beside its payload: many small ones take more memory than they seem to. */
const OVERHEAD = 256;
/** What one connection may cost. */
const MOST = 2 * RECEIVE_WINDOW;
/** Packets that may be held out of order, as many as a selective ack can name. */
const AHEAD = MAX_MASK * 8;
/** Out of order one connection holds no more than such a part of what is free for that, so that a few do not leave the others none; */
const PART_OF_FREE = 1 / 32;
/** but so much at least, where there is as much: bytes. */
const SHARE = 64 * 1024;
/** What is missing has to come within, ms: a sender that is there tries again sooner. */
const GAP_FOR = 30_000;

const NOWHERE = Buffer.allocUnsafe(64 * 1024);

/** What all connections hold, and may, in bytes. */
export interface Held {
  bytes: number;
  readonly most: number;
}

export class Receiver {
  /** The last packet in order. */
  ack = 0;
  /** The other side's last packet, which has been told and need not be here yet; −1: none. */
  #last = -1;
  readonly #held: Held;
  /** In order, to be read: from `#head` on. */
  #ready: Buffer[] = [];
  #head = 0;
  /** How much of the first is read. */
  #read = 0;
  #readyBytes = 0;
  /** Out of order, by sequence number; there once one came. */
  #early: (Buffer | undefined)[] = [];
  #earlyCount = 0;
  #earlyBytes = 0;
  #earlyCost = 0;
  #cost = 0;
  /** When the first that is missing became so, ms. */
  #missingSince = 0;
  #missingAfter = 0;

  constructor(held: Held) {
    this.#held = held;
  }

  /** Bytes that may still be sent to us. */
  get window(): number {
    return Math.max(0, Math.min(this.#room, this.#held.most - this.#held.bytes));
  }

  get #room(): number {
    return RECEIVE_WINDOW - this.#readyBytes - this.#earlyBytes;
  }

  get hasBytes(): boolean {
    return this.#readyBytes > 0;
  }

  get hasGap(): boolean {
    return this.#earlyCount > 0;
  }

  /** All that the other side will ever send is here. */
  get isComplete(): boolean {
    return this.#last === this.ack;
  }

  /** Takes what a packet brought; false where there is no room for it, or it is not to be believed. It keeps the payload. */
  take(seq: number, payload: Buffer, isLast: boolean): boolean {
    const distance = ahead(seq, this.ack);
    if (distance === 0 || distance > AHEAD) return false;
    if (this.#last >= 0 && ahead(this.#last, this.ack) < distance) return false;
    const slot = seq % AHEAD;
    if (this.#early[slot] !== undefined) return false;
    const cost = payload.length + OVERHEAD;
    if (payload.length > this.#room || this.#cost + cost > MOST) return false;
    if (this.#held.bytes + cost > this.#held.most || (distance > 1 && !this.#mayHoldEarly(cost))) return false;
    if (isLast && this.#last < 0) {
      this.#last = seq;
      this.#forgetBeyond(seq);
    }
    this.#spend(cost);
    if (distance > 1) {
      this.#early[slot] = payload;
      this.#earlyCount++;
      this.#earlyBytes += payload.length;
      this.#earlyCost += cost;
      return true;
    }
    this.#accept(seq, payload);
    for (let next = this.#takeEarly(); next !== null; next = this.#takeEarly()) this.#accept((this.ack + 1) & 0xffff, next);
    return true;
  }

  /** Moves bytes that are in order into a buffer. @returns how many */
  readInto(buffer: Buffer): number {
    let at = 0;
    while (at < buffer.length && this.#head < this.#ready.length) {
      const chunk = this.#ready[this.#head] as Buffer;
      const count = chunk.copy(buffer, at, this.#read);
      at += count;
      this.#read += count;
      if (this.#read < chunk.length) break;
      this.#spend(-(chunk.length + OVERHEAD));
      this.#head++;
      this.#read = 0;
    }
    this.#readyBytes -= at;
    if (this.#head === this.#ready.length) {
      this.#ready.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#ready.splice(0, this.#head);
      this.#head = 0;
    }
    return at;
  }

  /** Which packets after the gap are here, as a selective ack has it; null where there is no gap. */
  mask(): Uint8Array | null {
    if (this.#earlyCount === 0) return null;
    const mask = new Uint8Array(MAX_MASK);
    let found = 0;
    let length = 0;
    for (let bit = 0; found < this.#earlyCount && bit < AHEAD; bit++) {
      if (this.#early[(this.ack + 2 + bit) % AHEAD] === undefined) continue;
      mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (1 << (bit & 7));
      length = ((bit >> 5) + 1) * 4;
      found++;
    }
    return mask.subarray(0, length);
  }

  /** Lets what is there to be read go by. */
  skip(): void {
    while (this.readInto(NOWHERE) > 0);
  }

  /** Time has passed. False where what is missing before what is here does not come. */
  tick(now: number): boolean {
    if (!this.hasGap || this.#missingAfter !== this.ack) {
      this.#missingAfter = this.ack;
      this.#missingSince = now;
    }
    return now - this.#missingSince < GAP_FOR;
  }

  /** Nothing is wanted any more. */
  end(): void {
    this.#spend(-this.#cost);
    this.#ready = [];
    this.#early = [];
    this.#head = this.#read = this.#readyBytes = this.#earlyCount = this.#earlyBytes = this.#earlyCost = 0;
  }

  /** What is held out of order was told as here, and is never thrown away again: it leaves room for what goes before it, and for others. */
  #mayHoldEarly(cost: number): boolean {
    const free = this.#held.most / 2 - this.#held.bytes;
    return cost <= free && this.#earlyCost + cost <= Math.max(SHARE, free * PART_OF_FREE);
  }

  /** Out of order it came; what lies behind the end never was sent. */
  #forgetBeyond(last: number): void {
    const end = ahead(last, this.ack);
    for (let distance = end + 1; this.#earlyCount > 0 && distance <= AHEAD; distance++)
      this.#drop((this.ack + distance) & 0xffff);
  }

  #drop(seq: number): Buffer | null {
    const slot = seq % AHEAD;
    const payload = this.#early[slot];
    if (payload === undefined) return null;
    this.#early[slot] = undefined;
    this.#earlyCount--;
    this.#earlyBytes -= payload.length;
    this.#earlyCost -= payload.length + OVERHEAD;
    this.#spend(-(payload.length + OVERHEAD));
    return payload;
  }

  #takeEarly(): Buffer | null {
    if (this.#earlyCount === 0) return null;
    const payload = this.#drop((this.ack + 1) & 0xffff);
    if (payload !== null) this.#spend(payload.length + OVERHEAD);
    return payload;
  }

  #accept(seq: number, payload: Buffer): void {
    this.ack = seq;
    if (payload.length === 0) {
      this.#spend(-OVERHEAD);
      return;
    }
    this.#ready.push(payload);
    this.#readyBytes += payload.length;
  }

  #spend(cost: number): void {
    this.#cost += cost;
    this.#held.bytes += cost;
  }
}
