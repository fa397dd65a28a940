/** Files below the roots: opened once a path, and flushed with the directories that were made for them. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildRoot } from '../wire/child.ts';
import { type FilePath, FileStatus } from '../wire/frames.ts';
import { errnoOf, FileProblem, problemOf } from './errno.ts';
import { allocate } from './allocate.ts';
import { Lane } from './lane.ts';
import { ALLOCATIONS, COPIES, COPY_CHUNK, COPY_QUEUE, LIMITS } from './limits.ts';
import { type Moved, writeAll } from './moves.ts';
import { PathChanges } from './path-changes.ts';
import { isSafe, Trail } from './paths.ts';
import { keyOf, Roots } from './roots.ts';
import { type Opened, SharedFile } from './shared-file.ts';
import { Trash } from './trash.ts';

export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
}

/** What is known of a file only while it is open. */
interface Entry {
  readonly key: string;
  readonly file: SharedFile;
  handle: FileHandle | null;
  inode: string;
  path: string;
  /** It is written, or could be, as far as that is known by now. */
  isWritable: boolean;
  /** Of one that is opened to be written: who had it open, to be read. */
  readonly reader: Entry | undefined;
  /** Ends what is being done to it. */
  readonly end: AbortController;
}

const UNKNOWN: FileStamp = { size: 0, mtimeMs: 0 };

export class Files {
  readonly roots = new Roots();
  readonly trash = new Trash();
  readonly #changes = new PathChanges(this.roots, this.trash);
  readonly #byPath = new Map<string, Entry>();
  readonly #byFile = new Map<SharedFile, Entry>();
  readonly #byInode = new Map<string, Entry>();
  readonly #copies = new Lane(COPIES, COPY_QUEUE);
  readonly #allocations = new Lane(ALLOCATIONS, LIMITS.files);

  get count(): number {
    return this.#byFile.size;
  }

  /** Something is being done that an end of this process would cut in two. */
  get isBusy(): boolean {
    return this.#copies.isBusy || this.#changes.isBusy;
  }

  /** Resolves when the deletes and moves that were asked for are done. */
  settled(): Promise<void> {
    return this.#changes.settled();
  }

  /** Replaces the roots. Files of a root that is gone are useless from here on. */
  setRoots(roots: readonly ChildRoot[]): void {
    this.roots.set(roots);
    const tokens = new Set(roots.map(({ token }) => token));
    for (const entry of this.#byFile.values()) {
      if (!tokens.has(entry.file.root)) this.#lose(entry, FileStatus.NO_SUCH_ROOT);
    }
  }

