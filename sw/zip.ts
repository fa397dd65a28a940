/**
 * Files as a ZIP archive that is written as they come: nothing is compressed, so that its length is known before its first byte.
 * Checksums follow the files, and whatever does not fit 32 bits is in the 64-bit form (PKWARE APPNOTE 6.3.10, 4.3 and 4.5.3).
 */
import { Crc32 } from './crc32.ts';

export interface ZipFile {
  /** Names from the top down; safe and distinct. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly size: number;
}

const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
const END_64 = 56;
const LOCATOR = 20;
/** In a field of 16 or 32 bits: what belongs here stands in the 64-bit form. */
const ELSEWHERE_16 = 0xffff;
const ELSEWHERE = 0xffffffff;
/** Checksum and sizes follow the file, and names are UTF-8. */
const FLAGS = 0x0808;
/** A plain file that its owner may write. */
const MODE = 0o100644 * 0x1_0000;
/** The directory at the end leaves in parts of about so many bytes. */
const PART = 64 << 10;

const utf8 = new TextEncoder();

const isLarge = (number: number): boolean => number >= ELSEWHERE;
const nameOf = ({ path }: ZipFile): Uint8Array => utf8.encode(path.join('/'));
const localExtra = (size: number): number => (isLarge(size) ? 20 : 0);
const descriptor = (size: number): number => (isLarge(size) ? 24 : 16);
const centralExtra = (size: number, offset: number): number => {
  const room = (isLarge(size) ? 16 : 0) + (isLarge(offset) ? 8 : 0);
  return room === 0 ? 0 : 4 + room;
};

/** Bytes of the archive of these files. */
export function zipLength(files: readonly ZipFile[]): number {
  let offset = 0;
  let directory = 0;
  for (const file of files) {
    const name = nameOf(file).length;
    directory += CENTRAL + name + centralExtra(file.size, offset);
    offset += LOCAL + name + localExtra(file.size) + file.size + descriptor(file.size);
  }
  return offset + directory + (needsEnd64(files.length, directory, offset) ? END_64 + LOCATOR : 0) + END;
}

/**
 * The archive, a part at a time. `read` gives the bytes of the file at an index, all of them, else throws: what was handed on by then is no
 * archive, and nothing more follows. `at`: the time that all files carry.
 */
export async function* zip(
  files: readonly ZipFile[],
  read: (index: number) => AsyncIterable<Uint8Array>,
  at: Date,
): AsyncGenerator<Uint8Array, void> {
  const sums = new Uint32Array(files.length);
  const offsets = new Float64Array(files.length);
  const time = dosTime(at);
  let offset = 0;
  for (const [index, file] of files.entries()) {
    const head = localHeader(file, time);
    offsets[index] = offset;
    yield head;
    const crc = new Crc32();
    let length = 0;
    for await (const part of read(index)) {
      crc.add(part);
      length += part.length;
      if (length > file.size) break;
      yield part;
    }
    if (length !== file.size) throw new Error(`A file of ${file.size} bytes gave ${length}.`);
    sums[index] = crc.value;
    yield trailer(file.size, crc.value);
    offset += head.length + file.size + descriptor(file.size);
  }
  let directory = 0;
  let part = new Fields(PART);
  for (const [index, file] of files.entries()) {
    const name = nameOf(file);
    const extra = centralExtra(file.size, offsets[index] ?? 0);
    if (part.at + CENTRAL + name.length + extra > PART) {
      yield part.written;
      part = new Fields(Math.max(PART, CENTRAL + name.length + extra));
    }
    centralHeader(part, file, name, time, sums[index] ?? 0, offsets[index] ?? 0);
    directory += CENTRAL + name.length + extra;
  }
  yield part.written;
  yield end(files.length, directory, offset);
}

function localHeader(file: ZipFile, time: number): Uint8Array {
  const name = nameOf(file);
  const extra = localExtra(file.size);
  const fields = new Fields(LOCAL + name.length + extra);
  const unknown = extra > 0 ? ELSEWHERE : 0;
  fields.u32(0x04034b50).u16(version(extra)).u16(FLAGS).u16(0).u32(time).u32(0).u32(unknown).u32(unknown);
  fields.u16(name.length).u16(extra).bytes(name);
  // It tells that the sizes which follow the file have 64 bits.
  if (extra > 0) fields.u16(1).u16(16).u64(0).u64(0);
  return fields.written;
}

function trailer(size: number, crc: number): Uint8Array {
  const fields = new Fields(descriptor(size)).u32(0x08074b50).u32(crc);
  return (isLarge(size) ? fields.u64(size).u64(size) : fields.u32(size).u32(size)).written;
}

function centralHeader(fields: Fields, { size }: ZipFile, name: Uint8Array, time: number, crc: number, offset: number): void {
  const extra = centralExtra(size, offset);
  const shown = Math.min(size, ELSEWHERE);
  fields
    .u32(0x02014b50)
    .u16((3 << 8) | 45)
    .u16(version(extra))
    .u16(FLAGS)
    .u16(0)
    .u32(time)
    .u32(crc)
    .u32(shown)
    .u32(shown);
  fields.u16(name.length).u16(extra).u16(0).u16(0).u16(0).u32(MODE).u32(Math.min(offset, ELSEWHERE)).bytes(name);
  if (extra > 0) fields.u16(1).u16(extra - 4);
  if (isLarge(size)) fields.u64(size).u64(size);
  if (isLarge(offset)) fields.u64(offset);
}

function end(count: number, directory: number, offset: number): Uint8Array {
  const is64 = needsEnd64(count, directory, offset);
  const fields = new Fields(END + (is64 ? END_64 + LOCATOR : 0));
  if (is64) {
    fields
      .u32(0x06064b50)
      .u64(END_64 - 12)
      .u16((3 << 8) | 45)
      .u16(45)
      .u32(0)
      .u32(0);
    fields.u64(count).u64(count).u64(directory).u64(offset);
    fields
      .u32(0x07064b50)
      .u32(0)
      .u64(offset + directory)
      .u32(1);
  }
  const shown = Math.min(count, ELSEWHERE_16);
  fields.u32(0x06054b50).u16(0).u16(0).u16(shown).u16(shown);
  return fields.u32(Math.min(directory, ELSEWHERE)).u32(Math.min(offset, ELSEWHERE)).u16(0).written;
}

function needsEnd64(count: number, directory: number, offset: number): boolean {
  return count >= ELSEWHERE_16 || isLarge(directory) || isLarge(offset);
}

/** What a reader has to know to read it: 2.0 for files in folders, 4.5 for the 64-bit form. */
function version(extra: number): number {
  return extra > 0 ? 45 : 20;
}

/** Date above time; years from 1980 on. */
function dosTime(at: Date): number {
  const year = Math.min(127, Math.max(0, at.getFullYear() - 1980));
  const date = (year << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  return ((date << 16) | (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)) >>> 0;
}

/** Fields one behind the other, the lowest byte first. */
class Fields {
  at = 0;
  private readonly all: Uint8Array<ArrayBuffer>;
  private readonly view: DataView;

  constructor(size: number) {
    this.all = new Uint8Array(size);
    this.view = new DataView(this.all.buffer);
  }

  get written(): Uint8Array {
    return this.all.subarray(0, this.at);
  }

  u16(value: number): this {
    this.view.setUint16(this.at, value, true);
    this.at += 2;
    return this;
  }

  u32(value: number): this {
    this.view.setUint32(this.at, value, true);
    this.at += 4;
    return this;
  }

  u64(value: number): this {
    this.view.setBigUint64(this.at, BigInt(value), true);
    this.at += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.all.set(value, this.at);
    this.at += value.length;
    return this;
  }
}
