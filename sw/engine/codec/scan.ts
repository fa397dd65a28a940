/**
 * The strict scanner that everything bencoded (BEP 3) passes first. It is linear and iterative, copies nothing, and
 * insists on the one canonical spelling of integers and lengths.
 */
import { fail } from '../errors.ts';

export interface ScanOptions {
  /** Lists and dictionaries inside one another; more is refused. */
  readonly maxDepth?: number;
  /** Values and keys in all; more is refused. */
  readonly maxTokens?: number;
  /** What to do about bytes after the first value. */
  readonly trailing?: 'refuse' | 'allow';
  /** An ASCII key that no dictionary may have. */
  readonly forbiddenKey?: string | null;
}

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const COLON = 0x3a;
const DICT = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

/** A list or dictionary that has begun and not ended. */
interface Open {
  token: number;
  isDict: boolean;
  /** In a dictionary: the next value is a key; its last key so far, or −1. */
  atKey: boolean;
  lastKey: number;
  sorted: boolean;
}

/**
 * Accepts one bencoded value from the start of `bytes`, or throws `bencode`.
 * Keys must be strings and differ; whether they are sorted, as they should be, is told by {@link Scan.isSorted}.
 */
export function scan(bytes: Uint8Array, options: ScanOptions = {}): Scan {
  const { maxDepth = 100, maxTokens = 3_000_000, trailing = 'refuse', forbiddenKey = null } = options;
  const result = new Scan(bytes);
  /** What is open, outermost first, of which `depth` count: each place is used again, as there may be a million lists. */
  const open: Open[] = [];
  let depth = 0;
  let at = 0;
  do {
    const top = depth > 0 ? open[depth - 1] : undefined;
    const byte = bytes[at];
    let token: number;
    if (byte === END && top !== undefined) {
      if (top.isDict && !top.atKey) malformed(at, 'a key without a value');
      at++;
      result.close(top.token, at, top.sorted);
      depth--;
      continue;
    }
    if (result.count >= maxTokens) fail('bencode', `more than ${maxTokens.toLocaleString('en')} values.`);
    if (byte !== undefined && byte >= ZERO && byte <= NINE) {
      const end = stringEnd(bytes, at);
      token = result.add(at, end);
      at = end;
    } else if (top?.isDict === true && top.atKey) {
      malformed(at, byte === undefined ? 'it ends too early' : 'a key that is not a string');
    } else if (byte === INTEGER) {
      const end = integerEnd(bytes, at);
      token = result.add(at, end);
      at = end;
    } else if (byte === LIST || byte === DICT) {
      if (depth >= maxDepth) fail('bencode', `nested more than ${maxDepth} levels deep.`);
      token = result.add(at, at + 1);
      const inside = (open[depth++] ??= { token, isDict: false, atKey: false, lastKey: -1, sorted: true });
      inside.token = token;
      inside.isDict = byte === DICT;
      inside.atKey = inside.isDict;
      inside.lastKey = -1;
      inside.sorted = true;
      at++;
    } else {
      malformed(at, byte === undefined ? 'it ends too early' : 'no value begins here');
    }
    if (top?.isDict === true) {
      if (top.atKey) {
        if (top.lastKey >= 0) {
          const order = result.compare(top.lastKey, token);
          if (order === 0) malformed(result.start(token), 'the same key twice');
          if (order > 0) top.sorted = false;
        }
        if (forbiddenKey !== null && result.spells(token, forbiddenKey))
          malformed(result.start(token), 'a key that no message has');
        top.lastKey = token;
      }
      top.atKey = !top.atKey;
    }
  } while (depth > 0);
  if (at < bytes.length && trailing === 'refuse') malformed(at, 'something follows the end');
  return result;
}

/** Where the string that begins at `at` ends. */
function stringEnd(bytes: Uint8Array, at: number): number {
  let length = 0;
  let next = at;
  for (; ; next++) {
    const byte = bytes[next];
    if (byte === COLON) break;
    if (byte === undefined || byte < ZERO || byte > NINE) malformed(next, 'a length that is not a number');
    if (next > at && length === 0) malformed(at, 'a length with a leading zero');
    length = length * 10 + byte - ZERO;
    if (length > bytes.length - next) malformed(at, 'a string longer than what is there');
  }
  const end = next + 1 + length;
  if (end > bytes.length) malformed(at, 'a string longer than what is there');
  return end;
}

/** Where the integer whose `i` is at `at` ends. */
function integerEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] === MINUS ? at + 2 : at + 1;
  let next = first;
  for (; bytes[next] !== END; next++) {
    const byte = bytes[next];
    if (byte === undefined || byte < ZERO || byte > NINE) malformed(next, 'an integer that is not a number');
  }
  if (next === first) malformed(at, 'an integer without digits');
  if (bytes[first] === ZERO && (next > first + 1 || first > at + 1)) malformed(at, 'an integer with a leading zero');
  return next + 1;
}

function malformed(at: number, what: string): never {
  return fail('bencode', `${what} (byte ${at}).`);
}

/**
 * What {@link scan} accepted, as tokens: each value and each key has a number, in the order of the bytes, the outermost
 * value 0. Nothing is copied; methods answer null where a token is of another kind.
 */
