/** The messages of the Port Control Protocol (RFC 6887) that opening a port takes. All integers are big-endian. */
import ipaddr from 'ipaddr.js';
import type { PortWish } from '../../wire/control.ts';

const VERSION = 2;
const ANSWER = 0x80;
const ANNOUNCE = 0;
const MAP = 1;
const HEADER = 24;
const MAP_BYTES = 60;
/** The longest message there is. */
const MAX_BYTES = 1100;
export const NONCE_BYTES = 12;
const PROTOCOL = { tcp: 6, udp: 17 } as const;

export const PcpResult = { SUCCESS: 0, UNSUPPORTED_VERSION: 1 } as const;

const RESULTS: Readonly<Record<number, string>> = {
  1: 'It speaks another version.',
  2: 'It does not allow it.',
  3: 'It did not understand.',
  4: 'It does not open ports.',
  7: 'It has no connection itself.',
  8: 'It has no port left.',
  9: 'It does not know the protocol.',
  10: 'It gives this computer no more ports.',
  11: 'It has no such address or port.',
  12: 'There is another router in between.',
};

export interface PcpMapRequest extends PortWish {
  /** 12 bytes; the same again to prolong or end what was opened. */
  readonly nonce: Uint8Array;
  /** Our own address, an IP literal. */
  readonly client: string;
  readonly suggestedPort: number;
  /** Seconds; 0 ends it. */
  readonly lifetime: number;
}

export interface PcpAnswer {
  readonly result: number;
  /** Seconds since the router last forgot everything. */
  readonly epoch: number;
}

export interface PcpMapAnswer extends PcpAnswer {
  readonly lifetime: number;
  readonly externalPort: number;
  readonly externalAddress: string;
}

export function encodeAnnounce(client: string): Uint8Array {
  const bytes = new Uint8Array(HEADER);
  header(bytes, ANNOUNCE, 0, client);
  return bytes;
}

export function encodeMap({ protocol, port, nonce, client, suggestedPort, lifetime }: PcpMapRequest): Uint8Array {
  const bytes = new Uint8Array(MAP_BYTES);
  header(bytes, MAP, lifetime, client);
  bytes.set(nonce, 24);
  bytes[36] = PROTOCOL[protocol];
  const view = new DataView(bytes.buffer);
  view.setUint16(40, port);
  view.setUint16(42, suggestedPort);
  // Any external address, of the family of the internal one.
  bytes.set(sixteen(client.includes(':') ? '::' : '0.0.0.0'), 44);
  return bytes;
}

/** The answer to an ANNOUNCE, or to any request that was not understood; null where it is none. */
export function decodeAnswer(bytes: Uint8Array): PcpAnswer | null {
  if (bytes.length < HEADER || bytes.length > MAX_BYTES || bytes[0] !== VERSION) return null;
  if (bytes[1] !== (ANSWER | ANNOUNCE) && bytes[1] !== (ANSWER | MAP)) return null;
  return { result: bytes[3]!, epoch: viewOf(bytes).getUint32(8) };
}

/** The answer to that request and no other; null where it is not. */
export function decodeMap(bytes: Uint8Array, { protocol, port, nonce }: PcpMapRequest): PcpMapAnswer | null {
  const answer = bytes[1] === (ANSWER | MAP) ? decodeAnswer(bytes) : null;
  if (answer === null || bytes.length < MAP_BYTES || bytes.length % 4 !== 0) return null;
  const view = viewOf(bytes);
  if (!nonce.every((byte, index) => bytes[24 + index] === byte)) return null;
  if (bytes[36] !== PROTOCOL[protocol] || view.getUint16(40) !== port) return null;
  const externalAddress = ipaddr.process(ipaddr.fromByteArray([...bytes.subarray(44, 60)]).toString()).toString();
  return { ...answer, lifetime: view.getUint32(4), externalPort: view.getUint16(42), externalAddress };
}

/** Whether it says that its router speaks NAT-PMP, or a version of PCP that is not ours. */
export function isOtherVersion(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes.length <= MAX_BYTES && bytes[0] !== VERSION && (bytes[1]! & ANSWER) !== 0;
}

export function pcpText(result: number): string {
  return RESULTS[result] ?? `It refused with code ${result}.`;
}

function header(bytes: Uint8Array, opcode: number, lifetime: number, client: string): void {
  bytes[0] = VERSION;
  bytes[1] = opcode;
  new DataView(bytes.buffer).setUint32(4, lifetime);
  bytes.set(sixteen(client), 8);
}

/** An IP literal as 16 bytes, IPv4 mapped. */
function sixteen(address: string): Uint8Array {
  const parsed = ipaddr.parse(address);
  return Uint8Array.from((parsed.kind() === 'ipv4' ? (parsed as ipaddr.IPv4).toIPv4MappedAddress() : parsed).toByteArray());
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
