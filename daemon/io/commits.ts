/** How a commit of an assembly buffer runs: it waits for its files, and is hashed and written, or read back, by the hash pool. */
import { FileStatus, LandStatus } from '../wire/frames.ts';
import type { Assembly, CommitOrder, CommitResult } from './assembly.ts';
import type { Backings } from './backings.ts';
import { statusOf } from './errno.ts';
import type { HashPool } from './hash-pool.ts';
import type { CommitJob } from './jobs.ts';
import type { Opened } from './shared-file.ts';

/** Where nothing has to be open. */
const ZEROS: Opened = { status: FileStatus.OK, fd: -1, inode: '' };

/** Where in its file, and of the buffer, some of it goes. */
type Part = CommitJob['writes'][number];

export class Commits {
  readonly #pool: HashPool;
  readonly #backings: Backings;
  readonly #changed: () => void;
  #bytes = 0;
  #count = 0;
  /** Who waits for the last that runs. */
  #settled: (() => void)[] = [];

  /** `changed` is told whenever the counts below may be others. */
  constructor(pool: HashPool, backings: Backings, changed: () => void) {
    this.#pool = pool;
    this.#backings = backings;
    this.#changed = changed;
  }

  /** Bytes of memory that are with the pool. What waits for the space of its file is with no thread, and keeps no socket waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there are more than keep every thread of the pool at work. */
  get areMany(): boolean {
    return this.#count > this.#pool.reach;
  }

  /** Runs it, and calls `done` once. */
  run(assembly: Assembly, order: CommitOrder, done: (result: CommitResult) => void): void {
    const ended = (result: CommitResult) => {
      done(result);
      if (this.#count === 0) for (const resolve of this.#settled.splice(0)) resolve();
    };
    this.#run(assembly, order).then(ended, () => ended(failure(FileStatus.IO)));
  }

  /** Resolves when none runs. */
  async settled(): Promise<void> {
    if (this.#count > 0) await new Promise<void>(resolve => this.#settled.push(resolve));
  }

  async #run(assembly: Assembly, { digests, wantBlocks }: CommitOrder): Promise<CommitResult> {
    const calledOff = new Promise<FileStatus>(resolve => (assembly.callOff = () => resolve(FileStatus.GONE)));
    const parts: Part[] = [];
    const status = await Promise.race([this.#place(assembly, parts), calledOff]);
    if (status !== FileStatus.OK) return failure(status);
    if (assembly.backing !== null) {
      this.#add(0, 1);
      const reading = this.#pool.run({ kind: 'reread', reads: parts, digests, wantBlocks });
      const { status: read, errno, blocks } = await reading.finally(() => this.#add(0, -1));
      return { status: read, file: statusOf(errno), blocks };
    }
    const writes = parts.filter(({ fd }) => fd !== -1);
    const { memory, length } = assembly;
    if (memory === null) return failure(FileStatus.IO);
    assembly.memory = null;
    this.#add(length, 1);
    const running = this.#pool.run({ kind: 'commit', memory, length, digests, wantBlocks, writes });
    const result = await running.finally(() => this.#add(-length, -1));
    assembly.memory = result.memory;
    assembly.bytes = result.memory === null ? new Uint8Array(0) : new Uint8Array(result.memory);
    return { status: result.status, file: statusOf(result.errno), blocks: result.blocks };
  }

  /** Waits until nothing else is on its way to where the buffer goes, and fills in where that is. */
  async #place(assembly: Assembly, parts: Part[]): Promise<FileStatus> {
    const { backing, places } = assembly;
    if (backing !== null) {
      await backing.settled();
      // Whoever else heard of it: what could not be written was not sent wrong.
      if (!assembly.isWhole) return backing.problem || FileStatus.IO;
    }
    let offset = 0;
    for (const { file, offset: position, length } of places) {
      const opened = file === null ? ZEROS : await file.ready();
      if (opened.status !== FileStatus.OK) return opened.status;
      // Of a buffer that was dropped, the last of what it had may still be on its way to the same place.
      await this.#backings.cleared(opened.inode);
      if (length > 0) parts.push({ fd: opened.fd, position, offset, length });
      offset += length;
    }
    return FileStatus.OK;
  }

  #add(bytes: number, count: number): void {
    this.#bytes += bytes;
    this.#count += count;
    this.#changed();
  }
}

export function failure(file: FileStatus): CommitResult {
  return { status: LandStatus.ERROR, file, blocks: new Uint8Array(0) };
}
