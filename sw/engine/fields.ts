/**
 * How the values of a record are kept, bencoded: one {@link Field} for each. What cannot be read counts as not set.
 */
import { asInt, asList, asText, dictGet } from './codec/bencode.ts';
import { DAYS, HOURS, MAX_RATE, MIN_RATE } from './limits.ts';
import { ipBytes } from './codec/address.ts';
import type { BDict, BValue } from './codec/bencode.ts';

export interface Field<T> {
  /** What it is until somebody sets it. */
  readonly initial: T;
  write(value: T): BValue;
  /** Null where it is no such value. */
  read(value: BValue): T | null;
}

export type Fields<T> = { readonly [Key in keyof T]: Field<T[Key]> };

export function initialOf<T extends object>(fields: Fields<T>): T {
  return map(fields, (_, field) => field.initial);
}

export function writeFields<T extends object>(fields: Fields<T>, values: T): BDict {
  const dict: Record<string, BValue> = {};
  for (const key of keysOf(fields)) dict[key] = fields[key].write(values[key]);
  return dict;
}

export function readFields<T extends object>(fields: Fields<T>, dict: BDict | null): T {
  return map(fields, (key, field) => {
    const value = dictGet(dict, key);
    return (value === undefined ? null : field.read(value)) ?? field.initial;
  });
}

/** One of a few words. */
export function choice<Word extends string>(initial: Word, others: readonly Word[]): Field<Word> {
  const words = [initial, ...others];
  return {
    initial,
    write: text,
    read: value => words.find(word => word === asText(value)) ?? null,
  };
}

/** Yes or no. */
export function flag(initial: boolean): Field<boolean> {
  return {
    initial,
    write: value => (value ? 1 : 0),
    read: value => FLAGS.get(asInt(value) ?? -1) ?? null,
  };
}

const FLAGS: ReadonlyMap<number, boolean> = new Map([
  [0, false],
  [1, true],
]);

/** A whole number from `least` to `most`. */
export function count(initial: number, most: number, least = 0): Field<number> {
  return {
    initial,
    write: value => value,
    read: value => {
      const number = asInt(value);
      return number !== null && number >= least && number <= most ? number : null;
    },
  };
}

/** Bytes a second, 0: no limit. */
export function rate(initial: number): Field<number> {
  return {
    initial,
    write: value => value,
    read: value => {
      const number = asInt(value);
      return number === 0 || (number !== null && number >= MIN_RATE && number <= MAX_RATE) ? number : null;
    },
  };
}

/** Hours of the week: for each day the bits of its hours. */
export function hours(initial: readonly number[]): Field<readonly number[]> {
  return {
    initial,
    write: value => [...value],
    read: value => {
      const days = (asList(value) ?? []).map(asInt);
      const isWeek = days.length === DAYS && days.every(bits => bits !== null && bits >= 0 && bits < 2 ** HOURS);
      return isWeek ? days.map(Number) : null;
    },
  };
}

/** A number from 0 to `most`, to two places. */
export function hundredths(initial: number, most: number): Field<number> {
  const whole = count(initial * 100, most * 100);
  return {
    initial,
    write: value => whole.write(Math.round(value * 100)),
    read: value => {
      const number = whole.read(value);
      return number === null ? null : number / 100;
    },
  };
}

/** Such a value or none, which is what it is at first. */
export function orUnset<T>(field: Field<T>): Field<T | null> {
  return { initial: null, write: value => (value === null ? [] : field.write(value)), read: value => field.read(value) };
}

/** Words that a person made up: at most `most`, each of at most `length` characters. */
export function words(most: number, length: number): Field<readonly string[]> {
  return {
    initial: [],
    write: value => value.map(text),
    read: value =>
      (asList(value) ?? [])
        .map(item => asText(item) ?? '')
        .filter(word => word !== '' && word.length <= length)
        .slice(0, most),
  };
}

/** IP literals, at most `most`. */
export function hosts(most: number): Field<readonly string[]> {
  const literals = words(most, 45);
  return { ...literals, read: value => (literals.read(value) ?? []).filter(host => ipBytes(host) !== null) };
}

/** STUN servers, `stun:host:port`. */
export function stunServers(initial: readonly string[], most: number): Field<readonly string[]> {
  return {
    initial,
    write: value => value.map(text),
    read: value => {
      const servers = asList(value)?.map(item => asText(item) ?? '') ?? null;
      return servers && servers.length <= most && servers.every(isStunServer) ? servers : null;
    },
  };
}

function isStunServer(server: string): boolean {
  const match = /^stun:(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253}):(\d{1,5})$/.exec(server);
  const port = Number(match?.[1]);
  return port >= 1 && port <= 65_535;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function keysOf<T extends object>(fields: Fields<T>): (keyof T & string)[] {
  return Object.keys(fields) as (keyof T & string)[];
}

function map<T extends object>(
  fields: Fields<T>,
  make: <Key extends keyof T & string>(key: Key, field: Field<T[Key]>) => T[Key],
): T {
  const values: Partial<T> = {};
  for (const key of keysOf(fields)) values[key] = make(key, fields[key]);
  return values as T;
}
