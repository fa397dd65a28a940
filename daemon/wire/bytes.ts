/** Reading and writing of frames: little-endian integers, text, lists. Nothing is allocated before its length is checked. */
import { ErrorCode } from './frames.ts';

/** Why bytes were refused as a frame; `requestId` is that of the frame, 0 where it could not be read. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: ErrorCode;
  readonly requestId: number;

  constructor(code: ErrorCode, message: string, requestId = 0) {
    super(message);
    this.code = code;
    this.requestId = requestId;
  }
}

/** Shape of one value on the wire. `min` is the fewest bytes it takes, so that a count can be checked before its items. */
export interface Field<T> {
  readonly min: number;
  write(writer: Writer, value: T): void;
  /** @throws {WireError} MALFORMED */
  read(reader: Reader): T;
}

export class Writer {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Makes room for `count` more bytes and returns where they begin. */
  #take(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, inRange(value, 0xff));
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, inRange(value, 0xffff), true);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, inRange(value, 0xffffffff), true);
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    if (count > this.left) throw malformed('truncated');
    const at = this.#at;
    this.#at += count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A view of the message, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }
}

export function malformed(why: string): WireError {
  return new WireError(ErrorCode.MALFORMED, why);
}

function inRange(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${value} is not an integer up to ${max}`);
  return value;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed('not UTF-8');
  }
}

export const u8: Field<number> = { min: 1, write: (w, value) => w.u8(value), read: r => r.u8() };
export const u16: Field<number> = { min: 2, write: (w, value) => w.u16(value), read: r => r.u16() };
export const u32: Field<number> = { min: 4, write: (w, value) => w.u32(value), read: r => r.u32() };

/** An integer below 2^53 as two u32, the low one first. */
export const u53: Field<number> = {
  min: 8,
  write(w, value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a length or an offset`);
    w.u32(value % 0x1_0000_0000);
    w.u32(Math.floor(value / 0x1_0000_0000));
  },
  read(r) {
    const low = r.u32();
    const high = r.u32();
    if (high > 0x1f_ffff) throw malformed('number beyond 2^53');
    return high * 0x1_0000_0000 + low;
  },
};

/** Milliseconds since 1970, in whole microseconds as a u53: file systems tell fractions of a millisecond. */
export const time: Field<number> = {
  min: 8,
  write: (w, value) => u53.write(w, Math.max(0, Math.round(value * 1000))),
  read: r => u53.read(r) / 1000,
};

export const flag: Field<boolean> = {
  min: 1,
  write: (w, value) => w.u8(value ? 1 : 0),
  read(r) {
    const value = r.u8();
    if (value > 1) throw malformed('flag is neither 0 nor 1');
    return value === 1;
  },
};

/** One of a closed set of numbers. */
export function oneOf<T extends number>(values: Readonly<Record<string, T>>, as: Field<number> = u8): Field<T> {
  const known = new Map<number, T>(Object.values(values).map(value => [value, value]));
  return {
    min: as.min,
    write: (w, value) => as.write(w, value),
    read(r) {
      const value = known.get(as.read(r));
      if (value === undefined) throw malformed('unknown code');
      return value;
    },
  };
}

/** One of a closed set of words, as its place in the list. */
export function word<T extends string>(words: readonly T[]): Field<T> {
  return {
    min: 1,
    write: (w, value) => w.u8(words.indexOf(value)),
    read(r) {
      const value = words[r.u8()];
      if (value === undefined) throw malformed('unknown code');
      return value;
    },
  };
}

/** Bytes behind their length, at most `max` of them. */
export function bytes(length: Field<number>, max = 0xffffffff): Field<Uint8Array> {
  return {
    min: length.min,
    write(w, value) {
      if (value.length > max) throw new RangeError(`${value.length} bytes where ${max} fit`);
      length.write(w, value.length);
      w.bytes(value);
    },
    read(r) {
      const count = length.read(r);
      if (count > max) throw malformed('byte field too long');
      return r.bytes(count);
    },
  };
}

/** All that is left of the frame. */
export const rest: Field<Uint8Array> = { min: 0, write: (w, value) => w.bytes(value), read: r => r.bytes(r.left) };

/** UTF-8 behind its length. */
export function text(length: Field<number>, max = 0xffffffff): Field<string> {
  const raw = bytes(length, max);
  return { min: raw.min, write: (w, value) => raw.write(w, encoder.encode(value)), read: r => decodeText(raw.read(r)) };
}

/** UTF-8 to the end of the frame. */
export const restText: Field<string> = {
  min: 0,
  write: (w, value) => w.bytes(encoder.encode(value)),
  read: r => decodeText(rest.read(r)),
};

/** JSON to the end of the frame; `check` gives the value its type or throws. */
export function json<T>(check: (value: unknown) => T): Field<T> {
  return {
    min: 2,
    write: (w, value) => restText.write(w, JSON.stringify(value)),
    read(r) {
      const raw = restText.read(r);
      let value: unknown;
      try {
        value = JSON.parse(raw);
      } catch {
        throw malformed('not JSON');
      }
      return check(value);
    },
  };
}

/** Items behind their count. */
export function list<T>(count: Field<number>, item: Field<T>): Field<readonly T[]> {
  return {
    min: count.min,
    write(w, values) {
      count.write(w, values.length);
      for (const value of values) item.write(w, value);
    },
    read(r) {
      const length = count.read(r);
      if (length * item.min > r.left) throw malformed('count beyond the frame');
      const values: T[] = [];
      for (let i = 0; i < length; i++) values.push(item.read(r));
      return values;
    },
  };
}

/** Fields one after another, in the order given. */
export function struct<T extends object>(fields: { readonly [K in keyof T]-?: Field<T[K]> }): Field<T> {
  const keys = Object.keys(fields) as (keyof T)[];
  return {
    min: keys.reduce((sum, key) => sum + fields[key].min, 0),
    write(w, value) {
      for (const key of keys) fields[key].write(w, value[key]);
    },
    read(r) {
      const value: Partial<T> = {};
      for (const key of keys) value[key] = fields[key].read(r);
      return value as T;
    },
  };
}
