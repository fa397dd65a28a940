/**
 * What one socket was asked for: prefix → the ranges that may land, and the prefixes whose frames are thrown away.
 * Looking a frame up costs one map access for each length of prefix in use, and those are two or three; most frames
 * begin as the one before did, and cost a comparison.
 */
import type { Run } from './frames.ts';

/** Prefixes, and blocks that were asked for, of one socket. */
export const MAX_RULES = 2_048;
export const MAX_ASKED = 8_192;

/** A range of a buffer that a frame may land in. */
export interface Ask {
  readonly buffer: number;
  readonly offset: number;
  readonly length: number;
}

interface Entry {
  readonly key: string;
  readonly prefix: Uint8Array;
  discard: boolean;
  readonly asks: Map<number, Ask>;
}

export type Verdict = Ask | 'discard' | 'forward';

export class Rules {
  readonly #entries = new Map<string, Entry>();
  /** How many entries have a prefix of that length. */
  readonly #counts = new Map<number, number>();
  /** The lengths in use, the longest first. */
  #lengths: number[] = [];
  /** The entry that let the last frame land. */
  #last: Entry | null = null;
  #asked = 0;

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Blocks that were asked for and have not begun. */
  get asked(): number {
    return this.#asked;
  }

  /** False where the limits do not allow it; nothing was added then. `isOpen` tells which buffers still take anything. */
  add(prefix: Uint8Array, buffer: number, runs: readonly Run[], isOpen: (buffer: number) => boolean): boolean {
    const count = countOf(runs);
    if (!this.#hasRoom(count)) {
      this.#prune(isOpen);
      if (!this.#hasRoom(count)) return false;
    }
    const key = keyOf(prefix, 0, prefix.length);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { key, prefix: prefix.slice(), discard: false, asks: new Map() };
      this.#entries.set(key, entry);
      this.#count(prefix.length, 1);
    }
    if (buffer === 0) entry.discard = true;
    else {
      const { asks } = entry;
      const before = asks.size;
      for (const run of runs) {
        for (let at = 0; at < run.length; at += run.block) {
          const offset = run.offset + at;
          asks.set(offset, { buffer, offset, length: Math.min(run.block, run.length - at) });
        }
      }
      this.#asked += asks.size - before;
    }
    return true;
  }

  /** Takes back these runs, or with none all that this prefix lets into the buffer. */
  withdraw(prefix: Uint8Array, buffer: number, runs: readonly Run[]): void {
    const key = keyOf(prefix, 0, prefix.length);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (buffer === 0) entry.discard = false;
    else if (runs.length === 0) this.#drop(entry, ask => ask.buffer === buffer);
    else if (countOf(runs) <= MAX_ASKED)
      for (const { offset, length } of blocksOf(runs)) {
        const ask = entry.asks.get(offset);
        if (ask?.buffer === buffer && ask.length === length) this.#forget(entry, offset);
      }
    this.#tidy(entry);
  }

  /** What to do with a frame of `length` bytes that begins at `at`; an ask is used up by being given. */
  take(bytes: Uint8Array, at: number, length: number): Verdict {
    // No longer prefix in use could claim it where this one is of the longest.
    const last = this.#last;
    if (
      last !== null &&
      last.prefix.length === this.#lengths[0] &&
      length >= last.prefix.length &&
      startsWith(bytes, at, last.prefix)
    ) {
      return this.#judge(last, bytes, at, length) ?? this.#search(bytes, at, length);
    }
    return this.#search(bytes, at, length);
  }

  #search(bytes: Uint8Array, at: number, length: number): Verdict {
    for (const size of this.#lengths) {
      if (size > length) continue;
      const entry = this.#entries.get(keyOf(bytes, at, at + size));
      const verdict = entry === undefined ? null : this.#judge(entry, bytes, at, length);
      if (verdict !== null) return verdict;
    }
    return 'forward';
  }

  #judge(entry: Entry, bytes: Uint8Array, at: number, length: number): Verdict | null {
    const size = entry.prefix.length;
    const ask = length >= size + 4 ? entry.asks.get(u32be(bytes, at + size)) : undefined;
    if (ask === undefined || ask.length !== length - size - 4) return entry.discard ? 'discard' : null;
    this.#last = entry;
    this.#forget(entry, ask.offset);
    this.#tidy(entry);
    return ask;
  }

  #hasRoom(count: number): boolean {
    return this.#asked + count <= MAX_ASKED && this.#entries.size < MAX_RULES;
  }

  #prune(isOpen: (buffer: number) => boolean): void {
    for (const entry of this.#entries.values()) {
      this.#drop(entry, ask => !isOpen(ask.buffer));
      this.#tidy(entry);
    }
  }

  #drop(entry: Entry, matches: (ask: Ask) => boolean): void {
    for (const [offset, ask] of entry.asks) if (matches(ask)) this.#forget(entry, offset);
  }

  #forget(entry: Entry, offset: number): void {
    if (entry.asks.delete(offset)) this.#asked--;
  }

  #tidy(entry: Entry): void {
    if (entry.discard || entry.asks.size > 0) return;
    this.#entries.delete(entry.key);
    if (this.#last === entry) this.#last = null;
    this.#count(entry.prefix.length, -1);
  }

  #count(length: number, by: number): void {
    const count = (this.#counts.get(length) ?? 0) + by;
    if (count === 0) this.#counts.delete(length);
    else this.#counts.set(length, count);
    if (count === 0 || count === by) this.#lengths = [...this.#counts.keys()].sort((a, b) => b - a);
  }
}

function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

function u32be(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function keyOf(bytes: Uint8Array, from: number, to: number): string {
  let key = '';
  for (let i = from; i < to; i++) key += String.fromCharCode(bytes[i] as number);
  return key;
}

/** How many blocks the runs ask for; beyond any limit where a run makes no sense. */
function countOf(runs: readonly Run[]): number {
  let count = 0;
  for (const { offset, length, block } of runs) {
    if (block === 0 || offset + length > 0xffffffff) return Infinity;
    count += Math.ceil(length / block);
  }
  return count;
}

/** The blocks that runs ask for, one by one. */
export function* blocksOf(runs: readonly Run[]): Iterable<{ offset: number; length: number }> {
  for (const { offset, length, block } of runs) {
    for (let at = 0; at < length; at += block) yield { offset: offset + at, length: Math.min(block, length - at) };
  }
}
