/**
 * The trash of the desktop, by the freedesktop.org trash specification 1.0: the home trash for what lies on its file system, else
 * that of the mount. Files deleted of one folder go into one entry of it, one after the other by a change of name, so that a
 * person finds the folder and can restore it as one; what else is in the folder stays where it is. Nothing is ever copied.
 */
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { basename, dirname, extname, isAbsolute, join, relative } from 'node:path';
import { FileStatus } from '../wire/frames.ts';
import { errnoOf, FileProblem } from './errno.ts';
import { TRASH_ENTRIES, TRASH_ENTRY_KEPT } from './limits.ts';
import { FileSystem, isWritable, realOrNull, statOrNull, Trail } from './paths.ts';

/** A trash directory: `names` lead to it from `base`, a real path. Paths in it are told from `top` on, '' for whole ones. */
interface Bin {
  readonly base: string;
  readonly names: readonly string[];
  readonly top: string;
}

/** What is being filled. */
interface Entry {
  readonly bin: Bin;
  readonly name: string;
  users: number;
  timer: NodeJS.Timeout | null;
}

/** A name in the trash has `.trashinfo` behind it, and maybe a number. */
const MAX_NAME_BYTES = 220;
const NUMBERS = 100;
const PRIVATE = 0o700;

export class Trash {
  readonly #entries = new Map<string, Promise<Entry>>();

  /** Entries that are being filled, or may be yet. */
  get count(): number {
    return this.#entries.size;
  }

  /** Whether what is deleted below that root, a real path, can go to the trash. Makes nothing. */
  async isThere(root: string): Promise<boolean> {
    // A root that is away has none.
    return findBin(root).then(
      bin => bin !== null,
      () => false,
    );
  }

  /**
   * Takes a file of at most `size` bytes to the trash, and the directories away that it leaves empty. One that is not there is none
   * that is left.
   * @throws {FileProblem} and the system's errors, as {@link Trail.removeFile}; DENIED where there is no trash
   */
  async take(root: string, components: readonly string[], size: number): Promise<void> {
    const trail = await Trail.walk(root, components, null);
    try {
      const name = components[components.length - 1] as string;
      if (await trail.find(name, size)) await this.#put(root, components, trail, name);
      await trail.removeEmpty();
    } finally {
      await trail.close();
    }
  }

  async #put(root: string, components: readonly string[], trail: Trail, name: string): Promise<void> {
    const [first = '', ...below] = components;
    const key = join(root, first);
    const making = this.#entries.get(key) ?? this.#begin(root, first, below.length > 0, key);
    const entry = await making;
    entry.users++;
    try {
      const { bin } = entry;
      const target = await Trail.walk(bin.base, [...bin.names, 'files', entry.name, ...below], () => undefined);
      try {
        const toName = below.at(-1) ?? entry.name;
        // A file of that name that was deleted before is not to be lost for it.
        if (await target.isTaken(toName)) throw new FileProblem(FileStatus.CONFLICT);
        await trail.rename(name, target, toName);
      } finally {
        await target.close();
      }
    } finally {
      entry.users--;
      if (entry.timer !== null) clearTimeout(entry.timer);
      const kept = this.#entries.size > TRASH_ENTRIES ? 0 : TRASH_ENTRY_KEPT;
      entry.timer = setTimeout(() => void this.#end(key, making, entry), kept).unref();
    }
  }

  /** One for all that is deleted below it now. */
  #begin(root: string, first: string, isFolder: boolean, key: string): Promise<Entry> {
    const making = findBin(root).then(bin => {
      if (bin === null) throw new FileProblem(FileStatus.DENIED);
      return reserve(bin, join(root, first), first, isFolder);
    });
    this.#entries.set(key, making);
    making.catch(() => this.#entries.delete(key));
    return making;
  }

  /** Nothing more came for it: what comes later is another deletion. Where nothing came at all, it goes. */
  async #end(key: string, making: Promise<Entry>, { bin, name, users }: Entry): Promise<void> {
    if (users > 0 || this.#entries.get(key) !== making) return;
    this.#entries.delete(key);
    try {
      const [files, info] = await openBin(bin);
      try {
        if (await files.isTaken(name)) await files.removeDirectory(name);
        await info.unlink(infoName(name));
      } finally {
        await Promise.all([files.close(), info.close()]);
      }
    } catch {
      // It holds what was deleted; or it is empty and stays, which costs nobody anything.
    }
  }
}

