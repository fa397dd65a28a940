/** The folders that downloads may go to. Pages know them by token and name; their paths stay here. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { ChildRoot } from '../wire/child.ts';
import type { Root } from '../wire/control.ts';
import { hasCode, readJson, replaceFile } from './durable.ts';
import { StartError } from './errors.ts';
import { isAway, mountOf } from './mounts.ts';
import { randomSecret } from './tokens.ts';

const schema = v.object({
  salt: v.string(),
  default: v.string(),
  paths: v.array(v.string()),
  /** Where the file system of each path was mounted when it was seen last. */
  mounts: v.optional(v.record(v.string(), v.string()), {}),
});
type Stored = v.InferOutput<typeof schema>;

/** Bytes: who waits for room has been told how much. */
const FREE_CHANGE_WORTH_TELLING = 1 << 20;

export class Roots {
  private readonly file: string;
  private readonly stored: Stored;
  /** What the file holds of it. */
  private saved: string;
  /** Those from which deleted files can go to the trash, by token, as the io-daemon says. */
  trashable: ReadonlySet<string> = new Set();
  private shown: readonly Root[] = [];
  /** Called when {@link paths} says more of where they are mounted. */
  onMounts: () => void = () => undefined;

  private constructor(file: string, stored: Stored, isSaved: boolean) {
    this.file = file;
    this.stored = stored;
    this.saved = isSaved ? textOf(stored) : '';
  }

  /**
   * `asked` becomes the default root, made if it isn't there, and is kept; without it the ones of earlier starts are
   * used, and on the very first one the person's downloads folder. That one is made again where it is missing; another
   * isn't, as it may be on a disk that isn't plugged in. @throws {StartError}
   */
  static async open(home: string, asked: string | null): Promise<Roots> {
    const file = join(home, 'roots.json');
    const value = await readJson(file).catch(() => null);
    const parsed = v.safeParse(schema, value ?? { salt: randomSecret(), default: '', paths: [] });
    if (value === null || !parsed.success) throw new StartError(`${file} is damaged. Delete it and start again.`);
    const roots = new Roots(file, parsed.output, value !== undefined);
    const downloads = await downloadsFolder();
    if (asked !== null) await roots.makeDefault(resolve(asked));
    else if (roots.stored.default === '' || roots.stored.default === downloads) await roots.makeDefault(downloads);
    // Folders that are not known at the next start would be lost to the torrents in them.
    if (!roots.isSaved) throw new StartError(`${file} cannot be written. Make room on that disk, or let Starling write there.`);
    await roots.refresh();
    return roots;
  }

  /** Whether the file holds what is known; where it could not be written, each look tries it again. */
  get isSaved(): boolean {
    return this.saved === textOf(this.stored);
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

  /** Looks at free space and at what may have gone wrong; true where pages should hear of it. */
  async refresh(): Promise<boolean> {
    const before = this.shown;
    const mounts = await Promise.all(this.stored.paths.map(mountOf));
    const now = await Promise.all(this.stored.paths.map((path, at) => this.look(path, mounts[at] ?? '')));
    this.remember(now.map(({ problem }, at) => (problem === '' ? (mounts[at] ?? '') : '')));
    await this.save();
    const isNews =
      now.length !== before.length ||
      now.some((root, at) => {
        const known = before[at];
        if (
          known === undefined ||
          known.problem !== root.problem ||
          known.isDefault !== root.isDefault ||
          known.trash !== root.trash
        )
          return true;
        return Math.abs(root.free - known.free) >= FREE_CHANGE_WORTH_TELLING;
      });
    if (isNews) this.shown = now;
    return isNews;
  }

  /** Where the file systems of those paths are mounted that can be used; empty for the others. */
  private remember(mounts: readonly string[]): void {
    const { paths, mounts: known } = this.stored;
    let isNews = false;
    paths.forEach((path, at) => {
      const mount = mounts[at];
      if (!mount || mount === known[path]) return;
      known[path] = mount;
      isNews = true;
    });
    if (isNews) this.onMounts();
  }

  /** Never fails: {@link isSaved} tells. */
  private async save(): Promise<void> {
    const text = textOf(this.stored);
    if (text === this.saved) return;
    try {
      await replaceFile(this.file, text);
      this.saved = text;
    } catch {
      return;
    }
  }

  private async makeDefault(asked: string): Promise<void> {
    let real: string;
    try {
      const path = await reach(asked);
      if (isAway(await mountOf(path), this.stored.mounts[path] ?? '')) {
        // What a person has put there in the disk's place is to be used; a folder that is empty or not there waits for its disk.
        if (await isEmpty(path)) {
          this.stored.default = path;
          return await this.save();
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
    if (!this.stored.paths.includes(real)) this.stored.paths.push(real);
    await this.save();
  }

  private async look(path: string, mount: string): Promise<Root> {
    const [problem, free] = isAway(mount, this.stored.mounts[path] ?? '')
      ? ['Its disk is not there.', -1]
      : await Promise.all([problemOf(path), freeBytes(path)]);
    const token = this.tokenOf(path);
    const isDefault = path === this.stored.default;
    return { token, name: basename(path) || path, free, isDefault, trash: this.trashable.has(token), problem };
  }

  private tokenOf(path: string): string {
    return createHash('sha256').update(this.stored.salt).update(path).digest('hex');
  }
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
