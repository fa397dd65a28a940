/**
 * The messages between peers: the base protocol (BEP 3), the Fast extension (BEP 6) and the envelope of the extension
 * protocol (BEP 10). All integers are big-endian u32 but the port, a u16.
 */
import { fail } from '../errors.ts';
import { readU32 } from '../model/bytes.ts';
import { ID_BYTES } from '../model/ids.ts';
import { sha1Of } from './digest.ts';

export const HANDSHAKE_BYTES = 68;

export interface Handshake {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** Speaks the Fast extension (BEP 6). */
  readonly fast: boolean;
  /** Speaks the extension protocol (BEP 10). */
  readonly extended: boolean;
  /** Runs a DHT node (BEP 5). */
  readonly dht: boolean;
  /** Speaks v2, and knows this torrent's v2 hash (BEP 52). */
  readonly v2: boolean;
}

/** The length of the protocol's name, the name, eight reserved bytes, the info-hash, the peer id. */
const PROTOCOL = new TextEncoder().encode('\x13BitTorrent protocol');
const RESERVED_AT = PROTOCOL.length;
const INFO_HASH_AT = RESERVED_AT + 8;
const PEER_ID_AT = INFO_HASH_AT + ID_BYTES;
const EXTENDED_BIT = { byte: RESERVED_AT + 5, mask: 0x10 };
const FAST_BIT = { byte: RESERVED_AT + 7, mask: 0x04 };
const V2_BIT = { byte: RESERVED_AT + 7, mask: 0x10 };
const DHT_BIT = { byte: RESERVED_AT + 7, mask: 0x01 };

export function encodeHandshake(handshake: Handshake): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(PROTOCOL);
  if (handshake.extended) bytes[EXTENDED_BIT.byte]! |= EXTENDED_BIT.mask;
  if (handshake.fast) bytes[FAST_BIT.byte]! |= FAST_BIT.mask;
  if (handshake.dht) bytes[DHT_BIT.byte]! |= DHT_BIT.mask;
  if (handshake.v2) bytes[V2_BIT.byte]! |= V2_BIT.mask;
  bytes.set(handshake.infoHash, INFO_HASH_AT);
  bytes.set(handshake.peerId, PEER_ID_AT);
  return bytes;
}

/** Whether a connection begins as one that is not enciphered does; 20 bytes tell. */
export function isHandshake(bytes: Uint8Array): boolean {
  return PROTOCOL.every((byte, index) => byte === bytes[index]);
}

/** Reads the first 68 bytes of a connection; null where they are too few or of another protocol. */
export function decodeHandshake(bytes: Uint8Array): Handshake | null {
  if (bytes.length < HANDSHAKE_BYTES || !isHandshake(bytes)) return null;
  const has = (bit: { byte: number; mask: number }): boolean => (bytes[bit.byte]! & bit.mask) !== 0;
  return {
    infoHash: bytes.slice(INFO_HASH_AT, PEER_ID_AT),
    peerId: bytes.slice(PEER_ID_AT, HANDSHAKE_BYTES),
    fast: has(FAST_BIT),
    extended: has(EXTENDED_BIT),
    dht: has(DHT_BIT),
    v2: has(V2_BIT),
  };
}

/** A block: `length` bytes from `begin` of a piece. */
export interface BlockRef {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** Hashes of a file's tree (BEP 52): `count` from `index` of the layer `base` above the blocks. */
export interface HashRef {
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly base: number;
  readonly index: number;
  readonly count: number;
  /** Layers above `base` that the proof is to reach. */
  readonly proofLayers: number;
}

export type Message =
  | { readonly type: 'keepAlive' | 'choke' | 'unchoke' | 'interested' | 'notInterested' | 'haveAll' | 'haveNone' }
  | { readonly type: 'have' | 'suggest' | 'allowedFast'; readonly piece: number }
  | { readonly type: 'bitfield'; readonly bytes: Uint8Array }
  | ({ readonly type: 'request' | 'cancel' | 'reject' } & BlockRef)
  | { readonly type: 'piece'; readonly piece: number; readonly begin: number; readonly block: Uint8Array }
  | ({ readonly type: 'hashRequest' | 'hashReject' } & HashRef)
  /** `hashes`: those asked for, then the proof, lowest first; 32 bytes each. */
  | ({ readonly type: 'hashes'; readonly hashes: Uint8Array } & HashRef)
  | { readonly type: 'port'; readonly port: number }
  | { readonly type: 'extended'; readonly id: number; readonly payload: Uint8Array }
  /** Of an extension that we don't speak; to be ignored. */
  | { readonly type: 'unknown'; readonly id: number };

const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
  hashRequest: 21,
  hashes: 22,
  hashReject: 23,
} as const;
type Named = keyof typeof ID;

