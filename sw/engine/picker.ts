/**
 * Which piece to begin next: by priority, then rarest first, random among equals; random while we have nearly none,
 * so that there is soon something to give; where a person wants them in order, that alone counts within a priority. It knows
 * pieces and bitfields and nothing of peers or blocks.
 *
 * Pieces that may be picked stand in buckets by priority and by how many peers that are no seeds have them. Every
 * change moves a piece from one bucket to another, O(1). A seed has them all and so changes no order: it is a count.
 */
import { InOrder } from './in-order.ts';
import { PRIORITY } from './priorities.ts';
import type { Priority } from './priorities.ts';
import type { Bitfield } from './model/bitfield.ts';

/** Below this many pieces had, any will do: a rare one comes slowly, and the first few buy reciprocation (Legout 2006). */
const RANDOM_FIRST = 4;

/** The pieces of one priority that may be picked. */
interface Level {
  /** By availability. */
  readonly buckets: number[][];
  size: number;
  /** No bucket below this one holds anything. */
  rarest: number;
}

export class Picker {
  readonly #random: () => number;
  readonly #levels: readonly Level[] = [1, 2, 3, 4].map(() => ({ buckets: [], size: 0, rarest: 0 }));
  readonly #priority: Uint8Array;
  readonly #had: Uint8Array;
  readonly #taken: Uint8Array;
  /** Peers that have the piece, seeds not counted. */
  readonly #available: Int32Array;
  /** Where in its bucket a piece stands. */
  readonly #position: Int32Array;
  /** How many pieces have each availability. */
  readonly #histogram: number[];
  /** Those that were full when they came; one that fills up later goes on being counted piece by piece. */
  readonly #seeds = new Set<Bitfield>();
  /**
   * Peers that had nothing to pick: how many pieces they had then, and how often pieces had been freed. Until one of
   * these changes there is no use in looking again.
   */
  readonly #barren = new WeakMap<Bitfield, { readonly count: number; readonly freed: number }>();
  /** The same pieces once more while they are to be picked in their order; else null. */
  #inOrder: InOrder | null = null;
  /** How often a piece that could not be picked may have become one that can. */
  #freed = 0;
  #hadCount = 0;
  #wantedLeft = 0;
  /** Wanted, not had, and with no peer but seeds. */
  #seedsOnly: number;

  /** All pieces are wanted at normal priority, none had. `random` is uniform in [0, 1). */
  constructor(pieceCount: number, random: () => number) {
    this.#random = random;
    this.#priority = new Uint8Array(pieceCount).fill(PRIORITY.normal);
    this.#had = new Uint8Array(pieceCount);
    this.#taken = new Uint8Array(pieceCount);
    this.#available = new Int32Array(pieceCount);
    this.#position = new Int32Array(pieceCount);
    this.#histogram = [pieceCount];
    this.#seedsOnly = 0;
    for (let piece = 0; piece < pieceCount; piece++) this.#enter(piece);
  }

  /** How many wanted pieces we do not have yet, taken ones among them. */
  get wantedLeft(): number {
    return this.#wantedLeft;
  }

  /** A peer with these pieces came. The picker keeps the bitfield to know it again, and reads it only when called. */
  addPeer(has: Bitfield): void {
    if (has.isFull) this.#seeds.add(has);
    else for (const piece of has.ones()) this.#shift(piece, 1);
  }

