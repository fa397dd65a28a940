import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStatus, Op } from '../../daemon/wire/frames.ts';
import { openFile } from './fixture.ts';
import { type IoClient, IoProcess, ROOT } from './io-process.ts';
import { canMount } from './mount.ts';

const uid = process.getuid?.() ?? -1;
let io: IoProcess;
let client: IoClient;
let home: string;

const inRoot = (...names: string[]) => join(io.root, ...names);
const frame = (components: readonly string[]) =>
  ({ op: Op.FILE_DELETE, root: ROOT, components, size: 100, trash: true }) as const;
const remove = async (...components: string[]) => (await client.ask(frame(components), Op.FILE_DONE)).status;
const list = (directory: string) => (existsSync(directory) ? readdirSync(directory).sort() : []);
const modeOf = (path: string) => statSync(path).mode & 0o777;

function put(text: string, ...names: string[]): void {
  mkdirSync(inRoot(...names.slice(0, -1)), { recursive: true });
  writeFileSync(inRoot(...names), text);
}

async function start(root?: string): Promise<void> {
  io = await IoProcess.start({ env: { XDG_DATA_HOME: join(home, 'data') }, ...(root === undefined ? {} : { root }) });
  client = await io.connect();
}

/** The tokens of the roots that have a trash, as the host is told. */
const told = async () => (await io.heard('trash')).roots;

it('is not that of the person who runs the tests', () => {
  expect(process.env.XDG_DATA_HOME).toContain('starling-data-home-');
});

