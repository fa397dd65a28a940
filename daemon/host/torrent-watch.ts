/**
 * Looks for .torrent files that come into a watched download folder, and has each started there: once nobody writes to it any more, one
 * at a time. A file that was taken is called .added then, and one that is no torrent .invalid; none is deleted. Links are left alone.
 */
import { constants, lstat, open, opendir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './durable.ts';
import type { Log } from './log.ts';

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
  /** How long a file has to be as it is before it is read; and before it is said to be no torrent. */
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
/** Files that could not be renamed: they are not handed over again while this host runs. */
const MAX_LEFT = 10_000;

interface Waiting {
  /** Another one where somebody has written to it. */
  readonly stamp: string;
  readonly size: number;
  /** Of our own clock. */
  readonly since: number;
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
    await this.read(folder, path, since);
    for (const [name, { stamp, size, since: seen }] of [...folder.waiting]) {
      if (this.isStopped) return;
      if (performance.now() - seen < this.timing.settled) continue;
      const now = await this.stampOf(join(path, name), since);
      if (now?.stamp !== stamp) {
        folder.waiting.delete(name);
        if (now !== null) folder.waiting.set(name, { ...now, since: performance.now() });
        continue;
      }
      const outcome = await this.take(join(path, name), size, root);
      if (outcome === 'later') return;
      const isGivenUp = outcome === 'taken' || performance.now() - seen >= this.timing.abandoned;
      if (isGivenUp) await this.finish(folder, path, name, outcome);
      await new Promise(resolve => setTimeout(resolve, this.timing.pace));
    }
  }

  /** Finds what is new, where the folder was changed or says nothing of that. */
  private async read(folder: Folder, path: string, since: number): Promise<void> {
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
      const found = await this.stampOf(join(path, name), since);
      if (found !== null && folder.left.get(name) !== found.stamp) folder.waiting.set(name, { ...found, since: now });
    }
  }

  /** Null for what is no file, not there, or was there before. */
  private async stampOf(path: string, since: number): Promise<{ readonly stamp: string; readonly size: number } | null> {
    try {
      const found = await lstat(path);
      if (!found.isFile() || Math.max(found.ctimeMs, found.mtimeMs) < since) return null;
      return { stamp: `${found.ino}/${found.size}/${found.mtimeMs}/${found.ctimeMs}`, size: found.size };
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
  }

  private async take(path: string, size: number, root: string): Promise<Taken> {
    if (size > this.options.maxBytes) return { refused: 'It is larger than any torrent file.' };
    // A pipe in its place would be waited for, and a link followed.
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    let bytes: Uint8Array;
    try {
      const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const found = await handle.stat();
        if (!found.isFile() || found.size !== size) return { refused: 'It became something else.' };
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

  private async finish(folder: Folder, path: string, name: string, outcome: Exclude<Taken, 'later'>): Promise<void> {
    const { log, notice } = this.options;
    const waiting = folder.waiting.get(name);
    folder.waiting.delete(name);
    if (outcome !== 'taken') {
      log('warn', 'a torrent file in a watched folder cannot be used', { why: outcome.refused });
      notice(`A file in a watched folder is no torrent that can be used, and is called .invalid now. ${outcome.refused}`);
    } else log('info', 'a torrent file in a watched folder was taken');
    try {
      await rename(join(path, name), await freeName(path, name, outcome === 'taken' ? 'added' : 'invalid'));
    } catch {
      log('warn', 'a torrent file in a watched folder cannot be renamed');
      if (folder.left.size >= MAX_LEFT) folder.left.clear();
      if (waiting !== undefined) folder.left.set(name, waiting.stamp);
    }
  }
}

/** One that nothing has. */
async function freeName(path: string, name: string, ending: string): Promise<string> {
  for (let n = 1; ; n++) {
    const candidate = join(path, n === 1 ? `${name}.${ending}` : `${name}.${n}.${ending}`);
    const isFree = await lstat(candidate).then(
      () => false,
      (error: unknown) => hasCode(error, 'ENOENT'),
    );
    if (isFree) return candidate;
    if (n > 1_000) throw new Error('no name is free');
  }
}
