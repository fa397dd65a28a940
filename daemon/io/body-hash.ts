/** The digest of bytes that come in parts, made on a thread of the pool: nothing of it holds the event loop, however much comes. */
import { type Digest, FileStatus, LandStatus } from '../wire/frames.ts';
import { FileProblem, statusOf } from './errno.ts';
import type { HashPool } from './hash-pool.ts';
import type { Job, JobResult } from './jobs.ts';
import { HASH_CHUNK } from './limits.ts';

export type PlainDigest = typeof Digest.SHA1 | typeof Digest.SHA256;

/** Told apart by the threads. */
let last = 0;

export class BodyHash {
  readonly #algorithm: PlainDigest;
  readonly #run: (job: Job) => Promise<JobResult>;
  readonly #stream = ++last;
  /** What is gathered; with the thread while that hashes it. */
  #memory: ArrayBuffer;
  #filled = 0;
  #isOver = false;

  /** `most`: so many bytes come at most. */
  constructor(pool: Pick<HashPool, 'pin'>, algorithm: PlainDigest, most: number) {
    this.#algorithm = algorithm;
    this.#run = pool.pin();
    this.#memory = new ArrayBuffer(Math.min(most, HASH_CHUNK));
  }

  /** More of what is hashed. Resolves once there is room for the next; the bytes are not to be changed before. @throws {FileProblem} */
  async update(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length;) {
      const count = Math.min(part.length - at, this.#memory.byteLength - this.#filled);
      new Uint8Array(this.#memory).set(part.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#memory.byteLength) await this.#hash(false);
    }
  }

  /** To be called once, after the last update. @throws {FileProblem} */
  async digest(): Promise<Buffer> {
    return Buffer.from(await this.#hash(true));
  }

  /** Nobody waits for it any more; where it was not finished, the thread forgets it. */
  end(): void {
    if (this.#isOver) return;
    this.#memory = new ArrayBuffer(0);
    this.#filled = 0;
    void this.#hash(true).catch(() => undefined);
  }

  async #hash(isLast: boolean): Promise<Uint8Array> {
    const [memory, length] = [this.#memory, this.#filled];
    this.#isOver = isLast;
    const result = await this.#run({ kind: 'hash', stream: this.#stream, algorithm: this.#algorithm, memory, length, isLast });
    if (result.status !== LandStatus.OK || result.memory === null) throw new FileProblem(statusOf(result.errno) || FileStatus.IO);
    this.#memory = result.memory;
    this.#filled = 0;
    return result.blocks;
  }
}
