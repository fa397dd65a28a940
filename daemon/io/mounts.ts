/** Whether the disk that a root lies on is there: an unmounted one leaves an empty directory in its place, on another disk. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';

interface Seen {
  readonly device: number;
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

  /** What is none of these any more is forgotten. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#seen.keys()) if (!paths.has(path)) this.#seen.delete(path);
  }
}

/** The topmost directory above `path` that lies on the same device. */
async function mountOf(path: string, device: number): Promise<string> {
  const above = dirname(path);
  if (above === path || (await stat(above)).dev !== device) return path;
  return mountOf(above, device);
}
