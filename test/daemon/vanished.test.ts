/** Roots whose disk or folder goes away, and comes back. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStatus, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, commit, landOpen, openFile, payload, sha1Of, WRITTEN } from './fixture.ts';
import { type IoClient, IoProcess, ROOT } from './io-process.ts';
import { canMount } from './mount.ts';

let folder: string;
let root: string;
let io: IoProcess;
let client: IoClient;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'starling-vanished-')));
  root = join(folder, 'root');
  mkdirSync(root);
});

afterEach(async () => {
  await client.close();
  await io.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function begin(): Promise<void> {
  io = await IoProcess.start({ root });
  client = await io.connect();
}

async function write(file: number, buffer: number, name: string) {
  const opened = await openFile(client, file, name, BLOCK);
  if (opened.status !== FileStatus.OK) return opened.status;
  const bytes = payload(BLOCK);
  landOpen(client, buffer, BLOCK, [{ file, offset: 0, length: BLOCK }]);
  client.send({ op: Op.LAND_PUT, id: 0, buffer, offset: 0, bytes });
  return commit(client, buffer, [sha1Of(bytes)]);
}

const flush = async (file: number) => (await client.ask({ op: Op.FILE_SYNC, files: [file] }, Op.FILE_DONE)).status;
const deleted = async (name: string) =>
  (await client.ask({ op: Op.FILE_DELETE, root: ROOT, components: [name], size: BLOCK, trash: false }, Op.FILE_DONE)).status;

it('a folder that is gone is no file that is gone, and is used again when it is back', async () => {
  await begin();
  expect(await write(1, 1, 'a')).toMatchObject(WRITTEN);
  expect(await flush(1)).toBe(FileStatus.OK);
  renameSync(root, join(folder, 'elsewhere'));
  expect(await flush(1)).toBe(FileStatus.NO_SUCH_ROOT);
  expect((await openFile(client, 2, 'a', BLOCK, false)).status).toBe(FileStatus.NO_SUCH_ROOT);
  expect((await openFile(client, 3, 'b', BLOCK)).status).toBe(FileStatus.NO_SUCH_ROOT);
  expect(await deleted('a')).toBe(FileStatus.NO_SUCH_ROOT);
  renameSync(join(folder, 'elsewhere'), root);
  expect(await openFile(client, 4, 'a', BLOCK, false)).toMatchObject({ status: FileStatus.OK, size: BLOCK });
  expect(await write(5, 2, 'b')).toMatchObject(WRITTEN);
});

describe.skipIf(!canMount())('on a disk of its own (needs to mount one)', () => {
  const device = () => join(folder, 'device');
  /** Takes the disk away with all that is open on it, as far as the system lets one. */
  const unplug = () => execFileSync('umount', ['-l', root]);
  const plugIn = () => execFileSync('mount', ['--bind', device(), root]);

  beforeEach(() => {
    mkdirSync(device());
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', device()]);
    plugIn();
  });

  afterEach(() => {
    execFileSync('umount', ['-l', root]);
    execFileSync('umount', ['-l', device()]);
  });

  it('nothing is read from or written to the empty folder that an unmounted disk leaves', async () => {
    await begin();
    expect(await write(1, 1, 'a')).toMatchObject(WRITTEN);
    expect(await flush(1)).toBe(FileStatus.OK);
    unplug();
    expect(readdirSync(root)).toEqual([]);
    expect(await flush(1)).toBe(FileStatus.NO_SUCH_ROOT);
    expect((await openFile(client, 2, 'a', BLOCK, false)).status).toBe(FileStatus.NO_SUCH_ROOT);
    expect((await openFile(client, 3, 'b', BLOCK)).status).toBe(FileStatus.NO_SUCH_ROOT);
    expect(await deleted('a')).toBe(FileStatus.NO_SUCH_ROOT);
    expect(readdirSync(root)).toEqual([]);
    plugIn();
    expect(await openFile(client, 4, 'a', BLOCK, false)).toMatchObject({ status: FileStatus.OK, size: BLOCK });
    expect(await write(5, 2, 'b')).toMatchObject(WRITTEN);
    expect(readdirSync(device()).sort()).toEqual(['a', 'b']);
  });

  it('another disk in its place is taken as it is', async () => {
    await begin();
    expect(await write(1, 1, 'a')).toMatchObject(WRITTEN);
    unplug();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', root]);
    writeFileSync(join(root, 'c'), 'x');
    expect((await openFile(client, 2, 'a', BLOCK, false)).status).toBe(FileStatus.GONE);
    expect((await openFile(client, 3, 'c', BLOCK, false)).status).toBe(FileStatus.OK);
  });
});
