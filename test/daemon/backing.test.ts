/** Buffers in their files, where a file is not ready, or a disk hangs in the middle of a write. */
import type * as nodeFs from 'node:fs';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HashPool } from '../../daemon/io/hash-pool.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { type Opened, SharedFile } from '../../daemon/io/shared-file.ts';
import { FileStatus, LandStatus } from '../../daemon/wire/frames.ts';
import { sha1Of } from './fixture.ts';

/** While set, what is to be written stands still here, as on a disk that hangs. */
const disk = vi.hoisted(() => ({ hung: null as (() => void)[] | null }));
vi.mock('node:fs', async importOriginal => {
  const fs = await importOriginal<typeof nodeFs>();
  const writev = (fd: number, bytes: readonly NodeJS.ArrayBufferView[], at: number, done: never) => {
    const write = () => fs.writev(fd, bytes, at, done);
    if (disk.hung === null) write();
    else disk.hung.push(write);
  };
  return { ...fs, default: fs, writev };
});

const MiB = 1 << 20;
const filled = (value: number, length = MiB) => new Uint8Array(length).fill(value);
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
};

let root: string;
let landing: Landing;
let results: [number, LandStatus | undefined, FileStatus | undefined][];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'starling-backing-'));
  const answer = { status: LandStatus.OK, errno: '', blocks: new Uint8Array(), memory: null };
  const pool: Pick<HashPool, 'run' | 'reach'> = { reach: 4, run: () => Promise.resolve(answer) };
  landing = new Landing(pool as HashPool, new MemoryPool());
  results = [];
  disk.hung = null;
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A file that is opened when the test says so; `inode` is what it turns out to be. */
function fileOf(name: string, inode: string) {
  const path = join(root, name);
  const fd = openSync(path, 'w+');
  let tell: (opened: Opened) => void = () => undefined;
  const closed = vi.fn(() => closeSync(fd));
  const file = new SharedFile('', [name], 64 * MiB, new Promise(resolve => (tell = resolve)), closed);
  const open = async () => {
    tell({ status: FileStatus.OK, fd, inode });
    await settled();
  };
  return { file, closed, tell, open, first: () => readFileSync(path)[0] };
}

/** A buffer of two MiB in its file, of which the second is there. */
function begin(buffer: number, file: SharedFile) {
  const there = [{ offset: MiB, length: MiB }];
  expect(landing.open(buffer, 2 * MiB, new Uint8Array(), [{ file, offset: 0, length: 2 * MiB }], there)).toBe(true);
  landing.put(buffer, 0, filled(buffer));
}

const commit = (buffer: number) =>
  landing.commit(buffer, [sha1Of(filled(0, 16))], false, result => results.push([buffer, result?.status, result?.file]));

describe('a buffer whose file is not ready', () => {
  it('lets go of it at once when it is dropped, and keeps nobody waiting', async () => {
    const [slow, other] = [fileOf('slow', '1'), fileOf('other', '2')];
    begin(1, slow.file);
    slow.file.release();
    landing.drop(1);
    await expect.poll(() => slow.closed.mock.calls.length).toBe(1);
    expect(landing.used).toBe(0);
    await other.open();
    begin(2, other.file);
    commit(2);
    await expect.poll(() => results).toEqual([[2, LandStatus.OK, FileStatus.OK]]);
  });

  it('is dropped in the middle of a commit that waits for it, and of a park', async () => {
    const slow = fileOf('slow', '1');
    begin(1, slow.file);
    begin(2, slow.file);
    slow.file.release();
    const parked = new Promise(resolve => landing.park(2, resolve));
    commit(1);
    landing.drop(1);
    landing.drop(2);
    expect(await parked).toBe(FileStatus.GONE);
    await expect.poll(() => results).toEqual([[1, LandStatus.ERROR, FileStatus.GONE]]);
    expect(landing.count).toBe(0);
    expect(slow.closed).toHaveBeenCalledOnce();
  });

  it('holds so much and no more, and rests nobody', async () => {
    const slow = fileOf('slow', '1');
    expect(landing.open(1, 32 * MiB, new Uint8Array(), [{ file: slow.file, offset: 0, length: 32 * MiB }])).toBe(true);
    for (let at = 0; at < 16; at++) landing.put(1, at * MiB, filled(1));
    expect(landing.used).toBe(8 * MiB);
    expect(landing.isFull).toBe(false);
    expect(landing.queued).toBe(0);
    disk.hung = [];
    await slow.open();
    expect(landing.queued).toBe(8 * MiB);
    await expect.poll(() => disk.hung?.length).toBe(1);
    landing.put(1, 20 * MiB, filled(1));
    expect(landing.isFull).toBe(true);
  });

  it('tells a park and a commit alike that it could not be written', async () => {
    const full = fileOf('full', '1');
    begin(1, full.file);
    const park = () => new Promise(resolve => landing.park(1, (...told) => resolve(told)));
    const there = [{ offset: MiB, length: MiB }];
    const parked = park();
    commit(1);
    full.tell({ status: FileStatus.FULL, fd: -1 });
    expect(await parked).toEqual([FileStatus.FULL, there]);
    await expect.poll(() => results).toEqual([[1, LandStatus.ERROR, FileStatus.FULL]]);
    // It takes no more, and says all the same what it has.
    expect(landing.isOpen(1)).toBe(false);
    expect(await park()).toEqual([FileStatus.OK, there]);
  });
});

it('holds what many such buffers have to so much together', () => {
  for (let buffer = 1; buffer <= 6; buffer++) {
    const { file } = fileOf(`slow-${buffer}`, `${buffer}`);
    landing.open(buffer, 32 * MiB, new Uint8Array(), [{ file, offset: 0, length: 32 * MiB }]);
    for (let at = 0; at < 8; at++) landing.put(buffer, at * MiB, filled(1));
  }
  // Its first block is what finds out that a buffer has to wait.
  expect(landing.used).toBe((32 + 2) * MiB);
});

it('a write of a dropped buffer that hangs is waited for by those of the same file, and by nobody else', async () => {
  const [one, again, other] = [fileOf('one', '1'), fileOf('one', '1'), fileOf('other', '2')];
  for (const { open } of [one, again, other]) await open();
  disk.hung = [];
  begin(1, one.file);
  await expect.poll(() => disk.hung?.length).toBe(1);
  const late = disk.hung;
  disk.hung = null;
  landing.drop(1);
  // The same inode, opened anew after the root had gone and come back.
  begin(2, again.file);
  begin(3, other.file);
  commit(2);
  commit(3);
  await expect.poll(() => results).toEqual([[3, LandStatus.OK, FileStatus.OK]]);
  expect(again.first()).toBe(undefined);
  for (const write of late) write();
  await expect.poll(() => results.length).toBe(2);
  expect(again.first()).toBe(2);
});
