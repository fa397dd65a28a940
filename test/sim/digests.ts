/** The io-daemon's own digests, as the engine asks for them. */
import { blockDigests, hasherOf } from '../../daemon/io/digests.ts';
import { Digest } from '../../daemon/wire/frames.ts';
import type { DigestSpec } from '../../sw/engine/events.ts';

const ALGORITHMS = { sha1: Digest.SHA1, sha256: Digest.SHA256, 'sha256-tree': Digest.SHA256_TREE } as const;

export function hashes(bytes: Uint8Array, digest: Pick<DigestSpec, 'algorithm' | 'height' | 'expected'>): boolean {
  const hasher = hasherOf(ALGORITHMS[digest.algorithm], digest.height);
  hasher.update(bytes);
  return hasher.digest().equals(digest.expected);
}

export function blocksOf(bytes: Uint8Array, digests: readonly DigestSpec[]): Uint8Array {
  return blockDigests(
    bytes,
    digests.map(digest => ({ ...digest, algorithm: ALGORITHMS[digest.algorithm] })),
  );
}
