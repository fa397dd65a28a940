import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Crc32 } from '../../sw/crc32.ts';
import { zip, zipLength, type ZipFile } from '../../sw/zip.ts';

const havePython = spawnSync('python3', ['--version']).status === 0;
const AT = new Date(2026, 10, 22, 13, 14, 16);
const file = (path: string, size: number): ZipFile => ({ path: path.split('/'), size });

async function* chunks(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield Promise.resolve(bytes.subarray(at, at + step));
}

async function archive(contents: readonly (readonly [path: string, bytes: Uint8Array])[]): Promise<Buffer> {
  const files = contents.map(([path, bytes]) => file(path, bytes.length));
  const parts: Uint8Array[] = [];
  for await (const part of zip(files, index => chunks(contents[index]![1], 700), AT)) parts.push(part);
  const whole = Buffer.concat(parts);
  expect(whole.length).toBe(zipLength(files));
  return whole;
}

/** Read by another program; Python's own is everywhere. */
function readBack(path: string): Record<string, { sum: string; size: number; time: number[] }> {
  const script = `
import sys, json, zipfile, zlib
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps({i.filename: {'sum': '%08x' % zlib.crc32(z.read(i)), 'size': i.file_size, 'time': list(i.date_time)} for i in z.infolist()}))`;
  return JSON.parse(execFileSync('python3', ['-c', script, path], { maxBuffer: 1 << 26 }).toString()) as ReturnType<
    typeof readBack
  >;
}

describe.skipIf(!havePython)(`a ZIP archive${havePython ? '' : ' (needs python3)'}`, () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'starling-zip-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('holds its files as they are, and is as long as was said', async () => {
    const contents = [
      ['Film/film.mkv', Buffer.from('abc'.repeat(5_000))],
      ['Film/Untertitel/ü – 字幕.srt', Buffer.from('x')],
      ['Film/empty', Buffer.alloc(0)],
    ] as const;
    const path = join(dir, 'small.zip');
    writeFileSync(path, await archive(contents));
    const expected = contents.map(([name, bytes]) => [
      name,
      { sum: crc32(bytes).toString(16).padStart(8, '0'), size: bytes.length, time: [2026, 11, 22, 13, 14, 16] },
    ]);
    expect(readBack(path)).toEqual(Object.fromEntries(expected));
  });

  it('of no files is empty, and one of none that is right', async () => {
    const path = join(dir, 'none.zip');
    writeFileSync(path, await archive([]));
    expect(readBack(path)).toEqual({});
  });

  it('has more than 65,535 files', async () => {
    const path = join(dir, 'many.zip');
    const contents = Array.from({ length: 65_540 }, (_, index) => [`many/${index}`, Buffer.from(String(index))] as const);
    const whole = await archive(contents);
    writeFileSync(path, whole);
    expect(whole.readUInt32LE(whole.length - 22 - 20 - 56)).toBe(0x06064b50);
    const read = readBack(path);
    expect(Object.keys(read)).toHaveLength(65_540);
    expect(read['many/65539']?.sum).toBe(crc32('65539').toString(16).padStart(8, '0'));
  });

  it('ends without an end where a file gives less or more than it has, or fails', async () => {
    for (const given of [9, 11]) {
      await expect(archiveOf(() => chunks(Buffer.alloc(given), 4))).rejects.toThrow(`gave ${given}`);
    }
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(new Uint8Array(4));
      throw new Error('read failed');
    };
    await expect(archiveOf(failing)).rejects.toThrow('read failed');
    async function archiveOf(read: () => AsyncIterable<Uint8Array>): Promise<void> {
      for await (const part of zip([file('a', 10)], read, AT)) expect(part.length).toBeLessThan(64);
    }
  });
});

describe('a checksum', () => {
  it('is that of zlib, however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 99 }), { maxLength: 9 }), parts => {
        const sum = new Crc32();
        for (const part of parts) sum.add(part);
        expect(sum.value).toBe(crc32(Buffer.concat(parts)));
      }),
    );
  });
});