  /** It went: the same bitfield that came, with what {@link addHave} was told since. */
  removePeer(has: Bitfield): void {
    if (!this.#seeds.delete(has)) for (const piece of has.ones()) this.#shift(piece, -1);
  }

  /** A peer that came, and that is no seed, has one piece more. */
  addHave(piece: number): void {
    this.#shift(piece, 1);
  }

  /** A peer has a piece less, which goes from its bitfield by this. */
  removeHave(has: Bitfield, piece: number): void {
    const wasSeed = this.#seeds.delete(has);
    if (!has.clear(piece)) return;
    this.#barren.delete(has);
    if (wasSeed) this.addPeer(has);
    else this.#shift(piece, -1);
  }

  get isSequential(): boolean {
    return this.#inOrder !== null;
  }

  /** From now on, within a priority: by their order in the torrent instead of by rarity. */
  setSequential(sequential: boolean): void {
    if (sequential === this.isSequential) return;
    this.#inOrder = sequential ? new InOrder(this.#priority.length) : null;
    for (let piece = 0; piece < this.#priority.length; piece++) {
      if (this.isFree(piece)) this.#inOrder?.add(this.#priority[piece] as Priority, piece);
    }
  }

  setPriority(piece: number, priority: Priority): void {
    if (this.#priority[piece] === priority) return;
    this.#leave(piece);
    this.#priority[piece] = priority;
    this.#freed++;
    this.#enter(piece);
  }

  /** We have it. It counts as taken no more. */
  have(piece: number): void {
    if (this.#had[piece] === 1) return;
    this.#leave(piece);
    this.#had[piece] = 1;
    this.#taken[piece] = 0;
    this.#hadCount++;
  }

  /** We have it no more. */
  lose(piece: number): void {
    if (this.#had[piece] === 0) return;
    this.#had[piece] = 0;
    this.#hadCount--;
    this.#freed++;
    this.#enter(piece);
  }

  /** It is being fetched: not to be picked until it is put back. */
  take(piece: number): void {
    this.#setTaken(piece, 1);
  }

  putBack(piece: number): void {
    this.#setTaken(piece, 0);
    this.#freed++;
  }

  priority(piece: number): number {
    return this.#priority[piece]!;
  }

  isWanted(piece: number): boolean {
    return this.#priority[piece]! !== PRIORITY.skip;
  }

  /** Whether it is wanted, not had and not being fetched. */
  isFree(piece: number): boolean {
    return this.#priority[piece]! !== PRIORITY.skip && this.#had[piece] === 0 && this.#taken[piece] === 0;
  }

  /** How many peers have it. */
  availability(piece: number): number {
    return this.#seeds.size + (this.#available[piece] ?? 0);
  }

  /** Wanted pieces that we miss and no peer has. */
  unavailable(): number {
    return this.#seeds.size > 0 ? 0 : this.#seedsOnly;
  }

  /** Whole copies among the peers, and as the fraction the share of pieces of which there is one more. */
  distributedCopies(): number {
    const pieces = this.#available.length;
    if (pieces === 0) return 0;
    const fewest = this.#histogram.findIndex(count => count > 0);
    return this.#seeds.size + fewest + (pieces - this.#histogram[fewest]!) / pieces;
  }

  /** The piece to begin at a peer that came with this bitfield; −1 where it has none that is wanted and free. */
  pick(has: Bitfield): number {
    const barren = this.#barren.get(has);
    if (barren?.freed === this.#freed && barren.count === has.count) return -1;
    // Whatever a peer that is no seed has is in a bucket above 0, so those that nobody has need no looking through.
    const lowest = this.#seeds.has(has) ? 0 : 1;
    for (let index = this.#levels.length - 1; index >= 0; index--) {
      const level = this.#levels[index]!;
      if (level.size === 0) continue;
      const piece = this.#inOrder?.pick((index + 1) as Priority, has) ?? this.#leadingOf(level, lowest, has);
      if (piece >= 0) return piece;
    }
    this.#barren.set(has, { count: has.count, freed: this.#freed });
    return -1;
  }

  #leadingOf(level: Level, lowest: number, has: Bitfield): number {
    return this.#hadCount < RANDOM_FIRST ? this.#anyOf(level, lowest, has) : this.#rarestOf(level, lowest, has);
  }

  #rarestOf(level: Level, lowest: number, has: Bitfield): number {
    while ((level.buckets[level.rarest]?.length ?? 0) === 0) level.rarest++;
    for (let at = Math.max(lowest, level.rarest); at < level.buckets.length; at++) {
      const bucket = level.buckets[at]!;
      if (bucket.length === 0) continue;
      const piece = firstHeld(bucket, Math.floor(this.#random() * bucket.length), has);
      if (piece >= 0) return piece;
    }
    return -1;
  }

  /** From a bucket drawn by its size, then round through the others. */
  #anyOf(level: Level, lowest: number, has: Bitfield): number {
    let drawn = Math.floor(this.#random() * level.size);
    let first = 0;
    while (drawn >= level.buckets[first]!.length) drawn -= level.buckets[first++]!.length;
    for (let step = 0; step < level.buckets.length; step++) {
      const at = (first + step) % level.buckets.length;
      if (at < lowest) continue;
      const bucket = level.buckets[at]!;
      const piece = firstHeld(bucket, step === 0 ? drawn : Math.floor(this.#random() * bucket.length), has);
      if (piece >= 0) return piece;
    }
    return -1;
  }

  #setTaken(piece: number, taken: 0 | 1): void {
    if (this.#had[piece] === 1 || this.#taken[piece] === taken) return;
    this.#leave(piece);
    this.#taken[piece] = taken;
    this.#enter(piece);
  }

  /** One peer more or less has it. */
  #shift(piece: number, by: 1 | -1): void {
    this.#leave(piece);
    const before = this.#available[piece]!;
    this.#histogram[before]!--;
    this.#available[piece] = before + by;
    this.#histogram[before + by] = (this.#histogram[before + by] ?? 0) + 1;
    this.#enter(piece);
  }

  /** Counts a piece, and puts it into its bucket, as what its fields say now. */
  #enter(piece: number): void {
    const priority = this.#priority[piece]!;
    if (priority === PRIORITY.skip || this.#had[piece] === 1) return;
    const available = this.#available[piece]!;
    this.#wantedLeft++;
    if (available === 0) this.#seedsOnly++;
    if (this.#taken[piece] === 1) return;
    const level = this.#levels[priority - 1]!;
    while (level.buckets.length <= available) level.buckets.push([]);
    this.#position[piece] = level.buckets[available]!.push(piece) - 1;
    this.#inOrder?.add(priority as Priority, piece);
    level.size++;
    level.rarest = Math.min(level.rarest, available);
  }

  /** Undoes {@link Picker.#enter} before a field changes. */
  #leave(piece: number): void {
    const priority = this.#priority[piece]!;
    if (priority === PRIORITY.skip || this.#had[piece] === 1) return;
    const available = this.#available[piece]!;
    this.#wantedLeft--;
    if (available === 0) this.#seedsOnly--;
    if (this.#taken[piece] === 1) return;
    const level = this.#levels[priority - 1]!;
    const bucket = level.buckets[available]!;
    const last = bucket.pop()!;
    if (last !== piece) {
      const position = this.#position[piece]!;
      bucket[position] = last;
      this.#position[last] = position;
    }
    this.#inOrder?.delete(priority as Priority, piece);
    level.size--;
  }
}

/** The first piece of a bucket that the peer has, going round from `start`; −1 if none. */
function firstHeld(bucket: readonly number[], start: number, has: Bitfield): number {
  for (let step = 0; step < bucket.length; step++) {
    const piece = bucket[(start + step) % bucket.length]!;
    if (has.get(piece)) return piece;
  }
  return -1;
}
