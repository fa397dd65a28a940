/**
 * A file taken to another path, maybe on another file system. Whatever ends half-way, the file is whole under one of its names, or
 * under both; asked again, the move goes on from there. Nothing is ever put in the place of something else: what has the name
 * already must be the same file, or hold the same bytes as an end between copy and delete would leave it.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type FilePath, FileStatus } from '../wire/frames.ts';
import { errnoOf, FileProblem, problemOf } from './errno.ts';
import type { Lane } from './lane.ts';
import { COPY_CHUNK } from './limits.ts';
import { Trail } from './paths.ts';

/** A path, with the real path of its root. */
export interface End extends FilePath {
  readonly directory: string;
}

export interface Moved {
  readonly status: FileStatus;
  /** What stands at the new path. */
  readonly stamp: { readonly size: number; readonly mtimeMs: number } | null;
}

/** What else there is to mind. */
export interface MoveContext {
  /** Somebody reads or writes it. */
  isOpen(stat: Stats): boolean;
  /** The directory that so many components lead to has other entries. */
  changed(end: End, depth: number): void;
  /** Flushes those of its directories that changed. */
  flush(end: End): Promise<void>;
  /** For what has to be read and written. */
  readonly carries: Lane;
}

/** What a file system answers that knows no hard links, or allows none here. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
const ZEROS = Buffer.alloc(COPY_CHUNK);

/** @throws {FileProblem} and the system's errors */
export async function moveFile(from: End, to: End, size: number, context: MoveContext): Promise<Moved> {
  await reachRoots(from, to);
  const source = await reach(from);
  try {
    const before = (await source?.look(nameOf(from), size)) ?? null;
    if (source === null || before === null) {
      const stamp = await arrived(to, size, context);
      await source?.removeEmpty();
      return { status: FileStatus.GONE, stamp };
    }
    if (context.isOpen(before)) throw new FileProblem(FileStatus.BUSY);
    const stamp = await bring(source, from, before, to, size, context);
    await source.removeEmpty();
    return { status: FileStatus.OK, stamp };
  } finally {
    await source?.close();
  }
}

async function bring(source: Trail, from: End, before: Stats, to: End, size: number, context: MoveContext): Promise<Stats> {
  let isNew = false;
  const target = await Trail.walk(to.directory, to.components, made => {
    isNew = true;
    context.changed(to, made.length);
  });
  try {
    if (!(await target.isExact())) throw new FileProblem(FileStatus.CONFLICT);
    const there = await target.look(nameOf(to), size);
    if (there === null) context.changed(to, to.components.length - 1);
    else allChanged(to, context);
    const isLeft = await put(source, nameOf(from), before, target, nameOf(to), there, context);
    await context.flush(to);
    // Only now: until then the old name may be the only one that a power cut leaves.
    if (isLeft) await source.unlink(nameOf(from));
    context.changed(from, from.components.length - 1);
    await context.flush(from);
    const stat = await target.look(nameOf(to), size);
    if (stat === null) throw new FileProblem(FileStatus.GONE);
    return stat;
  } catch (error) {
    if (isNew) await target.removeEmpty();
    throw error;
  } finally {
    await target.close();
  }
}

/** Has it under the new name as well; false where the old name is gone with that. */
async function put(
  source: Trail,
  name: string,
  before: Stats,
  target: Trail,
  toName: string,
  there: Stats | null,
  { isOpen, carries }: MoveContext,
): Promise<boolean> {
  if (there !== null && isSame(there, before)) {
    // The only name, in another spelling or even the same.
    if (before.nlink === 1) {
      await source.rename(name, target, toName);
      return false;
    }
    // Else they must be the two that a move has in between, not one that is reached by two paths and another elsewhere.
    if (before.nlink > 2 || !(await source.isApart(name, target, toName))) throw new FileProblem(FileStatus.UNSAFE);
    return true;
  }
  if (before.nlink > 1) throw new FileProblem(FileStatus.UNSAFE);
  const carried = `.starling-${createHash('sha1').update(toName).digest('hex').slice(0, 20)}.moving`;
  if (there !== null) {
    if (isOpen(there)) throw new FileProblem(FileStatus.BUSY);
    await discard(target, carried);
    // Only now: an end between the two names of a copy had left that one as the second.
    const left = await target.look(toName, Infinity);
    if (left === null || !isSame(left, there)) throw new FileProblem(FileStatus.BUSY);
    if (left.nlink > 1) throw new FileProblem(FileStatus.UNSAFE);
    const isEqual = there.size === before.size && (await inLane(carries, () => equal(source, name, before, target, toName)));
    if (!isEqual) throw new FileProblem(FileStatus.CONFLICT);
    return true;
  }
  try {
    return await place(source, name, target, toName);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
  }
  // A copy whose original cannot be taken away is no move.
  await source.checkWritable();
  try {
    await inLane(carries, () => carry(source, name, before, target, carried));
    if (await place(target, carried, target, toName)) await target.unlink(carried);
  } catch (error) {
    await discard(target, carried);
    throw error;
  }
  return true;
}

