/**
 * Bencoding (BEP 3) with keys of any bytes, in the one order that they may have: for what an info-hash is taken of.
 * Messages are encoded by bencode.ts.
 */
import { fail } from '../errors.ts';

/** Strings are written as UTF-8. */
export type Canonical = number | string | Uint8Array | readonly Canonical[] | CanonicalDict;
export interface CanonicalDict extends ReadonlyMap<string | Uint8Array, Canonical> {}

const utf8 = new TextEncoder();

/** Throws `internal` on a number that is no safe integer, and on a key given twice. */
export function encodeCanonical(value: Canonical): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  write(value, parts);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The order of keys: by their bytes, not by their characters. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

function write(value: Canonical, parts: Uint8Array[]): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) fail('internal', `${value} cannot be bencoded`);
    parts.push(utf8.encode(`i${value}e`));
  } else if (typeof value === 'string') {
    writeString(utf8.encode(value), parts);
  } else if (value instanceof Uint8Array) {
    writeString(value, parts);
  } else if (value instanceof Map) {
    writeDict(value, parts);
  } else {
    parts.push(utf8.encode('l'));
    for (const item of value as readonly Canonical[]) write(item, parts);
    parts.push(utf8.encode('e'));
  }
}

function writeDict(dict: CanonicalDict, parts: Uint8Array[]): void {
  const entries = [...dict].map(([key, value]) => ({ key: typeof key === 'string' ? utf8.encode(key) : key, value }));
  entries.sort((a, b) => compareBytes(a.key, b.key));
  parts.push(utf8.encode('d'));
  entries.forEach(({ key, value }, index) => {
    const before = entries[index - 1];
    if (before && compareBytes(before.key, key) === 0) fail('internal', 'a key twice cannot be bencoded');
    writeString(key, parts);
    write(value, parts);
  });
  parts.push(utf8.encode('e'));
}

function writeString(bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(utf8.encode(`${bytes.length}:`), bytes);
}
