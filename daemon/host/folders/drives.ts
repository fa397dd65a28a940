/** The drives of this computer beside the one that the system is on: where people plug in and mount what is theirs. */
import { readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';

const MAX_DRIVES = 100;
const LETTERS = 'DEFGHIJKLMNOPQRSTUVWXYZABC';

/** Their real paths. */
export async function drives(): Promise<readonly string[]> {
  if (process.platform === 'win32')
    return those(
      [...LETTERS].map(letter => `${letter}:\\`),
      isThere,
    );
  const shelves = process.platform === 'darwin' ? ['/Volumes'] : ['/mnt', '/media', ...personal(['/media', '/run/media'])];
  const below = await Promise.all(shelves.map(foldersIn));
  return those(below.flat(), isMounted);
}

function personal(shelves: readonly string[]): readonly string[] {
  const { username } = userInfo();
  return shelves.map(shelf => join(shelf, username));
}

/** No links. */
async function foldersIn(shelf: string): Promise<readonly string[]> {
  const entries = await readdir(shelf, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .slice(0, MAX_DRIVES)
    .map(({ name }) => join(shelf, name));
}

async function those(paths: readonly string[], fits: (path: string) => Promise<boolean>): Promise<readonly string[]> {
  const fit = await Promise.all(paths.map(path => fits(path).catch(() => false)));
  return paths.filter((_, at) => fit[at]).slice(0, MAX_DRIVES);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function isMounted(path: string): Promise<boolean> {
  const [own, above] = await Promise.all([stat(path), stat(dirname(path))]);
  return own.isDirectory() && own.dev !== above.dev;
}
