/**
 * A buffer that stands in its files instead of in memory: what lands is written to its place there, in the order it came and
 * off the event loop, unverified. Nobody else's bytes are near: the places of a buffer are its own.
 */
import { writev } from 'node:fs';
import { FileStatus } from '../wire/frames.ts';
import { problemOf } from './errno.ts';
import { BACKING_WRITE, BACKING_PARTS } from './limits.ts';
import type { Range } from './ranges.ts';
import type { Opened, Place, SharedFile } from './shared-file.ts';

/** What is to be written at one place of one file; `offset` is where in the buffer that is. */
interface Part {
  readonly file: SharedFile;
  readonly position: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface BackingEvents {
  /** More bytes are held until they are written; less than 0: so many are no longer. */
  held(bytes: number): void;
  /** So many more of them, or less, wait for nothing but the disk. */
  queued(bytes: number): void;
  /** Resolves once nothing that was dropped is on its way to that inode. */
  cleared(inode: string): Promise<void> | undefined;
  /** These ranges were to be written, and are not there. */
  failed(file: FileStatus, lost: readonly Range[]): void;
}

export class Backing {
  readonly #places: readonly Place[];
  /** Where in the buffer each place begins. */
  readonly #starts: readonly number[];
  readonly #events: BackingEvents;
  #queue: Part[] = [];
  #bytes = 0;
  #isRunning = false;
  /** The oldest waits for its file. */
  #isWaiting = false;
  #isClosed = false;
  /** The inode that is being written to. */
  #target = '';
  #problem: FileStatus = FileStatus.OK;
  #settling: ((problem: FileStatus) => void)[] = [];

  constructor(places: readonly Place[], events: BackingEvents) {
    let start = 0;
    this.#places = places;
    this.#starts = places.map(({ length }) => (start += length) - length);
    this.#events = events;
  }

  /** Bytes that are held until they are written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether what is held waits for its file, as while the space of that is taken. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** The inode that is being written to just now; empty where none is. */
  get target(): string {
    return this.#target;
  }

  /** What went wrong last. */
  get problem(): FileStatus {
    return this.#problem;
  }

  /** The bytes are not to be changed any more. Where zeros stand they go nowhere. */
  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    let queued = 0;
    for (let at = this.#placeAt(offset); at < this.#places.length && (this.#starts[at] as number) < end; at++) {
      const { file, offset: position, length } = this.#places[at] as Place;
      const start = this.#starts[at] as number;
      const from = Math.max(offset, start);
      const to = Math.min(end, start + length);
      if (file === null || from >= to) continue;
      this.#queue.push({
        file,
        position: position + from - start,
        offset: from,
        bytes: bytes.subarray(from - offset, to - offset),
      });
      queued += to - from;
    }
    // Whether its file is ready says what these bytes count for.
    if (!this.#isRunning) void this.#run();
    this.#count(queued);
  }

  /** Once nothing waits to be written: what went wrong with what did, the same for all who ask. */
  async settled(): Promise<FileStatus> {
    return this.#isRunning ? new Promise(resolve => this.#settling.push(resolve)) : FileStatus.OK;
  }

  /** What waits goes nowhere, whatever it waits for. Resolves once no file is being written to. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const lost = bytesOf(this.#queue.splice(0));
    if (lost > 0) this.#problem = FileStatus.GONE;
    this.#count(-lost);
    if (this.#target === '') this.#settle();
    else await this.settled();
  }

  #settle(): void {
    for (const resolve of this.#settling.splice(0)) resolve(this.#problem);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#events.held(bytes);
    if (!this.#isWaiting) this.#events.queued(bytes);
  }

  #wait(isWaiting: boolean): void {
    if (isWaiting === this.#isWaiting) return;
    this.#isWaiting = isWaiting;
    this.#events.queued(isWaiting ? -this.#bytes : this.#bytes);
  }

  /** The file, once it can be written to and nobody else still does. */
  async #ready(file: SharedFile): Promise<Opened> {
    if (!file.isReady) this.#wait(true);
    const opened = await file.ready();
    const cleared = opened.status === FileStatus.OK ? this.#events.cleared(opened.inode) : undefined;
    if (cleared !== undefined) {
      this.#wait(true);
      await cleared;
    }
    this.#wait(false);
    return opened;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#problem = FileStatus.OK;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const opened = await this.#ready(first.file);
      if (this.#isClosed) break;
      const run = this.#take();
      const status = await this.#write(run, opened);
      const lost = status === FileStatus.OK ? [] : [...run, ...this.#queue.splice(0)];
      this.#count(-bytesOf(lost.length > 0 ? lost : run));
      if (lost.length === 0) continue;
      this.#problem = status;
      // Who dropped it asks no more.
      if (this.#isClosed) continue;
      this.#events.failed(
        status,
        lost.map(({ offset, bytes }) => ({ offset, length: bytes.length })),
      );
    }
    this.#isRunning = false;
    this.#settle();
  }

  async #write(run: readonly Part[], opened: Opened): Promise<FileStatus> {
    if (opened.status !== FileStatus.OK) return opened.status;
    this.#target = opened.inode;
    const status = await writeRun(run, opened.fd);
    this.#target = '';
    return status;
  }

  /** The oldest of what waits, with those behind it that continue it. */
  #take(): Part[] {
    let end = 0;
    let bytes = 0;
    for (let last: Part | null = null; end < Math.min(this.#queue.length, BACKING_PARTS); end++) {
      const part = this.#queue[end] as Part;
      const continues = last === null || (part.file === last.file && part.position === last.position + last.bytes.length);
      if (!continues || (last !== null && bytes + part.bytes.length > BACKING_WRITE)) break;
      bytes += part.bytes.length;
      last = part;
    }
    return this.#queue.splice(0, end);
  }

  /** Index of the place that has this byte of the buffer. */
  #placeAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}

function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

async function writeRun(run: readonly Part[], fd: number): Promise<FileStatus> {
  try {
    let buffers = run.map(({ bytes }) => bytes);
    for (let position = run[0]?.position ?? 0; buffers.length > 0;) {
      const written = await writeSome(fd, buffers, position);
      position += written;
      buffers = behind(buffers, written);
    }
    return FileStatus.OK;
  } catch (error) {
    return problemOf(error);
  }
}

function writeSome(fd: number, buffers: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, buffers, position, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}

/** What is left of the buffers behind their first `count` bytes. */
function behind(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  return buffers.flatMap(bytes => {
    const from = Math.min(skip, bytes.length);
    skip -= from;
    return from < bytes.length ? [bytes.subarray(from)] : [];
  });
}
