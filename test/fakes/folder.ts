/** A private file system as Chromium has it, in memory: a file is whole once its writable was closed, and faults come when they are asked for. */
import type { FileInFolder, Folder } from '../../sw/adapters/local/folder.ts';

/** What a power cut does to a file that was not on the disk yet: nothing, or it is away, shorter, or zeros from somewhere on. */
export type Damage = 'none' | 'lost' | 'short' | 'zeros';

/** What it is to do, and what became of it; shared by all of its folders. */
export class Disk {
  /** ms. */
  now: () => number = () => 0;
  /** Files that were written, and that were opened to be read. */
  closes = 0;
  /** What the next writes fail with, by its name; they fail while it is set. */
  problem: string | null = null;
  /** Bytes that there is room for. */
  quota = Infinity;
  /** Called before a file is closed that was written: what it waits for is when that happens. */
  beforeClose: () => Promise<void> = () => Promise.resolve();
  /** Nothing that is under way comes to its end any more, as when the worker was ended. */
  isDead = false;
  opens = 0;
  /** Parts of files that were read, and whole files. */
  slices = 0;
  reads = 0;

  get used(): number {
    return this.sizeOf(this.root);
  }

  readonly root = new FakeFolder(this);

  /** The same bytes, for another life of the worker. */
  again(): Disk {
    this.isDead = true;
    const next = new Disk();
    next.quota = this.quota;
    next.now = this.now;
    copy(this.root, next.root);
    return next;
  }

  /** The same bytes but of files that were closed in the last `within` ms: to those happens what `choose` says. */
  powerCut(within: number, choose: () => Damage): Disk {
    const next = this.again();
    const since = this.now() - within;
    const visit = (folder: FakeFolder): void => {
      for (const [name, entry] of folder.entries) {
        if (entry instanceof FakeFolder) visit(entry);
        else if (entry.closedAt > since) {
          const damage = choose();
          const half = entry.bytes.length >> 1;
          if (damage === 'lost') folder.entries.delete(name);
          if (damage === 'short') entry.bytes = entry.bytes.slice(0, half);
          if (damage === 'zeros') entry.bytes = Uint8Array.from(entry.bytes, (byte, at) => (at < (half & ~4095) ? byte : 0));
        }
      }
    };
    visit(next.root);
    return next;
  }

  /** Every file by its path. */
  files(folder: FakeFolder = this.root, path = ''): Map<string, Uint8Array> {
    const all = new Map<string, Uint8Array>();
    for (const [name, entry] of folder.entries) {
      if (entry instanceof FakeFolder) for (const [inner, bytes] of this.files(entry, `${path}${name}/`)) all.set(inner, bytes);
      else all.set(path + name, entry.bytes);
    }
    return all;
  }

  private sizeOf(folder: FakeFolder): number {
    let size = 0;
    for (const bytes of this.files(folder).values()) size += bytes.length;
    return size;
  }
}

function copy(from: FakeFolder, to: FakeFolder): void {
  for (const [name, entry] of from.entries) {
    if (entry instanceof FakeFolder) {
      const folder = new FakeFolder(to.disk);
      to.entries.set(name, folder);
      copy(entry, folder);
    } else {
      const file = new FakeFile(to.disk);
      file.bytes = entry.bytes;
      file.closedAt = entry.closedAt;
      to.entries.set(name, file);
    }
  }
}

const never = (): Promise<never> => new Promise(() => undefined);

class FakeFile implements FileInFolder {
  bytes = new Uint8Array(0);
  /** As the disk's clock has it. */
  closedAt = 0;

  constructor(readonly disk: Disk) {}

  getFile(): Promise<Blob> {
    const { bytes, disk } = this;
    disk.opens += 1;
    if (disk.isDead) return never();
    const blob = new Blob([bytes]);
    const [slice, whole] = [blob.slice.bind(blob), blob.arrayBuffer.bind(blob)];
    blob.arrayBuffer = () => {
      disk.reads += 1;
      return whole();
    };
    blob.slice = (...range) => {
      disk.slices += 1;
      return slice(...range);
    };
    return Promise.resolve(blob);
  }

  createWritable(): ReturnType<FileInFolder['createWritable']> {
    const { disk } = this;
    let written = new Uint8Array(0);
    return Promise.resolve({
      write: bytes => {
        if (disk.isDead) return never();
        if (disk.problem) return Promise.reject(new DOMException('', disk.problem));
        if (disk.used + written.length + bytes.length > disk.quota) {
          return Promise.reject(new DOMException('', 'QuotaExceededError'));
        }
        written = Uint8Array.from(Buffer.concat([written, bytes]));
        return Promise.resolve();
      },
      close: async () => {
        await disk.beforeClose();
        if (disk.isDead) return never();
        this.bytes = written;
        this.closedAt = disk.now();
        disk.closes += 1;
      },
      abort: () => Promise.resolve(),
    });
  }
}

export class FakeFolder implements Folder {
  readonly entries = new Map<string, FakeFolder | FakeFile>();

  constructor(readonly disk: Disk) {}

  async *keys(): AsyncIterable<string> {
    for (const name of [...this.entries.keys()]) yield await Promise.resolve(name);
  }

  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<Folder> {
    return this.entry(name, options, FakeFolder);
  }

  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileInFolder> {
    return this.entry(name, options, FakeFile);
  }

  async removeEntry(name: string): Promise<void> {
    if (this.disk.isDead) return never();
    if (!this.entries.delete(name)) throw new DOMException('', 'NotFoundError');
  }

  private async entry<T extends FakeFolder | FakeFile>(
    name: string,
    options: { create?: boolean } | undefined,
    kind: new (disk: Disk) => T,
  ): Promise<T> {
    if (this.disk.isDead) return never();
    const known = this.entries.get(name);
    if (known instanceof kind) return known;
    if (known) throw new DOMException('', 'TypeMismatchError');
    if (options?.create !== true) throw new DOMException('', 'NotFoundError');
    const made = new kind(this.disk);
    this.entries.set(name, made);
    return made;
  }
}
