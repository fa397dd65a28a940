/**
 * The space of a file taken before its first byte. On Linux the file system sets it aside, by the system's own `fallocate` on the
 * open descriptor, as Node has no such call; elsewhere, or where that is not to be had, zeros are written behind what is
 * there. Bytes that are there are never touched, so it can be asked for again after any end.
 */
import { spawn } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { FileStatus } from '../wire/frames.ts';
import { FileProblem } from './errno.ts';
import { COPY_CHUNK } from './limits.ts';
import { freeAt } from './paths.ts';

const ZEROS = Buffer.alloc(COPY_CHUNK);
/** `stat` counts in these, whatever the file system's own blocks are. */
const BLOCK = 512;
/** What `fallocate` says of a file that cannot have the space; whatever else it says, zeros find out. */
const REFUSALS: readonly (readonly [RegExp, FileStatus])[] = [
  [/No space left/i, FileStatus.FULL],
  [/quota exceeded/i, FileStatus.QUOTA],
  [/File too large/i, FileStatus.TOO_LARGE],
];
const MAX_WORDS = 4_096;

/**
 * Has all of `size` bytes set aside for the file. Nothing else may write to it meanwhile.
 * @throws {FileProblem} FULL before anything is taken where it cannot fit; GONE once `signal` is aborted; and the system's errors
 */
export async function allocate(handle: FileHandle, path: string, size: number, signal: AbortSignal): Promise<void> {
  const { size: end, blocks } = await handle.stat();
  const taken = blocks * BLOCK;
  // What has its whole length and fewer blocks is compressed, or has holes: either way there is nothing to be put behind it.
  if (taken >= size || end >= size) return;
  if (size - taken > (await freeAt(handle, path))) throw new FileProblem(FileStatus.FULL);
  // To start a program costs more than so little.
  if (size - end > COPY_CHUNK && (await setAside(handle, size, signal))) return;
  for (let at = end; at < size;) {
    if (signal.aborted) throw new FileProblem(FileStatus.GONE);
    const { bytesWritten } = await handle.write(ZEROS, 0, Math.min(ZEROS.length, size - at), at);
    at += bytesWritten;
  }
}

/** By the file system itself; the file stays as long as it is. False where that cannot be done. */
async function setAside(handle: FileHandle, size: number, signal: AbortSignal): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const words = await new Promise<string | null>(resolve => {
    const child = spawn('fallocate', ['--keep-size', '--length', String(size), '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'pipe', handle.fd],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      signal,
    });
    let text = '';
    child.stderr?.on('data', (bytes: Buffer) => (text = (text + bytes.toString()).slice(0, MAX_WORDS)));
    // It is not installed, or was called off.
    child.on('error', () => resolve('not run'));
    child.on('close', code => resolve(code === 0 ? null : text));
  });
  if (words === null) return true;
  if (signal.aborted) throw new FileProblem(FileStatus.GONE);
  const [, refusal] = REFUSALS.find(([pattern]) => pattern.test(words)) ?? [];
  if (refusal !== undefined) throw new FileProblem(refusal);
  return false;
}
