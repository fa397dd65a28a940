/**
 * The payloads of extended messages: the extension handshake (BEP 10), the exchange of metadata (BEP 9), pieces taken back
 * (BEP 54).
 * Which id an extension goes by is each side's own choice, told in its handshake.
 */
import { fail } from '../errors.ts';
import { readU32 } from '../model/bytes.ts';
import { asBytes, asDict, asInt, asText, decode, dictGet, encode, type BDict, type BValue } from './bencode.ts';
import { printable } from './text.ts';

/** The id of the handshake itself. */
export const HANDSHAKE_ID = 0;
/** Metadata is exchanged in parts of 16 KiB, the last maybe shorter. */
export const METADATA_PART = 16384;
/** What we take of metadata, bytes. */
export const MAX_METADATA = 30 * 1024 * 1024;
const MAX_METADATA_PARTS = MAX_METADATA / METADATA_PART;

const MAX_EXTENSIONS = 64;
const MAX_NAME = 32;
const MAX_CLIENT = 64;

/** What we say of ourselves. What is left out, or null, is not said. */
export interface OwnHandshake {
  /** Our ids of the extensions that we take messages of, by name, such as `ut_metadata`. */
  readonly m: Readonly<Record<string, number>>;
  /** Bytes of the info dictionary, once it is known. */
  readonly metadataSize?: number | null;
  /** How many requests we take before we drop any. */
  readonly reqq?: number;
  readonly client?: string;
  /** Where we accept connections. */
  readonly port?: number | null;
  /** The peer's own address as we see it: 4 or 16 bytes. */
  readonly yourIp?: Uint8Array | null;
  /** We have all we want (BEP 21). */
  readonly uploadOnly?: boolean;
}

export function encodeExtendedHandshake(own: OwnHandshake): Uint8Array {
  const dict: Record<string, BValue> = { m: own.m };
  if (own.metadataSize) dict['metadata_size'] = own.metadataSize;
  if (own.port) dict['p'] = own.port;
  if (own.reqq !== undefined) dict['reqq'] = own.reqq;
  if (own.uploadOnly !== undefined) dict['upload_only'] = own.uploadOnly ? 1 : 0;
  if (own.client !== undefined) dict['v'] = new TextEncoder().encode(own.client);
  if (own.yourIp) dict['yourip'] = own.yourIp;
  return encode(dict);
}

/** What a peer says of itself; null where it says nothing, or nothing that can be. */
export interface ExtendedHandshake {
  /** The peer's ids of its extensions, 1 to 255; 0 is an extension switched off. */
  readonly m: ReadonlyMap<string, number>;
  /** Bytes, 1 to {@link MAX_METADATA}. */
  readonly metadataSize: number | null;
  /** How many requests it takes, 1 or more. */
  readonly reqq: number | null;
  /** At most 64 printable characters. */
  readonly client: string | null;
  readonly port: number | null;
  /** Our address as the peer sees it: 4 or 16 bytes. */
  readonly yourIp: Uint8Array | null;
  /** It has all it wants (BEP 21). */
  readonly uploadOnly: boolean | null;
  /** It would rather talk in cipher. */
  readonly prefersEncryption: boolean | null;
}

/** Throws `bencode` or `protocol` where the payload is no bencoded dictionary; a field that cannot be is taken as not there. */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  // Some clients pad this message, so what follows the dictionary is let be.
  const { dict } = decodeDict(payload, 'The peer sent an extension handshake that is no dictionary.');
  const yourIp = asBytes(dictGet(dict, 'yourip'));
  const client = asText(dictGet(dict, 'v'));
  return {
    m: readExtensions(asDict(dictGet(dict, 'm'))),
    metadataSize: within(dictGet(dict, 'metadata_size'), 1, MAX_METADATA),
    reqq: within(dictGet(dict, 'reqq'), 1, 0xffffffff),
    client: client === null ? null : printable(client, MAX_CLIENT),
    port: within(dictGet(dict, 'p'), 1, 65535),
    yourIp: yourIp !== null && (yourIp.length === 4 || yourIp.length === 16) ? yourIp : null,
    uploadOnly: flag(dictGet(dict, 'upload_only')),
    prefersEncryption: flag(dictGet(dict, 'e')),
  };
}

