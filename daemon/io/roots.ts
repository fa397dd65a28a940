/** The roots by their tokens: where each is, and which directories below them have entries that were not flushed yet. */
import type { ChildRoot } from '../wire/child.ts';
import { type FilePath, FileStatus } from '../wire/frames.ts';
import { FileProblem, problemOf } from './errno.ts';
import { Mounts } from './mounts.ts';
import { Trail } from './paths.ts';

export class Roots {
  /** Real paths, by token. */
  #paths: ReadonlyMap<string, string> = new Map();
  readonly #mounts = new Mounts();
  /** Directories by their path; one is taken out as its flush begins. */
  readonly #unsynced = new Set<string>();
  readonly #syncing = new Map<string, Promise<void>>();

  /** Replaces them. */
  set(roots: readonly ChildRoot[]): void {
    this.#paths = new Map(roots.map(({ token, path }) => [token, path]));
    this.#mounts.keepOnly(new Map(roots.map(({ path, mount }) => [path, mount])));
  }

  /** Where a root is. @throws {FileProblem} NO_SUCH_ROOT where there is none of that token, or its disk is away */
  async directory(token: string): Promise<string> {
    const path = this.#paths.get(token);
    if (path === undefined || !(await this.#mounts.isThere(path))) throw new FileProblem(FileStatus.NO_SUCH_ROOT);
    return path;
  }

  /** The directory has other entries. */
  changed(directory: FilePath): void {
    this.#unsynced.add(keyOf(directory));
  }

  /** Flushes those of the file's own directories that have other entries. */
  async flush({ root, components }: FilePath): Promise<void> {
    for (let depth = 0; depth < components.length; depth++) await this.#sync({ root, components: components.slice(0, depth) });
  }

  async #sync(directory: FilePath): Promise<void> {
    const key = keyOf(directory);
    // Another file's flush may cover what this one needs; what was made since it began takes one more.
    for (let running = this.#syncing.get(key); running !== undefined; running = this.#syncing.get(key)) await running;
    if (!this.#unsynced.delete(key)) return;
    const flush = this.#syncNow(directory)
      .catch((error: unknown) => {
        this.#unsynced.add(key);
        throw error;
      })
      .finally(() => this.#syncing.delete(key));
    this.#syncing.set(key, flush);
    await flush;
  }

  async #syncNow({ root, components }: FilePath): Promise<void> {
    try {
      const path = await this.directory(root);
      const trail = await Trail.walk(path, [...components, '-'], null);
      await trail.sync().finally(() => trail.close());
    } catch (error) {
      // A directory that is gone has nothing to flush; the files in it will be found gone themselves.
      if (problemOf(error) !== FileStatus.GONE) throw error;
    }
  }
}

/** As one word. */
export function keyOf({ root, components }: FilePath): string {
  return `${root}/${components.join('/')}`;
}
