/**
 * Where the files of a torrent lie. Its own paths below one root, but for the names that a person gave; and while files are on
 * their way from one naming to another, or could not be brought there, where each of them still is.
 */
import { refusal } from './errors.ts';
import type { FilePlace } from './events.ts';
import { partsPath } from './parts.ts';
import { areDistinct, areOne, safeName } from './codec/paths.ts';
import type { FileEntry } from './model/layout.ts';

/** Names given to single files, over one torrent. */
export const MAX_RENAMES = 20_000;
/** Namings that files of one torrent may be left behind under. */
export const MAX_STRAYS = 16;

/** The files of a torrent by its own names. */
export interface Listing {
  readonly files: readonly Pick<FileEntry, 'path' | 'length' | 'pad'>[];
}

export interface Naming {
  readonly root: string;
  /** In place of the torrent's own folder; '' for that one. */
  readonly folder: string;
  /** By index of the file: components below the torrent's folder, or the name of its only file. */
  readonly renames: ReadonlyMap<number, readonly string[]>;
}

/** Files that still lie where an earlier naming has them. */
export interface Strays {
  readonly naming: Naming;
  readonly files: ReadonlySet<number>;
}

const NO_NAMES: ReadonlyMap<number, readonly string[]> = new Map();

export class Whereabouts {
  /** Where all of it is to lie. */
  naming: Naming = { root: '', folder: '', renames: NO_NAMES };
  private left: { readonly naming: Naming; readonly files: Set<number> }[] = [];

  constructor(
    private readonly id: string,
    /** The torrent's own files, while they are known. */
    private readonly listing: () => Listing | null,
  ) {}

  get strays(): readonly Strays[] {
    return this.left;
  }

  /** A number for what the files are called: another one for other names. */
  get fingerprint(): number {
    let hash = 0;
    const take = (text: string): void => {
      for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    };
    take(this.naming.folder);
    for (const [index, path] of this.naming.renames) take(`/${index}/${path.join('/')}`);
    return hash;
  }

  /** Whether files are not where they are to be. */
  get isPending(): boolean {
    return this.left.length > 0;
  }

  /** Whether files of it are in that root, or are to be. */
  uses(root: string): boolean {
    return this.naming.root === root || this.left.some(({ naming }) => naming.root === root);
  }

  /** Whether what is called so at the top of that root is of it, or is to be; before it has a root, of any. */
  owns(root: string, name: string): boolean {
    const first = this.listing()?.files.findIndex(({ pad }) => !pad) ?? -1;
    if (first < 0) return false;
    const isThere = (naming: Naming): boolean =>
      (naming.root === root || naming.root === '') && areOne(this.at(naming, first).path.slice(0, 1), [name]);
    return isThere(this.naming) || this.left.some(({ naming }) => isThere(naming));
  }

  get pendingCount(): number {
    return this.left.reduce((sum, { files }) => sum + files.size, 0);
  }

  /** What it consists of is known. What was restored and does not fit is left out. */
  fit(layout: Listing): void {
    this.naming = fitting(this.naming, layout);
    if (this.naming.renames.size > 0 && !this.isSound(this.naming, layout)) this.naming = { ...this.naming, renames: NO_NAMES };
    this.left = this.left.map(({ naming, files }) => ({
      naming: fitting(naming, layout),
      files: new Set([...files].filter(index => index <= layout.files.length && layout.files[index]?.pad !== true)),
    }));
    this.settle();
  }

  restore(naming: Naming, strays: readonly Strays[]): void {
    this.naming = naming;
    this.left = strays.map(({ naming: earlier, files }) => ({ naming: earlier, files: new Set(files) }));
  }

  place(root: string): void {
    this.naming = { ...this.naming, root };
  }

  /** Where a file lies now; the parts file comes after the torrent's own. */
  of(index: number): FilePlace {
    return this.at(this.left.find(({ files }) => files.has(index))?.naming ?? this.naming, index);
  }

  /** Where it is to lie. */
  wanted(index: number): FilePlace {
    return this.at(this.naming, index);
  }

  /** Files that are not where they are to be. */
  *pending(): Generator<number> {
    for (const { files } of this.left) yield* files;
  }

  /** It is where it is to be, or nowhere. */
  arrived(index: number): void {
    for (const { files } of this.left) files.delete(index);
    this.settle();
  }

