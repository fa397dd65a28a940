/** Pieces that may be picked, to be taken in the order that they have in the torrent; a set for each priority. */
import { Bitfield } from './model/bitfield.ts';
import type { Priority } from './priorities.ts';

interface Level {
  readonly pieces: Bitfield;
  /** No piece below this one is in the set. */
  from: number;
}

export class InOrder {
  readonly #levels: readonly Level[];

  constructor(pieceCount: number) {
    this.#levels = [1, 2, 3, 4].map(() => ({ pieces: new Bitfield(pieceCount), from: pieceCount }));
  }

  add(priority: Priority, piece: number): void {
    const level = this.#levels[priority - 1];
    if (level?.pieces.set(piece) === true) level.from = Math.min(level.from, piece);
  }

  delete(priority: Priority, piece: number): void {
    this.#levels[priority - 1]?.pieces.clear(piece);
  }

  /**
   * The first of this priority that the peer has; −1 if none. What is taken from the front is not looked at again: with a
   * seed it is O(1), else a byte for eight pieces up to the first that the peer has.
   */
  pick(priority: Priority, has: Bitfield): number {
    const level = this.#levels[priority - 1];
    if (!level || level.pieces.isEmpty) return -1;
    level.from = level.pieces.nextShared(level.pieces, level.from);
    return level.pieces.nextShared(has, level.from);
  }
}
