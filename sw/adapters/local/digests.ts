/** What bytes hash to, by the browser's own digests; by our own where a piece is longer than is to be held in memory. */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { DigestSpec } from '../../engine/events.ts';

const BLOCK = 16_384;
/** Leaves that are hashed at once: the browser spreads them over its threads. */
const LEAVES_AT_ONCE = 64;
const STEP = BLOCK * LEAVES_AT_ONCE;
/** Longer ranges are hashed as they are read, bytes. */
export const WHOLE = 16 << 20;
const MAX_HEIGHT = 18;
const SIZES: Readonly<Record<DigestSpec['algorithm'], number>> = { sha1: 20, sha256: 32, 'sha256-tree': 32 };

/** Bytes that are in memory, or are read. */
export interface Bytes {
  readonly length: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** Whether it can be a digest of part of so many bytes. */
export function isDigest({ algorithm, height, offset, length, expected }: DigestSpec, bytes: number): boolean {
  const isHeight = algorithm === 'sha256-tree' ? height >= 0 && height <= MAX_HEIGHT : height === 0;
  return isHeight && offset >= 0 && length >= 0 && offset + length <= bytes && expected.length === SIZES[algorithm];
}

export async function holds(bytes: Bytes, digest: DigestSpec): Promise<boolean> {
  const { algorithm, height, offset, length, expected } = digest;
  switch (algorithm) {
    case 'sha1':
      return isSame(await flat(bytes, 'SHA-1', offset, length), expected);
    case 'sha256':
      return isSame(await flat(bytes, 'SHA-256', offset, length), expected);
    case 'sha256-tree': {
      const root = treeRoot(await leavesOf(bytes, offset, length), height);
      return root !== null && isSame(root, expected);
    }
    default:
      return algorithm satisfies never;
  }
}

/** Digests of the blocks of 16 KiB: of the range of the first tree among the digests, or of all. */
export async function blocksOf(bytes: Bytes, digests: readonly DigestSpec[]): Promise<Uint8Array> {
  const tree = digests.find(({ algorithm }) => algorithm === 'sha256-tree');
  return tree ? leavesOf(bytes, tree.offset, tree.length) : blockDigests(bytes, 'SHA-1', 0, bytes.length);
}

/** The SHA-256 of each 16 KiB, 32 bytes each. */
export function leavesOf(bytes: Bytes, offset: number, length: number): Promise<Uint8Array> {
  return blockDigests(bytes, 'SHA-256', offset, length);
}

async function blockDigests(bytes: Bytes, name: 'SHA-1' | 'SHA-256', offset: number, length: number): Promise<Uint8Array> {
  const size = name === 'SHA-1' ? 20 : 32;
  const all = new Uint8Array(Math.ceil(length / BLOCK) * size);
  for (let at = 0; at < length; at += STEP) {
    const step = await bytes.read(offset + at, Math.min(STEP, length - at));
    const asked: Promise<ArrayBuffer>[] = [];
    for (let from = 0; from < step.length; from += BLOCK) asked.push(subtle(name, step.subarray(from, from + BLOCK)));
    const first = at / BLOCK;
    (await Promise.all(asked)).forEach((digest, index) => all.set(new Uint8Array(digest), (first + index) * size));
  }
  return all;
}

async function flat(bytes: Bytes, name: 'SHA-1' | 'SHA-256', offset: number, length: number): Promise<Uint8Array> {
  if (length <= WHOLE) return new Uint8Array(await subtle(name, await bytes.read(offset, length)));
  const hash = (name === 'SHA-1' ? sha1 : sha256).create();
  for (let at = 0; at < length; at += STEP) hash.update(await bytes.read(offset + at, Math.min(STEP, length - at)));
  return hash.digest();
}

/** Of leaves end to end; null where the tree is too low for them. */
function treeRoot(leaves: Uint8Array, height: number): Uint8Array | null {
  if (leaves.length > 32 * 2 ** height) return null;
  let level = leaves;
  // What lies behind the last leaf is zeros, and what stands above that the hash of two such.
  let padding = new Uint8Array(32);
  const pair = new Uint8Array(64);
  const above = (left: Uint8Array, right: Uint8Array): Uint8Array => {
    pair.set(left);
    pair.set(right, 32);
    return sha256(pair);
  };
  for (let at = 0; at < height; at++) {
    const next = new Uint8Array(Math.ceil(level.length / 64) * 32);
    for (let from = 0; from < level.length; from += 64) {
      const right = from + 32 < level.length ? level.subarray(from + 32, from + 64) : padding;
      next.set(above(level.subarray(from, from + 32), right), from / 2);
    }
    padding = above(padding, padding).slice();
    level = next;
  }
  return level.length === 0 ? padding : level;
}

function subtle(name: 'SHA-1' | 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer> {
  return crypto.subtle.digest(name, bytes as Uint8Array<ArrayBuffer>);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
