/** Threads that hash, as many as there are cores. Commits go before verifications: memory waits for them. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LandStatus } from '../wire/frames.ts';
import type { Job, JobAnswer, JobMessage, JobResult } from './jobs.ts';

/** Jobs handed to a thread before it has finished the one before, so that it never waits for the event loop. */
const AHEAD = 2;
const FAILED: JobResult = { status: LandStatus.ERROR, errno: 'EIO', blocks: new Uint8Array(0), memory: null };

interface Task {
  readonly job: Job;
  readonly done: (result: JobResult) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
}

export class HashPool {
  readonly #size: number;
  readonly #threads: Thread[] = [];
  readonly #commits: Task[] = [];
  readonly #verifications: Task[] = [];
  #lastId = 0;
  #pinned = 0;
  /** Words by which threads keep off each other's files. */
  readonly #locks = new SharedArrayBuffer(64 * Int32Array.BYTES_PER_ELEMENT);

  constructor(size = Math.max(1, Math.min(8, availableParallelism()))) {
    this.#size = size;
  }

  /** Jobs that keep every thread at work. */
  get reach(): number {
    return this.#size * AHEAD;
  }

  /** Jobs that are with a thread. */
  get running(): number {
    return this.#threads.reduce((sum, { tasks }) => sum + tasks.size, 0);
  }

  /** Jobs that wait for one. */
  get waiting(): number {
    return this.#commits.length + this.#verifications.length;
  }

  /** Starts every thread, so that the first pieces need not wait for that. */
  warmUp(): void {
    while (this.#threads.length < this.#size) this.#start();
  }

  run(job: Job): Promise<JobResult> {
    return new Promise(done => {
      (job.kind === 'commit' || job.kind === 'reread' ? this.#commits : this.#verifications).push({ job, done });
      this.#dispatch();
    });
  }

  /** For jobs that depend on those before them: each that is given to the answer goes to the same thread, at once. */
  pin(): (job: Job) => Promise<JobResult> {
    this.warmUp();
    const thread = this.#threads[this.#pinned++ % this.#threads.length] as Thread;
    return job =>
      this.#threads.includes(thread) ? new Promise(done => this.#give(thread, { job, done })) : Promise.resolve(FAILED);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    for (;;) {
      const queue = this.#commits.length > 0 ? this.#commits : this.#verifications;
      if (queue.length === 0) return;
      const thread = this.#freest();
      if (thread === null) return;
      this.#give(thread, queue.shift() as Task);
    }
  }

  #give(thread: Thread, task: Task): void {
    const id = ++this.#lastId;
    thread.tasks.set(id, task);
    const { job } = task;
    thread.worker.postMessage({ id, job } satisfies JobMessage, 'memory' in job ? [job.memory] : []);
  }

  /** A thread with nothing to do, else a new one, else the one with the least to do. */
  #freest(): Thread | null {
    let best: Thread | null = null;
    for (const thread of this.#threads) if (best === null || thread.tasks.size < best.tasks.size) best = thread;
    if (best !== null && best.tasks.size === 0) return best;
    if (this.#threads.length < this.#size) return this.#start();
    return best !== null && best.tasks.size < AHEAD ? best : null;
  }

  #start(): Thread {
    const worker = new Worker(join(import.meta.dirname, 'hash-worker.mjs'), {
      workerData: this.#locks,
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    });
    const thread: Thread = { worker, tasks: new Map() };
    worker.on('message', ({ id, result }: JobAnswer) => {
      const task = thread.tasks.get(id);
      thread.tasks.delete(id);
      task?.done(result);
      this.#dispatch();
    });
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      const at = this.#threads.indexOf(thread);
      if (at >= 0) this.#threads.splice(at, 1);
      // It may have held one.
      const locks = new Int32Array(this.#locks);
      locks.forEach((_, at) => {
        Atomics.store(locks, at, 0);
        Atomics.notify(locks, at);
      });
      for (const task of thread.tasks.values()) task.done(FAILED);
      thread.tasks.clear();
      this.#dispatch();
    });
    worker.unref();
    this.#threads.push(thread);
    return thread;
  }
}