/** Gives it another name beside the one that it has, in place of nothing. False where the file system can only change the name. */
async function place(source: Trail, name: string, target: Trail, toName: string): Promise<boolean> {
  try {
    await source.link(name, target, toName);
    return true;
  } catch (error) {
    if (!NO_LINKS.has(errnoOf(error))) throw error;
  }
  if ((await target.look(toName, Infinity)) !== null) throw new FileProblem(FileStatus.CONFLICT);
  await source.rename(name, target, toName);
  return false;
}

/** Copies it to another file system, flushed, with its time and mode; zeros stay holes. */
async function carry(source: Trail, name: string, before: Stats, target: Trail, carried: string): Promise<void> {
  await discard(target, carried);
  const input = await openSame(source, name, before);
  try {
    const output = await target.make(carried);
    try {
      const chunk = Buffer.allocUnsafe(Math.min(before.size, COPY_CHUNK));
      for (let at = 0; at < before.size; at += chunk.length) {
        const part = await readPart(input, chunk, at, before.size);
        if (!part.equals(ZEROS.subarray(0, part.length))) await writeAll(output, part, at);
      }
      await output.truncate(before.size);
      // Where a file system keeps neither, the copy is as good.
      await output.chmod(before.mode & 0o777).catch(() => undefined);
      await output.utimes(before.atimeMs / 1000, before.mtimeMs / 1000).catch(() => undefined);
      await output.sync();
    } finally {
      await output.close();
    }
    const after = await input.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw new FileProblem(FileStatus.BUSY);
  } finally {
    await input.close();
  }
}

/** Whether both hold the same bytes; the other has them durable then, as the only one that is left of the two. */
async function equal(source: Trail, name: string, before: Stats, target: Trail, toName: string): Promise<boolean> {
  const one = await openSame(source, name, before);
  try {
    const other = await target.openToRead(toName);
    try {
      const chunks = [0, 1].map(() => Buffer.allocUnsafe(Math.min(before.size, COPY_CHUNK))) as [Buffer, Buffer];
      for (let at = 0; at < before.size; at += chunks[0].length) {
        const part = await readPart(one, chunks[0], at, before.size);
        if (!part.equals(await readPart(other, chunks[1], at, before.size))) return false;
      }
      await other.sync();
      return true;
    } finally {
      await other.close();
    }
  } finally {
    await one.close();
  }
}

/** What a move that nobody heard the end of has left at the new path, durable; null for nothing. */
async function arrived(to: End, size: number, context: MoveContext): Promise<Stats | null> {
  const target = await reach(to);
  if (target === null) return null;
  try {
    const stat = await target.look(nameOf(to), size);
    if (stat === null || stat.nlink > 1) return null;
    allChanged(to, context);
    await context.flush(to);
    return stat;
  } finally {
    await target.close();
  }
}

/** The file that was looked at, and no other that came in its place. */
async function openSame(source: Trail, name: string, before: Stats): Promise<FileHandle> {
  const handle = await source.openToRead(name);
  if (isSame(await handle.stat(), before) && (await source.holds(handle, name))) return handle;
  await handle.close();
  throw new FileProblem(FileStatus.BUSY);
}

/** Fills the chunk, or what is left of it before `size`. */
async function readPart(input: FileHandle, chunk: Buffer, position: number, size: number): Promise<Buffer> {
  const part = chunk.subarray(0, Math.min(chunk.length, size - position));
  for (let at = 0; at < part.length;) {
    const { bytesRead } = await input.read(part, at, part.length - at, position + at);
    if (bytesRead === 0) throw new FileProblem(FileStatus.BUSY);
    at += bytesRead;
  }
  return part;
}

export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

async function discard(target: Trail, name: string): Promise<void> {
  await target.unlink(name).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/** A root that is away is no file that is gone. */
async function reachRoots(...ends: readonly End[]): Promise<void> {
  for (const { directory } of ends) {
    try {
      await (await Trail.walk(directory, ['-'], null)).close();
    } catch (error) {
      throw problemOf(error) === FileStatus.GONE ? new FileProblem(FileStatus.NO_SUCH_ROOT) : error;
    }
  }
}

/** The directories as they are; null where one is missing. */
async function reach({ directory, components }: End): Promise<Trail | null> {
  try {
    return await Trail.walk(directory, components, null);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function allChanged(end: End, context: MoveContext): void {
  for (let depth = 0; depth < end.components.length; depth++) context.changed(end, depth);
}

async function inLane<T>(lane: Lane, task: () => Promise<T>): Promise<T> {
  const running = lane.run(task);
  if (running === null) throw new FileProblem(FileStatus.LIMIT);
  return running;
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function nameOf({ components }: FilePath): string {
  return components[components.length - 1] as string;
}
