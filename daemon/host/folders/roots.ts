/** The folders that downloads may go to. Pages know them by token and name; their paths stay here. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { ChildRoot } from '../../wire/child.ts';
import type { Root } from '../../wire/control.ts';
import { MAX_ROOTS } from '../../wire/control-codec.ts';
import { hasCode } from '../store/durable.ts';
import { type Complain, jsonOf, KeptFile } from '../store/kept-file.ts';
import { StartError } from '../errors.ts';
import { refusal } from './folder-rules.ts';
import { isAway, mountOf } from './mounts.ts';
import { isTaken, labelProblem, shown, uniqueName } from './names.ts';
import { probe } from './probe.ts';
import { randomSecret } from '../pairing/tokens.ts';

/** A list that is longer was not written by a host. */
const MAX_STORED = 1_000;

const schema = v.object({
  salt: v.pipe(v.string(), v.minLength(1)),
  default: v.string(),
  paths: v.pipe(v.array(v.pipe(v.string(), v.check(isAbsolute))), v.maxLength(MAX_STORED)),
  /** Where the file system of each path was mounted when it was seen last. */
  mounts: v.optional(v.record(v.string(), v.string()), {}),
  /** What people call each path. */
  names: v.optional(v.record(v.string(), v.string()), {}),
});
type Stored = v.InferOutput<typeof schema>;

function storedOf(value: unknown): Stored | null {
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) return null;
  const { paths } = parsed.output;
  return { ...parsed.output, default: paths.includes(parsed.output.default) ? parsed.output.default : (paths[0] ?? '') };
}

/** Without folders: by the salt alone, where that can still be read, they are the same to torrents once they are added again. */
function beginning({ condition, remains }: KeptFile<Stored>, complain: Complain): Stored {
  const salt = /"salt":\s*"([\w-]{43})"/.exec(remains)?.[1];
  if (condition === 'lost') {
    complain(
      salt === undefined
        ? 'The download folders are not known any more. Add them in the settings, and tell the torrents in them where their files are.'
        : 'The download folders are not known any more. Add them in the settings: the torrents in them go on then.',
    );
  }
  return { salt: salt ?? randomSecret(), default: '', paths: [], mounts: {}, names: {} };
}

/** Bytes: who waits for room has been told how much. */
const FREE_CHANGE_WORTH_TELLING = 1 << 20;

/** Why something about the folders was not done, in words for people. */
export class RootsRefusal extends Error {}

export class Roots {
  private readonly home: string;
  private readonly file: KeptFile<Stored>;
  private readonly stored: Stored;
  /** Those from which deleted files can go to the trash, by token, as the io-daemon says. */
  trashable: ReadonlySet<string> = new Set();
  private shown: readonly Root[] = [];
  /** Called when {@link paths} is another. */
  onPaths: () => void = () => undefined;
  /** One change after another: what one has checked the next must not undo. */
  private changing: Promise<unknown> = Promise.resolve();
  private looks = 0;
  private lastLook = 0;

  private constructor(home: string, file: KeptFile<Stored>, stored: Stored) {
    this.home = home;
    this.file = file;
    this.stored = stored;
  }

  /**
   * `asked` becomes the default root, made if it isn't there, and is kept; without it the ones of earlier starts are
   * used, and on the very first one the person's downloads folder. That one is made again where it is missing; another
   * isn't, as it may be on a disk that isn't plugged in. @throws {StartError}
   */
  static async open(home: string, asked: string | null, complain: Complain = () => undefined): Promise<Roots> {
    const path = join(home, 'roots.json');
    const file = await KeptFile.open({ path, parse: jsonOf(storedOf), what: 'The list of download folders', complain });
    const roots = new Roots(home, file, file.value ?? beginning(file, complain));
    const downloads = await downloadsFolder();
    if (asked !== null) await roots.makeDefault(resolve(asked));
    else if (roots.stored.default === '' || roots.stored.default === downloads) await roots.makeDefault(downloads);
    // Folders that are not known at the next start would be lost to the torrents in them. A file that a person has edited is no less whole.
    if (!roots.isSaved && !(await roots.save()))
      throw new StartError(`${path} cannot be written. Make room on that disk, or let Starling write there.`);
    await roots.refresh();
    return roots;
  }

  /** Whether the file holds what is known; where it could not be written, each look tries it again. */
  get isSaved(): boolean {
    return this.file.holds(textOf(this.stored));
  }

  /** As pages see them. */
  get list(): readonly Root[] {
    return this.shown;
  }

