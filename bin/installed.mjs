/** Whether the packages of a clone are there. In syntax that old versions of Node read, like bin/starling.mjs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Whether node_modules holds every package that the lockfile asks for, in the version that it asks for. By content, as
 * the times of files say when they were checked out and not what is in them.
 */
export function isInstalled(folder) {
  const wanted = readJson(join(folder, 'package-lock.json'));
  const there = readJson(join(folder, 'node_modules', '.package-lock.json'));
  if (!wanted || !there) return false;
  return Object.entries(wanted.packages).every(
    ([path, entry]) => path === '' || entry.optional || (there.packages[path] && there.packages[path].version === entry.version),
  );
}