describe.skipIf(process.platform !== 'linux')('the trash of the person', () => {
  const trash = (...names: string[]) => join(home, 'data', 'Trash', ...names);

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'starling-trash-'));
    await start();
  });
  afterEach(async () => {
    await io.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('is made where it is missing, for nobody else to look into', async () => {
    expect(await told()).toEqual([ROOT]);
    expect(list(home)).toEqual([]);
    put('x', 'film.mkv');
    expect(await remove('film.mkv')).toBe(FileStatus.OK);
    for (const directory of [trash(), trash('files'), trash('info')]) expect(modeOf(directory)).toBe(0o700);
  });

  it('takes a file as it is, with where it came from and when', async () => {
    put('film', 'ä film.mkv');
    const { ino } = statSync(inRoot('ä film.mkv'));
    const before = Date.now();
    expect(await remove('ä film.mkv')).toBe(FileStatus.OK);
    expect(list(io.root)).toEqual([]);
    expect(statSync(trash('files', 'ä film.mkv')).ino).toBe(ino);
    const info = readFileSync(trash('info', 'ä film.mkv.trashinfo'), 'utf8');
    const [, path = '', date = ''] =
      /^\[Trash Info\]\nPath=(.*)\nDeletionDate=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\n$/.exec(info) ?? [];
    expect(path).toBe(`${io.root}/%C3%A4%20film.mkv`);
    expect(Math.abs(Date.parse(date) - before)).toBeLessThan(60_000);
  });

  it('has one entry for all that is deleted of a folder; what else is in it stays', async () => {
    put('a', 'folder', 'a');
    put('b', 'folder', 'deep', 'er', 'b');
    put('theirs', 'folder', 'deep', 'theirs');
    await Promise.all([remove('folder', 'a'), remove('folder', 'deep', 'er', 'b')]).then(both => {
      expect(both).toEqual([FileStatus.OK, FileStatus.OK]);
    });
    expect(list(trash('files'))).toEqual(['folder']);
    expect(list(trash('info'))).toEqual(['folder.trashinfo']);
    expect(readFileSync(trash('info', 'folder.trashinfo'), 'utf8')).toContain(`\nPath=${io.root}/folder\n`);
    expect(readFileSync(trash('files', 'folder', 'deep', 'er', 'b'), 'utf8')).toBe('b');
    expect(readFileSync(trash('files', 'folder', 'a'), 'utf8')).toBe('a');
    expect(list(inRoot('folder'))).toEqual(['deep']);
    expect(list(inRoot('folder', 'deep'))).toEqual(['theirs']);
  });

  it('keeps what it has: another of that name gets another', async () => {
    mkdirSync(trash('files', 'folder'), { recursive: true, mode: 0o700 });
    mkdirSync(trash('info'), { mode: 0o700 });
    writeFileSync(trash('files', 'one.txt'), 'before');
    writeFileSync(trash('info', 'two.txt.trashinfo'), 'before');
    for (const path of [['one.txt'], ['two.txt'], ['folder', 'x']]) {
      put('now', ...path);
      expect(await remove(...path)).toBe(FileStatus.OK);
    }
    expect(readFileSync(trash('files', 'one.txt'), 'utf8')).toBe('before');
    expect(readFileSync(trash('info', 'two.txt.trashinfo'), 'utf8')).toBe('before');
    expect(list(trash('files'))).toEqual(['folder', 'folder 2', 'one 2.txt', 'one.txt', 'two 2.txt']);
    expect(readFileSync(trash('files', 'folder 2', 'x'), 'utf8')).toBe('now');
    expect(list(trash('files', 'folder'))).toEqual([]);
  });

  it('takes names as long as they may be', async () => {
    const name = `${'é'.repeat(120)}.mkv`;
    put('x', name);
    expect(await remove(name)).toBe(FileStatus.OK);
    expect(list(trash('files'))).toEqual([`${'é'.repeat(108)}.mkv`]);
  });

  it('takes nothing that would not be deleted', async () => {
    put('x'.repeat(101), 'long');
    put('x', 'linked');
    linkSync(inRoot('linked'), inRoot('linked-2'));
    symlinkSync(inRoot('long'), inRoot('link'));
    mkdirSync(inRoot('directory'));
    symlinkSync(home, inRoot('way'));
    writeFileSync(join(home, 'secret'), 'x');
    expect(await remove('long')).toBe(FileStatus.CONFLICT);
    expect(await remove('linked')).toBe(FileStatus.UNSAFE);
    expect(await remove('link')).toBe(FileStatus.UNSAFE);
    expect(await remove('directory')).toBe(FileStatus.CONFLICT);
    expect(await remove('way', 'secret')).toBe(FileStatus.UNSAFE);
    expect(await remove('..', 'x')).toBe(FileStatus.UNSAFE);
    expect(await remove('not-there', 'at-all')).toBe(FileStatus.OK);
    expect(list(io.root)).toEqual(['directory', 'link', 'linked', 'linked-2', 'long', 'way']);
    expect(list(join(home, 'data'))).toEqual([]);
  });

  it.each(['Trash', 'Trash/files', 'Trash/info'])('is not followed through a link: %s', async name => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'starling-elsewhere-'));
    mkdirSync(join(home, 'data', ...name.split('/').slice(0, -1)), { recursive: true, mode: 0o700 });
    symlinkSync(elsewhere, join(home, 'data', name));
    put('x', 'file');
    // In the way is only the home trash: what lies on its file system may go to that of the mount.
    if (name !== 'Trash') expect(await remove('file')).not.toBe(FileStatus.OK);
    expect(list(elsewhere)).toEqual([]);
    if (name !== 'Trash') expect(list(io.root)).toEqual(['file']);
    rmSync(elsewhere, { recursive: true });
  });

  it('closes a file that goes there', async () => {
    put('x', 'open');
    expect((await openFile(client, 1, 'open', 100)).status).toBe(FileStatus.OK);
    expect(await remove('open')).toBe(FileStatus.OK);
    expect((await client.ask({ op: Op.FILE_SYNC, files: [1] }, Op.FILE_DONE)).status).toBe(FileStatus.GONE);
    expect(readFileSync(trash('files', 'open'), 'utf8')).toBe('x');
  });

  it('has every file once, here or there, when the io-daemon is killed on the way', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `${index}`);
    for (const name of names) put(name, 'many', name);
    client.send(...names.map((name, index) => ({ ...frame(['many', name]), id: 10_000 + index })));
    await client.next(Op.FILE_DONE);
    io.child.kill('SIGKILL');
    await io.exited;
    const there = () => list(trash('files')).flatMap(entry => list(trash('files', entry)));
    expect([...list(inRoot('many')), ...there()].sort()).toEqual([...names].sort());
    const left = list(inRoot('many'));
    const { root } = io;
    await start(root);
    client.send(...left.map((name, index) => ({ ...frame(['many', name]), id: 20_000 + index })));
    for (const [index] of left.entries()) {
      expect((await client.next(Op.FILE_DONE, ({ id }) => id === 20_000 + index)).status).toBe(FileStatus.OK);
    }
    expect(there().sort()).toEqual([...names].sort());
    expect(list(root)).toEqual([]);
    rmSync(root, { recursive: true });
  });
});