const NAMES: ReadonlyMap<number, Named> = new Map((Object.keys(ID) as Named[]).map(name => [ID[name], name]));

const HASH_REF_BYTES = 48;
const TREE_HASH = 32;

export const PIECE_ID = ID.piece;

/**
 * Reads a frame without its length word; payloads stay views of it. Throws `protocol` where the length does not fit
 * the message. Whether a piece or a block exists is for the reader to check.
 */
export function decodeMessage(frame: Uint8Array): Message {
  const id = frame[0];
  if (id === undefined) return { type: 'keepAlive' };
  const name = NAMES.get(id);
  switch (name) {
    case undefined:
      return { type: 'unknown', id };
    case 'choke':
    case 'unchoke':
    case 'interested':
    case 'notInterested':
    case 'haveAll':
    case 'haveNone':
      expectLength(frame, name, 1);
      return { type: name };
    case 'have':
    case 'suggest':
    case 'allowedFast':
      expectLength(frame, name, 5);
      return { type: name, piece: readU32(frame, 1) };
    case 'bitfield':
      return { type: name, bytes: frame.subarray(1) };
    case 'request':
    case 'cancel':
    case 'reject':
      expectLength(frame, name, 13);
      return { type: name, piece: readU32(frame, 1), begin: readU32(frame, 5), length: readU32(frame, 9) };
    case 'piece':
      if (frame.length < 9) badLength(frame, name);
      return { type: name, piece: readU32(frame, 1), begin: readU32(frame, 5), block: frame.subarray(9) };
    case 'port':
      expectLength(frame, name, 3);
      return { type: name, port: (frame[1]! << 8) | frame[2]! };
    case 'extended':
      if (frame.length < 2) badLength(frame, name);
      return { type: name, id: frame[1]!, payload: frame.subarray(2) };
    case 'hashRequest':
    case 'hashReject':
      expectLength(frame, name, 1 + HASH_REF_BYTES);
      return { type: name, ...hashRef(frame) };
    case 'hashes':
      if (frame.length < 1 + HASH_REF_BYTES || (frame.length - 1 - HASH_REF_BYTES) % TREE_HASH !== 0) badLength(frame, name);
      return { type: name, ...hashRef(frame), hashes: frame.subarray(1 + HASH_REF_BYTES) };
  }
}

