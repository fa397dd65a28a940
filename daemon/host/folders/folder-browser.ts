/**
 * The folders of this computer as a page may go through them, where the host has no dialog of its own: the person's home and the drives,
 * and what is below. A step is a token that this connection was given; a page learns names, never a path. Hidden folders and links
 * are left out, so no step leads out of where it began.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { lstat, mkdir, opendir, realpath, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { FolderPage } from '../../wire/control.ts';
import { FOLDERS_A_PAGE } from '../../wire/control-codec.ts';
import { drives } from './drives.ts';
import { hasCode } from '../store/durable.ts';
import { isWithin } from './folder-rules.ts';
import { folderNameProblem, shown } from './names.ts';
import { RootsRefusal } from './roots.ts';

/** Folders that one connection can name; the one that was not shown for longest is forgotten. */
export const MAX_TOKENS = 5_000;
/** Entries of a folder that are looked at. */
export const MAX_ENTRIES = 20_000;

interface Place {
  readonly path: string;
  readonly name: string;
}

const GONE = 'This folder is not there any more, or cannot be opened. Go back and choose another one.';

export class FolderBrowser {
  private readonly key = randomBytes(32);
  private readonly paths = new Map<string, string>();
  private readonly places: () => Promise<readonly Place[]>;

  constructor(places: () => Promise<readonly Place[]> = ownPlaces) {
    this.places = places;
  }

  /** The folders in a folder, from that one of them on. @throws {RootsRefusal} */
  async list(token: string, from: number): Promise<FolderPage> {
    if (token === '') return this.start();
    const [path, places] = await Promise.all([this.open(token), this.places()]);
    const place = places.find(one => one.path === path);
    const names = await namesIn(path);
    const page = names.slice(from, from + FOLDERS_A_PAGE);
    return {
      folder: this.tokenOf(path),
      name: place?.name ?? shown(basename(path)),
      parent: place === undefined ? this.tokenOf(dirname(path)) : '',
      folders: page.map(name => ({ token: this.tokenOf(join(path, name)), name: shown(name) })),
      more: from + page.length < names.length,
    };
  }

  /** Makes a folder in one, and gives its page. @throws {RootsRefusal} */
  async make(token: string, name: string): Promise<FolderPage> {
    const problem = folderNameProblem(name);
    if (problem !== '') throw new RootsRefusal(problem);
    const parent = await this.open(token);
    const path = join(parent, name);
    try {
      await mkdir(path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) throw new RootsRefusal('There is something of this name already. Choose another name.');
      if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw new RootsRefusal('The folder cannot be made: the disk is full.');
      throw new RootsRefusal('The folder cannot be made: Starling is not allowed to write here.');
    }
    // Somebody may have put a link in the parent's place meanwhile.
    if (!(await isReal(path))) {
      await rmdir(path).catch(() => undefined);
      throw new RootsRefusal(GONE);
    }
    return this.list(this.tokenOf(path), 0);
  }

  /** Where a token leads, if that may still be shown. @throws {RootsRefusal} the same for all that leads nowhere */
  async open(token: string): Promise<string> {
    const path = this.paths.get(token);
    if (path === undefined) throw new RootsRefusal(GONE);
    const places = await this.places();
    if (!places.some(place => isWithin(path, place.path)) || !(await isReal(path))) throw new RootsRefusal(GONE);
    return path;
  }

  private async start(): Promise<FolderPage> {
    const places = await this.places();
    const folders = places.slice(0, FOLDERS_A_PAGE).map(({ path, name }) => ({ token: this.tokenOf(path), name }));
    return { folder: '', name: 'This computer', parent: null, folders, more: false };
  }

  private tokenOf(path: string): string {
    const token = createHmac('sha256', this.key).update(path).digest('base64url');
    this.paths.delete(token);
    this.paths.set(token, path);
    const [oldest] = this.paths.keys();
    if (this.paths.size > MAX_TOKENS && oldest !== undefined) this.paths.delete(oldest);
    return token;
  }
}

async function ownPlaces(): Promise<readonly Place[]> {
  const home = await realpath(homedir()).catch(() => null);
  const own = home === null ? [] : [{ path: home, name: 'Home' }];
  return [...own, ...(await drives()).map(path => ({ path, name: shown(basename(path)) || path }))];
}

/** A directory that is reached without a link. */
async function isReal(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory() && (await realpath(path)) === path;
  } catch {
    return false;
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    let left = MAX_ENTRIES;
    for await (const entry of await opendir(path)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) names.push(entry.name);
      if (--left === 0) break;
    }
  } catch {
    throw new RootsRefusal(GONE);
  }
  const order = new Intl.Collator(undefined, { numeric: true });
  return names.sort((a, b) => order.compare(a, b));
}
