/** Checks of what arrived as JSON: each gives the value back with its type, or throws MALFORMED. */
import { malformed } from './bytes.ts';

export type Shape<T> = (value: unknown) => T;

export const string: Shape<string> = value => {
  if (typeof value !== 'string') throw malformed('expected a string');
  return value;
};

export const number: Shape<number> = value => {
  if (typeof value !== 'number') throw malformed('expected a number');
  return value;
};

/** An integer from 0 up, below 2^53. */
export const count: Shape<number> = value => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed('expected a count');
  return value;
};

/** An integer of that range, both ends included. */
export function between(least: number, most: number): Shape<number> {
  return value => {
    const number = count(value);
    if (number < least || number > most) throw malformed('a number out of range');
    return number;
  };
}

export const boolean: Shape<boolean> = value => {
  if (typeof value !== 'boolean') throw malformed('expected a boolean');
  return value;
};

export function literal<T extends string | number>(...words: readonly T[]): Shape<T> {
  return value => {
    const found = words.find(word => word === value);
    if (found === undefined) throw malformed('expected one of a set of words or numbers');
    return found;
  };
}

export function array<T>(item: Shape<T>, most = Infinity): Shape<readonly T[]> {
  return value => {
    if (!Array.isArray(value)) throw malformed('expected a list');
    if (value.length > most) throw malformed('a list is too long');
    return value.map(item);
  };
}

/** Exactly these fields are kept; others are ignored, so that a newer end may say more. */
export function object<T extends object>(fields: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  return value => {
    const source = record(value);
    const result: Partial<T> = {};
    for (const key of keys) result[key] = fields[key](source[key]);
    return result as T;
  };
}

/** Those of the fields that are there. */
export function partial<T extends object>(fields: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<Partial<T>> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  return value => {
    const source = record(value);
    const result: Partial<T> = {};
    for (const key of keys) if (source[key] !== undefined) result[key] = fields[key](source[key]);
    return result;
  };
}

export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  return value => (value === null ? null : inner(value));
}

export function dictionary<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return value => Object.fromEntries(Object.entries(record(value)).map(([key, field]) => [key, item(field)]));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('expected an object');
  return value as Readonly<Record<string, unknown>>;
}