  /**
   * The naming in which the file or folder at `path` is called `to`.
   * @throws {Refusal}
   */
  renamed(path: readonly string[], to: string): Naming {
    const { naming } = this;
    const layout = this.listing();
    if (!layout) throw refusal('no-files');
    if (/[/\\]/.test(to)) throw refusal('name-slash');
    const name = safeName(to.trim());
    if (name === '' || to.trim() === '') throw refusal('name');
    const renames = new Map(naming.renames);
    let folder = naming.folder;
    let isFound = false;
    layout.files.forEach((file, index) => {
      if (file.pad) return;
      const now = this.wanted(index).path;
      if (path.length > now.length || path.some((component, at) => component !== now[at])) return;
      isFound = true;
      if (path.length === 1 && file.path.length > 1) {
        folder = name === file.path[0] ? '' : name;
        return;
      }
      const next = [...path.slice(0, -1), name, ...now.slice(path.length)];
      const below = file.path.length > 1 ? next.slice(1) : next;
      const own = file.path.length > 1 ? file.path.slice(1) : file.path;
      if (isSame(below, own)) renames.delete(index);
      else renames.set(index, below);
    });
    if (!isFound) throw refusal('no-such-file');
    if (renames.size > MAX_RENAMES) {
      throw refusal('renames-full', { most: MAX_RENAMES });
    }
    return { ...naming, folder, renames };
  }

  /**
   * Makes another naming the wish. Of the files that are `present` there may be something on disk.
   * @throws {Refusal} where two files would come to one place
   */
  wish(naming: Naming, present: ReadonlySet<number>): void {
    const layout = this.listing();
    if (!layout) {
      this.naming = naming;
      return;
    }
    if (!this.isSound(naming, layout)) {
      throw refusal('name-taken');
    }
    const before = this.naming;
    const known = new Set(this.pending());
    const leaving = new Set<number>();
    for (const index of present) {
      if (!known.has(index) && !isSamePlace(this.at(before, index), this.at(naming, index))) leaving.add(index);
    }
    if (leaving.size > 0 && this.left.length >= MAX_STRAYS) {
      throw refusal('too-many-places');
    }
    this.naming = naming;
    if (leaving.size > 0) this.left.push({ naming: before, files: leaving });
    for (const { naming: earlier, files } of this.left) {
      for (const index of files) if (isSamePlace(this.at(earlier, index), this.at(naming, index))) files.delete(index);
    }
    this.settle();
  }

  /** Whether no two files are to come to one place, nor one to where another still is. */
  private isSound(naming: Naming, layout: Listing): boolean {
    const paths = [this.at(naming, layout.files.length).path];
    layout.files.forEach(({ pad }, index) => {
      if (!pad) paths.push(this.at(naming, index).path);
    });
    for (const index of this.pending()) {
      const { root, path } = this.of(index);
      if (index < layout.files.length && root === naming.root && !areOne(path, this.at(naming, index).path)) paths.push(path);
    }
    return areDistinct(paths);
  }

  private at({ root, folder, renames }: Naming, index: number): FilePlace {
    const own = this.listing()?.files[index]?.path;
    if (!own) return { root, path: partsPath(this.id) };
    const below = renames.get(index);
    if (own.length === 1) return { root, path: below ?? own };
    if (folder === '' && !below) return { root, path: own };
    return { root, path: [folder || own[0]!, ...(below ?? own.slice(1))] };
  }

  private settle(): void {
    this.left = this.left.filter(({ files }) => files.size > 0);
  }
}

/** What of it fits the torrent: names that are safe, of files that there are. */
function fitting(naming: Naming, layout: Listing): Naming {
  const isFolder = layout.files.some(({ pad, path }) => !pad && path.length > 1);
  const renames = [...naming.renames].filter(([index, path]) => {
    const own = layout.files[index];
    return own && !own.pad && path.length > 0 && path.every(isSafe) && (own.path.length > 1 || path.length === 1);
  });
  const folder = isFolder && isSafe(naming.folder) ? naming.folder : '';
  return { root: naming.root, folder, renames: renames.length === 0 ? NO_NAMES : new Map(renames) };
}

function isSafe(name: string): boolean {
  return name !== '' && safeName(name) === name;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function isSamePlace(a: FilePlace, b: FilePlace): boolean {
  return a.root === b.root && isSame(a.path, b.path);
}
