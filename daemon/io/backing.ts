/**
 * A buffer that stands in its files instead of in memory: what lands is written to its place there, in the order it came and
 * off the event loop, unverified. Nobody else's bytes are near: the places of a buffer are its own.
 */
import { writev } from 'node:fs';
import { FileStatus } from '../wire/frames.ts';
import { problemOf } from './errno.ts';
import { BACKING_WRITE, BACKING_PARTS } from './limits.ts';
import type { Range } from './ranges.ts';
import type { Place, SharedFile } from './shared-file.ts';

/** What is to be written at one place of one file; `offset` is where in the buffer that is. */
interface Part {
  readonly file: SharedFile;
  readonly position: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface BackingEvents {
  /** More bytes wait to be written; less than 0: so many do no longer. */
  queued(bytes: number): void;
  /** These ranges were to be written, and are not there. */
  failed(file: FileStatus, lost: readonly Range[]): void;
}

export class Backing {
  readonly #places: readonly Place[];
  /** Where in the buffer each place begins. */
  readonly #starts: readonly number[];
  readonly #events: BackingEvents;
  #queue: Part[] = [];
  #isWriting = false;
  #problem: FileStatus = FileStatus.OK;
  #waiting: (() => void)[] = [];

  constructor(places: readonly Place[], events: BackingEvents) {
    let start = 0;
    this.#places = places;
    this.#starts = places.map(({ length }) => (start += length) - length);
    this.#events = events;
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
    this.#events.queued(queued);
    if (!this.#isWriting) void this.#run();
  }

  /** Once nothing waits to be written: what went wrong since this was last asked. */
  async settled(): Promise<FileStatus> {
    if (this.#isWriting) await new Promise<void>(resolve => this.#waiting.push(resolve));
    const problem = this.#problem;
    this.#problem = FileStatus.OK;
    return problem;
  }

  /** What waits goes nowhere. Resolves once no file is being written to. */
  async close(): Promise<void> {
    this.#events.queued(-bytesOf(this.#queue.splice(0)));
    if (this.#isWriting) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  async #run(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) {
      const run = this.#take();
      const status = await writeRun(run);
      const lost = status === FileStatus.OK ? [] : [...run, ...this.#queue.splice(0)];
      this.#events.queued(-bytesOf(lost.length > 0 ? lost : run));
      if (lost.length === 0) continue;
      this.#problem = status;
      this.#events.failed(
        status,
        lost.map(({ offset, bytes }) => ({ offset, length: bytes.length })),
      );
    }
    this.#isWriting = false;
    for (const wake of this.#waiting.splice(0)) wake();
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

async function writeRun(run: readonly Part[]): Promise<FileStatus> {
  const [first] = run;
  if (first === undefined) return FileStatus.OK;
  const opened = await first.file.ready();
  if (opened.status !== FileStatus.OK) return opened.status;
  try {
    let buffers = run.map(({ bytes }) => bytes);
    for (let position = first.position; buffers.length > 0;) {
      const written = await writeSome(opened.fd, buffers, position);
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
