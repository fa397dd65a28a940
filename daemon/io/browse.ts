/** What stands below a root, looked at and read without being opened as one that may be written. */
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { FileStatus } from '../wire/frames.ts';
import { errnoOf, FileProblem } from './errno.ts';
import { LIST_PAGE } from './limits.ts';
import { isSafe, Trail } from './paths.ts';

/** `other`: a symbolic link, which is not followed, what is neither file nor folder, or cannot be looked at. */
export interface Found {
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
  readonly mtimeMs: number;
}

const UNSEEN: Found = { kind: 'other', size: 0, mtimeMs: 0 };

export interface Entry extends Found {
  readonly name: string;
}

/** What stands under the path. @throws {FileProblem} and the system's errors */
export async function statBelow(root: string, components: readonly string[]): Promise<Found> {
  const trail = await walk(root, components);
  try {
    return found(await trail.stat(components.at(-1) as string));
  } finally {
    await trail.close();
  }
}

/**
 * Entries of a folder in the order of their names: the first that come behind `after`. Names that are no UTF-8 are left out, as nobody could
 * ask for them.
 * @throws {FileProblem} and the system's errors
 */
export async function listBelow(
  root: string,
  components: readonly string[],
  after: string,
): Promise<{ readonly entries: readonly Entry[]; readonly more: boolean }> {
  if (components.length > 0 && !isSafe(components)) throw new FileProblem(FileStatus.UNSAFE);
  // The last component is not walked to.
  const trail = await Trail.walk(root, [...components, ''], null);
  try {
    const names = new Lowest(LIST_PAGE + 1);
    for await (const name of trail.names()) if (name > after) names.add(name);
    const page = names.values.slice(0, LIST_PAGE);
    const entries: Entry[] = [];
    for (const name of page) {
      const entry = await trail.stat(name).then(found, (error: unknown) => (errnoOf(error) === 'ENOENT' ? null : UNSEEN));
      if (entry !== null) entries.push({ name, ...entry });
    }
    return { entries, more: names.values.length > page.length };
  } finally {
    await trail.close();
  }
}

/** Bytes that may yet be written there; Infinity where the system does not say. @throws {FileProblem} and the system's errors */
export async function freeBelow(root: string): Promise<number> {
  const trail = await Trail.walk(root, [''], null);
  return trail.free().finally(() => trail.close());
}

/** A file that is open to be read, by one reader, who closes it. */
export class ReadFile {
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** @throws {FileProblem} for what FILE_OPEN would not open either, and the system's errors */
  static async open(root: string, components: readonly string[]): Promise<ReadFile> {
    const trail = await walk(root, components);
    try {
      const name = components.at(-1) as string;
      const handle = await trail.openToRead(name);
      try {
        const stat = await handle.stat();
        if (!stat.isFile()) throw new FileProblem(FileStatus.CONFLICT);
        if (stat.nlink > 1 || !(await trail.holds(handle, name))) throw new FileProblem(FileStatus.UNSAFE);
        return new ReadFile(handle, stat.size);
      } catch (error) {
        await handle.close();
        throw error;
      }
    } finally {
      await trail.close();
    }
  }

  get fd(): number {
    return this.#handle.fd;
  }

  /** Exactly so much. @throws {FileProblem} GONE where there is less */
  async read(into: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < into.length;) {
      const { bytesRead } = await this.#handle.read(into, at, into.length - at, position + at);
      if (bytesRead === 0) throw new FileProblem(FileStatus.GONE);
      at += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The lowest few of many names, in their order. */
class Lowest {
  readonly values: string[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string): void {
    let [low, high] = [0, this.values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.values[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    if (low >= this.#most) return;
    this.values.splice(low, 0, name);
    if (this.values.length > this.#most) this.values.pop();
  }
}

async function walk(root: string, components: readonly string[]): Promise<Trail> {
  if (!isSafe(components)) throw new FileProblem(FileStatus.UNSAFE);
  return Trail.walk(root, components, null);
}

function found(stat: Stats): Found {
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
  return { kind, size: kind === 'file' ? stat.size : 0, mtimeMs: stat.mtimeMs };
}
