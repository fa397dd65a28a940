import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Digest, ErrorCode, FileStatus, LandStatus, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, commit, landOpen, openFile, payload, sha1, sha1Of, WRITTEN } from './fixture.ts';
import { type IoClient, IoProcess, ROOT } from './io-process.ts';
import { canMount } from './mount.ts';

/** Ms for which directories are swapped: `npm run swap` takes a minute. */
const SWAPPING = Number(process.env.STARLING_SWAP ?? 3) * 1000;

let io: IoProcess;
let client: IoClient;
let outside: string;

beforeAll(async () => {
  io = await IoProcess.start();
  outside = mkdtempSync(join(tmpdir(), 'starling-outside-'));
});

afterAll(async () => {
  await io.stop();
  rmSync(outside, { recursive: true, force: true });
});

beforeEach(async () => {
  client = await io.connect();
  for (const { buffer } of client.kept) client.send({ op: Op.LAND_DROP, id: 0, buffer });
});

afterEach(() => client.close());

const inRoot = (...names: string[]) => join(io.root, ...names);
const open = (file: number, name: string | readonly string[], size = 100, create = true) =>
  openFile(client, file, name, size, create);
const status = async (name: readonly string[]) => (await open(1, name)).status;
const remove = async (components: readonly string[], root = ROOT, size = 100) =>
  (await client.ask({ op: Op.FILE_DELETE, root, components, size, trash: false }, Op.FILE_DONE)).status;
const sync = (...files: number[]) => client.ask({ op: Op.FILE_SYNC, files }, Op.FILE_DONE);

/** Puts bytes through a buffer into a file. */
async function write(file: number, bytes: Buffer, buffer: number, offset = 0) {
  landOpen(client, buffer, bytes.length, [{ file, offset, length: bytes.length }]);
  client.send({ op: Op.LAND_PUT, id: 0, buffer, offset: 0, bytes });
  return commit(client, buffer, [sha1Of(bytes)]);
}

