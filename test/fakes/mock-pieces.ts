/** Where the pieces of a torrent of the mock are. */
import type { PieceMap } from '../../sw/view-model.ts';

/** The first part is here but for a few, some are on their way, the last are left out. */
export function mapOf(pieces: number, done: number): PieceMap {
  const perCell = Math.max(1, Math.ceil(pieces / 4096));
  const cells = new Uint8Array(Math.ceil(pieces / perCell) * 5);
  const sums = { have: 0, active: 0, skipped: 0, unavailable: 0 };
  for (let piece = 0; piece < pieces; piece++) {
    const at = Math.floor(piece / perCell) * 5;
    const state =
      piece < pieces * done && piece % 17 > 0
        ? 'have'
        : piece > pieces * 0.92
          ? 'skipped'
          : piece % 41 < 2
            ? 'active'
            : 'missing';
    const sources = state === 'missing' && piece % 29 === 0 ? 0 : 1 + Math.round(6 + 5 * Math.sin(piece / 300)) + (piece % 5);
    if (piece % perCell === 0) cells.fill(255, at + 3, at + 5);
    if (state !== 'missing') sums[state] += 1;
    if (state === 'missing' && piece % 29 === 0) sums.unavailable += 1;
    if (state === 'have') cells[at]! += 1;
    else if (state === 'active') cells[at + 1]! += 1;
    else if (state === 'skipped') cells[at + 2]! += 1;
    if (state === 'missing') cells[at + 3] = Math.min(cells[at + 3]!, sources);
    cells[at + 4] = Math.min(cells[at + 4]!, sources);
  }
  return { perCell, ...sums, cells };
}