describe.skipIf(!canMount())('on another file system', () => {
  let mount: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'starling-trash-'));
    mount = mkdtempSync(join(tmpdir(), 'starling-mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
    mkdirSync(join(mount, 'deep', 'downloads'), { recursive: true });
  });
  afterEach(async () => {
    await io.stop();
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
    rmSync(home, { recursive: true });
  });

  async function removeOne(): Promise<FileStatus> {
    await start(join(mount, 'deep', 'downloads'));
    put('x', 'folder', 'file');
    return remove('folder', 'file');
  }

  it('the trash of the mount takes it, and nothing is copied to that of the person', async () => {
    expect(await removeOne()).toBe(FileStatus.OK);
    const own = join(mount, `.Trash-${uid}`);
    expect(modeOf(own)).toBe(0o700);
    expect(readFileSync(join(own, 'files', 'folder', 'file'), 'utf8')).toBe('x');
    expect(readFileSync(join(own, 'info', 'folder.trashinfo'), 'utf8')).toContain('\nPath=deep/downloads/folder\n');
    expect(list(home)).toEqual([]);
  });

  it('one that is there for everybody is used, where nobody can take away what is another’s', async () => {
    mkdirSync(join(mount, '.Trash'));
    chmodSync(join(mount, '.Trash'), 0o1777);
    expect(await removeOne()).toBe(FileStatus.OK);
    expect(list(join(mount, '.Trash', `${uid}`, 'files'))).toEqual(['folder']);
    expect(list(mount)).toEqual(['.Trash', 'deep']);
  });

  it('one that anybody could empty, or that is a link, is not used', async () => {
    mkdirSync(join(mount, 'there'));
    symlinkSync(join(mount, 'there'), join(mount, '.Trash'));
    expect(await removeOne()).toBe(FileStatus.OK);
    expect(list(join(mount, 'there'))).toEqual([]);
    expect(list(join(mount, `.Trash-${uid}`, 'files'))).toEqual(['folder']);
    rmSync(join(mount, '.Trash'));
    mkdirSync(join(mount, '.Trash'), { mode: 0o777 });
    put('x', 'other');
    expect(await remove('other')).toBe(FileStatus.OK);
    expect(list(join(mount, '.Trash'))).toEqual([]);
  });

  it.each(['a link', 'another’s'])('where ours is %s there is none, and nothing is deleted', async what => {
    const own = join(mount, `.Trash-${uid}`);
    if (what === 'a link') symlinkSync(home, own);
    else {
      mkdirSync(own, { mode: 0o777 });
      execFileSync('chown', ['65534', own]);
    }
    expect(await removeOne()).toBe(FileStatus.DENIED);
    expect(await told()).toEqual([]);
    expect(readFileSync(inRoot('folder', 'file'), 'utf8')).toBe('x');
    expect(list(home)).toEqual([]);
  });
});
