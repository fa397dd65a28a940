import type { Range } from './events.ts';
import type { FileSpan, Layout } from './model/layout.ts';

/** A piece, and of each range of it that is there: offset, length. */
export type PartialRecord = readonly number[];

/** Pieces that are remembered; those laid aside after that are begun anew. */
const MAX_PARTIALS = 1024;

interface Partial {
  readonly ranges: readonly Range[];
  /** Where the piece lay then. */
  readonly places: readonly FileSpan[];
}

/**
 * Pieces that were laid aside half-done. What had come of them stands in its places on disk, unverified: they are gone on with
 * there, and counted only once the whole of each was read again and its hash holds. So what became of those bytes meanwhile
 * can cost a piece, but never make a wrong one.
 */
export class Partials {
  private readonly kept = new Map<number, Partial>();

  constructor(
    private readonly layout: Layout,
    private readonly places: (piece: number) => FileSpan[],
    saved: readonly PartialRecord[],
  ) {
    for (const [piece = -1, ...numbers] of saved) {
      if (piece < 0 || piece >= layout.pieceCount || numbers.length === 0 || numbers.length % 2 !== 0) continue;
      const ranges: Range[] = [];
      for (let at = 0; at < numbers.length; at += 2) ranges.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
      this.keep(piece, ranges);
    }
  }

  get size(): number {
    return this.kept.size;
  }

  has(piece: number): boolean {
    return this.kept.has(piece);
  }

  pieces(): IterableIterator<number> {
    return this.kept.keys();
  }

  /** These ranges of the piece stand where it lies now. */
  keep(piece: number, ranges: readonly Range[]): void {
    const size = this.layout.pieceSize(piece);
    if (this.kept.size >= MAX_PARTIALS || ranges.some(({ offset, length }) => length === 0 || offset + length > size)) return;
    this.kept.set(piece, { ranges, places: this.places(piece) });
  }

  /** What is there of a piece that is begun again, where that still is its place; it is remembered no longer. */
  take(piece: number): readonly Range[] {
    const partial = this.kept.get(piece);
    this.kept.delete(piece);
    return partial && samePlaces(partial.places, this.places(piece)) ? partial.ranges : [];
  }

  forget(piece: number): void {
    this.kept.delete(piece);
  }

  record(): PartialRecord[] {
    return [...this.kept].map(([piece, { ranges }]) => [piece, ...ranges.flatMap(({ offset, length }) => [offset, length])]);
  }
}

function samePlaces(a: readonly FileSpan[], b: readonly FileSpan[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ file, offset, length }, at) => {
      const other = b[at];
      return other?.file === file && other.offset === offset && other.length === length;
    })
  );
}