/** Encodes a message with its length word. */
export function encodeMessage(message: Exclude<Message, { type: 'unknown' }>): Uint8Array {
  switch (message.type) {
    case 'keepAlive':
      return new Uint8Array(4);
    case 'choke':
    case 'unchoke':
    case 'interested':
    case 'notInterested':
    case 'haveAll':
    case 'haveNone':
      return frameOf(ID[message.type], 0).bytes;
    case 'have':
    case 'suggest':
    case 'allowedFast': {
      const { bytes, view } = frameOf(ID[message.type], 4);
      view.setUint32(5, message.piece);
      return bytes;
    }
    case 'bitfield': {
      const { bytes } = frameOf(ID.bitfield, message.bytes.length);
      bytes.set(message.bytes, 5);
      return bytes;
    }
    case 'request':
    case 'cancel':
    case 'reject': {
      const { bytes, view } = frameOf(ID[message.type], 12);
      setBlockRef(view, 5, message);
      return bytes;
    }
    case 'piece': {
      const { bytes, view } = frameOf(ID.piece, 8 + message.block.length);
      view.setUint32(5, message.piece);
      view.setUint32(9, message.begin);
      bytes.set(message.block, 13);
      return bytes;
    }
    case 'port': {
      const { bytes, view } = frameOf(ID.port, 2);
      view.setUint16(5, message.port);
      return bytes;
    }
    case 'extended': {
      const { bytes } = frameOf(ID.extended, 1 + message.payload.length);
      bytes[5] = message.id;
      bytes.set(message.payload, 6);
      return bytes;
    }
    case 'hashRequest':
    case 'hashReject':
    case 'hashes': {
      const hashes = message.type === 'hashes' ? message.hashes : new Uint8Array(0);
      const { bytes, view } = frameOf(ID[message.type], HASH_REF_BYTES + hashes.length);
      bytes.set(message.root, 5);
      [message.base, message.index, message.count, message.proofLayers].forEach((value, at) =>
        view.setUint32(5 + TREE_HASH + 4 * at, value),
      );
      bytes.set(hashes, 5 + HASH_REF_BYTES);
      return bytes;
    }
  }
}

const REQUEST_BYTES = 17;

/** Many requests as one run of bytes, so that a full pipeline costs one send. */
export function encodeRequests(requests: readonly BlockRef[]): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES * requests.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const request of requests) {
    view.setUint32(at, REQUEST_BYTES - 4);
    view.setUint8(at + 4, ID.request);
    setBlockRef(view, at + 5, request);
    at += REQUEST_BYTES;
  }
  return bytes;
}

/** The 13 bytes that go before a block of `length` bytes: length word, id, piece, begin. */
export function pieceHeader(piece: number, begin: number, length: number): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 9 + length);
  view.setUint8(4, ID.piece);
  view.setUint32(5, piece);
  view.setUint32(9, begin);
  return bytes;
}

/** The 5 bytes that every frame with a block of this piece starts with, after its length word: id, piece. */
export function piecePrefix(piece: number): Uint8Array {
  const bytes = new Uint8Array(5);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, ID.piece);
  view.setUint32(1, piece);
  return bytes;
}

/**
 * The pieces that a peer at this address may ask for while choked (BEP 6), by which both sides can reckon the same.
 * Defined for IPv4 alone: none for any other address.
 */
export function allowedFastSet(infoHash: Uint8Array, ip: string, pieceCount: number, count = 10): number[] {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.\d{1,3}$/.exec(ip);
  if (octets === null) return [];
  // The last octet is left out, so that a peer gains nothing by owning a whole /24.
  let digest: Uint8Array = new Uint8Array(4 + ID_BYTES);
  digest.set([Number(octets[1]), Number(octets[2]), Number(octets[3]), 0]);
  digest.set(infoHash, 4);
  const set = new Set<number>();
  const wanted = Math.min(count, pieceCount);
  while (set.size < wanted) {
    digest = sha1Of(digest);
    for (let at = 0; at < digest.length && set.size < wanted; at += 4) set.add(readU32(digest, at) % pieceCount);
  }
  return [...set];
}

function frameOf(id: number, payloadBytes: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(5 + payloadBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1 + payloadBytes);
  view.setUint8(4, id);
  return { bytes, view };
}

function hashRef(frame: Uint8Array): HashRef {
  const at = 1 + TREE_HASH;
  return {
    root: frame.slice(1, at),
    base: readU32(frame, at),
    index: readU32(frame, at + 4),
    count: readU32(frame, at + 8),
    proofLayers: readU32(frame, at + 12),
  };
}

function setBlockRef(view: DataView, at: number, block: BlockRef): void {
  view.setUint32(at, block.piece);
  view.setUint32(at + 4, block.begin);
  view.setUint32(at + 8, block.length);
}

function expectLength(frame: Uint8Array, name: Named, length: number): void {
  if (frame.length !== length) badLength(frame, name);
}

function badLength(frame: Uint8Array, name: Named): never {
  return fail('protocol', `The peer sent a ${name} message of ${frame.length} bytes, which it cannot have.`);
}
