import type { Run } from '../../sw/engine/events.ts';

/** Offset and length of each block of the runs. */
export function* blocks(runs: readonly Run[]): Generator<[number, number]> {
  for (const { offset, length, block } of runs) {
    for (let at = 0; at < length; at += block) yield [offset + at, Math.min(block, length - at)];
  }
}

export function starts(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

/** The first bytes as the key of a map. */
export function keyOf(bytes: Uint8Array, length: number): string {
  let key = '';
  for (let at = 0; at < length; at++) key += String.fromCharCode(bytes[at] ?? 0);
  return key;
}
