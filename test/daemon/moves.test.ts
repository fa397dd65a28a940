/** Files taken to another path: whole under one name or the other whatever ends, and in place of nothing. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileStatus, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, landOpen, openFile, payload } from './fixture.ts';
import { type IoClient, IoProcess, ROOT } from './io-process.ts';
import { canMount } from './mount.ts';

const OTHER = 'other-root';
const MiB = 1 << 20;

let io: IoProcess;
let client: IoClient;
let other: string;

/** A directory of another file system than `directory`; null where none is at hand. */
function elsewhere(directory: string): string | null {
  const { dev } = statSync(directory);
  const shared = '/dev/shm';
  return existsSync(shared) && statSync(shared).dev !== dev ? mkdtempSync(join(shared, 'starling-')) : null;
}

beforeAll(async () => {
  io = await IoProcess.start();
  other = mkdtempSync(join(tmpdir(), 'starling-other-'));
});
afterAll(async () => {
  await io.stop();
  rmSync(other, { recursive: true, force: true });
});
beforeEach(async () => {
  client = await io.connect();
  for (const { buffer } of client.kept) client.send({ op: Op.LAND_DROP, id: 0, buffer });
  tellRoots(other);
  await client.sync();
});
afterEach(() => client.close());

function tellRoots(second: string): void {
  io.tell({
    type: 'roots',
    roots: [
      { token: ROOT, path: io.root, mount: '' },
      { token: OTHER, path: second, mount: '' },
    ],
  });
}

const inRoot = (...names: string[]) => join(io.root, ...names);

