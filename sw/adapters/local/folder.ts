/** What the store needs of the browser's private file system: a part of FileSystemDirectoryHandle and what it leads to. */
import type { FileProblem } from '../../engine/events.ts';

export interface Folder {
  keys(): AsyncIterable<string>;
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<Folder>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileInFolder>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
}

export interface FileInFolder {
  getFile(): Promise<Blob>;
  createWritable(): Promise<{
    write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}

/** What a failure of the browser's storage means, by what a person can do about it. */
export function problemOf(error: unknown): FileProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'QuotaExceededError':
      return 'full';
    case 'NotFoundError':
      return 'gone';
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    default:
      return 'io';
  }
}

/**
 * Where the room ends in the midst of a write, Chromium takes no more of it, and tells whichever it comes to first: why, or that it broke off.
 */
function isBrokenOff(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Opened files that are remembered. */
const OPEN_FILES = 256;

/**
 * Segments as files: a folder a group, a file a segment, written once. A segment whose writing did not come to its end is not
 * there, or holds nothing.
 */
export class SegmentFiles {
  private readonly folders = new Map<number, Promise<Folder>>();
  /** By number of the segment, in order of last use. */
  private readonly opened = new Map<number, Promise<Blob>>();
  /** Bytes of segments that are being written. */
  private underWay = 0;

  constructor(
    private readonly top: Folder,
    /** Bytes that there is room for; less than 0 where that is not known. */
    private readonly room: () => Promise<number>,
  ) {}

  /** Throws what the browser throws; then nothing of it is left, as far as that can be had. */
  async write(group: number, segment: number, bytes: Uint8Array): Promise<void> {
    this.underWay += bytes.length;
    try {
      await this.writeOnce(group, segment, bytes).catch(async (error: unknown) => {
        // The folder that is remembered may have been taken away with all that the browser keeps for this site.
        if (problemOf(error) === 'gone') this.folders.delete(group);
        else if (!isBrokenOff(error) || (await this.isShort())) throw error;
        await this.writeOnce(group, segment, bytes);
      });
    } catch (error) {
      throw isBrokenOff(error) && (await this.isShort()) ? new DOMException('There is no room.', 'QuotaExceededError') : error;
    } finally {
      this.underWay -= bytes.length;
    }
  }

  /** The segment, to be read; throws where it is not there. */
  open(group: number, segment: number): Promise<Blob> {
    const known = this.opened.get(segment);
    this.opened.delete(segment);
    const opening = known ?? this.openAnew(group, segment);
    this.opened.set(segment, opening);
    if (this.opened.size > OPEN_FILES) this.opened.delete(this.opened.keys().next().value!);
    return opening;
  }

  /** It is opened anew the next time. */
  forget(segment: number): void {
    this.opened.delete(segment);
  }

  /** What is not there need not be removed. */
  async remove(group: number, segment: number): Promise<void> {
    this.opened.delete(segment);
    const folder = await this.folder(group).catch(() => null);
    await folder?.removeEntry(nameOf(segment)).catch(() => undefined);
  }

  async removeGroup(group: number): Promise<void> {
    this.folders.delete(group);
    await this.top.removeEntry(nameOf(group), { recursive: true }).catch(() => undefined);
  }

  /** Numbers of the segments of a group that have a file. */
  async list(group: number): Promise<Set<number>> {
    return numbersIn(await this.folder(group));
  }

  /** No folder of a group, and no segment of that one, has a higher number. */
  async highest(group: number): Promise<number> {
    let highest = 0;
    for (const numbers of [await this.groups(), await this.list(group)])
      for (const id of numbers) highest = Math.max(highest, id);
    return highest;
  }

  /** Numbers of the groups that have a folder. */
  groups(): Promise<Set<number>> {
    return numbersIn(this.top);
  }

  private async writeOnce(group: number, segment: number, bytes: Uint8Array): Promise<void> {
    const folder = await this.folder(group);
    const file = await folder.getFileHandle(nameOf(segment), { create: true });
    try {
      const writable = await file.createWritable();
      try {
        await writable.write(bytes as Uint8Array<ArrayBuffer>);
        await writable.close();
      } catch (error) {
        await writable.abort().catch(() => undefined);
        throw error;
      }
    } catch (error) {
      await folder.removeEntry(nameOf(segment)).catch(() => undefined);
      throw error;
    }
  }

  /** Whether what is being written has not room enough: none of it need have been counted yet. */
  private async isShort(): Promise<boolean> {
    const room = await this.room().catch(() => -1);
    return room >= 0 && room < this.underWay;
  }

  private openAnew(group: number, segment: number): Promise<Blob> {
    const opening = this.folder(group)
      .then(folder => folder.getFileHandle(nameOf(segment)))
      .then(file => file.getFile());
    opening.catch(() => {
      if (this.opened.get(segment) === opening) this.opened.delete(segment);
      this.folders.delete(group);
    });
    return opening;
  }

  private folder(group: number): Promise<Folder> {
    const known = this.folders.get(group);
    if (known) return known;
    const opening = this.top.getDirectoryHandle(nameOf(group), { create: true });
    opening.catch(() => this.folders.delete(group));
    this.folders.set(group, opening);
    return opening;
  }
}

function nameOf(id: number): string {
  return id.toString(36);
}

function numberOf(name: string): number | null {
  const id = parseInt(name, 36);
  return Number.isSafeInteger(id) && nameOf(id) === name ? id : null;
}

async function numbersIn(folder: Folder): Promise<Set<number>> {
  const numbers = new Set<number>();
  for await (const name of folder.keys()) {
    const number = numberOf(name);
    if (number !== null) numbers.add(number);
  }
  return numbers;
}
