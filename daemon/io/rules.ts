/**
 * What one socket was asked for: prefix → the ranges that may land, and the prefixes whose frames are thrown away.
 * Looking a frame up costs one map access for each length of prefix in use, and those are two or three.
 */
import type { Run } from '../wire/frames.ts';
import { LIMITS } from './limits.ts';

/** A range of a buffer that a frame may land in. */
export interface Ask {
  readonly buffer: number;
  readonly offset: number;
  readonly length: number;
}

interface Entry {
  discard: boolean;
  readonly asks: Map<number, Ask>;
}

export type Verdict = Ask | 'discard' | 'forward';

export class Rules {
  readonly #entries = new Map<string, Entry>();
  /** How many entries have a prefix of that length; the longest first. */
  #lengths: number[] = [];
  #asked = 0;

  get isEmpty(): boolean {
    return this.#entries.size === 0;
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
      entry = { discard: false, asks: new Map() };
      this.#entries.set(key, entry);
      this.#indexLengths();
    }
    if (buffer === 0) entry.discard = true;
    else
      for (const { offset, length } of blocksOf(runs)) {
        if (!entry.asks.has(offset)) this.#asked++;
        entry.asks.set(offset, { buffer, offset, length });
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
    else if (countOf(runs) <= LIMITS.ranges)
      for (const { offset, length } of blocksOf(runs)) {
        const ask = entry.asks.get(offset);
        if (ask?.buffer === buffer && ask.length === length) this.#forget(entry, offset);
      }
    this.#tidy(key, entry);
  }

  /** What to do with a frame of `length` bytes that begins at `at`; an ask is used up by being given. */
  take(bytes: Buffer, at: number, length: number): Verdict {
    for (const size of this.#lengths) {
      if (size > length) continue;
      const key = keyOf(bytes, at, at + size);
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      const ask = length >= size + 4 ? entry.asks.get(bytes.readUInt32BE(at + size)) : undefined;
      if (ask !== undefined && ask.length === length - size - 4) {
        this.#forget(entry, ask.offset);
        this.#tidy(key, entry);
        return ask;
      }
      if (entry.discard) return 'discard';
    }
    return 'forward';
  }

  #hasRoom(count: number): boolean {
    return this.#asked + count <= LIMITS.ranges && this.#entries.size < LIMITS.rules;
  }

  #prune(isOpen: (buffer: number) => boolean): void {
    for (const [key, entry] of this.#entries) {
      this.#drop(entry, ask => !isOpen(ask.buffer));
      this.#tidy(key, entry);
    }
  }

  #drop(entry: Entry, matches: (ask: Ask) => boolean): void {
    for (const [offset, ask] of entry.asks) if (matches(ask)) this.#forget(entry, offset);
  }

  #forget(entry: Entry, offset: number): void {
    if (entry.asks.delete(offset)) this.#asked--;
  }

  #tidy(key: string, entry: Entry): void {
    if (entry.discard || entry.asks.size > 0) return;
    this.#entries.delete(key);
    this.#indexLengths();
  }

  #indexLengths(): void {
    const lengths = new Set<number>();
    for (const key of this.#entries.keys()) lengths.add(key.length);
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }
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
