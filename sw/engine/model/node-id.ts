/** Ids of DHT nodes: how far they lie apart (BEP 5), and which of them fit an address (BEP 42). */
import { crc32c } from './crc32c.ts';
import { ID_BYTES, sameBytes } from './ids.ts';
import { scopeOf } from './scope.ts';

/** 20 bytes. */
export type NodeId = Uint8Array;

/** Which of two ids is nearer to `target` by the XOR metric: negative where `a` is. */
export function compareDistance(target: Uint8Array, a: NodeId, b: NodeId): number {
  for (let at = 0; at < ID_BYTES; at++) {
    const difference = (a[at]! ^ target[at]!) - (b[at]! ^ target[at]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many leading bits two ids have in common: 160 where they are the same. */
export function sharedBits(a: NodeId, b: NodeId): number {
  for (let at = 0; at < ID_BYTES; at++) {
    const difference = a[at]! ^ b[at]!;
    if (difference !== 0) return 8 * at + Math.clz32(difference) - 24;
  }
  return 8 * ID_BYTES;
}

/** An id that shares exactly the first `bits` bits with `id`, and is otherwise as `random` (20 bytes) has it. */
export function idInBucket(id: NodeId, bits: number, random: Uint8Array): NodeId {
  const result = random.slice(0, ID_BYTES);
  for (let at = 0; at < ID_BYTES; at++) {
    const left = bits - 8 * at;
    if (left >= 8) result[at] = id[at]!;
    else if (left >= 0) {
      const keep = (0xff00 >> left) & 0xff;
      const flip = 0x80 >> left;
      result[at] = (id[at]! & keep) | (~id[at]! & flip) | (result[at]! & ~keep & ~flip);
    }
  }
  return result;
}

/** An id that a node at this address may have (BEP 42). `ip` is 4 or 16 bytes, `random` 20. */
export function idForAddress(ip: Uint8Array, random: Uint8Array): NodeId {
  const id = random.slice(0, ID_BYTES);
  const crc = addressCrc(ip, id[ID_BYTES - 1]! & 7);
  id[0] = crc >>> 24;
  id[1] = crc >>> 16;
  id[2] = ((crc >>> 8) & 0xf8) | (id[2]! & 7);
  return id;
}

/** Whether a node at this address may have this id. On a local network every id will do. */
export function isIdOfAddress(id: NodeId, ip: Uint8Array): boolean {
  return scopeOf(ip) !== 'public' || sameBytes(idForAddress(ip, id), id);
}

const MASK4 = [0x03, 0x0f, 0x3f, 0xff];
const MASK6 = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];

function addressCrc(ip: Uint8Array, seed: number): number {
  const mask = ip.length === 4 ? MASK4 : MASK6;
  const masked = mask.map((bits, at) => ip[at]! & bits);
  masked[0] = masked[0]! | (seed << 5);
  return crc32c(masked);
}
