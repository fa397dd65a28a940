/** What lies under a folder that is to become a torrent. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewFile } from '../../sw/engine/index.ts';
import { CommandError } from './errors.ts';

/** As many as a torrent may have. */
const MAX_FILES = 500_000;

export interface Listing {
  /** A path of no components for a single file. */
  readonly files: readonly NewFile[];
  /** Symbolic links, devices and the like: they are not followed and not read. */
  readonly leftOut: number;
}

/** Every file at or below `path`, hidden and empty ones too. `path` itself may be a symbolic link. */
export async function listFiles(path: string): Promise<Listing> {
  const top = await stat(path);
  if (top.isFile()) return { files: [{ path: [], length: top.size }], leftOut: 0 };
  if (!top.isDirectory()) throw new CommandError(`${path} is neither a file nor a folder.`);
  const files: NewFile[] = [];
  let leftOut = 0;
  const folders: string[][] = [[]];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(path, ...folder), { withFileTypes: true })) {
      const below = [...folder, entry.name];
      if (entry.isDirectory()) folders.push(below);
      else if (entry.isFile()) files.push({ path: below, length: (await stat(join(path, ...below))).size });
      else leftOut += 1;
    }
    if (files.length > MAX_FILES)
      throw new CommandError(`${path} holds more than ${MAX_FILES} files, the most that a torrent can have.`);
  }
  return { files, leftOut };
}
