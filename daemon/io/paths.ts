/**
 * Paths from outside, one component at a time. On Linux every step is taken from the open directory before it
 * (/proc/self/fd stands in for openat), so that nothing can be swapped beneath it; elsewhere the path is checked again
 * once the file is open. No symbolic link is followed anywhere below a root.
 */
import { constants, type Stats } from 'node:fs';
import {
  access,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  readFile,
  readlink,
  realpath,
  rename,
  rmdir,
  statfs,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { FileStatus } from '../wire/frames.ts';
import { errnoOf, FileProblem } from './errno.ts';

const MAX_DEPTH = 100;
const MAX_NAME_BYTES = 255;
/** Entries of a directory that are asked of the system together. */
const NAMES_AT_ONCE = 512;
/** What Windows takes for a device, whatever follows the dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
const IS_LINUX = process.platform === 'linux';
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Whether these may name a file below a root: no step up, no separator, nothing that a system cuts off. */
export function isSafe(components: readonly string[]): boolean {
  return components.length > 0 && components.length <= MAX_DEPTH && components.every(isSafeName);
}

function isSafeName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  if (process.platform === 'win32' && (name.includes(':') || DEVICE.test(name))) return false;
  return !/[/\\\0]/.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/** The directories from a root down to a file's own, all held open. */
export class Trail {
  readonly #root: string;
  readonly #names: readonly string[];
  readonly #handles: FileHandle[] = [];

  private constructor(root: string, names: readonly string[]) {
    this.#root = root;
    this.#names = names;
  }

  /**
   * Walks to the directory that `components` but the last lead to. Missing ones are made where `made` is given; it is
   * told the components of each directory that got a new entry. `mode` is that of those.
   * @throws {FileProblem} and the system's errors
   */
  static async walk(
    root: string,
    components: readonly string[],
    made: ((directory: readonly string[]) => void) | null,
    mode = 0o777,
  ): Promise<Trail> {
    const names = components.slice(0, -1);
    const trail = new Trail(root, names);
    try {
      trail.#handles.push(await open(root, DIRECTORY));
      if ((await pathOf(trail.#last, root)) !== root) throw new FileProblem(FileStatus.GONE);
      for (const [depth, name] of names.entries()) trail.#handles.push(await trail.#step(depth, name, made, mode));
    } catch (error) {
      await trail.close();
      throw error;
    }
    return trail;
  }

  get #last(): FileHandle {
    return this.#handles[this.#handles.length - 1] as FileHandle;
  }

  /** Flushes the entries of the last directory. */
  sync(): Promise<void> {
    return this.#last.sync();
  }

  /** Opens a file of the last directory; a symbolic link is ELOOP. */
  openFile(name: string, flags: number): Promise<FileHandle> {
    // Without O_NONBLOCK, opening a named pipe would wait for its other end.
    return open(this.#at(this.#names.length, name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o666);
  }

  openToRead(name: string): Promise<FileHandle> {
    return this.openFile(name, constants.O_RDONLY);
  }

  /** Makes a file where there is nothing: EEXIST where there is something. */
  make(name: string): Promise<FileHandle> {
    return this.openFile(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  }

  /** Whether `handle` is what stands under this very path. */
  async holds(handle: FileHandle, name: string): Promise<boolean> {
    const path = join(this.#root, ...this.#names, name);
    return (await pathOf(handle, path)) === path;
  }

  /** Whether the last directory is called exactly as it was asked for: a system may take other spellings for the same. */
  async isExact(): Promise<boolean> {
    const path = join(this.#root, ...this.#names);
    return (await pathOf(this.#last, path)) === path;
  }

  /** Whether two names of one file are two entries beyond doubt, and not one that has several paths or spellings. */
  async isApart(name: string, to: Trail, toName: string): Promise<boolean> {
    const [here, there] = await Promise.all([this.#last.stat(), to.#last.stat()]);
    if (here.dev !== there.dev) return false;
    if (here.ino !== there.ino) return true;
    if (name === toName) return false;
    const missing = new Set([name, toName]);
    for await (const entry of await opendir(this.#at(this.#names.length, '.'))) {
      missing.delete(entry.name);
      if (missing.size === 0) return true;
    }
    return false;
  }

  /** Bytes that may yet be written there; Infinity where the system does not say. */
  free(): Promise<number> {
    return freeAt(this.#last, this.#root);
  }

  /** Names of the last directory, in no order, as they are read. */
  async *names(): AsyncIterable<string> {
    const directory = await opendir(this.#at(this.#names.length, '.'), { bufferSize: NAMES_AT_ONCE });
    for await (const { name } of directory) yield name;
  }

  /** What stands under that name, a symbolic link itself. */
  stat(name: string): Promise<Stats> {
    return lstat(this.#at(this.#names.length, name));
  }

  /**
   * What stands under that name: a regular file of at most `size` bytes, or null for nothing.
   * @throws {FileProblem} CONFLICT and UNSAFE, as at opening, but for other hard links
   */
  async look(name: string, size: number): Promise<Stats | null> {
    try {
      const stat = await lstat(this.#at(this.#names.length, name));
      if (stat.isSymbolicLink()) throw new FileProblem(FileStatus.UNSAFE);
      if (!stat.isFile() || stat.size > size) throw new FileProblem(FileStatus.CONFLICT);
      return stat;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /**
   * Deletes a regular file of at most `size` bytes and then the directories that it leaves empty, never the root.
   * @throws {FileProblem} CONFLICT and UNSAFE, as at opening
   */
  async removeFile(name: string, size: number): Promise<void> {
    if (await this.find(name, size)) await this.unlink(name);
    await this.removeEmpty();
  }

  /**
   * Whether there is a regular file of at most `size` bytes that may be taken away.
   * @throws {FileProblem} CONFLICT and UNSAFE, as at opening
   */
  async find(name: string, size: number): Promise<boolean> {
    const stat = await this.look(name, size);
    if (stat !== null && stat.nlink > 1) throw new FileProblem(FileStatus.UNSAFE);
    return stat !== null;
  }

  /** @throws the system's errors where no entry of the last directory may be taken away */
  async checkWritable(): Promise<void> {
    await access(this.#at(this.#names.length, '.'), constants.W_OK);
  }

  /** Whether anything stands under that name. */
  async isTaken(name: string): Promise<boolean> {
    return (await statOrNull(this.#at(this.#names.length, name))) !== null;
  }

  /** Makes a directory where there is nothing: EEXIST where there is something. */
  async makeDirectory(name: string): Promise<void> {
    await mkdir(this.#at(this.#names.length, name));
  }

  /** Takes an empty directory away. */
  async removeDirectory(name: string): Promise<void> {
    await rmdir(this.#at(this.#names.length, name));
  }

  /** Whether the last `count` directories belong to the user that this process runs as. */
  async areOurs(count: number): Promise<boolean> {
    const stats = await Promise.all(this.#handles.slice(-count).map(handle => handle.stat()));
    return stats.every(({ uid }) => uid === process.getuid?.());
  }

  async unlink(name: string): Promise<void> {
    await unlink(this.#at(this.#names.length, name));
  }

  /** Gives a file a second name, in place of nothing: EEXIST where there is something. */
  async link(name: string, to: Trail, toName: string): Promise<void> {
    await link(this.#at(this.#names.length, name), to.#at(to.#names.length, toName));
  }

  /** Gives a file another name, in place of whatever has it. */
  async rename(name: string, to: Trail, toName: string): Promise<void> {
    await rename(this.#at(this.#names.length, name), to.#at(to.#names.length, toName));
  }

  async removeEmpty(): Promise<void> {
    for (let depth = this.#names.length - 1; depth >= 0; depth--) {
      try {
        await rmdir(this.#at(depth, this.#names[depth] as string));
      } catch {
        return;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map(handle => handle.close()));
  }

  /** How `name` in the directory at `depth` is called to the system. */
  #at(depth: number, name: string): string {
    if (!IS_LINUX) return join(this.#root, ...this.#names.slice(0, depth), name);
    return `/proc/self/fd/${(this.#handles[depth] as FileHandle).fd}/${name}`;
  }

  async #step(
    depth: number,
    name: string,
    made: ((directory: readonly string[]) => void) | null,
    mode: number,
  ): Promise<FileHandle> {
    const path = this.#at(depth, name);
    try {
      return await open(path, DIRECTORY);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOTDIR' || errno === 'ELOOP') {
        throw new FileProblem((await lstat(path)).isSymbolicLink() ? FileStatus.UNSAFE : FileStatus.CONFLICT);
      }
      if (errno !== 'ENOENT' || made === null) throw error;
    }
    await mkdir(path, { mode }).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    made(this.#names.slice(0, depth));
    return open(path, DIRECTORY);
  }
}

/** A mount of a file system: within one, names can be changed without a copy. */
export class FileSystem {
  readonly #device: number;
  readonly #mount: string;

  private constructor(device: number, mount: string) {
    this.#device = device;
    this.#mount = mount;
  }

  /** That of a directory. */
  static async of(directory: string): Promise<FileSystem> {
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const [{ dev }, about] = await Promise.all([handle.stat(), readFile(`/proc/self/fdinfo/${handle.fd}`, 'utf8')]);
      return new FileSystem(dev, /^mnt_id:\s*(\d+)/m.exec(about)?.[1] ?? '');
    } finally {
      await handle.close();
    }
  }

  async holds(directory: string): Promise<boolean> {
    const other = await FileSystem.of(directory);
    return other.#device === this.#device && other.#mount === this.#mount;
  }
}

/** The real path; null where there is nothing. */
export async function realOrNull(path: string): Promise<string | null> {
  return realpath(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
}

/** What stands at a path, a symbolic link itself; null for nothing. */
export async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

export async function isWritable(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Bytes that may yet be written to the file system of an open file; Infinity where it does not say. `path` is where it was opened. */
export async function freeAt(handle: FileHandle, path: string): Promise<number> {
  const { bavail, bsize, blocks } = await statfs(IS_LINUX ? `/proc/self/fd/${handle.fd}` : path);
  return blocks === 0 ? Infinity : bavail * bsize;
}

/** Where the system says that an open file is; `path` is where it was opened. */
function pathOf(handle: FileHandle, path: string): Promise<string> {
  return IS_LINUX ? readlink(`/proc/self/fd/${handle.fd}`) : realpath(path);
}