function put(path: string, bytes: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

const ask = (from: string, to: string, roots: readonly [string, string] = [ROOT, ROOT], size = 100) =>
  client.ask(
    {
      op: Op.FILE_MOVE,
      size,
      from: { root: roots[0], components: from.split('/') },
      to: { root: roots[1], components: to.split('/') },
    },
    Op.FILE_DONE,
  );
const move = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;

describe('a file that is moved', () => {
  it('keeps its bytes and its time, makes its directories and takes away those that it leaves empty', async () => {
    put(inRoot('tree', 'a', 'b', 'file'), 'content');
    put(inRoot('tree', 'other'), 'x');
    utimesSync(inRoot('tree', 'a', 'b', 'file'), 1e9, 1e9);
    const { status, files } = await ask('tree/a/b/file', 'new/deep/name');
    expect(status).toBe(FileStatus.OK);
    expect(files).toEqual([{ file: 0, size: 7, mtimeMs: 1e12 }]);
    expect(readFileSync(inRoot('new', 'deep', 'name'), 'utf8')).toBe('content');
    expect(statSync(inRoot('new', 'deep', 'name')).nlink).toBe(1);
    expect(readdirSync(inRoot('tree'))).toEqual(['other']);
    expect(await move('tree/other', 'other', [ROOT, OTHER])).toBe(FileStatus.OK);
    expect(existsSync(inRoot('tree'))).toBe(false);
    expect(existsSync(inRoot())).toBe(true);
  });

  it('is gone with a word about what stands at the other end when it was moved before', async () => {
    put(inRoot('once'), 'content');
    expect(await move('once', 'moved/there')).toBe(FileStatus.OK);
    const again = await ask('once', 'moved/there');
    expect(again.status).toBe(FileStatus.GONE);
    expect(again.files).toMatchObject([{ file: 0, size: 7 }]);
    expect(await ask('nowhere/at/all', 'absent')).toMatchObject({ status: FileStatus.GONE, files: [] });
    expect(existsSync(inRoot('absent'))).toBe(false);
  });

  it('goes on from any point at which a move can end', async () => {
    // Between the second name and the first one's end.
    put(inRoot('linked'), 'content');
    linkSync(inRoot('linked'), inRoot('linked-new'));
    expect(await move('linked', 'linked-new')).toBe(FileStatus.OK);
    expect([existsSync(inRoot('linked')), statSync(inRoot('linked-new')).nlink]).toEqual([false, 1]);
    // Between a copy and the end of what it was copied from.
    put(inRoot('copied'), 'content');
    put(inRoot('copied-new'), 'content');
    expect(await move('copied', 'copied-new')).toBe(FileStatus.OK);
    expect(existsSync(inRoot('copied'))).toBe(false);
    expect(readFileSync(inRoot('copied-new'), 'utf8')).toBe('content');
    // Between the copy's own name and the end of its hidden one.
    const hidden = `.starling-${createHash('sha1').update('named').digest('hex').slice(0, 20)}.moving`;
    put(inRoot('carried'), 'content');
    put(inRoot('named'), 'content');
    linkSync(inRoot('named'), inRoot(hidden));
    expect(await move('carried', 'named')).toBe(FileStatus.OK);
    expect([existsSync(inRoot('carried')), existsSync(inRoot(hidden))]).toEqual([false, false]);
    expect(statSync(inRoot('named')).nlink).toBe(1);
  });

  it('is never put in the place of another', async () => {
    put(inRoot('mine'), 'content');
    put(inRoot('theirs'), 'CONTENT');
    put(inRoot('longer'), 'x'.repeat(101));
    mkdirSync(inRoot('folder'));
    symlinkSync(inRoot('theirs'), inRoot('link'));
    for (const name of ['theirs', 'longer', 'folder', 'theirs/below']) {
      expect(await move('mine', name), name).toBe(FileStatus.CONFLICT);
    }
    expect(await move('mine', 'link')).toBe(FileStatus.UNSAFE);
    expect(readFileSync(inRoot('mine'), 'utf8')).toBe('content');
    expect(readFileSync(inRoot('theirs'), 'utf8')).toBe('CONTENT');
    expect(await move('mine', 'mine')).toBe(FileStatus.OK);
    expect(readFileSync(inRoot('mine'), 'utf8')).toBe('content');
    unlinkSync(inRoot('link'));
  });

  it('changes the case of its name', async () => {
    put(inRoot('case.txt'), 'content');
    expect(await move('case.txt', 'CASE.txt')).toBe(FileStatus.OK);
    expect(readdirSync(inRoot()).filter(name => /^case/i.test(name))).toEqual(['CASE.txt']);
  });

  it('follows no link, and takes nothing that is not a file of the torrent', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'starling-outside-'));
    put(join(outside, 'secret'), 'secret');
    symlinkSync(outside, inRoot('away'));
    symlinkSync(join(outside, 'secret'), inRoot('leaf'));
    put(inRoot('plain'), 'x');
    expect(await move('away/secret', 'stolen')).toBe(FileStatus.UNSAFE);
    expect(await move('leaf', 'stolen')).toBe(FileStatus.UNSAFE);
    expect(await move('plain', 'away/planted')).toBe(FileStatus.UNSAFE);
    put(inRoot('hard'), 'x');
    linkSync(inRoot('hard'), inRoot('hard-2'));
    expect(await move('hard', 'hard-3')).toBe(FileStatus.UNSAFE);
    expect(await move('hard', 'plain')).toBe(FileStatus.UNSAFE);
    put(inRoot('long'), 'x'.repeat(101));
    expect(await move('long', 'long-2')).toBe(FileStatus.CONFLICT);
    for (const bad of ['', '..', 'a/../b', 'a\0b']) {
      expect(await move('plain', bad), bad).toBe(FileStatus.UNSAFE);
      expect(await move(bad, 'plain-2'), bad).toBe(FileStatus.UNSAFE);
    }
    expect(await move('plain', 'plain', [ROOT, 'forged'])).toBe(FileStatus.NO_SUCH_ROOT);
    expect(await move('plain', 'plain', ['forged', ROOT])).toBe(FileStatus.NO_SUCH_ROOT);
    expect(readdirSync(outside)).toEqual(['secret']);
    for (const name of ['away', 'leaf', 'hard', 'hard-2']) unlinkSync(inRoot(name));
    rmSync(outside, { recursive: true });
  });

  it('is busy while somebody has it open, or a buffer is to be written to it', async () => {
    await openFile(client, 1, 'open', BLOCK);
    expect(await move('open', 'open-2', [ROOT, ROOT], BLOCK)).toBe(FileStatus.BUSY);
    put(inRoot('from'), 'x');
    expect(await move('from', 'open', [ROOT, ROOT], BLOCK)).toBe(FileStatus.BUSY);
    landOpen(client, 1, BLOCK, [{ file: 1, offset: 0, length: BLOCK }]);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    expect(await move('open', 'open-2', [ROOT, ROOT], BLOCK)).toBe(FileStatus.BUSY);
    client.send({ op: Op.LAND_DROP, id: 0, buffer: 1 });
    expect(await move('open', 'open-2', [ROOT, ROOT], BLOCK)).toBe(FileStatus.OK);
  });

  it('is busy while somebody reads it who had it open before another came to write it, and went', async () => {
    put(inRoot('read'), payload(BLOCK));
    const opened = await Promise.all([openFile(client, 1, 'read', BLOCK, false), openFile(client, 2, 'read', BLOCK)]);
    expect(opened.map(({ status }) => status)).toEqual([FileStatus.OK, FileStatus.OK]);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 2 });
    await client.sync();
    expect(await move('read', 'read-2', [ROOT, ROOT], BLOCK)).toBe(FileStatus.BUSY);
    put(inRoot('from'), 'x');
    expect(await move('from', 'read', [ROOT, ROOT], BLOCK)).toBe(FileStatus.BUSY);
    unlinkSync(inRoot('from'));
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    expect(await move('read', 'read-2', [ROOT, ROOT], BLOCK)).toBe(FileStatus.OK);
  });

  it('is opened and deleted only after that, whatever else is asked at once', async () => {
    put(inRoot('turn'), 'content');
    const paths = ['turn', 'turn-2'].map(name => ({ root: ROOT, components: [name] }));
    const [from, to] = [paths[0]!, paths[1]!];
    client.send(
      { op: Op.FILE_MOVE, id: 901, size: 100, from, to },
      { op: Op.FILE_MOVE, id: 902, size: 100, from: to, to: from },
      { op: Op.FILE_DELETE, id: 903, size: 100, trash: false, ...from },
    );
    expect(await openFile(client, 1, 'turn', 100)).toMatchObject({ status: FileStatus.OK, size: 0 });
    for (const id of [901, 902, 903]) {
      expect((await client.next(Op.FILE_DONE, frame => frame.id === id)).status, `${id}`).toBe(FileStatus.OK);
    }
    expect(existsSync(inRoot('turn-2'))).toBe(false);
  });

  it('says when a root is not there, and nothing of the file', async () => {
    const usb = mkdtempSync(join(tmpdir(), 'starling-usb-'));
    tellRoots(usb);
    put(join(usb, 'file'), 'x');
    rmSync(usb, { recursive: true });
    expect(await ask('file', 'file', [OTHER, ROOT])).toMatchObject({ status: FileStatus.NO_SUCH_ROOT, files: [] });
    put(inRoot('stays'), 'x');
    expect(await move('stays', 'stays', [ROOT, OTHER])).toBe(FileStatus.NO_SUCH_ROOT);
    expect(existsSync(inRoot('stays'))).toBe(true);
  });
});

