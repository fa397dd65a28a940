/**
 * Looks for .torrent files that come into a watched download folder, and has each started there: once nobody writes to it any more, one
 * at a time. A file that was taken is called .added then. What is of a torrent is left as it is, unread, as downloads come into the same
 * folder; so is what is no torrent. Nothing is deleted. Links are left alone.
 */
import type { Stats } from 'node:fs';
import { constants, lstat, open, opendir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../store/durable.ts';
import type { Log } from '../logs/log.ts';
import type { OwnFiles } from './own-files.ts';

export interface WatchedFolder {
  /** Token of the root. */
  readonly root: string;
  /** Ms since 1970: what was there before is a person's own matter. */
  readonly since: number;
}

/** `later`: nobody is there to take it just now. */
export type Taken = 'taken' | 'later' | { readonly refused: string };

export interface TorrentWatchOptions {
  readonly watched: () => readonly WatchedFolder[];
  /** Where a root is; null while it cannot be used. */
  readonly placeOf: (root: string) => Promise<string | null>;
  /** Whether what is called so in a root is of a torrent, or is to be; null while nobody can tell. `wakes`: an engine is started to tell. */
  readonly isOfTorrent: (name: string, root: string, wakes: boolean) => Promise<boolean | null>;
  /** Those of which that was so. */
  readonly own: OwnFiles;
  readonly hand: (torrent: Uint8Array, root: string) => Promise<Taken>;
  /** The longest .torrent that is taken, in bytes. */
  readonly maxBytes: number;
  /** Tells a person. */
  readonly notice: (text: string) => void;
  readonly log: Log;
  /** Other than {@link USUAL}. */
  readonly timing?: Timing;
}

/** In ms. */
export interface Timing {
  readonly period: number;
  /** How long a file has to be as it is before it is read; and before it is given up. */
  readonly settled: number;
  readonly abandoned: number;
  /** From one hand-over to the next. */
  readonly pace: number;
  /** A folder that says nothing of changes in it, as on a network, is read all the same. */
  readonly reread: number;
}

export const USUAL: Timing = { period: 3_000, settled: 2_000, abandoned: 30_000, pace: 100, reread: 60_000 };
/** Files of one folder that are waited for at once, and entries of it that are looked at. */
export const MAX_WAITING = 1_000;
const MAX_ENTRIES = 50_000;
/** Files that could not be used or renamed: they are not handed over again while this host runs. */
const MAX_LEFT = 10_000;

interface Found {
  /** Another one where somebody has written to it. */
  readonly stamp: string;
  /** Another one for another file. */
  readonly identity: string;
  readonly size: number;
}

interface Waiting extends Found {
  /** Of our own clock. */
  readonly since: number;
  /** An engine has said that no torrent has its name. */
  isFree: boolean;
}

interface Folder {
  readonly waiting: Map<string, Waiting>;
  /** Stamps of those that are done with and have their name still. */
  readonly left: Map<string, string>;
  changedAt: number;
  readAt: number;
}

export class TorrentWatch {
  private readonly options: TorrentWatchOptions;
  private readonly timing: Timing;
  private readonly folders = new Map<string, Folder>();
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;

  constructor(options: TorrentWatchOptions) {
    this.options = options;
    this.timing = options.timing ?? USUAL;
    this.later();
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private later(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      void this.look().then(() => this.later());
    }, this.timing.period);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const watched = this.options.watched();
    const roots = new Set(watched.map(({ root }) => root));
    for (const root of this.folders.keys()) if (!roots.has(root)) this.folders.delete(root);
    for (const one of watched) {
      try {
        await this.lookInto(one);
      } catch (error) {
        // It went away meanwhile; whoever looks after the folders says so.
        this.options.log('debug', 'a watched folder cannot be read', { why: String(error) });
      }
    }
  }

  private async lookInto({ root, since }: WatchedFolder): Promise<void> {
    const path = await this.options.placeOf(root);
    if (path === null) return;
    const folder = this.folders.get(root) ?? { waiting: new Map(), left: new Map(), changedAt: -1, readAt: -Infinity };
    this.folders.set(root, folder);
    await this.read(folder, path, root, since);
    for (const [name, waiting] of [...folder.waiting]) {
      if (this.isStopped) return;
      const isSettled = performance.now() - waiting.since >= this.timing.settled;
      // At first sight as well, of an engine at work: by the time it has settled, its torrent may have been removed from the list.
      if (!isSettled && waiting.isFree) continue;
      const isLeft = await this.isLeft(folder, name, root, waiting, isSettled);
      if (isLeft === null && isSettled) return;
      waiting.isFree = isLeft === false;
      if (isLeft !== false || !isSettled || !(await this.isSame(folder, path, name, waiting, since))) continue;
      const outcome = await this.take(join(path, name), waiting, root);
      if (outcome === 'later') return;
      if (outcome === 'taken') {
        // It may be where what it was started for is to lie.
        const isLeftNow = await this.isLeft(folder, name, root, waiting, true);
        if (isLeftNow === null) return;
        if (!isLeftNow && (await this.isSame(folder, path, name, waiting, since))) await this.rename(folder, path, name, waiting);
      } else if (performance.now() - waiting.since >= this.timing.abandoned) this.giveUp(folder, name, waiting, outcome.refused);
      await new Promise(resolve => setTimeout(resolve, this.timing.pace));
    }
  }

  /** Whether it is of a torrent, and is waited for no more; null while nobody can tell. */
  private async isLeft(folder: Folder, name: string, root: string, { identity }: Found, wakes: boolean): Promise<boolean | null> {
    const { isOfTorrent, own, log } = this.options;
    const isOwn = await isOfTorrent(name, root, wakes);
    if (isOwn !== true) return isOwn;
    folder.waiting.delete(name);
    own.add(root, name, identity);
    log('debug', 'a file in a watched folder is of a torrent, and is left alone');
    return true;
  }

  /** Whether it is as it was; one that is not waits anew. */
  private async isSame(folder: Folder, path: string, name: string, waiting: Found, since: number): Promise<boolean> {
    const now = await this.find(join(path, name), since);
    if (now?.stamp === waiting.stamp) return true;
    folder.waiting.delete(name);
    if (now !== null) folder.waiting.set(name, { ...now, since: performance.now(), isFree: false });
    return false;
  }

  /** Finds what is new, where the folder was changed or says nothing of that. */
  private async read(folder: Folder, path: string, root: string, since: number): Promise<void> {
    const { mtimeMs } = await stat(path);
    const now = performance.now();
    // What comes just after a look may leave the folder with the same time.
    const isQuiet = mtimeMs === folder.changedAt && now - folder.readAt < this.timing.reread && Date.now() - mtimeMs > 10_000;
    if (isQuiet && folder.readAt !== -Infinity) return;
    folder.changedAt = mtimeMs;
    folder.readAt = now;
    let entries = MAX_ENTRIES;
    for await (const entry of await opendir(path)) {
      if (--entries < 0 || folder.waiting.size >= MAX_WAITING) break;
      const { name } = entry;
      if (name.startsWith('.') || !/[.]torrent$/iu.test(name) || folder.waiting.has(name)) continue;
      const found = await this.find(join(path, name), since);
      if (found === null || folder.left.get(name) === found.stamp || this.options.own.has(root, name, found.identity)) continue;
      folder.waiting.set(name, { ...found, since: now, isFree: false });
    }
  }

  /** Null for what is no file, not there, or was there before. */
  private async find(path: string, since: number): Promise<Found | null> {
    try {
      const found = await lstat(path);
      if (!found.isFile() || Math.max(found.ctimeMs, found.mtimeMs) < since) return null;
      return { stamp: stampOf(found), identity: `${found.ino}/${found.birthtimeMs}`, size: found.size };
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
  }

  private async take(path: string, { stamp, size }: Found, root: string): Promise<Taken> {
    if (size > this.options.maxBytes) return { refused: 'It is larger than any torrent file.' };
    // A pipe in its place would be waited for, and a link followed.
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    let bytes: Uint8Array;
    try {
      const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const found = await handle.stat();
        if (!found.isFile() || stampOf(found) !== stamp) return { refused: 'It became something else.' };
        const buffer = Buffer.alloc(size);
        const { bytesRead } = await handle.read(buffer, 0, size, 0);
        bytes = buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (error) {
      return { refused: hasCode(error, 'EACCES', 'EPERM') ? 'Starling is not allowed to read it.' : 'It cannot be read.' };
    }
    return this.options.hand(bytes, root);
  }

  private async rename(folder: Folder, path: string, name: string, waiting: Found): Promise<void> {
    const { log } = this.options;
    folder.waiting.delete(name);
    log('info', 'a torrent file in a watched folder was taken');
    try {
      await rename(join(path, name), await freeName(path, name));
    } catch {
      log('warn', 'a torrent file in a watched folder cannot be renamed');
      leave(folder, name, waiting);
    }
  }

  private giveUp(folder: Folder, name: string, waiting: Found, why: string): void {
    const { log, notice } = this.options;
    folder.waiting.delete(name);
    log('warn', 'a torrent file in a watched folder cannot be used, and is left alone', { why });
    if (!folder.left.has(name)) notice(`A file in a watched folder is no torrent that can be used, and is left as it is. ${why}`);
    leave(folder, name, waiting);
  }
}

/** It is done with until somebody writes to it. */
function leave({ left }: Folder, name: string, { stamp }: Found): void {
  const [oldest] = left.keys();
  if (left.size >= MAX_LEFT && oldest !== undefined) left.delete(oldest);
  left.set(name, stamp);
}

function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}/${size}/${mtimeMs}/${ctimeMs}`;
}

/** One that nothing has. */
async function freeName(path: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const candidate = join(path, n === 1 ? `${name}.added` : `${name}.${n}.added`);
    const isFree = await lstat(candidate).then(
      () => false,
      (error: unknown) => hasCode(error, 'ENOENT'),
    );
    if (isFree) return candidate;
    if (n > 1_000) throw new Error('no name is free');
  }
}
