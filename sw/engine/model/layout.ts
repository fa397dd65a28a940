/** How a torrent's bytes are cut into pieces and blocks, and which files they lie in. */

/** What a request asks for: every client uses 16 KiB, and most refuse more (BEP 3). */
export const BLOCK = 16384;

/** A file inside the torrent. */
export interface FileEntry {
  /** Safe components below the download folder, the torrent's own name first where it has several files. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
  /** Where it begins in the torrent's bytes. */
  readonly offset: number;
  /** Zeros that only align the next file to a piece (BEP 47): never written, never shown. */
  readonly pad: boolean;
}

/** A part of a piece inside one file: `file` is its index, or −1 for a pad. `offset` is within the file. */
export interface FileSpan {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** Files lie one after another in the order given; lengths are whole numbers whose sum stays below 2^53. */
export class Layout {
  readonly pieceLength: number;
  /** Bytes in all, pads included. */
  readonly length: number;
  readonly pieceCount: number;
  readonly files: readonly FileEntry[];
  /** Index and end of each file that is not empty, so that empty ones cost a lookup nothing. */
  readonly #filled: Int32Array;
  readonly #ends: Float64Array;

  constructor(pieceLength: number, files: readonly Omit<FileEntry, 'offset'>[]) {
    const entries: FileEntry[] = [];
    const filled: number[] = [];
    const ends: number[] = [];
    let offset = 0;
    for (const { path, length, pad } of files) {
      if (length > 0) {
        filled.push(entries.length);
        ends.push(offset + length);
      }
      entries.push({ path, length, offset, pad });
      offset += length;
    }
    if (!Number.isSafeInteger(pieceLength) || pieceLength <= 0) throw new RangeError(`piece length ${pieceLength}`);
    if (!Number.isSafeInteger(offset)) throw new RangeError('the files are longer than 2^53 bytes in all');
    this.pieceLength = pieceLength;
    this.length = offset;
    this.pieceCount = Math.ceil(offset / pieceLength);
    this.files = entries;
    this.#filled = Int32Array.from(filled);
    this.#ends = Float64Array.from(ends);
  }

  /** Bytes of a piece; the last one may be shorter. */
  pieceSize(piece: number): number {
    return Math.min(this.pieceLength, this.length - piece * this.pieceLength);
  }

  /** The parts of files that make up a piece, in order. */
  spans(piece: number): FileSpan[] {
    const end = piece * this.pieceLength + this.pieceSize(piece);
    const spans: FileSpan[] = [];
    let at = piece * this.pieceLength;
    for (let i = this.#firstEndingAfter(at); at < end; i++) {
      const index = this.#filled[i]!;
      const file = this.files[index]!;
      const length = Math.min(this.#ends[i]!, end) - at;
      spans.push({ file: file.pad ? -1 : index, offset: at - file.offset, length });
      at += length;
    }
    return spans;
  }

  /** The first and last piece that hold bytes of a file; null for an empty one. */
  piecesOf(file: number): { first: number; last: number } | null {
    const entry = this.files[file];
    if (entry === undefined || entry.length === 0) return null;
    return {
      first: Math.floor(entry.offset / this.pieceLength),
      last: Math.floor((entry.offset + entry.length - 1) / this.pieceLength),
    };
  }

  #firstEndingAfter(at: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