const shared = elsewhere(tmpdir());
if (shared !== null) rmSync(shared, { recursive: true });

describe.skipIf(shared === null)('to another file system (needs /dev/shm)', () => {
  let far: string;

  beforeEach(() => {
    far = elsewhere(io.root) ?? '';
    tellRoots(far);
  });
  afterEach(() => rmSync(far, { recursive: true, force: true }));

  const away = (from: string, to: string, size = 64 * MiB) => ask(from, to, [ROOT, OTHER], size);

  it('it is copied, holes and time and all, and then deleted', async () => {
    const bytes = payload(3 * MiB + 5);
    put(inRoot('sparse', 'file'), bytes);
    truncateSync(inRoot('sparse', 'file'), 60 * MiB);
    utimesSync(inRoot('sparse', 'file'), 1e9, 1e9 + 0.25);
    const { status, files } = await away('sparse/file', 'there/file');
    expect(status).toBe(FileStatus.OK);
    expect(files).toEqual([{ file: 0, size: 60 * MiB, mtimeMs: 1e12 + 250 }]);
    expect(existsSync(inRoot('sparse'))).toBe(false);
    const stat = statSync(join(far, 'there', 'file'));
    expect(stat.blocks * 512).toBeLessThan(8 * MiB);
    const copy = readFileSync(join(far, 'there', 'file'));
    expect(copy.subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(copy.subarray(bytes.length).every(byte => byte === 0)).toBe(true);
    expect(readdirSync(join(far, 'there'))).toEqual(['file']);
  });

  it('the same bytes there are the end of an earlier move, any others are not', async () => {
    const bytes = payload(2 * MiB + 1);
    put(inRoot('twice'), bytes);
    put(join(far, 'twice'), bytes);
    expect((await away('twice', 'twice')).status).toBe(FileStatus.OK);
    expect(existsSync(inRoot('twice'))).toBe(false);
    put(inRoot('twice'), bytes);
    bytes[2 * MiB] = (bytes[2 * MiB] ?? 0) ^ 1;
    put(join(far, 'twice'), bytes);
    expect((await away('twice', 'twice')).status).toBe(FileStatus.CONFLICT);
    expect(existsSync(inRoot('twice'))).toBe(true);
    unlinkSync(inRoot('twice'));
  });

  it('a daemon that is killed half-way leaves it whole, and the next one ends what was begun', async () => {
    const root = mkdtempSync(join(tmpdir(), 'starling-killed-'));
    const bytes = payload(48 * MiB);
    put(join(root, 'big'), bytes);
    const frame = {
      op: Op.FILE_MOVE,
      id: 1,
      size: bytes.length,
      from: { root: ROOT, components: ['big'] },
      to: { root: OTHER, components: ['far', 'big'] },
    } as const;
    const roots = [
      { token: ROOT, path: root, mount: '' },
      { token: OTHER, path: far, mount: '' },
    ];
    for (let turn = 0; turn < 4; turn++) {
      const daemon = await IoProcess.start({ root });
      daemon.tell({ type: 'roots', roots });
      const one = await daemon.connect();
      one.send(frame);
      await expect.poll(() => existsSync(join(far, 'far')) && readdirSync(join(far, 'far')).length > 0).toBe(true);
      daemon.child.kill('SIGKILL');
      await daemon.exited;
      const names = [join(root, 'big'), join(far, 'far', 'big')].filter(existsSync);
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(readFileSync(name).equals(bytes)).toBe(true);
    }
    const daemon = await IoProcess.start({ root });
    daemon.tell({ type: 'roots', roots });
    const last = await daemon.connect();
    last.send(frame);
    const { status, files } = await last.next(Op.FILE_DONE);
    expect([FileStatus.OK, FileStatus.GONE]).toContain(status);
    expect(files).toMatchObject([{ size: bytes.length }]);
    await last.close();
    await daemon.stop();
    expect(readFileSync(join(far, 'far', 'big')).equals(bytes)).toBe(true);
    expect(readdirSync(join(far, 'far'))).toEqual(['big']);
    expect(existsSync(join(root, 'big'))).toBe(false);
    rmSync(root, { recursive: true, force: true });
  }, 60_000);

  it('other work goes on meanwhile, and a worker that is gone does not stop it', async () => {
    const bytes = payload(32 * MiB);
    put(inRoot('behind'), bytes);
    client.send({
      op: Op.FILE_MOVE,
      id: 77,
      size: bytes.length,
      from: { root: ROOT, components: ['behind'] },
      to: { root: OTHER, components: ['behind'] },
    });
    await client.sync();
    await client.close();
    client = await io.connect();
    // It waits for the one that runs.
    const { status, files } = await away('behind', 'behind', bytes.length);
    expect(status).toBe(FileStatus.GONE);
    expect(files).toMatchObject([{ size: bytes.length }]);
    expect(readFileSync(join(far, 'behind')).equals(bytes)).toBe(true);
  });
});

describe.skipIf(!canMount())('to and from a small file system (needs to mount one)', () => {
  let small: string;

  beforeAll(() => {
    small = mkdtempSync(join(tmpdir(), 'starling-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
  });
  afterAll(() => {
    execFileSync('umount', ['-l', small]);
    rmSync(small, { recursive: true, force: true });
  });
  beforeEach(() => tellRoots(small));

  it('it stays where it is while there is no room, and nothing of it is left there', async () => {
    put(inRoot('large'), payload(300 * 1024));
    expect(await move('large', 'new/large', [ROOT, OTHER], MiB)).toBe(FileStatus.FULL);
    expect(readdirSync(small)).toEqual([]);
    expect(statSync(inRoot('large')).size).toBe(300 * 1024);
  });

  it('it is not copied from where it could not be deleted', async () => {
    put(join(small, 'fixed'), payload(100));
    execFileSync('mount', ['-o', 'remount,ro', small]);
    expect(await move('fixed', 'fixed', [OTHER, ROOT])).toBe(FileStatus.READ_ONLY);
    expect(existsSync(inRoot('fixed'))).toBe(false);
    put(inRoot('unfixed'), 'x');
    expect(await move('unfixed', 'unfixed', [ROOT, OTHER])).toBe(FileStatus.READ_ONLY);
    expect(existsSync(inRoot('unfixed'))).toBe(true);
    execFileSync('mount', ['-o', 'remount,rw', small]);
  });
});
