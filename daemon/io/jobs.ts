/** What the event loop asks of a hash worker, and what comes back. File descriptors are the process's, so workers may use them. */
import type { Digest, DigestOf, LandStatus } from '../wire/frames.ts';

/** Hash the first `length` bytes of `memory`, which moves to the worker; where every digest holds, write them. */
export interface CommitJob {
  readonly kind: 'commit';
  readonly memory: ArrayBuffer;
  readonly length: number;
  readonly digests: readonly DigestOf[];
  readonly wantBlocks: boolean;
  readonly writes: readonly {
    readonly fd: number;
    readonly position: number;
    readonly offset: number;
    readonly length: number;
  }[];
}

/** The same for what stands in files already, where zeros stand for what they end before. */
export interface RereadJob {
  readonly kind: 'reread';
  readonly reads: readonly Read[];
  readonly digests: readonly DigestOf[];
  readonly wantBlocks: boolean;
}

/** A part of a file; fd -1 stands for zeros. */
export interface Read {
  readonly fd: number;
  readonly position: number;
  readonly length: number;
}

/** Hash parts of files one after another. */
export interface VerifyJob {
  readonly kind: 'verify';
  readonly reads: readonly Read[];
  readonly digest: Pick<DigestOf, 'algorithm' | 'height' | 'expected'>;
}

/** The same, for the leaves of a tree over them. */
export interface LeavesJob {
  readonly kind: 'leaves';
  readonly reads: readonly Read[];
}

/**
 * Hash the first `length` bytes of `memory`, which moves to the worker, behind those of the jobs before it with the same `stream`: all
 * go to one thread. The last is answered with the digest, and ends the stream.
 */
export interface HashJob {
  readonly kind: 'hash';
  readonly stream: number;
  readonly algorithm: typeof Digest.SHA1 | typeof Digest.SHA256;
  readonly memory: ArrayBuffer;
  readonly length: number;
  readonly isLast: boolean;
}

export type Job = CommitJob | RereadJob | VerifyJob | LeavesJob | HashJob;

/** `errno` is the system's name of what failed where `status` is ERROR, such as ENOSPC. */
export interface JobResult {
  readonly status: LandStatus;
  readonly errno: string;
  /** Digests of the 16 KiB blocks, as LAND_RESULT has them; empty unless there was a mismatch or they were asked for. Or the leaves, or a digest. */
  readonly blocks: Uint8Array;
  /** The memory of the job, back again; null where its thread died, and for jobs without. */
  readonly memory: ArrayBuffer | null;
}

export interface JobMessage {
  readonly id: number;
  readonly job: Job;
}

export interface JobAnswer {
  readonly id: number;
  readonly result: JobResult;
}
