import { ipBytes } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';
import { u16 } from './model/bytes.ts';
import { crc32c } from './model/crc32c.ts';

/**
 * The canonical priority of a connection, 0 to 2³² − 1 (BEP 40): both ends reckon the same, so that peers that are full agree
 * whom to keep, and nobody can buy a place by dialling first. 0 where the two are not of one family.
 */
export function connectionRank(ours: PeerAddress, theirs: PeerAddress): number {
  const [a, b] = [ipBytes(ours.host), ipBytes(theirs.host)];
  if (!a || a.length !== b?.length) return 0;
  const same = commonPrefix(a, b);
  if (same === a.length) return crc32c(joined(u16(ours.port), u16(theirs.port)));
  // The nearer the two are, the more of their addresses counts: /16 and /24 in IPv4, /48 and /56 in IPv6.
  const narrow = a.length === 4 ? 2 : 6;
  const kept = same >= narrow + 1 ? narrow + 2 : same >= narrow ? narrow + 1 : narrow;
  return crc32c(joined(masked(a, kept), masked(b, kept)));
}

/** All of the first `kept` bytes, of those after it every other bit. */
function masked(ip: Uint8Array, kept: number): Uint8Array {
  return ip.map((byte, index) => (index < kept ? byte : byte & 0x55));
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  return same;
}

/** One behind the other, the lesser first. */
function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const at = commonPrefix(a, b);
  return (a[at] ?? 0) <= (b[at] ?? 0) ? Uint8Array.of(...a, ...b) : Uint8Array.of(...b, ...a);
}
