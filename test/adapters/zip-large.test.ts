/** Archives beyond 4 GiB, as another program reads them: what is nothing but zeros is left out of the file on the disk, and of the sums. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type * as Sums from '../../sw/crc32.ts';
import { zip, zipLength } from '../../sw/zip.ts';

const CHUNK = new Uint8Array(64 << 20);

vi.mock('../../sw/crc32.ts', async original => {
  const { Crc32 } = await original<typeof Sums>();
  return {
    Crc32: class extends Crc32 {
      override add(bytes: Uint8Array): void {
        if (bytes.length < 1 << 20) super.add(bytes);
      }
    },
  };
});

async function* zeros(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= CHUNK.length) yield Promise.resolve(CHUNK.subarray(0, Math.min(left, CHUNK.length)));
}

it.skipIf(spawnSync('python3', ['--version']).status !== 0)(
  'an archive (needs python3) says of what is longer than 4 GiB, and of what stands behind it, in 64 bits',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'starling-zip-'));
    try {
      const sizes = {
        'T/small': 10,
        'T/below': 0xfffffffe,
        'T/large': 0xffffffff,
        'T/behind': 7,
        'T/larger': 5 * 2 ** 32 + 3,
        'T/last': 9,
      };
      const files = Object.entries(sizes).map(([path, size]) => ({ path: path.split('/'), size }));
      const path = join(dir, 'large.zip');
      const out = openSync(path, 'w');
      let at = 0;
      for await (const part of zip(files, index => zeros(files[index]!.size), new Date())) {
        if (part.length < 1 << 20) writeSync(out, part, 0, part.length, at);
        at += part.length;
      }
      ftruncateSync(out, at);
      closeSync(out);
      expect(at).toBe(zipLength(files));
      const script = `
import sys, json, zipfile
z = zipfile.ZipFile(sys.argv[1])
for name in ('T/small', 'T/behind', 'T/last'): assert z.read(name) == bytes(z.getinfo(name).file_size)
print(json.dumps({i.filename: i.file_size for i in z.infolist()}))`;
      expect(JSON.parse(execFileSync('python3', ['-c', script, path]).toString())).toEqual(sizes);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
