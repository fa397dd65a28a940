import { describe, expect, it } from 'vitest';
import { Layout } from '../../sw/engine/model/layout.ts';
import { sharesThere } from '../../sw/engine/there.ts';

const file = (length: number) => ({ path: ['x', String(length)], length, pad: false });

describe('what of a file is there', () => {
  // Pieces of 10; the second file lies at 5 to 45, in parts of the pieces 0 and 4 and all of 1 to 3.
  const layout = new Layout(10, [file(5), file(40), file(0), file(20)]);
  const pieces =
    (...had: number[]) =>
    (piece: number) =>
      had.includes(piece);

  it('is told by parts of it, whatever pieces they lie in', () => {
    expect(sharesThere(layout, 1, pieces(), 4)).toEqual([0, 0, 0, 0]);
    expect(sharesThere(layout, 1, pieces(0, 1, 2, 3, 4), 4)).toEqual([100, 100, 100, 100]);
    // Piece 0 has its first 5 bytes, piece 2 those from 15 to 25.
    expect(sharesThere(layout, 1, pieces(0, 2), 4)).toEqual([50, 50, 50, 0]);
    expect(sharesThere(layout, 1, pieces(4), 3)).toEqual([0, 0, 37]);
  });

  it('is whole where more parts are asked for than it has bytes, and nothing for what holds none', () => {
    expect(sharesThere(layout, 0, pieces(0), 240).every(share => share === 100)).toBe(true);
    expect(sharesThere(layout, 2, pieces(0, 1, 2, 3, 4, 5, 6), 4)).toEqual([]);
    expect(sharesThere(layout, 9, pieces(0), 4)).toEqual([]);
  });

  it('adds up to the bytes that are there, in any division', () => {
    for (const parts of [1, 3, 7, 240]) {
      const shares = sharesThere(layout, 3, pieces(5), parts);
      // Bytes 45 to 65: of piece 5, 50 to 60, the ten in its middle.
      expect(shares.reduce((sum, share) => sum + share, 0) / parts).toBeGreaterThan(50 - 100 / parts);
      expect(shares.reduce((sum, share) => sum + share, 0) / parts).toBeLessThanOrEqual(50);
    }
  });
});
