/** Which pieces of a torrent are where, in cells of neighbours, made when somebody looks: 100,000 pieces take 20 KiB. */
import type { AtRest } from './at-rest.ts';
import type { Content } from './content.ts';
import { levelOf, piecePriorities } from './priorities.ts';
import type { FilePriorities } from './priorities.ts';
import { Bitfield } from './model/bitfield.ts';
import { Layout } from './model/layout.ts';

/** There are no more as long as a count of pieces fits a byte. */
const CELLS = 4_096;
const MOST_IN_A_CELL = 255;
/** Bytes of a cell. */
const CELL = 5;

export interface PieceMap {
  /** Pieces in each cell; the last may have fewer. */
  readonly perCell: number;
  /** Pieces in all: those that are here, in the making, neither here nor wanted, and wanted but with no source. */
  readonly have: number;
  readonly active: number;
  readonly skipped: number;
  readonly unavailable: number;
  /**
   * Five bytes a cell: how many of its pieces are here, in the making, and skipped; how many sources the rarest of them has that is
   * missing (255: or more; also where none is missing); and how many the rarest of all of them has, here or not (255: or more).
   */
  readonly cells: Uint8Array;
}

/** What is asked about each piece. */
interface Pieces {
  readonly count: number;
  has(piece: number): boolean;
  isActive(piece: number): boolean;
  isWanted(piece: number): boolean;
  /** Peers and web seeds that have it. */
  sources(piece: number): number;
}

export function mapContent({ layout, downloader, picker }: Content): PieceMap {
  return mapOf({
    count: layout.pieceCount,
    has: piece => downloader.have.get(piece),
    isActive: piece => downloader.active.get(piece) !== undefined,
    isWanted: piece => picker.isWanted(piece),
    sources: piece => picker.availability(piece),
  });
}

/** Of a torrent at rest: nobody is there to have anything. */
export function mapAtRest(atRest: AtRest, priorities: FilePriorities): PieceMap {
  const { pieceCount, saved, files } = atRest;
  const have = (saved && Bitfield.parse(saved.have, pieceCount)) ?? new Bitfield(pieceCount);
  const levels = Uint8Array.from(files, ({ pad }, index) => (pad ? 0 : levelOf(priorities, index)));
  const wanted = piecePriorities(new Layout(atRest.pieceLength, files), levels, false);
  return mapOf({
    count: pieceCount,
    has: piece => have.get(piece),
    isActive: () => false,
    isWanted: piece => (wanted[piece] ?? 0) > 0,
    sources: () => 0,
  });
}

function mapOf(pieces: Pieces): PieceMap {
  const perCell = Math.min(MOST_IN_A_CELL, Math.max(1, Math.ceil(pieces.count / CELLS)));
  const cells = new Uint8Array(Math.ceil(pieces.count / perCell) * CELL);
  const sums = { have: 0, active: 0, skipped: 0, unavailable: 0 };
  for (let at = 0, first = 0; at < cells.length; at += CELL, first += perCell) {
    let [have, active, skipped, rarest, least] = [0, 0, 0, MOST_IN_A_CELL, MOST_IN_A_CELL];
    for (let piece = first; piece < Math.min(first + perCell, pieces.count); piece++) {
      const sources = pieces.sources(piece);
      least = Math.min(least, sources);
      if (pieces.has(piece)) have += 1;
      else if (!pieces.isWanted(piece)) skipped += 1;
      else {
        if (pieces.isActive(piece)) active += 1;
        else if (sources === 0) sums.unavailable += 1;
        rarest = Math.min(rarest, sources);
      }
    }
    sums.have += have;
    sums.active += active;
    sums.skipped += skipped;
    cells.set([have, active, skipped, rarest, least], at);
  }
  return { perCell, ...sums, cells };
}