/** What a peer says of itself after another handshake of it: what that does not mention stands as it was (BEP 10). */
export function mergeExtendedHandshake(before: ExtendedHandshake | null, next: ExtendedHandshake): ExtendedHandshake {
  if (!before) return next;
  return {
    m: new Map([...new Map([...before.m, ...next.m])].slice(0, MAX_EXTENSIONS)),
    metadataSize: next.metadataSize ?? before.metadataSize,
    reqq: next.reqq ?? before.reqq,
    client: next.client ?? before.client,
    port: next.port ?? before.port,
    yourIp: next.yourIp ?? before.yourIp,
    uploadOnly: next.uploadOnly ?? before.uploadOnly,
    prefersEncryption: next.prefersEncryption ?? before.prefersEncryption,
  };
}

function readExtensions(dict: BDict | null): ReadonlyMap<string, number> {
  const m = new Map<string, number>();
  for (const [name, value] of Object.entries(dict ?? {})) {
    if (m.size >= MAX_EXTENSIONS) break;
    const id = within(value, 0, 255);
    if (id !== null && name.length <= MAX_NAME) m.set(name, id);
  }
  return m;
}

/** The payload of `lt_donthave` (BEP 54): a piece that the peer has no more. Throws `protocol` where it is none. */
export function decodeDontHave(payload: Uint8Array): number {
  if (payload.length !== 4) fail('protocol', 'The peer took a piece back in a message of the wrong length.');
  return readU32(payload, 0);
}

/** A message of `ut_metadata` (BEP 9). */
export type MetadataMessage =
  | { readonly kind: 'request'; readonly piece: number }
  | { readonly kind: 'reject'; readonly piece: number }
  /** `total` is the size of all the metadata, `bytes` a view of this part. */
  | { readonly kind: 'data'; readonly piece: number; readonly total: number; readonly bytes: Uint8Array };

const METADATA_REQUEST = 0;
const METADATA_DATA = 1;
const METADATA_REJECT = 2;

export function encodeMetadataRequest(piece: number): Uint8Array {
  return encode({ msg_type: METADATA_REQUEST, piece });
}

export function encodeMetadataReject(piece: number): Uint8Array {
  return encode({ msg_type: METADATA_REJECT, piece });
}

/** One part; `total` is the size of all the metadata. */
export function encodeMetadataData(piece: number, total: number, bytes: Uint8Array): Uint8Array {
  const head = encode({ msg_type: METADATA_DATA, piece, total_size: total });
  const message = new Uint8Array(head.length + bytes.length);
  message.set(head);
  message.set(bytes, head.length);
  return message;
}

/**
 * Null for a kind that BEP 9 does not know, which is to be ignored. Throws `bencode` or `protocol` on anything
 * malformed, on a part out of range and on one whose size does not fit the total.
 */
export function decodeMetadata(payload: Uint8Array): MetadataMessage | null {
  const { dict, end } = decodeDict(payload, 'The peer sent a metadata message that is no dictionary.');
  const type = asInt(dictGet(dict, 'msg_type')) ?? fail('protocol', 'The peer sent a metadata message without its type.');
  if (type !== METADATA_REQUEST && type !== METADATA_DATA && type !== METADATA_REJECT) return null;
  const piece =
    within(dictGet(dict, 'piece'), 0, MAX_METADATA_PARTS - 1) ??
    fail('protocol', 'The peer sent a metadata message for a part that cannot be.');
  if (type !== METADATA_DATA) return { kind: type === METADATA_REQUEST ? 'request' : 'reject', piece };
  const total =
    within(dictGet(dict, 'total_size'), 1, MAX_METADATA) ?? fail('protocol', 'The peer sent metadata of a size that cannot be.');
  const bytes = payload.subarray(end);
  if (bytes.length === 0 || bytes.length !== Math.min(METADATA_PART, total - piece * METADATA_PART)) {
    fail('protocol', 'The peer sent a part of the metadata that has the wrong length.');
  }
  return { kind: 'data', piece, total, bytes };
}

/** Throws `protocol` with `otherwise` where it is none. */
function decodeDict(payload: Uint8Array, otherwise: string): { dict: BDict; end: number } {
  const { value, end } = decode(payload, { trailing: 'allow', maxDepth: 8, maxTokens: 1024 });
  return { dict: asDict(value) ?? fail('protocol', otherwise), end };
}

function flag(value: BValue | undefined): boolean | null {
  const number = asInt(value);
  return number === null ? null : number !== 0;
}

/** A whole number from `low` to `high`, else null. */
function within(value: BValue | undefined, low: number, high: number): number | null {
  const number = asInt(value);
  return number !== null && number >= low && number <= high ? number : null;
}
