import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HashPool } from '../../daemon/io/hash-pool.ts';
import type { Job, JobResult } from '../../daemon/io/jobs.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { type Opened, SharedFile } from '../../daemon/io/shared-file.ts';
import { FileStatus, LandStatus } from '../../daemon/wire/frames.ts';
import { sha1Of } from './fixture.ts';

const MiB = 1 << 20;
const PIECE = 8 * MiB;
const bytes = new Uint8Array(PIECE);
const turn = () => new Promise(resolve => setImmediate(resolve));
const digests = [sha1Of(bytes)];

/** A pool whose threads answer when the test says so. */
function setUp() {
  const jobs: { job: Job; done: (result: JobResult) => void }[] = [];
  const pool: Pick<HashPool, 'run' | 'reach'> = { reach: 4, run: job => new Promise(done => jobs.push({ job, done })) };
  const landing = new Landing(pool as HashPool, new MemoryPool());
  const pressure: boolean[] = [];
  landing.onPressure = () => pressure.push(landing.isFull);
  const results: (LandStatus | null)[] = [];
  const fill = (buffer: number) => {
    expect(landing.open(buffer, PIECE, new Uint8Array(), [])).toBe(true);
    expect(landing.put(buffer, 0, bytes)).toBe(true);
  };
  const commit = (buffer: number) => landing.commit(buffer, digests, false, result => results.push(result?.status ?? null));
  /** Lets the oldest job end. */
  const finish = async (status: LandStatus, keepsMemory = true) => {
    await new Promise(resolve => setImmediate(resolve));
    const { job, done } = jobs.shift() ?? expect.unreachable();
    const memory = keepsMemory && job.kind === 'commit' ? job.memory : null;
    done({ status, errno: status === LandStatus.ERROR ? 'EIO' : '', blocks: new Uint8Array(), memory });
    await new Promise(resolve => setImmediate(resolve));
  };
  return { landing, pressure, results, fill, commit, finish };
}

describe('landing under pressure', () => {
  it('rests while too much is committed and not written, and goes on once it is', async () => {
    const { landing, pressure, fill, commit, finish } = setUp();
    for (let buffer = 1; buffer <= 4; buffer++) {
      fill(buffer);
      commit(buffer);
    }
    await turn();
    // Every thread is to have something to do, however long the pieces.
    expect(landing.isFull).toBe(false);
    fill(5);
    commit(5);
    await turn();
    expect(landing.isFull).toBe(true);
    expect(landing.queued).toBe(5 * PIECE);
    await finish(LandStatus.OK);
    expect(landing.isFull).toBe(false);
    expect(pressure).toEqual([true, false]);
    expect(landing.used).toBe(4 * PIECE);
  });

  it('does not wait for memory that only more bytes can finish', async () => {
    const { landing, fill, commit } = setUp();
    for (let buffer = 1; buffer <= 14; buffer++) fill(buffer);
    expect(landing.used).toBeGreaterThan(96 * MiB);
    expect(landing.isFull).toBe(false);
    commit(1);
    await turn();
    expect(landing.isFull).toBe(true);
  });

  it('rests while too much waits to be written for buffers in their files', async () => {
    const { landing } = setUp();
    const path = join(mkdtempSync(join(tmpdir(), 'starling-backed-')), 'file');
    const fd = openSync(path, 'w+');
    const opened: Opened = { status: FileStatus.OK, fd, inode: '1' };
    const file = new SharedFile('', [], 16 * MiB, Promise.resolve(opened), () => undefined);
    await file.ready();
    expect(landing.open(1, 16 * MiB, new Uint8Array(), [{ file, offset: 0, length: 16 * MiB }])).toBe(true);
    for (let at = 0; at < 8; at++) landing.put(1, at * MiB, new Uint8Array(MiB).fill(at));
    expect(landing.isFull).toBe(false);
    landing.put(1, 8 * MiB, new Uint8Array(MiB).fill(8));
    expect(landing.isFull).toBe(true);
    await expect.poll(() => landing.queued).toBe(0);
    expect(landing.isFull).toBe(false);
    expect(landing.used).toBe(0);
    const bytes = readFileSync(path);
    expect(Array.from({ length: 9 }, (_, at) => bytes[at * MiB + 5])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    closeSync(fd);
    rmSync(path);
  });

  it('opens no more than can be held', () => {
    const { landing } = setUp();
    for (let buffer = 1; buffer <= 32; buffer++) expect(landing.open(buffer, 8 * MiB, new Uint8Array(), [])).toBe(true);
    expect(landing.open(33, 1, new Uint8Array(), [])).toBe(false);
    landing.drop(1);
    expect(landing.open(33, 1, new Uint8Array(), [])).toBe(true);
  });

  it('waits for the running commits to settle, and drops what was dropped meanwhile', async () => {
    const { landing, results, fill, commit, finish } = setUp();
    fill(1);
    commit(1);
    commit(1);
    await turn();
    landing.drop(1);
    let isSettled = false;
    const settled = landing.settled().then(() => (isSettled = true));
    await new Promise(resolve => setImmediate(resolve));
    expect(isSettled).toBe(false);
    await finish(LandStatus.OK);
    await settled;
    expect(results).toEqual([LandStatus.MISSING, LandStatus.OK]);
    expect(landing.has(1)).toBe(false);
    expect(landing.used).toBe(0);
  });

  it('holds nothing of what may come again: it did not match, or was not written', async () => {
    const { landing, fill, commit, finish } = setUp();
    const whole = { buffer: 1, offset: 0, length: PIECE };
    fill(1);
    commit(1);
    expect([landing.holds(whole), landing.list()[0]]).toMatchObject([true, { state: 'committing', ranges: [] }]);
    await finish(LandStatus.MISMATCH);
    expect([landing.holds(whole), landing.list()[0]]).toMatchObject([false, { state: 'mismatch', ranges: [] }]);
    commit(1);
    await finish(LandStatus.ERROR);
    expect([landing.holds(whole), landing.list()[0]]).toMatchObject([
      false,
      { state: 'error', ranges: [{ offset: 0, length: PIECE }] },
    ]);
    commit(1);
    await finish(LandStatus.OK);
    expect(landing.holds(whole)).toBe(true);
  });

  it('takes bytes anew that were lost with the thread that had them', async () => {
    const { landing, results, fill, commit, finish } = setUp();
    fill(1);
    commit(1);
    await finish(LandStatus.ERROR, false);
    expect(landing.list()).toMatchObject([{ state: 'error', ranges: [] }]);
    commit(1);
    expect(results).toEqual([LandStatus.ERROR]);
    expect(landing.used).toBe(0);
    landing.put(1, 0, bytes);
    await finish(LandStatus.OK);
    expect(results).toEqual([LandStatus.ERROR, LandStatus.OK]);
  });
});
