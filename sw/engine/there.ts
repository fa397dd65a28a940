import type { Layout } from './model/layout.ts';

/** How much of each of `cells` equal parts of a file is there, in hundredths, rounded down; `has` tells of pieces. Empty for an empty file. */
export function sharesThere(layout: Layout, file: number, has: (piece: number) => boolean, cells: number): number[] {
  const entry = layout.files[file];
  const pieces = layout.piecesOf(file);
  if (entry === undefined || pieces === null) return [];
  const width = entry.length / cells;
  const bytes = new Float64Array(cells);
  for (let piece = pieces.first; piece <= pieces.last; piece++) {
    if (!has(piece)) continue;
    const from = Math.max(0, piece * layout.pieceLength - entry.offset);
    const to = Math.min(entry.length, (piece + 1) * layout.pieceLength - entry.offset);
    const last = Math.min(cells, Math.ceil(to / width));
    for (let cell = Math.floor(from / width); cell < last; cell++) {
      bytes[cell]! += Math.max(0, Math.min(to, (cell + 1) * width) - Math.max(from, cell * width));
    }
  }
  // What is whole is a hundred, whatever the division leaves.
  return Array.from(bytes, held => Math.min(100, Math.floor((held / width) * 100 + 1e-6)));
}
