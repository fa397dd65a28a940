/** The files of a torrent on their way to a browser that follows: the list in parts, and then what changes of it. */
import { FILES_A_PART, type FilesChanged, type FilesPart } from './relayed.ts';
import type { FileRow, TorrentDetail } from './view-model.ts';

/** Characters of paths in one part. */
const PATHS_A_PART = 256 << 10;
/** Of one torrent, at the far end; no engine takes more. */
const MAX_FILES = 500_000;
const MAX_PATHS = 64 << 20;

/** At the browser at work. */
export class FileFeed {
  private list: Pick<TorrentDetail, 'id' | 'names' | 'files'> | null = null;
  /** The far end has been told of these, from the first on. */
  private sent: FileRow[] = [];
  private isBegun = false;
  /** Up to here they are as the far end has them; null: all of them. */
  private at: number | null = null;

  /** The far end has forgotten what it had. */
  reset(): void {
    this.list = null;
    this.at = null;
  }

  /** How the files are now. */
  offer(detail: TorrentDetail): void {
    const { list } = this;
    if (list?.id !== detail.id || list.names !== detail.names || list.files.length !== detail.files.length) {
      this.sent = [];
      this.isBegun = false;
    }
    this.list = { id: detail.id, names: detail.names, files: detail.files };
    this.at = 0;
  }

  /** What is to be told next; null for nothing. */
  next(): FilesPart | FilesChanged | null {
    if (this.list === null || this.at === null) return null;
    return !this.isBegun || this.sent.length < this.list.files.length ? this.part(this.list) : this.changed(this.list, this.at);
  }

  private part({ id, names, files: all }: NonNullable<FileFeed['list']>): FilesPart {
    const from = this.sent.length;
    const files: FileRow[] = [];
    let size = 0;
    while (files.length < FILES_A_PART && size < PATHS_A_PART) {
      const file = all[from + files.length];
      if (file === undefined) break;
      files.push(file);
      size += lengthOf(file);
    }
    this.isBegun = true;
    this.sent.push(...files);
    return { type: 'files', torrent: id, names, count: all.length, from, files };
  }

  private changed({ id, files: all }: NonNullable<FileFeed['list']>, from: number): FilesChanged | null {
    const files: FilesChanged['files'][number][] = [];
    let index = from;
    for (; index < all.length && files.length < FILES_A_PART; index++) {
      const [now, before] = [all[index], this.sent[index]];
      if (now === undefined || before === undefined) break;
      if (now.done === before.done && now.priority === before.priority) continue;
      files.push({ index, done: now.done, priority: now.priority });
      this.sent[index] = now;
    }
    this.at = index < all.length ? index : null;
    return files.length === 0 ? null : { type: 'filesChanged', torrent: id, files };
  }
}

/** At one that follows. */
export class FileMirror {
  private coming: { readonly names: number; readonly count: number; readonly files: FileRow[]; size: number } | null = null;
  private told: Pick<TorrentDetail, 'names' | 'files'> | null = null;

  /** The last list that has come whole; null before the first. */
  get whole(): Pick<TorrentDetail, 'names' | 'files'> | null {
    return this.told;
  }

  /** False for what does not fit to what came before, or is too much. */
  hear(message: FilesPart | FilesChanged): boolean {
    return message.type === 'files' ? this.part(message) : this.changed(message);
  }

  private part({ names, count, from, files }: FilesPart): boolean {
    if (from === 0) this.coming = { names, count, files: [], size: 0 };
    const { coming } = this;
    // Of a list that is not awaited any more.
    if (coming === null) return true;
    if (coming.names !== names || coming.count !== count || coming.files.length !== from) return false;
    for (const file of files) coming.size += lengthOf(file);
    if (count > MAX_FILES || coming.size > MAX_PATHS || from + files.length > count) return false;
    coming.files.push(...files);
    if (coming.files.length < count) return true;
    this.told = { names, files: coming.files };
    this.coming = null;
    return true;
  }

  private changed({ files: changes }: FilesChanged): boolean {
    // To a list that is not awaited any more.
    if (this.told === null) return true;
    const files = [...this.told.files];
    for (const { index, done, priority } of changes) {
      const file = files[index];
      if (file === undefined) return false;
      files[index] = { ...file, done, priority };
    }
    this.told = { names: this.told.names, files };
    return true;
  }
}

function lengthOf({ path }: FileRow): number {
  return path.reduce((sum, name) => sum + name.length + 1, 0);
}
