import type { Place } from './events.ts';
import type { ActivePiece } from './pieces.ts';
import type { WebSeed } from './web-seed.ts';
import { fileUrl, pieceUrl } from './codec/web-urls.ts';
import { BLOCK, type Layout } from './model/layout.ts';

/** Neighbouring blocks [first, end) of a piece. */
export interface Segment {
  readonly piece: ActivePiece;
  readonly first: number;
  readonly end: number;
}

/** One request: bytes that lie behind each other at one address. */
export interface Part {
  readonly url: string;
  /** The bytes from `from` of a file of `total`; null where the body is to be all of it. */
  readonly range: { readonly from: number; readonly total: number } | null;
  readonly places: readonly Place[];
  /** The file of the torrent that it is of; −1 where it is not of one. */
  readonly file: number;
}

/** What one web seed was asked for at one time: blocks behind each other in the torrent, brought by one request or several in turn. */
export class Run {
  /** The request under way. */
  request = 0;
  part: Part | null = null;
  /** Bytes that landed of it. */
  landed = 0;
  /** Blocks that came in part, as files begin and end within them: bytes still to come, by buffer and block. */
  private readonly halves = new Map<string, number>();

  constructor(
    readonly seed: WebSeed,
    readonly segments: Segment[],
    /** Requests still to be made. */
    readonly parts: Part[],
    readonly startedAt: number,
    private readonly layout: Layout,
  ) {}

  /** The blocks that are whole now that this range has come. */
  *arrived({ buffer, offset, length }: Place): Generator<{ piece: ActivePiece; block: number }> {
    const piece = this.segments.find(segment => segment.piece.buffer === buffer)?.piece;
    if (!piece) return;
    const end = Math.min(piece.length, offset + length);
    for (let block = Math.floor(offset / BLOCK); block * BLOCK < end; block++) {
      const from = Math.max(offset, block * BLOCK);
      const to = Math.min(end, block * BLOCK + piece.blockLength(block));
      if (to - from === piece.blockLength(block) || this.complete(piece, block, to - from)) yield { piece, block };
    }
  }

  private complete(piece: ActivePiece, block: number, bytes: number): boolean {
    const key = `${piece.buffer}/${block}`;
    const left = (this.halves.get(key) ?? withoutPads(this.layout, piece, block)) - bytes;
    this.halves.set(key, left);
    return left <= 0;
  }
}

/** Bytes of a block that are not padding. */
function withoutPads(layout: Layout, piece: ActivePiece, block: number): number {
  const first = block * BLOCK;
  const end = first + piece.blockLength(block);
  let bytes = 0;
  let at = 0;
  for (const { file, length } of layout.spans(piece.index)) {
    const overlap = Math.min(end, at + length) - Math.max(first, at);
    if (file >= 0 && overlap > 0) bytes += overlap;
    at += length;
  }
  return bytes;
}

/**
 * The requests that bring these segments from a folder of files (BEP 19): one for each file, none for padding. Null where the seed
 * cannot have a file of them; `missed` is told which.
 */
export function fileParts(
  segments: readonly Segment[],
  layout: Layout,
  base: string,
  paths: readonly (string | null)[],
  missed: (file: number) => void,
): Part[] | null {
  const parts: Part[] = [];
  let last = { file: -1, end: 0, places: [] as Place[] };
  for (const { piece, first, end } of segments) {
    let at = 0;
    for (const { file, offset, length } of layout.spans(piece.index)) {
      const from = Math.max(first * BLOCK, at);
      const to = Math.min(end * BLOCK, at + length);
      const position = offset + from - at;
      at += length;
      if (to <= from || file < 0) continue;
      const place = { buffer: piece.buffer, offset: from, length: to - from };
      if (last.file === file && last.end === position) {
        last.places.push(place);
        last.end += place.length;
        continue;
      }
      const path = paths[file] ?? null;
      const url = path === null ? null : fileUrl(base, path, isAlone(layout, path));
      if (url === null) {
        missed(file);
        return null;
      }
      const places = [place];
      last = { file, end: position + place.length, places };
      parts.push({ url, range: { from: position, total: layout.files[file]?.length ?? 0 }, places, file });
    }
  }
  return parts;
}

/** The requests for the same of a server of pieces (BEP 17): one for each segment. */
export function pieceParts(segments: readonly Segment[], base: string, infoHash: Uint8Array): Part[] {
  return segments.map(({ piece, first, end }) => {
    const from = first * BLOCK;
    const to = Math.min(piece.length, end * BLOCK);
    const places = [{ buffer: piece.buffer, offset: from, length: to - from }];
    return { url: pieceUrl(base, infoHash, piece.index, from, to), range: null, places, file: -1 };
  });
}

/** The torrent is of one file without a folder. */
function isAlone(layout: Layout, path: string): boolean {
  return !path.includes('/') && layout.files.every(({ pad, path: { length } }) => pad || length === 1);
}