  /**
   * Opens, or shares what is open already; `stamp` tells how that went. The caller releases it. `create`: to be written, and made where
   * it is not there; who has it open to read, and may be able to do no more, goes on with what they have. `allocated`: its space is
   * taken before anything else is done with it.
   */
  open(root: string, components: readonly string[], size: number, create: boolean, allocated: boolean): SharedFile {
    const key = keyOf({ root, components });
    const known = this.#byPath.get(key);
    const shared = known?.file.size === size && create && !known.isWritable ? undefined : known;
    if (shared !== undefined && shared.file.size === size) {
      shared.file.retain();
      return shared.file;
    }
    // One that is opened after it was deleted, or moved away, is a new one, however long that waits for its turn.
    const opening =
      shared === undefined
        ? this.#changes.done({ root, components }).then(() => this.#open(entry, create, allocated))
        : refuse(FileStatus.CONFLICT);
    const file: SharedFile = new SharedFile(root, components, size, opening, () => {
      const isLost = file.problem !== FileStatus.OK;
      this.#lose(entry, FileStatus.GONE);
      if (!isLost) this.#handBack(entry);
      void opening.then(() => this.#close(entry));
    });
    const reader = shared === undefined ? known : undefined;
    const end = new AbortController();
    const entry: Entry = { key, file, handle: null, inode: '', path: '', isWritable: create, reader, end };
    this.#byFile.set(file, entry);
    if (shared === undefined) this.#byPath.set(key, entry);
    return file;
  }

  /** The file's size and time of change; GONE where another stands in its place by now. */
  async stamp(file: SharedFile): Promise<{ readonly status: FileStatus; readonly stamp: FileStamp }> {
    const { status } = await file.ready();
    const entry = this.#byFile.get(file);
    if (status !== FileStatus.OK || entry?.handle == null) return { status: status || FileStatus.GONE, stamp: UNKNOWN };
    try {
      return { status: FileStatus.OK, stamp: await this.#verified(entry, entry.handle) };
    } catch (error) {
      return { status: problemOf(error), stamp: UNKNOWN };
    }
  }

  /** Flushes data and new directories. What failed once stays failed: the system has forgotten those pages. */
  async sync(file: SharedFile): Promise<{ readonly status: FileStatus; readonly stamp: FileStamp }> {
    const { status } = await file.ready();
    const entry = this.#byFile.get(file);
    if (status !== FileStatus.OK || entry?.handle == null) return { status: status || FileStatus.GONE, stamp: UNKNOWN };
    try {
      await entry.handle.datasync();
      await this.roots.flush(file);
    } catch (error) {
      this.#lose(entry, problemOf(error));
    }
    return this.stamp(file);
  }

  /** Cuts it to so many bytes, or fills it up to them with zeros. @throws {FileProblem} and the system's errors */
  async truncate(file: SharedFile, length: number): Promise<void> {
    const { status } = await file.ready();
    const handle = this.#byFile.get(file)?.handle;
    if (status !== FileStatus.OK || handle == null) throw new FileProblem(status || FileStatus.GONE);
    await handle.truncate(length);
  }

  /** Reads exactly so much, or throws. */
  async read(file: SharedFile, into: Buffer, position: number): Promise<void> {
    const { status } = await file.ready();
    if (status !== FileStatus.OK) throw new FileProblem(status);
    const handle = this.#byFile.get(file)?.handle;
    if (handle == null) throw new FileProblem(FileStatus.GONE);
    for (let at = 0; at < into.length;) {
      const { bytesRead } = await handle.read(into, at, into.length - at, position + at);
      if (bytesRead === 0) throw new FileProblem(FileStatus.GONE);
      at += bytesRead;
    }
  }

  /** Writes a span of one file into another. Copies take turns; LIMIT where too many wait. */
  async copy(from: SharedFile, offset: number, to: SharedFile, at: number, length: number): Promise<FileStatus> {
    const copying = this.#copies.run(async () => {
      try {
        await this.#copy(from, offset, to, at, length);
        return FileStatus.OK;
      } catch (error) {
        return problemOf(error);
      }
    });
    return (await copying) ?? FileStatus.LIMIT;
  }

