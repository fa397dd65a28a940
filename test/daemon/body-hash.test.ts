/** A digest of what comes in parts: the same however it is cut, one chunk at a time, and forgotten where it ends too early. */
import { createHash, type Hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyHash } from '../../daemon/io/body-hash.ts';
import type { HashJob, Job, JobResult } from '../../daemon/io/jobs.ts';
import { Digest, FileStatus, LandStatus } from '../../daemon/wire/frames.ts';
import { payload } from './fixture.ts';

const MiB = 1 << 20;

/** A thread that hashes when it is told to, at once where it is not asked to wait. */
function setUp({ waits = false }: { waits?: boolean } = {}) {
  const streams = new Map<number, Hash>();
  const jobs: HashJob[] = [];
  const go: (() => void)[] = [];
  const work = ({ stream, memory, length, isLast }: HashJob): JobResult => {
    const hash = streams.get(stream) ?? createHash('sha1');
    streams.set(stream, hash);
    hash.update(new Uint8Array(memory, 0, length));
    if (isLast) streams.delete(stream);
    return {
      status: LandStatus.OK,
      errno: '',
      blocks: isLast ? hash.digest() : new Uint8Array(),
      memory: structuredClone(memory, { transfer: [memory] }),
    };
  };
  const run = async (job: Job): Promise<JobResult> => {
    if (job.kind !== 'hash') return expect.unreachable();
    jobs.push(job);
    if (waits) await new Promise<void>(resolve => go.push(resolve));
    return work(job);
  };
  return { pool: { pin: () => run }, streams, jobs, go };
}

describe('a digest of parts', () => {
  it('is that of the whole, however it is cut, and no job is longer than a chunk', async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom(MiB - 1, MiB, MiB + 1, 2 * MiB));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 6 }), fc.boolean(), async (sizes, isKnown) => {
        const parts = sizes.map(payload);
        const whole = Buffer.concat(parts);
        const { pool, streams, jobs } = setUp();
        const hashing = new BodyHash(pool, Digest.SHA1, isKnown ? whole.length : 2 ** 36);
        for (const part of parts) await hashing.update(part);
        expect(await hashing.digest()).toEqual(createHash('sha1').update(whole).digest());
        hashing.end();
        expect(streams.size).toBe(0);
        expect(jobs.every(({ length }) => length <= MiB)).toBe(true);
        expect(jobs.filter(({ isLast }) => isLast)).toHaveLength(1);
      }),
      { numRuns: 40 },
    );
  });

  it('takes no more before its thread is through with a chunk', async () => {
    const { pool, jobs, go } = setUp({ waits: true });
    const hashing = new BodyHash(pool, Digest.SHA1, 2 ** 36);
    let isTaken = false;
    const taken = hashing.update(new Uint8Array(2 * MiB)).then(() => (isTaken = true));
    for (let chunk = 1; chunk <= 2; chunk++) {
      await new Promise(resolve => setImmediate(resolve));
      expect([jobs.length, isTaken]).toEqual([chunk, false]);
      go.shift()?.();
    }
    await taken;
  });

  it('that nobody waits for any more is forgotten by its thread', async () => {
    const { pool, streams, jobs } = setUp();
    const hashing = new BodyHash(pool, Digest.SHA1, 2 ** 36);
    await hashing.update(new Uint8Array(MiB + 5));
    expect(streams.size).toBe(1);
    hashing.end();
    expect(jobs.map(({ length, isLast }) => [length, isLast])).toEqual([
      [MiB, false],
      [0, true],
    ]);
    expect(streams.size).toBe(0);
  });

  it('fails with its thread', async () => {
    const gone = { status: LandStatus.ERROR, errno: 'EIO', blocks: new Uint8Array(), memory: null };
    const hashing = new BodyHash({ pin: () => () => Promise.resolve(gone) }, Digest.SHA256, MiB);
    await expect(hashing.update(new Uint8Array(MiB))).rejects.toMatchObject({ status: FileStatus.IO });
    hashing.end();
  });
});
