/** Files by the numbers that the engine gave them, and what is done with whole files. */
import type { FilePlace, FileProblem, Range, Span } from '../../engine/events.ts';
import type { Buffers } from './buffers.ts';
import type { Catalogue } from './catalogue.ts';
import { problemOf } from './folder.ts';
import type { StoredFile } from './group.ts';
import type { Handle, Target } from './piece-buffer.ts';

/** Files that are open, by number. */
export const OPEN_FILES = 4096;
/** Deletes and moves that wait. */
export const CHANGES = 200_000;
const MAX_COMPONENTS = 100;
const MAX_NAME_BYTES = 255;

export interface FileStat {
  readonly size: number;
  /** ms since 1970. */
  readonly mtime: number;
}

/** A part of an open file; without one it is zeros. */
export interface FilePart extends Range {
  readonly file: StoredFile | null;
}

class OpenFile implements Handle {
  file: StoredFile | null = null;
  isClosed = false;
  ready: Promise<FileProblem | null> = Promise.resolve(null);
}

const GONE: Handle = { ready: Promise.resolve('gone'), file: null };

export class OpenFiles {
  private readonly open = new Map<number, OpenFile>();
  /** Deletes and moves, one after the other: an opening waits for them. */
  private changes: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly root: string,
    private readonly catalogue: Catalogue,
    private readonly buffers: Buffers,
  ) {}

  openFile(
    number: number,
    root: string,
    path: readonly string[],
    size: number,
    create: boolean,
    done: (problem: FileProblem | null, size: number, mtime: number) => void,
  ): void {
    if (this.open.size >= OPEN_FILES) return queueMicrotask(() => done('limit', 0, 0));
    const opened = new OpenFile();
    this.open.set(number, opened);
    opened.ready = this.changes.then(() => this.look(opened, root, path, size, create));
    void opened.ready.then(problem => {
      // One that failed to open has no number.
      if (problem !== null && this.open.get(number) === opened) this.open.delete(number);
      done(problem, opened.file?.size ?? 0, opened.file?.mtime ?? 0);
    });
  }

  close(number: number): void {
    const opened = this.open.get(number);
    if (!opened) return;
    this.open.delete(number);
    opened.isClosed = true;
    if (opened.file) opened.file.handles -= 1;
  }

  /** What a number stands for, whatever becomes of the number. */
  handle(number: number): Handle {
    return this.open.get(number) ?? GONE;
  }

  targets(spans: readonly Span[]): Target[] {
    return spans.map(({ file, offset, length }) => ({ handle: file === 0 ? null : this.handle(file), offset, length }));
  }

  /** What spans of open files are; null where one is not open, or is gone. */
  async parts(targets: readonly Target[]): Promise<FilePart[] | null> {
    const parts: FilePart[] = [];
    for (const { handle, offset, length } of targets) {
      if (handle && (await handle.ready) !== null) return null;
      if (handle && (!handle.file || handle.file.isGone)) return null;
      parts.push({ file: handle?.file ?? null, offset, length });
    }
    return parts;
  }

  /** How the files look, by number; null where one is not open. */
  async stat(files: readonly (readonly [number, Handle])[]): Promise<Map<number, FileStat> | null> {
    const stat = new Map<number, FileStat>();
    for (const [number, handle] of files) {
      if ((await handle.ready) !== null || !handle.file || handle.file.isGone) return null;
      stat.set(number, statOf(handle.file));
    }
    return stat;
  }

  /** Tells what came of it once it is recorded, and its space free. */
  async remove(root: string, path: readonly string[], size: number): Promise<FileProblem | null> {
    let freed: Promise<void> | null = null;
    const problem = await this.change(async () => {
      const unsafe = this.problemOf(root, path);
      if (unsafe) return unsafe;
      const file = await this.catalogue.find(path, false);
      if (!file) return null;
      if (file.size > size) return 'conflict';
      this.buffers.fileGone(file);
      // Nobody else's turn waits for the disk.
      freed = this.catalogue.remove(file);
      freed.catch(() => undefined);
      return null;
    });
    return problem ?? (await Promise.resolve(freed).then(() => null, problemOf));
  }

  async move(from: FilePlace, to: FilePlace, size: number): Promise<{ problem: FileProblem | null; found: FileStat | null }> {
    let found: FileStat | null = null;
    const problem = await this.change(async () => {
      const unsafe = this.problemOf(from.root, from.path) ?? this.problemOf(to.root, to.path);
      if (unsafe) return unsafe;
      const [file, other] = [await this.catalogue.find(from.path, false), await this.catalogue.find(to.path, false)];
      if (!file) {
        if (other && other.size <= size) found = statOf(other);
        return 'gone';
      }
      if (this.isInUse(file) || (other && this.isInUse(other))) return 'busy';
      if (file.size > size || (other && other !== file)) return 'conflict';
      if (other !== file) await this.catalogue.rename(file, to.path);
      found = statOf(file);
      return null;
    });
    return { problem, found };
  }

  private isInUse(file: StoredFile): boolean {
    return file.handles > 0 || this.buffers.isFor(file);
  }

  private async look(
    opened: OpenFile,
    root: string,
    path: readonly string[],
    size: number,
    create: boolean,
  ): Promise<FileProblem | null> {
    const unsafe = this.problemOf(root, path);
    if (unsafe) return unsafe;
    try {
      const file = await this.catalogue.find(path, create);
      if (!file) return 'gone';
      if (file.size > size) return 'conflict';
      opened.file = file;
      if (!opened.isClosed) file.handles += 1;
      return null;
    } catch (error) {
      return problemOf(error);
    }
  }

  private change(run: () => Promise<FileProblem | null>): Promise<FileProblem | null> {
    if (this.waiting >= CHANGES) return Promise.resolve('limit');
    this.waiting += 1;
    const mine = this.changes
      .then(run)
      .catch(problemOf)
      .finally(() => (this.waiting -= 1));
    this.changes = mine;
    return mine;
  }

  private problemOf(root: string, path: readonly string[]): FileProblem | null {
    if (root !== this.root) return 'no-such-root';
    const isSafe = path.length > 0 && path.length <= MAX_COMPONENTS && path.every(isName);
    return isSafe ? null : 'unsafe';
  }
}

function statOf({ size, mtime }: StoredFile): FileStat {
  return { size, mtime };
}

function isName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) return false;
  return new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
}
