/**
 * Bencoded messages (BEP 3) as plain values. The `bencode` package decodes only what our own scanner has accepted.
 * What is read by its raw bytes (a torrent file: its info-hash, the order and bytes of its keys) is walked on the
 * {@link Scan} instead.
 */
import bencode from 'bencode';
import { EngineError } from '../errors.ts';
import { scan, type ScanOptions } from './scan.ts';

/** A decoded value. Strings stay bytes; integers beyond 2^53 are inexact, which {@link asInt} refuses. */
export type BValue = number | Uint8Array | readonly BValue[] | BDict;
/** Read with {@link dictGet}: a key may be called anything, also like a property that every object has. */
export interface BDict {
  readonly [key: string]: BValue;
}

export interface Decoded {
  readonly value: BValue;
  /** Where the value ends; what follows it, if that was allowed, begins there. */
  readonly end: number;
}

/**
 * Limits for messages of peers and trackers, far above any real one. The package sets each key as a property of an
 * object, where `__proto__` would take effect.
 */
const MESSAGE_LIMITS: ScanOptions = { maxDepth: 16, maxTokens: 100_000, forbiddenKey: '__proto__' };

/** Decodes one value known by its keys. Throws `bencode` on anything malformed. */
export function decode(bytes: Uint8Array, options: ScanOptions = {}): Decoded {
  const end = scan(bytes, { ...MESSAGE_LIMITS, ...options }).end(0);
  return { value: bencode.decode(bytes.subarray(0, end)) as BValue, end };
}

/** Encodes a value, keys in order. Throws `internal` on a number that is no safe integer. */
export function encode(value: BValue): Uint8Array {
  checkIntegers(value);
  return bencode.encode(value);
}

/** The package would write a fraction as some other number. */
function checkIntegers(value: BValue): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new EngineError('internal', `${value} cannot be bencoded`);
  } else if (!isBytes(value)) {
    for (const inner of Object.values(value)) checkIntegers(inner);
  }
}

export function asDict(value: BValue | undefined): BDict | null {
  return typeof value === 'object' && !isBytes(value) && !isList(value) ? value : null;
}

export function asList(value: BValue | undefined): readonly BValue[] | null {
  return value !== undefined && isList(value) ? value : null;
}

export function asBytes(value: BValue | undefined): Uint8Array | null {
  return value !== undefined && isBytes(value) ? value : null;
}

/** A whole number of at most 2^53 − 1 either way. */
export function asInt(value: BValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

const utf8 = new TextDecoder('utf-8');

/** Text; what is not UTF-8 becomes U+FFFD. */
export function asText(value: BValue | undefined): string | null {
  return value !== undefined && isBytes(value) ? utf8.decode(value) : null;
}

export function dictGet(dict: BDict | null, key: string): BValue | undefined {
  return dict !== null && Object.hasOwn(dict, key) ? dict[key] : undefined;
}

function isList(value: BValue): value is readonly BValue[] {
  return Array.isArray(value);
}

function isBytes(value: BValue): value is Uint8Array {
  return ArrayBuffer.isView(value);
}