export class Scan {
  readonly bytes: Uint8Array;
  /** Tokens in all. */
  count = 0;
  /** Dictionaries whose keys are out of order. */
  readonly #unsorted: number[] = [];
  /** Three a token: where it begins, where it ends, the token after it and all inside it. */
  #table: Int32Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    // A first guess: torrents of many small files have a token for every ten bytes or so, others far fewer.
    this.#table = new Int32Array(3 * Math.max(64, bytes.length >>> 3));
  }

  /** The offsets of a token's first byte, and of the one after its last. */
  start(token: number): number {
    return this.#table[3 * token]!;
  }

  end(token: number): number {
    return this.#table[3 * token + 1]!;
  }

  /** The bytes of a token as they stand. */
  raw(token: number): Uint8Array {
    return this.bytes.subarray(this.#table[3 * token], this.#table[3 * token + 1]);
  }

  isDict(token: number): boolean {
    return this.#lead(token) === DICT;
  }

  isList(token: number): boolean {
    return this.#lead(token) === LIST;
  }

  /** Whether every dictionary in a value has its keys in order. */
  isSorted(token: number): boolean {
    return !this.#unsorted.some(dict => dict >= token && dict < this.#next(token));
  }

  isString(token: number): boolean {
    const lead = this.#lead(token);
    return lead !== undefined && lead >= ZERO && lead <= NINE;
  }

  /** The bytes of a string. */
  string(token: number): Uint8Array | null {
    if (!this.isString(token)) return null;
    return this.bytes.subarray(this.#body(token), this.#table[3 * token + 1]);
  }

  /** Beyond ±(2^53 − 1), which a number cannot hold exactly, ±Infinity. */
  integer(token: number): number | null {
    if (this.#lead(token) !== INTEGER) return null;
    let value = 0;
    const negative = this.bytes[this.#table[3 * token]! + 1] === MINUS;
    const last = this.#table[3 * token + 1]! - 1;
    for (let at = this.#table[3 * token]! + (negative ? 2 : 1); at < last; at++) {
      value = value * 10 + (this.bytes[at]! - ZERO);
    }
    if (value > Number.MAX_SAFE_INTEGER) value = Infinity;
    return negative ? -value : value;
  }

  /** The tokens of a list; none of anything else. */
  *items(token: number): Generator<number, void, undefined> {
    if (!this.isList(token)) return;
    const end = this.#next(token);
    for (let item = token + 1; item < end; item = this.#next(item)) yield item;
  }

  /** The keys and values of a dictionary, in the order of the bytes; none of anything else. */
  *entries(token: number): Generator<{ readonly key: Uint8Array; readonly value: number }, void, undefined> {
    if (!this.isDict(token)) return;
    const end = this.#next(token);
    for (let key = token + 1; key < end; key = this.#next(key + 1)) {
      yield { key: this.bytes.subarray(this.#body(key), this.#table[3 * key + 1]), value: key + 1 };
    }
  }

  /** The value under an ASCII key; −1 where there is none, or no dictionary. */
  find(token: number, key: string): number {
    if (token < 0 || !this.isDict(token)) return -1;
    const end = this.#next(token);
    for (let at = token + 1; at < end; at = this.#next(at + 1)) if (this.spells(at, key)) return at + 1;
    return -1;
  }

  /** For {@link scan} alone: a token whose inside is yet to come ends where it is closed. */
  add(start: number, end: number): number {
    const token = this.count++;
    if (3 * this.count > this.#table.length) {
      const grown = new Int32Array(2 * this.#table.length);
      grown.set(this.#table);
      this.#table = grown;
    }
    this.#table[3 * token] = start;
    this.#table[3 * token + 1] = end;
    this.#table[3 * token + 2] = this.count;
    return token;
  }

  /** For {@link scan} alone. */
  close(token: number, end: number, sorted: boolean): void {
    this.#table[3 * token + 1] = end;
    this.#table[3 * token + 2] = this.count;
    if (sorted) return;
    this.#unsorted.push(token);
    // Sorted keys are compared with their neighbours as they come; only out of order can equal ones lie apart.
    const seen = new Set<string>();
    const latin = new TextDecoder('latin1');
    for (const { key } of this.entries(token)) {
      const text = latin.decode(key);
      if (seen.has(text)) malformed(this.start(token), 'a dictionary with the same key twice');
      seen.add(text);
    }
  }

  /** The order of two strings by their bytes: below 0, 0 or above 0. */
  compare(a: number, b: number): number {
    const startA = this.#body(a);
    const startB = this.#body(b);
    const lengthA = this.#table[3 * a + 1]! - startA;
    const lengthB = this.#table[3 * b + 1]! - startB;
    for (let i = 0; i < lengthA && i < lengthB; i++) {
      const difference = this.bytes[startA + i]! - this.bytes[startB + i]!;
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  #lead(token: number): number | undefined {
    return token < 0 || token >= this.count ? undefined : this.bytes[this.#table[3 * token]!];
  }

  #next(token: number): number {
    return this.#table[3 * token + 2]!;
  }

  /** Where the bytes of a string begin. */
  #body(token: number): number {
    let at = this.#table[3 * token]!;
    while (this.bytes[at] !== COLON) at++;
    return at + 1;
  }

  /** Whether a string is this ASCII text. */
  spells(token: number, key: string): boolean {
    const body = this.#body(token);
    if (this.#table[3 * token + 1]! - body !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (this.bytes[body + i] !== key.charCodeAt(i)) return false;
    return true;
  }
}
