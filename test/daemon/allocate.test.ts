import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode, FileStatus, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, commit, landOpen, openFile, payload, sha1Of, WRITTEN } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { canMount } from './mount.ts';

const MiB = 1 << 20;
/** More than is written while a test looks on. */
const ENDLESS = 40 * 1024 * MiB;
const taken = (path: string) => statSync(path).blocks * 512;
const allocate = (client: IoClient, file: number, name: string, size: number) => openFile(client, file, name, size, true, true);

/** Whether the system's program is there, and the file system of the tests takes it. */
function canSetAside(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'starling-probe-'));
  try {
    writeFileSync(join(directory, 'x'), '');
    execFileSync('fallocate', ['--keep-size', '--length', '1048576', join(directory, 'x')], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function part(path: string, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(path, 'r');
  readSync(fd, bytes, 0, length, at);
  closeSync(fd);
  return bytes;
}

async function write(client: IoClient, file: number, bytes: Buffer, buffer: number, offset = 0) {
  landOpen(client, buffer, bytes.length, [{ file, offset, length: bytes.length }]);
  client.send({ op: Op.LAND_PUT, id: 0, buffer, offset: 0, bytes });
  return commit(client, buffer, [sha1Of(bytes)]);
}

describe.each([
  ['set aside by the file system', {}, canSetAside()],
  ['filled with zeros', { PATH: '' }, true],
] as const)('the space of a file, %s,', (how, env, isPossible) => {
  let io: IoProcess;
  let client: IoClient;
  const inRoot = (name: string) => join(io.root, name);

  beforeAll(async () => {
    io = await IoProcess.start({ env });
    client = await io.connect();
  });
  afterAll(() => io.stop());

  it.skipIf(!isPossible)('is taken before it is answered, and read and written as any other', async () => {
    const size = 8 * MiB + 5;
    expect(await allocate(client, 1, 'new', size)).toMatchObject({ status: FileStatus.OK });
    expect(taken(inRoot('new'))).toBeGreaterThanOrEqual(size);
    expect(statSync(inRoot('new')).size).toBe(how === 'filled with zeros' ? size : 0);
    const bytes = payload(BLOCK);
    expect(await write(client, 1, bytes, 1, 5 * MiB)).toMatchObject(WRITTEN);
    expect(
      readFileSync(inRoot('new'))
        .subarray(5 * MiB, 5 * MiB + BLOCK)
        .equals(bytes),
    ).toBe(true);
    expect(taken(inRoot('new'))).toBeLessThan(size + MiB);
  });

  it.skipIf(!isPossible)('is taken behind what is there, of which nothing changes, as often as it is asked for', async () => {
    const bytes = payload(3 * MiB + 7);
    writeFileSync(inRoot('begun'), bytes);
    for (const file of [2, 3]) {
      expect(await allocate(client, file, 'begun', 8 * MiB)).toMatchObject({ status: FileStatus.OK });
      expect(readFileSync(inRoot('begun')).subarray(0, bytes.length).equals(bytes)).toBe(true);
      expect(taken(inRoot('begun'))).toBeGreaterThanOrEqual(8 * MiB);
      client.send({ op: Op.FILE_CLOSE, id: 0, file });
    }
  });

  it.skipIf(!isPossible)('is not taken where it cannot fit: that is told, and nothing is begun', async () => {
    expect((await allocate(client, 4, 'huge', 2 ** 52)).status).toBe(FileStatus.FULL);
    expect(taken(inRoot('huge'))).toBe(0);
    expect((await allocate(client, 4, 'small', MiB)).status).toBe(FileStatus.OK);
  });
});

it.skipIf(process.platform !== 'linux').each([
  ['Disk quota exceeded', 'QUOTA'],
  ['File too large', 'TOO_LARGE'],
  ['No space left on device', 'FULL'],
] as const)('what the program says of one that cannot have it is told: %s', async (words, status) => {
  const programs = mkdtempSync(join(tmpdir(), 'starling-programs-'));
  writeFileSync(join(programs, 'fallocate'), `#!/bin/sh\necho 'fallocate: fallocate failed: ${words}' >&2\nexit 1\n`, {
    mode: 0o755,
  });
  const io = await IoProcess.start({ env: { PATH: programs } });
  try {
    expect((await allocate(await io.connect(), 1, 'long', 8 * MiB)).status).toBe(FileStatus[status]);
    expect(taken(join(io.root, 'long'))).toBe(0);
  } finally {
    await io.stop();
    rmSync(programs, { recursive: true, force: true });
  }
});

it('is not missed where the file has its whole length already, however few blocks the file system counts', async () => {
  const io = await IoProcess.start();
  const client = await io.connect();
  const size = 2 ** 42;
  writeFileSync(join(io.root, 'whole'), '');
  truncateSync(join(io.root, 'whole'), size);
  expect((await allocate(client, 1, 'whole', size)).status).toBe(FileStatus.OK);
  await io.stop();
});

it('is not taken unless that was asked, nor of a file that is only looked for', async () => {
  const io = await IoProcess.start();
  const client = await io.connect();
  await openFile(client, 1, 'sparse', 8 * MiB);
  expect(taken(join(io.root, 'sparse'))).toBe(0);
  expect((await openFile(client, 2, 'absent', MiB, false, true)).status).toBe(FileStatus.GONE);
  await io.stop();
});

describe('while zeros are written', () => {
  let io: IoProcess;
  let root: string;

  afterEach(async () => {
    await io.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function begin() {
    root = mkdtempSync(join(tmpdir(), 'starling-zeros-'));
    io = await IoProcess.start({ env: { PATH: '' }, root });
    const client = await io.connect();
    const path = join(root, 'long');
    const bytes = payload(MiB);
    writeFileSync(path, bytes);
    client.request({
      op: Op.FILE_OPEN,
      file: 1,
      root: 'root-token',
      components: ['long'],
      size: ENDLESS,
      create: true,
      allocate: true,
    });
    await expect.poll(() => statSync(path).size).toBeGreaterThan(bytes.length);
    return { client, path, bytes };
  }

  it('other files are opened and written, and it ends when the file is closed', async () => {
    const { client, path, bytes } = await begin();
    expect((await openFile(client, 2, 'other', BLOCK)).status).toBe(FileStatus.OK);
    expect(await write(client, 2, payload(BLOCK), 1)).toMatchObject(WRITTEN);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    expect((await client.next(Op.FILE_OPENED, ({ file }) => file === 1)).status).toBe(FileStatus.GONE);
    const { size } = statSync(path);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(statSync(path).size).toBe(size);
    expect(part(path, 0, bytes.length).equals(bytes)).toBe(true);
  });

  it('what waits for the file keeps nobody else waiting, however much it is', async () => {
    const { client } = await begin();
    // More than may be on its way to the disk at once.
    for (let buffer = 10; buffer < 30; buffer++) {
      const bytes = payload(MiB);
      landOpen(client, buffer, MiB, [{ file: 1, offset: buffer * MiB, length: MiB }]);
      client.send(
        { op: Op.LAND_PUT, id: 0, buffer, offset: 0, bytes },
        { op: Op.LAND_COMMIT, id: 0, buffer, wantBlocks: false, digests: [sha1Of(bytes)] },
      );
    }
    const { stats } = await client.ask({ op: Op.STATS }, Op.STATS_RESULT);
    expect(stats).toMatchObject({ buffers: 20, diskQueue: 0 });
  });

  it('what is put into a buffer that is to go there beyond what is held for it is refused', async () => {
    const { client } = await begin();
    landOpen(client, 40, 16 * MiB, [{ file: 1, offset: 0, length: 16 * MiB }]);
    const put = (id: number, at: number) =>
      client.send({ op: Op.LAND_PUT, id, buffer: 40, offset: at * MiB, bytes: payload(MiB) });
    for (let at = 0; at < 9; at++) put(1_000 + at, at);
    // What is there already is no news.
    put(2_000, 0);
    await client.sync();
    const refusals = client.inbox.filter(({ op }) => op === Op.ERROR);
    expect(refusals).toEqual([expect.objectContaining({ id: 1_008, code: ErrorCode.LIMIT })]);
    client.send({ op: Op.LAND_DROP, id: 0, buffer: 40 });
  });

  it('an end by force leaves what was there, and the next time goes on behind it', async () => {
    const { path, bytes } = await begin();
    io.child.kill('SIGKILL');
    await io.exited;
    const { size } = statSync(path);
    io = await IoProcess.start({ env: { PATH: '' }, root });
    const client = await io.connect();
    expect((await allocate(client, 1, 'long', size + 3 * MiB)).status).toBe(FileStatus.OK);
    expect(statSync(path).size).toBe(size + 3 * MiB);
    expect(part(path, 0, bytes.length).equals(bytes)).toBe(true);
    expect(
      part(path, size - MiB, 4 * MiB)
        .subarray(2 * MiB)
        .every(byte => byte === 0),
    ).toBe(true);
  });
});

it.skipIf(!canMount())('a disk that fills up meanwhile is told as full, of that file alone', async () => {
  const root = mkdtempSync(join(tmpdir(), 'starling-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', root]);
  const io = await IoProcess.start({ root });
  try {
    const client = await io.connect();
    expect((await allocate(client, 1, 'fits', 8 * MiB)).status).toBe(FileStatus.OK);
    expect((await allocate(client, 2, 'does-not', 9 * MiB)).status).toBe(FileStatus.FULL);
    expect(await write(client, 1, payload(BLOCK), 1)).toMatchObject(WRITTEN);
  } finally {
    await io.stop();
    execFileSync('umount', [root]);
    rmSync(root, { recursive: true, force: true });
  }
});