  /** Known to this home alone, and the same after every start. */
  get secret(): string {
    return this.stored.salt;
  }

  get defaultPath(): string {
    return this.stored.default;
  }

  /** As the io-daemon sees them. */
  get paths(): readonly ChildRoot[] {
    return this.stored.paths.map(path => ({ token: this.tokenOf(path), path, mount: this.stored.mounts[path] ?? '' }));
  }

  /**
   * Makes a folder a root after it was tried; gives its token. `asked` may lead there by links.
   * @throws {RootsRefusal}
   */
  add(asked: string): Promise<string> {
    return this.inTurn(async () => {
      const path = await realpath(asked).catch(() => '');
      const isFolder = path !== '' && (await stat(path).catch(() => null))?.isDirectory() === true;
      if (!isFolder) throw new RootsRefusal('This folder is not there any more.');
      const { paths, names } = this.stored;
      if (paths.length >= MAX_ROOTS) throw new RootsRefusal(`There are ${MAX_ROOTS} folders already. Remove one first.`);
      const home = await realpath(this.home);
      const others = paths.map(other => ({ path: other, name: this.nameOf(other) }));
      const problem = refusal(path, home, others) || (await probe(path));
      if (problem !== '') throw new RootsRefusal(problem);
      await this.keep({ paths: [...paths, path], names: { ...names, [path]: this.newName(path) } });
      return this.tokenOf(path);
    });
  }

  /** What lies in it stays. Whether torrents are in it is for their engine to know. @throws {RootsRefusal} */
  remove(token: string): Promise<void> {
    return this.inTurn(async () => {
      const path = this.pathOf(token);
      const paths = this.stored.paths.filter(other => other !== path);
      const [first] = paths;
      if (first === undefined) throw new RootsRefusal('Downloads have to go somewhere. Add another folder first.');
      const { [path]: _mount, ...mounts } = this.stored.mounts;
      const { [path]: _name, ...names } = this.stored.names;
      await this.keep({ paths, mounts, names, ...(this.stored.default === path && { default: first }) });
    });
  }

  /** New torrents go there unless a person says otherwise. @throws {RootsRefusal} */
  choose(token: string): Promise<void> {
    return this.inTurn(() => this.keep({ default: this.pathOf(token) }));
  }

  private newName(path: string): string {
    const taken = this.stored.paths.map(other => this.nameOf(other));
    return uniqueName(shown(basename(path)) || path, taken);
  }

  /** Calls it something else, to people alone. @throws {RootsRefusal} */
  rename(token: string, name: string): Promise<void> {
    return this.inTurn(async () => {
      const path = this.pathOf(token);
      const label = name.trim();
      const problem = labelProblem(label);
      if (problem !== '') throw new RootsRefusal(problem);
      const others = this.stored.paths.filter(other => other !== path).map(other => this.nameOf(other));
      if (isTaken(label, others)) throw new RootsRefusal('Another folder is called so already. Choose another name.');
      await this.keep({ names: { ...this.stored.names, [path]: label } });
    });
  }

  /** Where a root is, also one that is away. @throws {RootsRefusal} where there is none of that token */
  pathOf(token: string): string {
    const path = this.stored.paths.find(one => this.tokenOf(one) === token);
    if (path === undefined) throw new RootsRefusal('This folder is none of those that downloads go to.');
    return path;
  }

