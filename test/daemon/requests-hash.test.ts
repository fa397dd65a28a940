/** `/hash` with bodies that are long, or left: what is held of them, and that it is given back. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HashPool } from '../../daemon/io/hash-pool.ts';
import { HttpIn } from '../../daemon/io/http-in.ts';
import type { Job, JobResult } from '../../daemon/io/jobs.ts';
import { log } from '../../daemon/io/log.ts';
import { createServices } from '../../daemon/io/services.ts';
import { LandStatus, Op } from '../../daemon/wire/frames.ts';
import { until } from '../peers/wait.ts';
import { payload } from './fixture.ts';
import { IoProcess, ORIGIN } from './io-process.ts';
import { Asker, jsonOf, Raw } from './requests.ts';

const MiB = 1 << 20;
const SOON = 100;
/** A chunk that each of them left behind would be more than the process may have grown by. */
const ROUNDS = 160;
const PATIENT = { timeout: 15_000, interval: 10 };

let io: IoProcess;

beforeAll(async () => {
  io = await IoProcess.start();
});
afterAll(() => io.stop());

it('a body waits unread while a chunk of it is hashed, and is not cut off for that', async () => {
  const jobs: [job: Job, done: (result: JobResult) => void][] = [];
  const pin = () => (job: Job) => new Promise<JobResult>(done => jobs.push([job, done]));
  const services = { ...createServices('test', [], log), pool: { pin } as unknown as HashPool };
  const requests = new HttpIn({ refusal: () => '', holdsTicket: () => true }, services, () => null, { stall: SOON, pace: SOON });
  const server: Server = createServer({ requestTimeout: 0 }, (request, response) => void requests.answer(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const length = 64 * MiB;
  const body = new Raw(port, 'POST', '/hash/sha1', { authorization: 'Bearer ticket', 'content-length': String(length) });
  body.socket.write(Buffer.alloc(length));
  await until('a chunk', () => jobs.length === 1);
  await new Promise(resolve => setTimeout(resolve, 5 * SOON));
  expect([body.isClosed, jobs.length]).toEqual([false, 1]);
  expect(body.socket.writableLength).toBeGreaterThan(length / 2);
  // Who sent it goes away meanwhile: the thread is told once it is through with what it has.
  await body.end();
  let hasEnded = false;
  const answer = (): void => {
    for (const [job, done] of jobs.splice(0)) {
      if (job.kind !== 'hash') return expect.unreachable();
      hasEnded ||= job.isLast;
      done({ status: LandStatus.OK, errno: '', blocks: new Uint8Array(), memory: job.memory });
    }
  };
  await until('its end', () => (answer(), hasEnded && !requests.isBusy));
  server.close();
});

it('a body that is hashed and left in the middle gives everything back', async () => {
  const page = new Asker(io, await io.admit());
  const watcher = await io.connect(page.ticket);
  const stats = async () => (await watcher.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats;
  const headers = { origin: ORIGIN, authorization: `Bearer ${page.ticket}`, 'content-length': String(64 * MiB) };
  const sent = payload(MiB + 1_000);
  const before = await stats();
  for (let round = 0; round < ROUNDS; round++) {
    const left = new Raw(io.port, 'POST', '/hash/sha256', headers);
    left.socket.write(sent);
    await expect.poll(() => left.socket.writableLength, PATIENT).toBe(0);
    await left.end();
  }
  const whole = payload(3 * MiB);
  const answer = await page.post('/hash/sha256', { 'content-length': undefined, 'transfer-encoding': 'chunked' }, whole);
  expect(jsonOf(answer)).toEqual({ digest: createHash('sha256').update(whole).digest('hex') });
  await expect.poll(async () => (await stats()).hashing, PATIENT).toBe(0);
  expect((await stats()).rss - before.rss).toBeLessThan(64 * MiB);
  await watcher.close();
});