describe('paths', () => {
  it('lead nowhere but below the root', async () => {
    const bad = [
      [],
      [''],
      ['.'],
      ['..'],
      ['..', 'x'],
      ['a', '..', 'b'],
      ['a/b'],
      ['/etc', 'x'],
      ['..\\x'],
      ['a\0b'],
      ['a', ''],
      Array.from({ length: 101 }, () => 'd'),
    ];
    for (const components of bad) expect(await status(components), JSON.stringify(components)).toBe(FileStatus.UNSAFE);
    for (const components of bad) expect(await remove(components), JSON.stringify(components)).toBe(FileStatus.UNSAFE);
    expect(existsSync(inRoot())).toBe(true);
  });

  it('may have any other name', async () => {
    const names = ['a..b', '...', ' ', 'C:x', 'nul', '🐦', 'é'.repeat(127), '-rf', 'x'.repeat(255)];
    for (const [index, name] of names.entries()) expect((await open(index + 1, [name])).status, name).toBe(FileStatus.OK);
    expect((await open(50, ['e\u0301.bin'])).status).toBe(FileStatus.OK);
    expect((await open(51, ['\u00e9.bin'])).status).toBe(FileStatus.OK);
    expect(readdirSync(inRoot())).toEqual(expect.arrayContaining(['e\u0301.bin', '\u00e9.bin']));
  });

  it('follow no symbolic link, in the leaf or on the way', async () => {
    writeFileSync(join(outside, 'secret'), 'secret');
    symlinkSync(join(outside, 'secret'), inRoot('leaf'));
    symlinkSync(join(outside, 'not-there'), inRoot('dangling'));
    symlinkSync(outside, inRoot('way'));
    symlinkSync('.', inRoot('self'));
    for (const path of [['leaf'], ['dangling'], ['way', 'secret'], ['way', 'new'], ['way', 'dir', 'new'], ['self', 'new']]) {
      expect(await status(path), path.join('/')).toBe(FileStatus.UNSAFE);
      expect(await remove(path), path.join('/')).toBe(FileStatus.UNSAFE);
    }
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  it('name no file with another name, no directory and no device', async () => {
    writeFileSync(inRoot('one'), 'x');
    linkSync(inRoot('one'), inRoot('two'));
    mkdirSync(inRoot('directory'));
    execFileSync('mkfifo', [inRoot('pipe')]);
    writeFileSync(inRoot('long'), Buffer.alloc(101));
    writeFileSync(inRoot('plain'), '');
    expect(await status(['one'])).toBe(FileStatus.UNSAFE);
    expect(await status(['directory'])).toBe(FileStatus.CONFLICT);
    expect(await status(['pipe'])).toBe(FileStatus.CONFLICT);
    expect(await status(['long'])).toBe(FileStatus.CONFLICT);
    expect(await status(['plain', 'below'])).toBe(FileStatus.CONFLICT);
    expect(await remove(['directory'])).toBe(FileStatus.CONFLICT);
  });

  it('begin at a root that was given, and at no other', async () => {
    const answer = await client.ask(
      { op: Op.FILE_OPEN, file: 1, root: 'forged', components: ['x'], size: 1, create: true, allocate: false },
      Op.FILE_OPENED,
    );
    expect(answer.status).toBe(FileStatus.NO_SUCH_ROOT);
    expect(await remove(['x'], 'forged')).toBe(FileStatus.NO_SUCH_ROOT);
  });

  it(
    'stay inside while directories are swapped for links underneath',
    async () => {
      mkdirSync(inRoot('swap'));
      writeFileSync(join(outside, 'secret'), 'secret');
      // So that it is never taken away as an empty one.
      writeFileSync(inRoot('swap', 'kept'), '');
      let isSwapping = true;
      // The daemon may make the directory anew in between: then it is taken away again.
      const put = (make: () => void) => {
        for (;;) {
          try {
            rmSync(inRoot('swap'), { recursive: true, force: true });
            make();
            return;
          } catch (error) {
            if (!/EEXIST|ENOTEMPTY/.test(String(error))) throw error;
          }
        }
      };
      const swapping = (async () => {
        while (isSwapping) {
          renameSync(inRoot('swap'), inRoot('swap-away'));
          put(() => symlinkSync(outside, inRoot('swap')));
          await new Promise(resolve => setImmediate(resolve));
          put(() => renameSync(inRoot('swap-away'), inRoot('swap')));
          await new Promise(resolve => setImmediate(resolve));
        }
      })();
      const seen = new Set<FileStatus>();
      const end = performance.now() + SWAPPING;
      for (let i = 1; performance.now() < end; i++) {
        const { status: result } = await open(1, ['swap', `file-${i}`], BLOCK);
        seen.add(result);
        if (result === FileStatus.OK) {
          await write(1, payload(BLOCK), i);
          client.send({ op: Op.RESULT_ACK, id: 0, buffer: i }, { op: Op.FILE_CLOSE, id: 0, file: 1 });
        }
        await remove(['swap', 'secret']);
      }
      isSwapping = false;
      await swapping;
      expect(readdirSync(outside)).toEqual(['secret']);
      expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
      expect(seen.has(FileStatus.OK)).toBe(true);
    },
    SWAPPING + 20_000,
  );
});

describe('files', () => {
  it('are made with their directories, sparse, and never cut', async () => {
    expect(await open(1, ['made', 'here.bin'], 2 ** 40)).toMatchObject({ status: FileStatus.OK, size: 0 });
    expect(await write(1, payload(BLOCK), 1, 1 << 30)).toMatchObject(WRITTEN);
    const stat = statSync(inRoot('made', 'here.bin'));
    expect(stat.size).toBe((1 << 30) + BLOCK);
    expect(stat.blocks * 512).toBeLessThan(1 << 20);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    expect(await open(1, ['made', 'here.bin'], 2 ** 40)).toMatchObject({ status: FileStatus.OK, size: stat.size });
  });

  it('are not made unless that was asked', async () => {
    expect((await open(1, ['absent', 'file'], 100, false)).status).toBe(FileStatus.GONE);
    expect(existsSync(inRoot('absent'))).toBe(false);
  });

  it('hold every span to the size that was declared', async () => {
    await open(1, 'declared', 100);
    const spans = [{ file: 1, offset: 90, length: 11 }];
    const id = client.request({ op: Op.LAND_OPEN, buffer: 1, length: 11, tag: new Uint8Array(), spans, there: [] });
    expect(await client.next(Op.ERROR)).toMatchObject({ id, code: ErrorCode.MALFORMED });
    await client.closed;
  });

  it('are one file however often they are opened', async () => {
    await open(1, 'shared', 2 * BLOCK);
    await open(2, 'shared', 2 * BLOCK);
    const [a, b] = [payload(BLOCK), payload(BLOCK)];
    await write(1, a, 1);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    expect(await write(2, b, 2, BLOCK)).toMatchObject(WRITTEN);
    expect(readFileSync(inRoot('shared')).equals(Buffer.concat([a, b]))).toBe(true);
    expect((await open(3, 'shared', 5)).status).toBe(FileStatus.CONFLICT);
  });

  it('are flushed, and tell their size and time as they are then', async () => {
    await open(1, ['new', 'dir', 'synced'], BLOCK);
    await write(1, payload(BLOCK), 1);
    const { status: result, files } = await sync(1);
    const stat = statSync(inRoot('new', 'dir', 'synced'));
    expect(result).toBe(FileStatus.OK);
    expect(files).toMatchObject([{ file: 1, size: BLOCK }]);
    expect(files[0]?.mtimeMs).toBeCloseTo(stat.mtimeMs, 2);
    const id = client.request({ op: Op.FILE_SYNC, files: [9] });
    expect(await client.next(Op.ERROR)).toMatchObject({ id, code: ErrorCode.NO_SUCH_FILE });
  });

  it('are flushed whatever has become of directories that are not theirs', async () => {
    await open(1, ['spoilt', 'a', 'file'], BLOCK);
    await open(2, ['sound', 'a', 'file'], BLOCK);
    renameSync(inRoot('spoilt'), inRoot('spoilt-away'));
    symlinkSync(outside, inRoot('spoilt'));
    expect((await sync(2)).status).toBe(FileStatus.OK);
    // Its own flush fails, as often as it is tried, until the directory is there again.
    expect((await sync(1)).status).not.toBe(FileStatus.OK);
    unlinkSync(inRoot('spoilt'));
    renameSync(inRoot('spoilt-away'), inRoot('spoilt'));
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    await open(3, ['spoilt', 'a', 'file'], BLOCK);
    expect((await sync(3)).status).toBe(FileStatus.OK);
  });

  it('that were deleted or replaced are gone, and can be opened anew', async () => {
    await open(1, 'replaced', BLOCK);
    await write(1, payload(BLOCK), 1);
    unlinkSync(inRoot('replaced'));
    writeFileSync(inRoot('replaced'), 'other');
    expect((await sync(1)).status).toBe(FileStatus.GONE);
    expect(await write(1, payload(BLOCK), 2)).toMatchObject({ status: LandStatus.ERROR, file: FileStatus.GONE });
    expect(readFileSync(inRoot('replaced'), 'utf8')).toBe('other');
    expect(await open(2, 'replaced', BLOCK)).toMatchObject({ status: FileStatus.OK, size: 5 });
    client.send({ op: Op.LAND_DROP, id: 0, buffer: 2 });
  });

  it('stay gone while they are opened in the place of another', async () => {
    await open(1, 'moved', 100);
    renameSync(inRoot('moved'), inRoot('moved-2'));
    expect((await open(2, 'moved-2', 100)).status).toBe(FileStatus.BUSY);
    writeFileSync(inRoot('moved'), 'x');
    expect((await open(3, 'moved', 100)).status).toBe(FileStatus.GONE);
    expect((await open(3, 'moved', 100)).status).toBe(FileStatus.OK);
  });

  it('are deleted with the directories that this leaves empty, and no other', async () => {
    await open(1, ['tree', 'a', 'b', 'file'], 100);
    await open(2, ['tree', 'other'], 100);
    expect(await remove(['tree', 'a', 'b', 'file'])).toBe(FileStatus.OK);
    expect(existsSync(inRoot('tree', 'a'))).toBe(false);
    expect(existsSync(inRoot('tree', 'other'))).toBe(true);
    expect((await sync(1)).status).toBe(FileStatus.GONE);
    expect(await remove(['tree', 'a', 'b', 'file'])).toBe(FileStatus.OK);
    expect(await remove(['tree', 'other'])).toBe(FileStatus.OK);
    expect(existsSync(inRoot('tree'))).toBe(false);
    expect(existsSync(inRoot())).toBe(true);
  });

  it("that are another's are not deleted: longer ones, and those with another name", async () => {
    writeFileSync(inRoot('theirs'), Buffer.alloc(101));
    writeFileSync(inRoot('linked'), 'x');
    linkSync(inRoot('linked'), inRoot('linked-2'));
    expect(await remove(['theirs'])).toBe(FileStatus.CONFLICT);
    expect(await remove(['linked'])).toBe(FileStatus.UNSAFE);
    expect(existsSync(inRoot('theirs')) && existsSync(inRoot('linked'))).toBe(true);
    expect(await remove(['theirs'], ROOT, 101)).toBe(FileStatus.OK);
    expect(existsSync(inRoot('theirs'))).toBe(false);
  });

  it('are deleted in any number, and opened anew only after that', async () => {
    mkdirSync(inRoot('many'));
    const names = Array.from({ length: 9_000 }, (_, index) => `${index}`);
    for (const name of names) writeFileSync(inRoot('many', name), name);
    writeFileSync(inRoot('many', 'kept'), '');
    client.send(
      ...names.map((name, index) => ({
        op: Op.FILE_DELETE,
        id: 100_000 + index,
        root: ROOT,
        components: ['many', name],
        size: 100,
        trash: false,
      })),
    );
    expect(await open(1, ['many', '8999'])).toMatchObject({ status: FileStatus.OK, size: 0 });
    for (let index = 0; index < names.length; index++) {
      expect((await client.next(Op.FILE_DONE, ({ id }) => id === 100_000 + index)).status).toBe(FileStatus.OK);
    }
    expect(readdirSync(inRoot('many'))).toEqual(['8999', 'kept']);
  });

  it('of a root that was taken away are out of reach', async () => {
    await open(1, 'rooted', BLOCK);
    io.tell({ type: 'roots', roots: [] });
    await new Promise(resolve => setTimeout(resolve, 100));
    expect((await sync(1)).status).toBe(FileStatus.NO_SUCH_ROOT);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    io.tell({ type: 'roots', roots: [{ token: ROOT, path: io.root, mount: '' }] });
    await expect.poll(() => status(['rooted-2'])).toBe(FileStatus.OK);
  });

  it('are verified, each item for itself', async () => {
    const bytes = payload(3 * BLOCK);
    writeFileSync(inRoot('verified'), bytes);
    await open(1, 'verified', 10 * BLOCK, false);
    const zeros = Buffer.alloc(1000);
    const item = (expected: Buffer, ...spans: { file: number; offset: number; length: number }[]) => ({
      spans,
      algorithm: Digest.SHA1,
      height: 0,
      expected,
    });
    const { verdicts } = await client.ask(
      {
        op: Op.VERIFY,
        items: [
          item(sha1(bytes), { file: 1, offset: 0, length: bytes.length }),
          item(sha1(bytes), { file: 1, offset: 0, length: BLOCK }),
          item(
            sha1(Buffer.concat([bytes.subarray(5, 10), zeros])),
            { file: 1, offset: 5, length: 5 },
            { file: 0, offset: 0, length: 1000 },
          ),
          item(sha1(bytes), { file: 1, offset: BLOCK, length: bytes.length }),
        ],
      },
      Op.VERIFY_RESULT,
    );
    expect([...verdicts]).toEqual([0, 1, 0, 2]);
  });
});

describe.skipIf(!canMount())('on a small file system (needs to mount one)', () => {
  let small: string;
  let there: IoProcess;

  beforeAll(async () => {
    small = mkdtempSync(join(tmpdir(), 'starling-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
    there = await IoProcess.start({ root: small });
  });

  afterAll(async () => {
    await there.stop();
    execFileSync('umount', ['-l', small]);
    rmSync(small, { recursive: true, force: true });
  });

  it('says that it is full, keeps the buffer, and writes it once there is room', async () => {
    client = await there.connect();
    writeFileSync(join(small, 'ballast'), Buffer.alloc(200 * 1024));
    await open(1, 'big', 128 * 1024);
    const bytes = payload(128 * 1024);
    expect(await write(1, bytes, 1)).toMatchObject({ status: LandStatus.ERROR, file: FileStatus.FULL });
    expect(await commit(client, 1, [sha1Of(bytes)])).toMatchObject({ status: LandStatus.ERROR, file: FileStatus.FULL });
    unlinkSync(join(small, 'ballast'));
    expect(await commit(client, 1, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect(readFileSync(join(small, 'big')).equals(bytes)).toBe(true);
  });

  it('says that it is read-only', async () => {
    client = await there.connect();
    execFileSync('mount', ['-o', 'remount,ro', small]);
    expect((await open(2, 'new', 10)).status).toBe(FileStatus.READ_ONLY);
    expect((await open(3, 'big', 128 * 1024, false)).status).toBe(FileStatus.OK);
    expect(await write(3, payload(10), 3)).toMatchObject({ status: LandStatus.ERROR, file: FileStatus.READ_ONLY });
    execFileSync('mount', ['-o', 'remount,rw', small]);
  });
});
