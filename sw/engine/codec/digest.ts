import { sha1 } from '@noble/hashes/legacy.js';

/** 20 bytes. For what is small; pieces are hashed where they are stored. */
export function sha1Of(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = sha1.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