/** The trash for what lies below a real path; null where there is none, or none that is safe. */
async function findBin(root: string): Promise<Bin | null> {
  if (process.platform !== 'linux') return null;
  const uid = process.getuid?.() ?? 0;
  const system = await FileSystem.of(root);
  const home = await homeBin(system);
  if (home !== null && (await isUsable(home, uid))) return home;
  let top = root;
  while (top !== dirname(top) && (await system.holds(dirname(top)))) top = dirname(top);
  const shared = { base: top, names: ['.Trash', String(uid)], top };
  if ((await isShared(top)) && (await isUsable(shared, uid))) return shared;
  const own = { base: top, names: [`.Trash-${uid}`], top };
  return (await isUsable(own, uid)) ? own : null;
}

/** That of the person, where it lies in the same file system; it need not be there yet. */
async function homeBin(system: FileSystem): Promise<Bin | null> {
  const { XDG_DATA_HOME: told = '' } = process.env;
  const names = ['Trash'];
  for (let at = isAbsolute(told) ? told : join(homedir(), '.local', 'share'); ; at = dirname(at)) {
    const base = await realOrNull(at);
    if (base !== null) return (await system.holds(base)) ? { base, names, top: '' } : null;
    names.unshift(basename(at));
  }
}

/** One that the administrator made for everybody: a directory in which nobody can take away what is another's. */
async function isShared(top: string): Promise<boolean> {
  const stat = await statOrNull(join(top, '.Trash'));
  return stat !== null && stat.isDirectory() && (stat.mode & 0o1000) !== 0;
}

/** Whether it is ours to fill, or can be made so. */
async function isUsable({ base, names }: Bin, uid: number): Promise<boolean> {
  for (let depth = names.length; depth >= 0; depth--) {
    const path = join(base, ...names.slice(0, depth));
    const stat = await statOrNull(path);
    if (stat === null) continue;
    return stat.isDirectory() && (depth < names.length || stat.uid === uid) && (await isWritable(path));
  }
  return false;
}

/** Its two directories, made where they are missing; nothing of it is a link, or another's. */
async function openBin({ base, names }: Bin): Promise<readonly [Trail, Trail]> {
  const open = async (name: string): Promise<Trail> => {
    const trail = await Trail.walk(base, [...names, name, '-'], () => undefined, PRIVATE);
    if (await trail.areOurs(2)) return trail;
    await trail.close();
    throw new FileProblem(FileStatus.DENIED);
  };
  const files = await open('files');
  try {
    return [files, await open('info')];
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Takes a name that neither directory has; the word about where it is from comes first, and is what takes it. */
async function reserve(bin: Bin, path: string, wanted: string, isFolder: boolean): Promise<Entry> {
  const [files, info] = await openBin(bin);
  try {
    for (let number = 1; number <= NUMBERS; number++) {
      const name = numbered(wanted, number, isFolder ? '' : extname(wanted));
      if (await files.isTaken(name)) continue;
      const about = await orTaken(info.make(infoName(name)));
      if (about === null) continue;
      await about.writeFile(wordsOf(bin, path)).finally(() => about.close());
      if (!isFolder || (await orTaken(files.makeDirectory(name))) !== null) return { bin, name, users: 0, timer: null };
      await info.unlink(infoName(name));
    }
    throw new FileProblem(FileStatus.CONFLICT);
  } finally {
    await Promise.all([files.close(), info.close()]);
  }
}

/** Null where there is something of that name. */
async function orTaken<T>(making: Promise<T>): Promise<T | null> {
  return making.catch((error: unknown) => {
    if (errnoOf(error) === 'EEXIST') return null;
    throw error;
  });
}

function infoName(name: string): string {
  return `${name}.trashinfo`;
}

/** The name itself, `name 2.ext`, and so on; by chance once the first are taken. */
function numbered(wanted: string, number: number, extension: string): string {
  const mark = number === 1 ? '' : ` ${number < NUMBERS / 2 ? number : randomBytes(6).toString('hex')}`;
  const end = `${mark}${Buffer.byteLength(extension) < MAX_NAME_BYTES / 2 ? extension : ''}`;
  let stem = wanted.slice(0, wanted.length - extension.length);
  while (Buffer.byteLength(stem + end) > MAX_NAME_BYTES) stem = [...stem].slice(0, -1).join('');
  return stem + end;
}

function wordsOf({ top }: Bin, path: string): string {
  const from = top === '' ? path : relative(top, path);
  const escaped = from.split('/').map(encodeURIComponent).join('/');
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return `[Trash Info]\nPath=${escaped}\nDeletionDate=${local.toISOString().slice(0, 19)}\n`;
}
