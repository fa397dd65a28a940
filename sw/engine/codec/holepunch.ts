/** The messages of `ut_holepunch` (BEP 55): two peers that cannot reach each other are brought together by a third. */
import { fail } from '../errors.ts';
import { readU16, readU32 } from '../model/bytes.ts';
import { ipBytes, ipText, type PeerAddress } from './address.ts';

const TYPES = ['rendezvous', 'connect', 'error'] as const;
const ADDRESS_BYTES = [4, 16] as const;

/** Why a rendezvous did not come about. */
export const HolepunchError = {
  /** The address can be nobody's. */
  NO_SUCH_PEER: 1,
  /** The relay is not connected to it. */
  NOT_CONNECTED: 2,
  /** It does not speak this extension. */
  NO_SUPPORT: 3,
  /** It is the relay itself. */
  NO_SELF: 4,
} as const;

export interface HolepunchMessage {
  /**
   * `rendezvous` asks the receiver to bring the sender and the peer at that address together; `connect` says to connect
   * to it now; `error` that there will be no such meeting.
   */
  readonly type: (typeof TYPES)[number];
  /** An IP literal; the port may be 0, which is nobody's. */
  readonly address: PeerAddress;
  /** Of {@link HolepunchError}, or what else somebody says; 0 of anything but an error. */
  readonly error: number;
}

/** The host must be an IP literal. */
export function encodeHolepunch({ type, address, error }: HolepunchMessage): Uint8Array {
  const ip = ipBytes(address.host) ?? fail('internal', 'An address of a rendezvous is an IP literal.');
  const bytes = new Uint8Array(2 + ip.length + 6);
  const view = new DataView(bytes.buffer);
  bytes[0] = TYPES.indexOf(type);
  bytes[1] = ip.length === 4 ? 0 : 1;
  bytes.set(ip, 2);
  view.setUint16(2 + ip.length, address.port);
  view.setUint32(4 + ip.length, error);
  return bytes;
}

/**
 * Null for a type that BEP 55 does not know. Throws `protocol` where the message is malformed. The error may be left out
 * where there is none, as libtorrent does.
 */
export function decodeHolepunch(payload: Uint8Array): HolepunchMessage | null {
  const [typeByte = 255, family = 255] = payload;
  const type = TYPES[typeByte];
  if (payload.length >= 2 && !type) return null;
  const length = ADDRESS_BYTES[family];
  if (!type || length === undefined) malformed();
  const end = 2 + length + 2;
  if (payload.length !== end + 4 && (type === 'error' || payload.length !== end)) malformed();
  const host = ipText(payload.subarray(2, 2 + length)) ?? malformed();
  return { type, address: { host, port: readU16(payload, 2 + length) }, error: type === 'error' ? readU32(payload, end) : 0 };
}

function malformed(): never {
  return fail('protocol', 'The peer sent a malformed holepunch message.');
}
