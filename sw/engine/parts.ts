/**
 * What wanted pieces hold of files that are not: kept aside in one hidden file of the torrent, a slot for each such piece,
 * and so neither lost to the swarm nor put into files that nobody asked for. Once the file is wanted its parts move there:
 * copied, flushed, and only then no longer looked for here. A slot is not used again while the parts file lasts, so that an
 * older record never leads to another piece's bytes.
 */
import type { Bitfield } from './model/bitfield.ts';
import type { FileSpan, Layout } from './model/layout.ts';

/** A piece with parts aside: its slot, and the indexes of the files that they are of. */
export type PartsRecord = readonly number[];

export function partsPath(id: string): readonly string[] {
  return [`.starling-${id}.parts`];
}

/** Parts that are copied at once. */
const MOVES_AT_ONCE = 8;

interface Slot {
  readonly number: number;
  readonly files: Set<number>;
}

/** One part on its way into the file that it belongs to; both places are in bytes. */
export interface Move {
  readonly piece: number;
  readonly file: number;
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

interface Moving extends Move {
  readonly slot: Slot;
}

export class Parts {
  /** The parts file counts as one more file, behind the torrent's own. */
  readonly index: number;
  readonly path: readonly string[];
  /** Bytes that it may grow to. */
  readonly size: number;
  private readonly slots = new Map<number, Slot>();
  private nextSlot = 0;
  /** Something may be to be moved. */
  private isUnsettled = true;
  private queue: Moving[] = [];
  private readonly copying = new Set<Moving>();
  /** Copied, and not flushed yet; then being flushed. */
  private copied: Moving[] = [];
  private flushing: Moving[] = [];

  /** What does not fit the torrent is left out. */
  constructor(
    private readonly layout: Layout,
    id: string,
    private readonly isWanted: (file: number) => boolean,
    saved: readonly PartsRecord[],
  ) {
    this.index = layout.files.length;
    this.path = partsPath(id);
    this.size = layout.pieceCount * layout.pieceLength;
    const used = new Set<number>();
    for (const [piece = -1, number = -1, ...files] of saved) {
      if (piece < 0 || piece >= layout.pieceCount || number < 0 || number >= layout.pieceCount || used.has(number)) continue;
      const touched = new Set(layout.spans(piece).map(({ file }) => file));
      this.slots.set(piece, { number, files: new Set(files.filter(file => touched.has(file))) });
      used.add(number);
      this.nextSlot = Math.max(this.nextSlot, number + 1);
    }
  }

  get isEmpty(): boolean {
    return this.slots.size === 0;
  }

  /** Whether parts are being copied. */
  get isCopying(): boolean {
    return this.copying.size > 0;
  }

  has(piece: number): boolean {
    return this.slots.has(piece);
  }

  pieces(): IterableIterator<number> {
    return this.slots.keys();
  }

  /** Whether this piece's part of the file is aside. */
  holds(piece: number, file: number): boolean {
    return this.slots.get(piece)?.files.has(file) ?? false;
  }

  /** A piece is begun: what it holds of files that are not wanted is to go aside. True where there is such a thing. */
  begin(piece: number): boolean {
    const files = new Set(this.layout.spans(piece).flatMap(({ file }) => (file < 0 || this.isWanted(file) ? [] : [file])));
    const before = this.slots.get(piece);
    this.slots.delete(piece);
    const number = before?.number ?? this.nextSlot;
    if (files.size === 0 || number >= this.layout.pieceCount) return false;
    this.slots.set(piece, { number, files });
    this.nextSlot = Math.max(this.nextSlot, number + 1);
    return true;
  }

  /** All of the piece is in the files themselves. */
  forget(piece: number): void {
    this.slots.delete(piece);
  }

  /** Where a piece lies, as {@link Layout.spans} has it but for what is aside. */
  spans(piece: number): FileSpan[] {
    const spans = this.layout.spans(piece);
    const slot = this.slots.get(piece);
    if (!slot) return spans;
    const placed: FileSpan[] = [];
    let offset = slot.number * this.layout.pieceLength;
    for (const span of spans) {
      const last = placed.at(-1);
      if (!slot.files.has(span.file)) placed.push(span);
      else if (last?.file === this.index && last.offset + last.length === offset) {
        placed[placed.length - 1] = { ...last, length: last.length + span.length };
      } else placed.push({ file: this.index, offset, length: span.length });
      offset += span.length;
    }
    return placed;
  }

  /** Bytes aside of each file, of the pieces that are had. */
  bytesByFile(had: Bitfield): Map<number, number> {
    const bytes = new Map<number, number>();
    for (const [piece, { files }] of this.slots) {
      if (!had.get(piece)) continue;
      for (const { file, length } of this.layout.spans(piece)) {
        if (files.has(file)) bytes.set(file, (bytes.get(file) ?? 0) + length);
      }
    }
    return bytes;
  }

  /** More may be to be moved: files became wanted, or a piece with parts aside is there. */
  unsettle(): void {
    this.isUnsettled = this.slots.size > 0;
  }

  /** Parts of files that are wanted, to be copied now. */
  next(had: Bitfield): Move[] {
    if (this.isUnsettled) this.enqueue(had);
    this.isUnsettled = false;
    const moves: Moving[] = [];
    while (this.copying.size < MOVES_AT_ONCE) {
      const move = this.queue.pop();
      if (!move) break;
      if (this.slots.get(move.piece) !== move.slot || !had.get(move.piece)) continue;
      this.copying.add(move);
      moves.push(move);
    }
    return moves;
  }

  /** It was copied, or could not be. */
  copiedOne(move: Move, ok: boolean): void {
    for (const moving of this.copying) {
      if (moving !== move) continue;
      this.copying.delete(moving);
      if (ok) this.copied.push(moving);
      else this.isUnsettled = true;
    }
  }

  /** What was copied by now is being flushed. */
  flush(): void {
    this.flushing = this.copied;
    this.copied = [];
  }

  /** It is flushed: those parts are found in their files from now on. */
  flushed(): void {
    for (const { piece, file, slot } of this.flushing) {
      if (this.slots.get(piece) !== slot) continue;
      slot.files.delete(file);
      if (slot.files.size === 0) this.slots.delete(piece);
    }
    this.flushing = [];
  }

  /** What was under way is to be begun anew. */
  stop(): void {
    this.queue = [];
    this.copying.clear();
    this.copied = [];
    this.flushing = [];
    this.isUnsettled = true;
  }

  /** For the record; what is not `needed` any more is let go. */
  record(isNeeded: (piece: number) => boolean): PartsRecord[] {
    for (const piece of this.slots.keys()) if (!isNeeded(piece)) this.slots.delete(piece);
    return [...this.slots].map(([piece, { number, files }]) => [piece, number, ...files]);
  }

  /** The parts file is gone, and every slot is free again. */
  reset(): void {
    this.slots.clear();
    this.nextSlot = 0;
  }

  private enqueue(had: Bitfield): void {
    const busy = [...this.copying, ...this.copied, ...this.flushing];
    this.queue = [];
    for (const [piece, slot] of this.slots) {
      if (!had.get(piece)) continue;
      let from = slot.number * this.layout.pieceLength;
      for (const { file, offset, length } of this.layout.spans(piece)) {
        const isDue = slot.files.has(file) && this.isWanted(file);
        if (isDue && !busy.some(other => other.slot === slot && other.file === file)) {
          this.queue.push({ piece, file, from, to: offset, length, slot });
        }
        from += length;
      }
    }
  }
}
