/** What is done to paths: deletes and moves, a few at once, and those of one path in the order that they were asked for. */
import type { Stats } from 'node:fs';
import { type FilePath, FileStatus } from '../wire/frames.ts';
import { errnoOf, problemOf } from './errno.ts';
import { Lane } from './lane.ts';
import { CARRIES, DELETE_QUEUE, DELETES, MOVE_QUEUE, MOVES } from './limits.ts';
import { type Moved, moveFile } from './moves.ts';
import { isSafe, Trail } from './paths.ts';
import { keyOf, type Roots } from './roots.ts';
import type { Trash } from './trash.ts';

export class PathChanges {
  readonly #roots: Roots;
  readonly #trash: Trash;
  readonly #deletes = new Lane(DELETES, DELETE_QUEUE);
  readonly #moves = new Lane(MOVES, MOVE_QUEUE);
  readonly #carries = new Lane(CARRIES, MOVES);
  /** Those that wait or run, by the paths that they are of: the last of each. */
  readonly #byPath = new Map<string, Promise<unknown>>();

  constructor(roots: Roots, trash: Trash) {
    this.#roots = roots;
    this.#trash = trash;
  }

  get isBusy(): boolean {
    return this.#deletes.isBusy || this.#moves.isBusy;
  }

  /** Resolves when all that were asked for are done. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#byPath.values());
  }

  /** Resolves when what was asked for of that path before is done. */
  async done(path: FilePath): Promise<void> {
    await this.#byPath.get(keyOf(path));
  }

  /**
   * Deletes the file, and then the directories that are empty without it. A file that is not there is deleted; one that
   * could not be opened with this size is not. `trashed`: it goes to the trash, or nowhere. LIMIT where too many wait.
   */
  async delete(path: FilePath, size: number, trashed: boolean): Promise<FileStatus> {
    return (await this.#inTurn(this.#deletes, [path], () => this.#delete(path, size, trashed))) ?? FileStatus.LIMIT;
  }

  /**
   * Takes the file to another path, in place of nothing, and then the directories away that are empty without it. BUSY where
   * `isOpen` says so of it; GONE where there is none, with the stamp of what stands at the other end. LIMIT where too many wait.
   */
  async move(from: FilePath, to: FilePath, size: number, isOpen: (stat: Stats) => boolean): Promise<Moved> {
    const moving = this.#inTurn(this.#moves, [from, to], () => this.#move(from, to, size, isOpen));
    return (await moving) ?? { status: FileStatus.LIMIT, stamp: null };
  }

  async #delete({ root, components }: FilePath, size: number, trashed: boolean): Promise<FileStatus> {
    if (!isSafe(components)) return FileStatus.UNSAFE;
    try {
      const directory = await this.#roots.directory(root);
      if (trashed) await this.#trash.take(directory, components, size);
      else {
        const trail = await Trail.walk(directory, components, null);
        await trail.removeFile(components[components.length - 1] as string, size).finally(() => trail.close());
      }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') return problemOf(error);
    }
    return FileStatus.OK;
  }

  async #move(from: FilePath, to: FilePath, size: number, isOpen: (stat: Stats) => boolean): Promise<Moved> {
    if (!isSafe(from.components) || !isSafe(to.components)) return { status: FileStatus.UNSAFE, stamp: null };
    try {
      const [source, target] = [await this.#roots.directory(from.root), await this.#roots.directory(to.root)];
      return await moveFile({ ...from, directory: source }, { ...to, directory: target }, size, {
        isOpen,
        changed: ({ root, components }, depth) => this.#roots.changed({ root, components: components.slice(0, depth) }),
        flush: end => this.#roots.flush(end),
        carries: this.#carries,
      });
    } catch (error) {
      return { status: problemOf(error), stamp: null };
    }
  }

  /** Does it after what was begun on these paths before; null where too many wait. */
  #inTurn<T>(lane: Lane, paths: readonly FilePath[], task: () => Promise<T>): Promise<T> | null {
    const keys = paths.map(keyOf);
    const before = keys.map(async key => this.#byPath.get(key));
    const running = lane.run(async () => {
      await Promise.all(before);
      return task();
    });
    if (running === null) return null;
    for (const key of keys) this.#byPath.set(key, running);
    void running.finally(() => {
      for (const key of keys) if (this.#byPath.get(key) === running) this.#byPath.delete(key);
    });
    return running;
  }
}
