/** The Bloom filter by which the size of a swarm is counted over many nodes (BEP 33): 256 bytes, two hash functions. */
const BYTES = 256;
const BITS = 8 * BYTES;

/** Adds an address by its SHA-1. */
export function addToFilter(filter: Uint8Array, digest: Uint8Array): void {
  for (const at of [0, 2]) {
    const bit = (digest[at]! | (digest[at + 1]! << 8)) % BITS;
    filter[bit >> 3] = filter[bit >> 3]! | (1 << (bit & 7));
  }
}

/** What is in either filter, into the first. */
export function joinFilters(filter: Uint8Array, other: Uint8Array): void {
  for (let at = 0; at < BYTES; at++) filter[at] = filter[at]! | other[at]!;
}

/** How many addresses are in it, roughly. */
export function estimateCount(filter: Uint8Array): number {
  let zeros = 0;
  for (const byte of filter) for (let bit = 0; bit < 8; bit++) if (((byte >> bit) & 1) === 0) zeros += 1;
  const unset = Math.min(BITS - 1, Math.max(1, zeros));
  return zeros === BITS ? 0 : Math.round(Math.log(unset / BITS) / (2 * Math.log(1 - 1 / BITS)));
}
