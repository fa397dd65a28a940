import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashesAt,
  heightOver,
  merkleRoot,
  pieceHeight,
  proofOf,
  raise,
  rootFromProof,
  treeHeight,
  TREE_HASH_BYTES,
  zeroHash,
} from '../../sw/engine/model/merkle.ts';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const leaf = (index: number): Buffer => sha256(Buffer.from(`block ${index}`));
const leaves = (count: number): Uint8Array => Buffer.concat(Array.from({ length: count }, (_, index) => leaf(index)));

/** The tree as BEP 52 puts it: leaves filled up with zeros to a power of two, then pair by pair. */
function layersOf(count: number, width = 2 ** heightOver(count)): Buffer[][] {
  const layers = [Array.from({ length: width }, (_, index) => (index < count ? leaf(index) : Buffer.alloc(32)))];
  for (let below = layers[0]!; below.length > 1; below = layers.at(-1)!) {
    layers.push(Array.from({ length: below.length / 2 }, (_, i) => sha256(below[2 * i]!, below[2 * i + 1]!)));
  }
  return layers;
}

describe('a hash tree', () => {
  it('of one block is that block’s hash', () => {
    expect(hex(merkleRoot(leaves(1)))).toBe(hex(leaf(0)));
  });

  it.each([2, 3, 4, 5, 7, 8, 9, 100])('over %d blocks has the root and the layers of the tree filled up with zeros', count => {
    const layers = layersOf(count);
    expect(hex(merkleRoot(leaves(count)))).toBe(hex(layers.at(-1)![0]!));
    layers.forEach((layer, height) => {
      expect(hex(hashesAt(raise(leaves(count), 0, height), height, 0, layer.length))).toBe(hex(Buffer.concat(layer)));
    });
  });

  it('has the same root over its layer of pieces, whose last one may be short', () => {
    const height = pieceHeight(4 * 16384);
    const pieces = raise(leaves(9), 0, height);
    expect(pieces.length).toBe(3 * TREE_HASH_BYTES);
    expect(hex(pieces.subarray(64))).toBe(hex(sha256(sha256(leaf(8), Buffer.alloc(32)), zeroHash(1))));
    expect(hex(merkleRoot(pieces, height))).toBe(hex(merkleRoot(leaves(9))));
  });

  it('knows its heights', () => {
    expect([1, 2, 3, 4, 5, 2 ** 20, 2 ** 20 + 1].map(heightOver)).toEqual([0, 1, 2, 2, 3, 20, 21]);
    expect([1, 16384, 16385, 49153].map(treeHeight)).toEqual([0, 0, 1, 2]);
    expect([16384, 32768, 16 * 2 ** 20].map(pieceHeight)).toEqual([0, 1, 10]);
    expect(hex(zeroHash(1))).toBe(hex(sha256(Buffer.alloc(64))));
    expect(hex(zeroHash(2))).toBe(hex(sha256(zeroHash(1), zeroHash(1))));
  });

  const ranges = fc
    .record({ count: fc.integer({ min: 1, max: 70 }), height: fc.nat(3), wide: fc.nat(3), at: fc.nat(1000), levels: fc.nat(8) })
    .map(({ count, height, wide, at, levels }) => {
      const total = heightOver(count);
      const base = Math.min(height, total);
      const span = Math.min(wide, total - base);
      const places = 2 ** (total - base - span);
      return { count, base, size: 2 ** span, index: (at % places) * 2 ** span, levels: Math.min(levels, total - base - span) };
    });

  it('proves any range of any layer, as far up as asked', () => {
    fc.assert(
      fc.property(ranges, ({ count, base, size, index, levels }) => {
        const layers = layersOf(count);
        const layer = raise(leaves(count), 0, base);
        const hashes = hashesAt(layer, base, index, size);
        expect(hex(hashes)).toBe(hex(Buffer.concat(layers[base]!.slice(index, index + size))));
        const proof = proofOf(layer, base, index, size, levels);
        const top = base + heightOver(size) + levels;
        expect(hex(rootFromProof(hashes, index, proof))).toBe(hex(layers[top]![Math.floor(index / 2 ** (top - base))]!));
      }),
    );
  });

  it('is not proved by hashes or a proof with any byte changed, nor for another place', () => {
    fc.assert(
      fc.property(ranges, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ count, base, size, index }, where, change) => {
        const layer = raise(leaves(count), 0, base);
        const levels = heightOver(count) - base - heightOver(size);
        const hashes = hashesAt(layer, base, index, size);
        const all = Buffer.concat([hashes, proofOf(layer, base, index, size, levels)]);
        all[where % all.length]! ^= change;
        const root = hex(merkleRoot(leaves(count)));
        expect(hex(rootFromProof(all.subarray(0, hashes.length), index, all.subarray(hashes.length)))).not.toBe(root);
        const elsewhere = index < size ? index + size : index - size;
        // Past the end of the file every place holds the same zeros.
        const differs = levels > 0 && hex(hashesAt(layer, base, elsewhere, size)) !== hex(hashes);
        const proof = proofOf(layer, base, elsewhere, size, levels);
        expect(hex(rootFromProof(hashes, elsewhere, proof)) === root).toBe(!differs);
      }),
    );
  });
});