  /** Where a root is; null for one that cannot be used just now, or is none. */
  async placeOf(token: string): Promise<string | null> {
    const path = this.stored.paths.find(one => this.tokenOf(one) === token);
    if (path === undefined || isAway(await mountOf(path), this.stored.mounts[path] ?? '')) return null;
    return (await problemOf(path)) === '' ? path : null;
  }

  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.changing.then(change);
    this.changing = done.catch(() => undefined);
    return done;
  }

  /** Whole, or not at all. @throws {RootsRefusal} */
  private async keep(change: Partial<Stored>): Promise<void> {
    const before = { ...this.stored };
    Object.assign(this.stored, change);
    if (!(await this.save())) {
      Object.assign(this.stored, before);
      throw new RootsRefusal(
        'The list of folders could not be saved, so nothing was changed. Make room for Starling’s home folder.',
      );
    }
    this.onPaths();
  }

  /** Looks at free space and at what may have gone wrong; true where pages should hear of it. */
  async refresh(): Promise<boolean> {
    const look = ++this.looks;
    const paths = [...this.stored.paths];
    const mounts = await Promise.all(paths.map(mountOf));
    const now = await Promise.all(paths.map((path, at) => this.look(path, mounts[at] ?? '')));
    // One that began later has seen more.
    if (look < this.lastLook) return false;
    this.lastLook = look;
    this.remember(
      paths,
      now.map(({ problem }, at) => (problem === '' ? (mounts[at] ?? '') : '')),
    );
    await this.save();
    const before = this.shown;
    const isNews = now.length !== before.length || now.some((root, at) => isOther(root, before[at]));
    if (isNews) this.shown = now;
    return isNews;
  }

  /** Where the file systems of those paths are mounted that can be used; empty for the others. */
  private remember(paths: readonly string[], mounts: readonly string[]): void {
    const { mounts: known } = this.stored;
    let isNews = false;
    paths.forEach((path, at) => {
      const mount = mounts[at];
      if (!mount || mount === known[path] || !this.stored.paths.includes(path)) return;
      known[path] = mount;
      isNews = true;
    });
    if (isNews) this.onPaths();
  }

  /** What is known now, or later changes too; false where it could not be written. */
  private save(): Promise<boolean> {
    return this.file
      .write(() => textOf(this.stored))
      .then(
        () => true,
        () => false,
      );
  }

  private async makeDefault(asked: string): Promise<void> {
    let real: string;
    try {
      const path = await reach(asked);
      if (isAway(await mountOf(path), this.stored.mounts[path] ?? '')) {
        // What a person has put there in the disk's place is to be used; a folder that is empty or not there waits for its disk.
        if (await isEmpty(path)) {
          this.stored.default = path;
          return void (await this.save());
        }
        this.stored.mounts[path] = '';
      }
      await mkdir(path, { recursive: true });
      real = await realpath(path);
      if (!(await stat(real)).isDirectory()) throw new StartError(`${asked} is not a folder.`);
    } catch (error) {
      if (error instanceof StartError) throw error;
      const why = hasCode(error, 'EEXIST', 'ENOTDIR') ? 'is not a folder' : 'cannot be made or reached';
      throw new StartError(`The download folder ${asked} ${why}. Choose another with --download-dir.`);
    }
    this.stored.default = real;
    if (!this.stored.paths.includes(real)) {
      this.stored.names[real] = this.newName(real);
      this.stored.paths.push(real);
    }
    await this.save();
  }

  private async look(path: string, mount: string): Promise<Root> {
    const [problem, free] = isAway(mount, this.stored.mounts[path] ?? '')
      ? ['Its disk is not there.', -1]
      : await Promise.all([problemOf(path), freeBytes(path)]);
    const token = this.tokenOf(path);
    const isDefault = path === this.stored.default;
    return { token, name: this.nameOf(path), free, isDefault, trash: this.trashable.has(token), problem };
  }

  private nameOf(path: string): string {
    return this.stored.names[path] ?? (shown(basename(path)) || path);
  }

  private tokenOf(path: string): string {
    return createHash('sha256').update(this.stored.salt).update(path).digest('hex');
  }
}

function isOther(root: Root, known: Root | undefined): boolean {
  if (known === undefined || Math.abs(root.free - known.free) >= FREE_CHANGE_WORTH_TELLING) return true;
  return (['token', 'name', 'problem', 'isDefault', 'trash'] as const).some(field => root[field] !== known[field]);
}

function textOf(stored: Stored): string {
  return JSON.stringify(stored, null, 2);
}

/** The real path of what need not be there, with every link followed, also one whose end is not there. */
async function reach(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  const above = await reach(dirname(path));
  const target = await readlink(path).catch(() => null);
  return target === null ? join(above, basename(path)) : reach(resolve(above, target));
}

async function problemOf(path: string): Promise<string> {
  try {
    if ((await realpath(path)) !== path || !(await stat(path)).isDirectory()) return 'The folder is missing.';
    await access(path, constants.W_OK | constants.X_OK);
    return '';
  } catch (error) {
    return hasCode(error, 'ENOENT', 'ENOTDIR') ? 'The folder is missing.' : 'The folder cannot be written to.';
  }
}

/** Also of what is not there. */
async function isEmpty(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.length === 0;
}

async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return -1;
  }
}

/** Where this person's browser would put downloads. */
async function downloadsFolder(): Promise<string> {
  if (process.platform === 'linux') {
    try {
      const { stdout } = await promisify(execFile)('xdg-user-dir', ['DOWNLOAD'], { timeout: 2000 });
      const path = stdout.trim();
      // It answers with the home folder where nothing is set up.
      if (isAbsolute(path) && resolve(path) !== homedir()) return path;
    } catch {
      // Not installed: the common name it is.
    }
  }
  return join(homedir(), 'Downloads');
}
