/** Whether the disk that a root lies on is there: an unmounted one leaves an empty directory in its place, on another disk. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';

interface Seen {
  /** Null where another process saw it: numbers of devices change from one start to the next. */
  readonly device: number | null;
  /** Where the file system is mounted that it was on. */
  readonly mount: string;
}

export class Mounts {
  readonly #seen = new Map<string, Seen>();

  /** Whether this directory can be used: it is one, and on no file system nearer to the top than when it was seen first. */
  async isThere(path: string): Promise<boolean> {
    try {
      const found = await stat(path);
      if (!found.isDirectory()) return false;
      const seen = this.#seen.get(path);
      if (seen?.device === found.dev) return true;
      const mount = await mountOf(path, found.dev);
      if (seen !== undefined && mount.length < seen.mount.length) return false;
      this.#seen.set(path, { device: found.dev, mount });
      return true;
    } catch (error) {
      // What else is wrong with it whoever goes there is told.
      return !['ENOENT', 'ENOTDIR'].includes(errnoOf(error));
    }
  }

  /** What is none of these paths any more is forgotten; `mount` is where another process has seen it, or empty. */
  keepOnly(mounts: ReadonlyMap<string, string>): void {
    for (const path of this.#seen.keys()) if (!mounts.has(path)) this.#seen.delete(path);
    for (const [path, mount] of mounts) {
      // The empty directory in a disk's place, seen here, is no more it.
      if (mount.length > (this.#seen.get(path)?.mount.length ?? 0)) this.#seen.set(path, { device: null, mount });
    }
  }
}

/** The topmost directory above `path` that lies on the same device. */
async function mountOf(path: string, device: number): Promise<string> {
  const above = dirname(path);
  if (above === path || (await stat(above)).dev !== device) return path;
  return mountOf(above, device);
}
