/**
 * The hash trees of BitTorrent v2 (BEP 52): SHA-256 over the 16 KiB blocks of one file, pair by pair up to its root.
 *
 * A layer is its hashes of 32 bytes end to end, those past the end of the file left out. Its height is how far it lies
 * above the blocks: 0 for their own hashes, 1 for hashes over two of them. What is left out stands for blocks whose
 * hashes are zeros, so {@link zeroHash} of the same height takes its place.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { BLOCK } from './layout.ts';

export const TREE_HASH_BYTES = 32;
/** Hashes of blocks in one message, 256 KiB: the most that others answer. */
export const MAX_LEAVES = 8192;

const zeroHashes: Uint8Array[] = [new Uint8Array(TREE_HASH_BYTES)];

/** The hash at `height` over nothing but missing blocks. */
export function zeroHash(height: number): Uint8Array {
  for (let known = zeroHashes.length; known <= height; known++) {
    const below = zeroHashes[known - 1]!;
    zeroHashes.push(hashPair(below, below));
  }
  return zeroHashes[height]!;
}

/** How many layers lie between `count` hashes and the root over them. */
export function heightOver(count: number): number {
  return Math.ceil(Math.log2(Math.max(1, count)));
}

/** The height at which one hash covers a piece; `pieceLength` is a power of two of at least one block. */
export function pieceHeight(pieceLength: number): number {
  return Math.log2(pieceLength / BLOCK);
}

/** The height of the root of a file of `length` bytes, at least 1. */
export function treeHeight(length: number): number {
  return heightOver(Math.ceil(length / BLOCK));
}

/** The layer at height `to` over one at height `from`, which is no higher. */
export function raise(layer: Uint8Array, from: number, to: number): Uint8Array {
  let level = layer;
  for (let height = from; height < to; height++) {
    const count = level.length / TREE_HASH_BYTES;
    const above = new Uint8Array(Math.ceil(count / 2) * TREE_HASH_BYTES);
    for (let at = 0; at < above.length; at += TREE_HASH_BYTES) {
      const left = 2 * at;
      const whole = left + 2 * TREE_HASH_BYTES <= level.length;
      const pair = level.subarray(left, left + 2 * TREE_HASH_BYTES);
      above.set(whole ? sha256(pair) : hashPair(pair, zeroHash(height)), at);
    }
    level = above;
  }
  return level;
}

/** The root over a layer of at least one hash. Over the blocks of a piece alone, {@link raise} to the piece's height instead. */
export function merkleRoot(layer: Uint8Array, height = 0): Uint8Array {
  return raise(layer, height, height + heightOver(layer.length / TREE_HASH_BYTES));
}

/**
 * The hashes `index` to `index + count` of a layer at `height`; those past its end are zero hashes.
 * `count` and `index` are the sender's to choose and ours to bound.
 */
export function hashesAt(layer: Uint8Array, height: number, index: number, count: number): Uint8Array {
  const hashes = new Uint8Array(count * TREE_HASH_BYTES);
  const there = layer.subarray(index * TREE_HASH_BYTES, (index + count) * TREE_HASH_BYTES);
  hashes.set(there);
  for (let at = there.length; at < hashes.length; at += TREE_HASH_BYTES) hashes.set(zeroHash(height), at);
  return hashes;
}

/**
 * What proves the `count` hashes at `index` of a layer at `height` (`count` a power of two, `index` a multiple of it):
 * the sibling of each hash on the way up, lowest first, `levels` of them.
 */
export function proofOf(layer: Uint8Array, height: number, index: number, count: number, levels: number): Uint8Array {
  const proof = new Uint8Array(levels * TREE_HASH_BYTES);
  let at = height + heightOver(count);
  let level = raise(layer, height, at);
  let position = index / count;
  for (let i = 0; i < levels; i++) {
    proof.set(hashesAt(level, at, siblingOf(position), 1), i * TREE_HASH_BYTES);
    level = raise(level, at, at + 1);
    position = Math.floor(position / 2);
    at++;
  }
  return proof;
}

/**
 * The hash that `proof` leads to from the hashes at `index` (a power of two of them, `index` a multiple of that): the
 * root, where the proof goes all the way. Whoever compares it with a known root knows that every one of them is right.
 */
export function rootFromProof(hashes: Uint8Array, index: number, proof: Uint8Array): Uint8Array {
  const count = hashes.length / TREE_HASH_BYTES;
  let hash = raise(hashes, 0, heightOver(count));
  let position = index / count;
  for (let at = 0; at < proof.length; at += TREE_HASH_BYTES) {
    const sibling = proof.subarray(at, at + TREE_HASH_BYTES);
    hash = position % 2 === 0 ? hashPair(hash, sibling) : hashPair(sibling, hash);
    position = Math.floor(position / 2);
  }
  return hash;
}

/** By arithmetic: an index of a large file's layer is beyond what `^` takes. */
function siblingOf(position: number): number {
  return position % 2 === 0 ? position + 1 : position - 1;
}

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(2 * TREE_HASH_BYTES);
  pair.set(left);
  pair.set(right, TREE_HASH_BYTES);
  return sha256(pair);
}
