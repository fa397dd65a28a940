/**
 * One state record in one file: magic, u8 key length, u32-be value length, SHA-256 of both and what they measure, key, value.
 * A file cut short, torn or with a bit turned doesn't decode.
 */
import { createHash } from 'node:crypto';

const MAGIC = Buffer.from('STR1');
const DIGEST_BYTES = 32;
const LENGTHS_AT = MAGIC.length;
const DIGEST_AT = LENGTHS_AT + 5;
const KEY_AT = DIGEST_AT + DIGEST_BYTES;

export interface StoredRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Keys hold `/` and may differ in case alone, which file systems don't all tell apart: the name is a hash of the key. */
export function fileNameOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.rec`;
}

function digestOf(lengths: Uint8Array, key: Uint8Array, value: Uint8Array): Buffer {
  return createHash('sha256').update(lengths).update(key).update(value).digest();
}

/** The parts of the file, to be written one after another. */
export function encodeRecord({ key, value }: StoredRecord): readonly Uint8Array[] {
  const keyBytes = Buffer.from(key, 'latin1');
  const header = Buffer.alloc(KEY_AT);
  MAGIC.copy(header);
  header.writeUInt8(keyBytes.length, LENGTHS_AT);
  header.writeUInt32BE(value.length, LENGTHS_AT + 1);
  digestOf(header.subarray(LENGTHS_AT, DIGEST_AT), keyBytes, value).copy(header, DIGEST_AT);
  return [header, keyBytes, value];
}

/** The record, its value a view of `file`; null where the file isn't whole. */
export function decodeRecord(file: Buffer): StoredRecord | null {
  if (file.length < KEY_AT || !file.subarray(0, LENGTHS_AT).equals(MAGIC)) return null;
  const keyLength = file.readUInt8(LENGTHS_AT);
  const valueLength = file.readUInt32BE(LENGTHS_AT + 1);
  if (file.length !== KEY_AT + keyLength + valueLength) return null;
  const key = file.subarray(KEY_AT, KEY_AT + keyLength);
  const value = file.subarray(KEY_AT + keyLength);
  const digest = digestOf(file.subarray(LENGTHS_AT, DIGEST_AT), key, value);
  return digest.equals(file.subarray(DIGEST_AT, KEY_AT)) ? { key: key.toString('latin1'), value } : null;
}
