/** Whether downloads can be kept in a folder, tried on disks that take them and on disks that do not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { probe } from '../../daemon/host/folders/probe.ts';
import { Roots } from '../../daemon/host/folders/roots.ts';
import { canMount } from '../daemon/mount.ts';
import { tempFolder } from './temp.ts';

vi.mock('node:fs/promises', { spy: true });

let folder: string;

beforeEach(() => {
  folder = realpathSync(tempFolder());
});

afterEach(() => {
  vi.mocked(files.open).mockReset();
});

type Write = (bytes: Buffer, from: number, length: number, at: number) => Promise<{ bytesWritten: number; buffer: Buffer }>;

/** A file system whose files are written through `write`, given where the file ends. */
async function through(write: (real: Write, end: number) => Write): Promise<void> {
  const { open } = await vi.importActual<typeof files>('node:fs/promises');
  vi.mocked(files.open).mockImplementation(async (...args) => {
    const handle = await open(...args);
    const real = handle.write.bind(handle) as unknown as Write;
    let end = 0;
    const wrapped: Write = async (bytes, from, length, at) => {
      const result = await write(real, end)(bytes, from, length, at);
      end = Math.max(end, at + result.bytesWritten, (await handle.stat()).size);
      return result;
    };
    return Object.assign(handle, { write: wrapped });
  });
}

const wrong = (code: string): Error => Object.assign(new Error(code), { code });

describe('a folder', () => {
  it('on a disk is good for downloads, and nothing is left in it', async () => {
    expect(await probe(folder)).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that takes files from beginning to end alone is refused: by an error, by appending, by forgetting', async () => {
    const unfit = expect.stringContaining('from beginning to end') as string;
    for (const code of ['EINVAL', 'ESPIPE', 'ENOTSUP']) {
      await through(
        (real, end) => (bytes, from, length, at) => (at === end ? real(bytes, from, length, at) : Promise.reject(wrong(code))),
      );
      expect(await probe(folder)).toEqual(unfit);
    }
    await through((real, end) => (bytes, from, length) => real(bytes, from, length, end));
    expect(await probe(folder)).toEqual(unfit);
    let writes = 0;
    await through(
      real => (bytes, from, length, at) =>
        ++writes === 3 ? Promise.resolve({ bytesWritten: length, buffer: bytes }) : real(bytes, from, length, at),
    );
    expect(await probe(folder)).toEqual(unfit);
    expect(readdirSync(folder)).toEqual([]);
    const roots = await Roots.open(tempFolder(), realpathSync(tempFolder()));
    await through((real, end) => (bytes, from, length) => real(bytes, from, length, end));
    await expect(roots.add(folder)).rejects.toThrow('from beginning to end');
    expect(roots.paths).toHaveLength(1);
  });

  it('whose disk fails is refused for its reason', async () => {
    const reasons = { ENOSPC: 'is full', EDQUOT: 'used up', EROFS: 'only be read', EACCES: 'not allowed', EIO: 'does not work' };
    for (const [code, why] of Object.entries(reasons)) {
      await through(() => () => Promise.reject(wrong(code)));
      expect(await probe(folder)).toContain(why);
    }
    vi.mocked(files.open).mockReset();
    expect(await probe(join(folder, 'gone'))).toContain('not there any more');
    writeFileSync(join(folder, 'file'), '');
    expect(await probe(join(folder, 'file'))).toContain('not there any more');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe.skipIf(!canMount())('a folder on a disk of its own (needs to mount one)', () => {
  let disk: string;

  beforeEach(() => {
    disk = join(folder, 'disk');
    mkdirSync(disk);
  });
  afterEach(() => void spawnSync('umount', ['-l', disk]));

  it('is refused while that is full, and taken once there is room', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    writeFileSync(join(disk, 'film'), Buffer.alloc(256 << 10));
    expect(await probe(disk)).toContain('is full');
    expect(readdirSync(disk)).toEqual(['film']);
    writeFileSync(join(disk, 'film'), '');
    const roots = await Roots.open(tempFolder(), realpathSync(tempFolder()));
    const token = await roots.add(disk);
    await roots.refresh();
    expect(roots.list.find(root => root.token === token)).toMatchObject({ name: 'disk', problem: '' });
    execFileSync('umount', ['-l', disk]);
    await roots.refresh();
    expect(roots.list.find(root => root.token === token)).toMatchObject({ problem: 'Its disk is not there.' });
  });

  it('is refused where that can only be read', async () => {
    execFileSync('mount', ['--bind', disk, disk]);
    execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
    expect(await probe(disk)).toContain('can only be read');
    const roots = await Roots.open(tempFolder(), realpathSync(tempFolder()));
    await expect(roots.add(disk)).rejects.toThrow('can only be read');
  });
});