  async #copy(from: SharedFile, offset: number, to: SharedFile, at: number, length: number): Promise<void> {
    const { status } = await to.ready();
    if (status !== FileStatus.OK) throw new FileProblem(status);
    const chunk = Buffer.allocUnsafe(Math.min(length, COPY_CHUNK));
    for (let done = 0; done < length; done += chunk.length) {
      const part = chunk.subarray(0, Math.min(chunk.length, length - done));
      await this.read(from, part, offset + done);
      const handle = this.#byFile.get(to)?.handle;
      if (handle == null) throw new FileProblem(FileStatus.GONE);
      await writeAll(handle, part, at + done);
    }
  }

  /** Deletes it, as {@link PathChanges} does: who opens it next gets another. */
  async delete(root: string, components: readonly string[], size: number, trashed: boolean): Promise<FileStatus> {
    const path = { root, components };
    const open = this.#byPath.get(keyOf(path));
    const status = await this.#changes.delete(path, size, trashed);
    if (status === FileStatus.OK && open !== undefined) this.#lose(open, FileStatus.GONE);
    return status;
  }

  /** Takes it to another path, as {@link PathChanges} does; BUSY while one of both is open. */
  async move(from: FilePath, to: FilePath, size: number): Promise<Moved> {
    if ([from, to].some(path => this.#byPath.has(keyOf(path)))) return { status: FileStatus.BUSY, stamp: null };
    return this.#changes.move(from, to, size, stat => this.#byInode.has(inodeOf(stat)));
  }

  async #open(entry: Entry, create: boolean, allocated: boolean): Promise<Opened> {
    try {
      const handle = await this.#openChecked(entry, create);
      entry.handle = handle;
      if (allocated && create) await this.#allocate(entry, handle);
      return { status: FileStatus.OK, fd: handle.fd, inode: entry.inode };
    } catch (error) {
      const problem = problemOf(error);
      this.#lose(entry, problem);
      return { status: problem as Exclude<FileStatus, typeof FileStatus.OK>, fd: -1 };
    }
  }

  async #allocate({ file, path, end: { signal } }: Entry, handle: FileHandle): Promise<void> {
    const running = this.#allocations.run(async () => {
      if (!signal.aborted) await allocate(handle, path, file.size, signal);
    });
    if (running === null) throw new FileProblem(FileStatus.LIMIT);
    await running;
  }

  async #openChecked(entry: Entry, create: boolean): Promise<FileHandle> {
    const { root, components, size } = entry.file;
    if (!isSafe(components)) throw new FileProblem(FileStatus.UNSAFE);
    const path = await this.roots.directory(root);
    const name = components[components.length - 1] as string;
    const made = (directory: readonly string[]) => this.roots.changed({ root, components: directory });
    const trail = await Trail.walk(path, components, create ? made : null);
    try {
      const { handle, isWritable } = await openLeaf(trail, name, create, () => made(components.slice(0, -1)));
      try {
        const stat = await handle.stat();
        if (!stat.isFile() || stat.size > size) throw new FileProblem(FileStatus.CONFLICT);
        if (stat.nlink > 1 || !(await trail.holds(handle, name))) throw new FileProblem(FileStatus.UNSAFE);
        const inode = inodeOf(stat);
        if (entry.file.problem !== FileStatus.OK) throw new FileProblem(entry.file.problem);
        const other = this.#byInode.get(inode);
        if (other !== undefined && other.key !== entry.key) throw new FileProblem(FileStatus.BUSY);
        // Who writes it stands for those who read it.
        if (other === undefined || create) this.#byInode.set(inode, entry);
        entry.isWritable = isWritable;
        entry.inode = inode;
        entry.path = join(path, ...components);
      } catch (error) {
        await handle.close();
        throw error;
      }
      return handle;
    } finally {
      await trail.close();
    }
  }

  /** @throws {FileProblem} GONE where the path leads to another inode now, or to none; NO_SUCH_ROOT where the root is away */
  async #verified(entry: Entry, handle: FileHandle): Promise<FileStamp> {
    const stat = await handle.stat();
    const there = await lstat(entry.path).then(inodeOf, () => '');
    if (there !== entry.inode) {
      const problem = await this.roots.directory(entry.file.root).then(() => FileStatus.GONE, problemOf);
      this.#lose(entry, problem);
      throw new FileProblem(problem);
    }
    return { size: stat.size, mtimeMs: stat.mtimeMs };
  }

  /** The next who opens the path gets a file of their own. */
  #lose(entry: Entry, problem: FileStatus): void {
    entry.file.fail(problem);
    entry.end.abort();
    if (this.#byPath.get(entry.key) === entry) this.#byPath.delete(entry.key);
    if (this.#byInode.get(entry.inode) === entry) this.#byInode.delete(entry.inode);
  }

  /** Who read it before it was opened to be written has it open still, and stands for it again. */
  #handBack({ key, inode, reader }: Entry): void {
    if (reader === undefined || reader.file.problem !== FileStatus.OK) return;
    const isOpening = reader.inode === '';
    if (!isOpening && reader.inode !== inode) return;
    if (!this.#byPath.has(key)) this.#byPath.set(key, reader);
    if (!isOpening && !this.#byInode.has(inode)) this.#byInode.set(inode, reader);
  }

  #close(entry: Entry): void {
    this.#byFile.delete(entry.file);
    // So that what is known of directories is of files that are open.
    this.roots.flush(entry.file).catch(() => undefined);
    // A failed close has nothing left to lose: what matters was flushed before.
    entry.handle?.close().catch(() => undefined);
    entry.handle = null;
  }
}

interface Leaf {
  readonly handle: FileHandle;
  readonly isWritable: boolean;
}

async function openLeaf(trail: Trail, name: string, create: boolean, made: () => void): Promise<Leaf> {
  try {
    return { handle: await trail.openFile(name, constants.O_RDWR), isWritable: true };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' && create) {
      const handle = await trail.openFile(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
      made();
      return { handle, isWritable: true };
    }
    // What may only be read can still be seeded.
    if (!create && (errno === 'EROFS' || errno === 'EACCES'))
      return { handle: await trail.openFile(name, constants.O_RDONLY), isWritable: false };
    throw error;
  }
}

function refuse(status: Exclude<FileStatus, typeof FileStatus.OK>): Promise<Opened> {
  return Promise.resolve({ status, fd: -1 });
}

function inodeOf(stat: Stats): string {
  return `${stat.dev}:${stat.ino}`;
}
