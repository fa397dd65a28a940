/**
 * Whether files can be kept in a folder as downloads need it: their blocks come in any order, so they are written back and forth,
 * flushed, and read. Drives of clouds and some of networks take files from beginning to end alone.
 */
import { randomBytes } from 'node:crypto';
import { constants, open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../store/durable.ts';

const BLOCK = 16 << 10;
/** Where blocks are written, in this order: behind a gap, before it, within what is there. */
const PLACES = [8 * BLOCK, 0, 2 * BLOCK, 8 * BLOCK + 100];
/** A disk that sleeps wakes up meanwhile. */
const PATIENCE_MS = 20_000;

const UNFIT =
  'Files in this folder can only be written from beginning to end, as on some cloud and network drives. Downloads come in pieces; choose a folder on a disk.';
const REFUSALS: readonly (readonly [readonly string[], string])[] = [
  [['EROFS'], 'This folder is on a disk that can only be read.'],
  [['EACCES', 'EPERM'], 'Starling is not allowed to write to this folder.'],
  [['ENOSPC'], 'The disk of this folder is full.'],
  [['EDQUOT'], 'Your share of the disk of this folder is used up.'],
  [['ENOENT', 'ENOTDIR', 'ENXIO', 'ENODEV', 'ENOTCONN', 'ESTALE'], 'This folder is not there any more.'],
  [['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ESPIPE', 'ENOSYS', 'EBADF'], UNFIT],
];

/** Why downloads cannot be kept in this folder, in words; empty where they can. Nothing stays behind. */
export async function probe(folder: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>(resolve => {
    timer = setTimeout(() => resolve('The disk of this folder does not answer.'), PATIENCE_MS);
  });
  try {
    return await Promise.race([write(folder), late]);
  } catch (error) {
    const [, why] = REFUSALS.find(([codes]) => hasCode(error, ...codes)) ?? [];
    return why ?? 'The disk of this folder does not work as it should: what was written to try it failed.';
  } finally {
    clearTimeout(timer);
  }
}

async function write(folder: string): Promise<string> {
  const path = join(folder, `.starling-${randomBytes(8).toString('hex')}.tmp`);
  const expected = Buffer.alloc(Math.max(...PLACES) + BLOCK);
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o600);
  try {
    for (const at of PLACES) {
      const block = randomBytes(BLOCK);
      block.copy(expected, at);
      await writeWhole(handle, block, at);
    }
    await handle.sync();
    return (await isKept(path, handle, expected)) ? '' : UNFIT;
  } finally {
    // What is not deleted at a failure of the disk is a few KiB with a name that says whose it is.
    await Promise.allSettled([handle.close(), unlink(path)]);
  }
}

async function writeWhole(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    done += bytesWritten;
  }
}

/** Opened anew it is the same file, with what was written, and nothing in between. */
async function isKept(path: string, handle: FileHandle, expected: Buffer): Promise<boolean> {
  const [here, there] = await Promise.all([handle.stat(), stat(path)]);
  if (here.ino !== there.ino || here.dev !== there.dev) return false;
  const again = await open(path, 'r');
  try {
    return (await again.readFile()).equals(expected);
  } finally {
    await again.close();
  }
}
