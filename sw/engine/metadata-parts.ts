import type { Peer } from './peer.ts';
import { METADATA_PART } from './codec/extensions.ts';

/** Ms without a part after which nothing more is expected. */
const STALLED = 30_000;

interface Asked {
  readonly peer: Peer;
  /** Monotonic ms. */
  readonly at: number;
}

/** An info dictionary of a size that peers name, put together from parts of 16 KiB (BEP 9). */
export class MetadataParts {
  done = 0;
  private readonly parts: (Uint8Array | null)[];
  private readonly sources: (Peer | null)[];
  /** How many parts of each are here. */
  private readonly shares = new Map<Peer, number>();
  private readonly asked = new Map<number, Asked>();
  /** No part below it is to be asked for. */
  private cursor = 0;
  private progressAt: number;

  constructor(
    /** Bytes. */
    readonly size: number,
    now: number,
  ) {
    const count = Math.ceil(size / METADATA_PART);
    this.parts = new Array<Uint8Array | null>(count).fill(null);
    this.sources = new Array<Peer | null>(count).fill(null);
    this.progressAt = now;
  }

  get count(): number {
    return this.parts.length;
  }

  /** Bytes that are here. */
  get held(): number {
    return this.done * METADATA_PART;
  }

  get isEmpty(): boolean {
    return this.done === 0 && this.asked.size === 0;
  }

  /** Who sent what is here. */
  get senders(): Peer[] {
    return [...this.shares.keys()];
  }

  isStalled(now: number): boolean {
    return now - this.progressAt > STALLED;
  }

  /** Whether anybody else has a hand in it. */
  isShared(peer: Peer): boolean {
    for (const sender of this.shares.keys()) if (sender !== peer) return true;
    for (const asked of this.asked.values()) if (asked.peer !== peer) return true;
    return false;
  }

  isAskedOf(peer: Peer, part: number): boolean {
    return this.asked.get(part)?.peer === peer;
  }

  /** The next parts to ask the peer for, so that it has up to `most` to answer. They count as asked from now on. */
  ask(peer: Peer, most: number, now: number): number[] {
    let open = 0;
    for (const asked of this.asked.values()) if (asked.peer === peer) open += 1;
    const next: number[] = [];
    for (; this.cursor < this.count && open + next.length < most; this.cursor++) {
      if (this.parts[this.cursor] !== null || this.asked.has(this.cursor)) continue;
      this.asked.set(this.cursor, { peer, at: now });
      next.push(this.cursor);
    }
    return next;
  }

  /** A part that was asked for will not come, or is not waited for: others may be asked. */
  release(part: number): void {
    this.asked.delete(part);
    this.cursor = Math.min(this.cursor, part);
  }

  /** Lets go of what was asked for longer than `patience` ms ago; each peer once for each part. */
  overdue(patience: number, now: number): Peer[] {
    const late: Peer[] = [];
    for (const [part, { peer, at }] of this.asked) {
      if (now - at <= patience) continue;
      this.release(part);
      late.push(peer);
    }
    return late;
  }

  /** A part that the peer was asked for; all of them once that was the last. */
  land(part: number, peer: Peer, bytes: Uint8Array, now: number): Uint8Array | null {
    this.asked.delete(part);
    this.parts[part] = bytes.slice();
    this.sources[part] = peer;
    this.shares.set(peer, (this.shares.get(peer) ?? 0) + 1);
    this.progressAt = now;
    this.done += 1;
    if (this.done < this.count) return null;
    const whole = new Uint8Array(this.size);
    this.parts.forEach((each, index) => {
      if (each) whole.set(each, index * METADATA_PART);
    });
    return whole;
  }

  /** The peer is gone, and nobody else can vouch for what it sent. */
  forget(peer: Peer): void {
    for (const [part, asked] of this.asked) if (asked.peer === peer) this.release(part);
    if (!this.shares.delete(peer)) return;
    this.sources.forEach((source, part) => {
      if (source !== peer) return;
      this.sources[part] = this.parts[part] = null;
      this.done -= 1;
      this.cursor = Math.min(this.cursor, part);
    });
  }
}
