/** Moves between names that may be one, and onto bytes that may not last: what is deleted is never the last that there is. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Files } from '../../daemon/io/files.ts';
import { FileStatus } from '../../daemon/wire/frames.ts';

const ROOT = 'root';
const NESTED = 'nested-root';

let root: string;
let files: Files;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'starling-links-')));
  files = new Files();
  mkdirSync(inRoot('nest'));
  files.setRoots([
    { token: ROOT, path: root, mount: '' },
    { token: NESTED, path: inRoot('nest'), mount: '' },
  ]);
});
afterEach(() => rmSync(root, { recursive: true }));

const inRoot = (...names: string[]) => join(root, ...names);

async function move(from: string, to: string, roots: readonly [string, string] = [ROOT, ROOT]): Promise<FileStatus> {
  const [source, target] = [from, to].map((path, end) => ({ root: roots[end] ?? '', components: path.split('/') }));
  return (await files.move(source!, target!, 100)).status;
}

it('a file keeps its name where two paths lead to that one, and another hard link is elsewhere', async () => {
  writeFileSync(inRoot('nest', 'file'), 'content');
  linkSync(inRoot('nest', 'file'), inRoot('second'));
  expect(await move('nest/file', 'file', [ROOT, NESTED])).toBe(FileStatus.UNSAFE);
  expect(await move('file', 'nest/file', [NESTED, ROOT])).toBe(FileStatus.UNSAFE);
  expect(await move('nest/file', 'nest/file')).toBe(FileStatus.UNSAFE);
  expect(readFileSync(inRoot('nest', 'file'), 'utf8')).toBe('content');
  // Two entries, of two directories: the end of a move is what is left to do.
  expect(await move('nest/file', 'second')).toBe(FileStatus.OK);
  expect([existsSync(inRoot('nest')), statSync(inRoot('second')).nlink]).toEqual([false, 1]);
});

it('a move does not end in equal bytes that have another hard link, as those could not be opened', async () => {
  writeFileSync(inRoot('only'), 'content');
  writeFileSync(inRoot('equal'), 'content');
  linkSync(inRoot('equal'), inRoot('equal-2'));
  expect(await move('only', 'equal')).toBe(FileStatus.UNSAFE);
  expect(readFileSync(inRoot('only'), 'utf8')).toBe('content');
  unlinkSync(inRoot('equal-2'));
  expect(await move('only', 'equal')).toBe(FileStatus.OK);
  expect(existsSync(inRoot('only'))).toBe(false);
});

it('a file is not deleted for equal bytes that cannot be flushed', async () => {
  writeFileSync(inRoot('old'), 'content');
  writeFileSync(inRoot('new'), 'content');
  const handle = await open(inRoot('new'));
  const prototype = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  const { sync } = prototype;
  const broken = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: typeof handle) {
    if ((await this.stat()).isFile()) throw Object.assign(new Error('broken'), { code: 'EIO' });
    await sync.call(this);
  });
  try {
    expect(await move('old', 'new')).toBe(FileStatus.IO);
    expect(existsSync(inRoot('old'))).toBe(true);
  } finally {
    broken.mockRestore();
  }
  expect(await move('old', 'new')).toBe(FileStatus.OK);
  expect(existsSync(inRoot('old'))).toBe(false);
});
