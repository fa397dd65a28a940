/** The digests of the wire: plain hashes, and the SHA-256 trees of BEP 52. */
import { createHash } from 'node:crypto';
import { Digest, DIGEST_BYTES, type DigestOf, LEAF_BYTES, MAX_TREE_HEIGHT } from '../wire/frames.ts';

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
  const tree = digests.find(({ algorithm }) => algorithm === Digest.SHA256_TREE);
  const name = tree ? 'sha256' : 'sha1';
  const covered = tree ? bytes.subarray(tree.offset, tree.offset + tree.length) : bytes;
  const blocks: Buffer[] = [];
  for (let at = 0; at < covered.length; at += LEAF_BYTES) {
    blocks.push(
      createHash(name)
        .update(covered.subarray(at, at + LEAF_BYTES))
        .digest(),
    );
  }
  return Uint8Array.from(Buffer.concat(blocks));
}

/** What a {@link Hasher} of trees is made of: the leaves alone. */
export class LeafHasher {
  readonly #leaves: Buffer[] = [];
  #leaf = createHash('sha256');
  /** Bytes that the leaf at work has. */
  #filled = 0;

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
    this.#leaf = createHash('sha256');
    this.#filled = 0;
  }
}

class TreeHasher implements Hasher {
  readonly #height: number;
  readonly #leaves = new LeafHasher();

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
