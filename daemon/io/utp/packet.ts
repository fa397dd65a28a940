/**
 * Packets of uTP (BEP 29), version 1: a header of 20 bytes, extensions, and the payload to the end of the datagram. All
 * integers are big-endian. Sequence numbers are counted modulo 2^16.
 */

export const PacketType = { DATA: 0, FIN: 1, STATE: 2, RESET: 3, SYN: 4 } as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

export const HEADER_BYTES = 20;
const VERSION = 1;
const SELECTIVE_ACK = 1;
/** Of a selective ack that we send: one bit a packet. A length is a byte, and a mask is whole words. */
export const MAX_MASK = 128;

/** One packet, as it was read; whoever reads the next may use the same object. */
export interface Packet {
  type: PacketType;
  /** The receiver's number of the connection; that of a SYN and of most resets is the sender's. */
  id: number;
  /** µs of the sender's clock, modulo 2^32. */
  timestamp: number;
  /** What the sender saw of our last packet: its arrival by the sender's clock less our timestamp; 0: nothing yet. */
  delay: number;
  /** Bytes that the sender has room for. */
  window: number;
  seq: number;
  ack: number;
  /** Bit i, the lowest of each byte first: packet ack + 2 + i has arrived. A view of the datagram; null without one. */
  mask: Buffer | null;
  /** Where the payload begins in the datagram. */
  payload: number;
}

export function emptyPacket(): Packet {
  return { type: PacketType.STATE, id: 0, timestamp: 0, delay: 0, window: 0, seq: 0, ack: 0, mask: null, payload: 0 };
}

/** Whether a datagram may be one of uTP: DHT messages begin with 'd', the answers of UDP trackers with a byte of 0. */
export function looksLikePacket(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return bytes.length >= HEADER_BYTES && (first & 0x0f) === VERSION && first >> 4 <= PacketType.SYN;
}

/** Reads a datagram into `packet`; false where it is none, or its extensions do not fit it. Unknown extensions are passed over. */
export function readPacket(bytes: Buffer, packet: Packet): boolean {
  if (!looksLikePacket(bytes)) return false;
  packet.mask = null;
  let at = HEADER_BYTES;
  for (let extension = bytes[1] ?? 0; extension !== 0;) {
    const [next, length] = [bytes[at], bytes[at + 1]];
    if (next === undefined || length === undefined || at + 2 + length > bytes.length) return false;
    // BEP 29 asks for whole words of four bytes; libtorrent 2.0 sends 5 and the like.
    if (extension === SELECTIVE_ACK && length > 0) packet.mask = bytes.subarray(at + 2, at + 2 + length);
    extension = next;
    at += 2 + length;
  }
  packet.type = ((bytes[0] ?? 0) >> 4) as PacketType;
  packet.id = bytes.readUInt16BE(2);
  packet.timestamp = bytes.readUInt32BE(4);
  packet.delay = bytes.readUInt32BE(8);
  packet.window = bytes.readUInt32BE(12);
  packet.seq = bytes.readUInt16BE(16);
  packet.ack = bytes.readUInt16BE(18);
  packet.payload = at;
  return true;
}

/** The fields that are the same however often a packet is sent. */
export function writeHeader(bytes: Buffer, type: PacketType, id: number, seq: number): void {
  bytes[0] = (type << 4) | VERSION;
  bytes[1] = 0;
  bytes.writeUInt16BE(id, 2);
  bytes.writeUInt16BE(seq, 16);
}

/** The fields that tell of the moment: `timestamp` and `delay` in µs, each taken modulo 2^32. */
export function stamp(bytes: Buffer, timestamp: number, delay: number, window: number, ack: number): void {
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(delay >>> 0, 8);
  bytes.writeUInt32BE(window, 12);
  bytes.writeUInt16BE(ack, 18);
}

/** Puts a selective ack of `mask.length` bytes, a multiple of 4, behind the header; @returns the length of both. */
export function writeMask(bytes: Buffer, mask: Uint8Array): number {
  bytes[1] = SELECTIVE_ACK;
  bytes[HEADER_BYTES] = 0;
  bytes[HEADER_BYTES + 1] = mask.length;
  bytes.set(mask, HEADER_BYTES + 2);
  return HEADER_BYTES + 2 + mask.length;
}

/** How far one sequence number is ahead of another, 0 to 65,535: from half of that on it is behind. */
export function ahead(of: number, from: number): number {
  return (of - from) & 0xffff;
}
