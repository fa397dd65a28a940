/** The digests of the wire: plain hashes, and the SHA-256 trees of BEP 52. */
import { createHash, type Hash } from 'node:crypto';
import { Digest, DIGEST_BYTES, type DigestOf, LEAF_BYTES, MAX_TREE_HEIGHT } from '../wire/frames.ts';
import type { Range } from './ranges.ts';

export interface Hasher {
  /** More of what is hashed; the bytes are read at once. */
  update(bytes: Uint8Array): void;
  /** To be called once, after the last update. */
  digest(): Buffer;
}

export function hasherOf(algorithm: Digest, height: number): Hasher {
  switch (algorithm) {
    case Digest.SHA1:
      return createHash('sha1');
    case Digest.SHA256:
      return createHash('sha256');
    case Digest.SHA256_TREE:
      return new TreeHasher(height);
    default:
      return algorithm satisfies never;
  }
}

/** Whether a digest is one that `length` bytes can have. */
export function isDigest({ algorithm, height, expected }: Omit<DigestOf, 'offset' | 'length'>, length: number): boolean {
  if (expected.length !== DIGEST_BYTES[algorithm]) return false;
  if (algorithm !== Digest.SHA256_TREE) return height === 0;
  return height <= MAX_TREE_HEIGHT && length > 0 && length <= LEAF_BYTES * 2 ** height;
}

/** Leaves of the first tree among the digests, 32 bytes each; without one the SHA-1 of each 16 KiB, 20 bytes each. */
export function blockDigests(bytes: Uint8Array, digests: readonly DigestOf[]): Uint8Array {
  const { hasher, offset, length } = blockHasher(digests, bytes.length);
  hasher.update(bytes.subarray(offset, offset + length));
  return joined(hasher);
}

/** What makes those digests, and of which range of the buffer. */
export function blockHasher(digests: readonly DigestOf[], whole: number): { readonly hasher: LeafHasher } & Range {
  const tree = digests.find(({ algorithm }) => algorithm === Digest.SHA256_TREE);
  return { hasher: new LeafHasher(tree ? 'sha256' : 'sha1'), offset: tree?.offset ?? 0, length: tree?.length ?? whole };
}

/** All of its digests in one. */
export function joined(hasher: LeafHasher): Uint8Array {
  return Uint8Array.from(Buffer.concat(hasher.finish()));
}

/** A digest for each 16 KiB: the leaves of a tree, where it is SHA-256. */
export class LeafHasher {
  readonly #algorithm: 'sha1' | 'sha256';
  readonly #leaves: Buffer[] = [];
  #leaf: Hash;
  /** Bytes that the leaf at work has. */
  #filled = 0;

  constructor(algorithm: 'sha1' | 'sha256') {
    this.#algorithm = algorithm;
    this.#leaf = createHash(algorithm);
  }

  /** The bytes are read at once. */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + LEAF_BYTES - this.#filled);
      this.#leaf.update(part);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === LEAF_BYTES) this.#close();
    }
  }

  /** To be called once, after the last update. */
  finish(): readonly Buffer[] {
    if (this.#filled > 0) this.#close();
    return this.#leaves;
  }

  #close(): void {
    this.#leaves.push(this.#leaf.digest());
    this.#leaf = createHash(this.#algorithm);
    this.#filled = 0;
  }
}

class TreeHasher implements Hasher {
  readonly #height: number;
  readonly #leaves = new LeafHasher('sha256');

  constructor(height: number) {
    this.#height = height;
  }

  update(bytes: Uint8Array): void {
    this.#leaves.update(bytes);
  }

  digest(): Buffer {
    let level = this.#leaves.finish();
    let padding: Buffer = Buffer.alloc(32);
    for (let height = 0; height < this.#height; height++) {
      const above: Buffer[] = [];
      for (let at = 0; at < level.length; at += 2) above.push(pair(level[at] ?? padding, level[at + 1] ?? padding));
      padding = pair(padding, padding);
      level = above;
    }
    return level[0] ?? padding;
  }
}

function pair(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(left).update(right).digest();
}
