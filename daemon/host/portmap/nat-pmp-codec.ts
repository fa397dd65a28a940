/** The messages of NAT-PMP (RFC 6886), which routers spoke before PCP, on the same port. All integers are big-endian. */
import type { PortWish } from '../../wire/control.ts';

const ANSWER = 0x80;
const ADDRESS = 0;
const OPCODE = { udp: 1, tcp: 2 } as const;
const ADDRESS_BYTES = 12;
const MAP_BYTES = 16;
/** What an error may be cut down to. */
const ERROR_BYTES = 8;

const RESULTS: Readonly<Record<number, string>> = {
  1: 'It speaks another version.',
  2: 'It does not allow it.',
  3: 'It has no connection itself.',
  4: 'It has no port left.',
  5: 'It does not open ports.',
};

export interface NatPmpAnswer {
  readonly result: number;
  /** Seconds since the router last forgot everything. */
  readonly epoch: number;
}

/** Without a success the rest is 0 or empty. */
export interface NatPmpAddress extends NatPmpAnswer {
  readonly address: string;
}

export interface NatPmpMapping extends NatPmpAnswer {
  readonly externalPort: number;
  readonly lifetime: number;
}

export function encodeAddressRequest(): Uint8Array {
  return Uint8Array.of(0, ADDRESS);
}

/** `lifetime` in seconds; 0 ends it. */
export function encodeMapRequest({ protocol, port }: PortWish, suggestedPort: number, lifetime: number): Uint8Array {
  const bytes = new Uint8Array(12);
  bytes[1] = OPCODE[protocol];
  const view = new DataView(bytes.buffer);
  view.setUint16(4, port);
  view.setUint16(6, suggestedPort);
  view.setUint32(8, lifetime);
  return bytes;
}

/** Null where it is no answer to that. */
export function decodeAddress(bytes: Uint8Array): NatPmpAddress | null {
  const answer = decodeAnswer(bytes, ADDRESS, ADDRESS_BYTES);
  return answer && { ...answer, address: answer.result === 0 ? bytes.subarray(8, 12).join('.') : '' };
}

/** The answer to that request and no other; null where it is not. */
export function decodeMapping(bytes: Uint8Array, { protocol, port }: PortWish): NatPmpMapping | null {
  const answer = decodeAnswer(bytes, OPCODE[protocol], MAP_BYTES);
  if (answer === null || answer.result !== 0) return answer && { ...answer, externalPort: 0, lifetime: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(8) !== port) return null;
  return { ...answer, externalPort: view.getUint16(10), lifetime: view.getUint32(12) };
}

export function natPmpText(result: number): string {
  return RESULTS[result] ?? `It refused with code ${result}.`;
}

function decodeAnswer(bytes: Uint8Array, opcode: number, length: number): NatPmpAnswer | null {
  if (bytes.length < ERROR_BYTES || bytes.length > length || bytes[0] !== 0 || bytes[1] !== (ANSWER | opcode)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const result = view.getUint16(2);
  if (result === 0 && bytes.length !== length) return null;
  return { result, epoch: view.getUint32(4) };
}
