/** `POST /write/{root}`: bytes at an offset of a file, hashed before anything is touched, durable before they are acknowledged. */
import { Digest, FileStatus, LandStatus } from '../../wire/frames.ts';
import { FileProblem, statusOf } from '../errno.ts';
import type { FileStamp } from '../files.ts';
import type { CommitJob, JobResult } from '../jobs.ts';
import { LIMITS } from '../limits.ts';
import { must, Refusal, reply } from './answers.ts';
import { receiveInto } from './body.ts';
import type { Call } from './call.ts';
import { lengthOf, pathOf, requiredNumberOf, sha1Of } from './headers.ts';

/** Where the body belongs, and what it has to be. */
interface Target {
  readonly root: string;
  readonly path: readonly string[];
  /** Of the whole file, as it was declared. */
  readonly size: number;
  readonly offset: number;
  readonly expected: Uint8Array;
}

export async function write(call: Call): Promise<void> {
  const { request, response, tail, services } = call;
  const length = lengthOf(request, LIMITS.writeBody);
  const target: Target = {
    root: tail,
    path: pathOf(request),
    size: requiredNumberOf(request, 'x-file-size'),
    offset: requiredNumberOf(request, 'x-offset'),
    expected: sha1Of(request, 'x-expected-sha1'),
  };
  if (target.offset + length > target.size) throw new Refusal(416, 'x-file-size');
  await services.files.roots.directory(tail);
  if (!(await services.writes.hold(length))) throw new Refusal(503, 'limit');
  try {
    const memory = new ArrayBuffer(length);
    await receiveInto(call, new Uint8Array(memory));
    // Another may have been let in while it came.
    if (!call.isAdmitted()) throw new Refusal(401, 'ticket');
    reply(response, await services.writes.run(() => put(call, memory, target)));
  } finally {
    services.writes.give(length);
  }
}

async function put({ services }: Call, memory: ArrayBuffer, target: Target): Promise<FileStamp> {
  const { files, pool } = services;
  const length = memory.byteLength;
  const job = { kind: 'commit', length, wantBlocks: false } as const;
  const digest = { algorithm: Digest.SHA1, height: 0, offset: 0, length, expected: target.expected };
  const hashed = memoryOf(await pool.run({ ...job, memory, digests: [digest], writes: [] }));
  const file = files.open(target.root, target.path, target.size, true, false);
  try {
    const { status, fd } = await file.ready();
    must(status);
    const writes: CommitJob['writes'] = length === 0 ? [] : [{ fd, position: target.offset, offset: 0, length }];
    memoryOf(await pool.run({ ...job, memory: hashed, digests: [], writes }));
    const synced = await files.sync(file);
    must(synced.status);
    return synced.stamp;
  } finally {
    file.release();
  }
}

/** @throws {Refusal} 409; {FileProblem} */
function memoryOf({ status, errno, memory }: JobResult): ArrayBuffer {
  switch (status) {
    case LandStatus.OK:
      if (memory === null) throw new FileProblem(FileStatus.IO);
      return memory;
    case LandStatus.MISMATCH:
      throw new Refusal(409, 'digest');
    case LandStatus.MISSING:
    case LandStatus.ERROR:
      throw new FileProblem(statusOf(errno));
    default:
      return status satisfies never;
  }
}
