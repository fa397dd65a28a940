/** A thread that hashes, and writes or reads what it hashes while it is in the cache. */
import { readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { LandStatus } from '../wire/frames.ts';
import { blockDigests, blockHasher, type Hasher, hasherOf, joined, LeafHasher } from './digests.ts';
import type { CommitJob, HashJob, JobAnswer, JobMessage, JobResult, LeavesJob, Read, RereadJob, VerifyJob } from './jobs.ts';

const CHUNK = 1 << 20;
const NONE = new Uint8Array(0);

const scratch = Buffer.allocUnsafeSlow(CHUNK);
const zeros = Buffer.alloc(64 * 1024);

/** One word for the files whose descriptors are congruent; see {@link withLock}. */
const locks = new Int32Array(workerData as SharedArrayBuffer);

/**
 * One thread at a time writes to a file. The kernel sees to that anyhow, but a thread that waits for it spins, and
 * burns what the others could use; here it sleeps.
 */
function withLock(fd: number, write: () => void): void {
  const at = fd % locks.length;
  while (Atomics.compareExchange(locks, at, 0, 1) !== 0) Atomics.wait(locks, at, 1);
  try {
    write();
  } finally {
    Atomics.store(locks, at, 0);
    Atomics.notify(locks, at, 1);
  }
}

function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}

function outcome(status: LandStatus, blocks: Uint8Array = NONE): JobResult {
  return { status, errno: '', blocks, memory: null };
}

function commit(job: CommitJob): JobResult {
  const bytes = new Uint8Array(job.memory, 0, job.length);
  const holds = job.digests.every(({ algorithm, height, offset, length, expected }) => {
    const hasher = hasherOf(algorithm, height);
    hasher.update(bytes.subarray(offset, offset + length));
    return hasher.digest().equals(expected);
  });
  if (!holds) return outcome(LandStatus.MISMATCH, blockDigests(bytes, job.digests));
  for (const { fd, position, offset, length } of job.writes) {
    withLock(fd, () => writeWhole(fd, bytes.subarray(offset, offset + length), position));
  }
  return outcome(LandStatus.OK, job.wantBlocks ? blockDigests(bytes, job.digests) : NONE);
}

/** False where there is less than that. */
function readAll(reads: readonly Read[], hash: { update(bytes: Uint8Array): void }): boolean {
  for (const { fd, position, length } of reads) {
    for (let done = 0; done < length;) {
      const wanted = Math.min(length - done, CHUNK);
      if (fd === -1) {
        const count = Math.min(wanted, zeros.length);
        hash.update(zeros.subarray(0, count));
        done += count;
        continue;
      }
      const count = readSync(fd, scratch, 0, wanted, position + done);
      if (count === 0) return false;
      hash.update(scratch.subarray(0, count));
      done += count;
    }
  }
  return true;
}

/** What a range of the buffer that they make up is read from. */
function* cut(reads: readonly Read[], offset: number, length: number): Iterable<Read> {
  let start = 0;
  for (const read of reads) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + read.length);
    if (from < to) yield { fd: read.fd, position: read.position + from - start, length: to - from };
    start += read.length;
  }
}

/** Bytes that are not there are zeros: some digest will not hold, and its blocks tell which they are. */
function readPadded(reads: Iterable<Read>, hash: { update(bytes: Uint8Array): void }): void {
  const padded = {
    left: 0,
    update(bytes: Uint8Array): void {
      this.left -= bytes.length;
      hash.update(bytes);
    },
  };
  for (const read of reads) {
    padded.left = read.length;
    if (!readAll([read], padded)) readAll([{ fd: -1, position: 0, length: padded.left }], padded);
  }
}

function reread({ reads, digests, wantBlocks }: RereadJob): JobResult {
  const holds = digests.every(({ algorithm, height, offset, length, expected }) => {
    const hasher = hasherOf(algorithm, height);
    readPadded(cut(reads, offset, length), hasher);
    return hasher.digest().equals(expected);
  });
  const status = holds ? LandStatus.OK : LandStatus.MISMATCH;
  if (holds && !wantBlocks) return outcome(status);
  const whole = reads.reduce((sum, read) => sum + read.length, 0);
  const { hasher, offset, length } = blockHasher(digests, whole);
  readPadded(cut(reads, offset, length), hasher);
  return outcome(status, joined(hasher));
}

function verify(job: VerifyJob): JobResult {
  const hash = hasherOf(job.digest.algorithm, job.digest.height);
  if (!readAll(job.reads, hash)) return outcome(LandStatus.MISSING);
  return outcome(hash.digest().equals(job.digest.expected) ? LandStatus.OK : LandStatus.MISMATCH);
}

function leaves(job: LeavesJob): JobResult {
  const hash = new LeafHasher('sha256');
  if (!readAll(job.reads, hash)) return outcome(LandStatus.MISSING);
  return outcome(LandStatus.OK, joined(hash));
}

/** Those that are not finished; there is a limit on the requests that they are of. */
const streams = new Map<number, Hasher>();

function hash({ stream, algorithm, memory, length, isLast }: HashJob): JobResult {
  const hasher = streams.get(stream) ?? hasherOf(algorithm, 0);
  if (isLast) streams.delete(stream);
  else streams.set(stream, hasher);
  hasher.update(new Uint8Array(memory, 0, length));
  return outcome(LandStatus.OK, isLast ? Uint8Array.from(hasher.digest()) : NONE);
}

function run({ job }: JobMessage): JobResult {
  try {
    switch (job.kind) {
      case 'commit':
        return commit(job);
      case 'reread':
        return reread(job);
      case 'verify':
        return verify(job);
      case 'leaves':
        return leaves(job);
      case 'hash':
        return hash(job);
      default:
        return job satisfies never;
    }
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    return { ...outcome(LandStatus.ERROR), errno };
  }
}

const port = parentPort;
port?.on('message', (message: JobMessage) => {
  const result = run(message);
  if (!('memory' in message.job)) {
    port.postMessage({ id: message.id, result } satisfies JobAnswer);
    return;
  }
  const { memory } = message.job;
  port.postMessage({ id: message.id, result: { ...result, memory } } satisfies JobAnswer, [memory]);
});
