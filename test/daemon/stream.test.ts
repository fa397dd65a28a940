import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { FileStatus, Op } from '../../daemon/wire/frames.ts';
import { readRange } from '../../daemon/wire/byte-range.ts';
import { type IoClient, IoProcess, ORIGIN, ROOT } from './io-process.ts';

const MiB = 1 << 20;
const SIZE = 6 * MiB + 11;

let io: IoProcess;
let client: IoClient;
let ticket = '';
const content = randomBytes(SIZE);

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'starling-stream-'));
  writeFileSync(join(root, 'film'), content);
  io = await IoProcess.start({ root });
});

afterAll(() => io.stop());

beforeEach(async () => {
  ticket = await io.admit();
  client = await io.connect(ticket);
  const opened = await client.ask(
    { op: Op.FILE_OPEN, file: 7, root: ROOT, components: ['film'], size: SIZE, create: false, allocate: false },
    Op.FILE_OPENED,
  );
  expect(opened.status).toBe(FileStatus.OK);
});

afterEach(() => client.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
}

type Headers = Readonly<Record<string, string | undefined>>;

function ask(headers: Headers = {}, path = '/stream/7', method = 'GET'): Promise<Answer> {
  const all = { origin: ORIGIN, authorization: `Bearer ${ticket}`, ...headers };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>;
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: io.port, path, method, headers: given, agent: false }, body => {
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function bytesOf({ body }: Answer): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Says yes to whatever the next reader wants. */
async function allow(): Promise<void> {
  const { stream, offset, length } = await client.next(Op.STREAM_WANT);
  client.send({ op: Op.STREAM_HAVE, id: 0, stream, offset, length });
}

describe('a range', () => {
  it.each([
    ['bytes=0-', 10, { from: 0, to: 10 }],
    ['bytes=3-5', 10, { from: 3, to: 6 }],
    ['bytes=3-500', 10, { from: 3, to: 10 }],
    ['bytes=-4', 10, { from: 6, to: 10 }],
    ['bytes=-40', 10, { from: 0, to: 10 }],
    ['bytes=9-9', 10, { from: 9, to: 10 }],
    ['bytes=10-', 10, 'beyond'],
    ['bytes=9007199254740993-', 10, 'beyond'],
    ['bytes=-0', 10, 'beyond'],
    ['bytes=0-0', 0, 'beyond'],
    ['bytes=5-3', 10, 'whole'],
    ['bytes=0-1,4-5', 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['bytes=0x1-', 10, 'whole'],
    ['lines=0-1', 10, 'whole'],
    ['bytes=99999999999999999999-', 10, 'whole'],
    [undefined, 10, 'whole'],
  ] as const)('%s of %d bytes', (header, size, expected) => {
    expect(readRange(header, size)).toEqual(expected);
  });
});

describe('/stream of the io-daemon', () => {
  it('sends a file as far as the engine says that it is there, and waits for the rest', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-length': String(SIZE),
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': ORIGIN,
    });
    const want = await client.next(Op.STREAM_WANT);
    expect(want).toMatchObject({ file: 7, offset: 0, length: SIZE });
    const got: Buffer[] = [];
    let bytes = 0;
    answer.body.on('data', (part: Buffer) => {
      got.push(part);
      bytes += part.length;
    });
    const have = (offset: number, length: number) =>
      client.send({ op: Op.STREAM_HAVE, id: 0, stream: want.stream, offset, length });
    // What lies behind a gap does not count.
    have(3 * MiB, MiB);
    have(0, 2 * MiB + 5);
    // The engine hears where the reader stands as it goes on.
    expect(await client.next(Op.STREAM_WANT)).toMatchObject({ stream: want.stream, offset: MiB, length: SIZE - MiB });
    await expect.poll(() => bytes).toBe(2 * MiB + 5);
    await client.sync();
    expect(bytes).toBe(2 * MiB + 5);
    have(MiB, SIZE);
    await expect.poll(() => bytes).toBe(SIZE);
    expect(Buffer.concat(got).equals(content)).toBe(true);
    // All was known: nothing is to be taken back.
    await client.sync();
    expect(client.inbox.some(frame => frame.op === Op.STREAM_WANT && frame.length === 0)).toBe(false);
  });

  it('sends ranges from either end', async () => {
    for (const [header, from, to] of [
      ['bytes=100-199', 100, 200],
      ['bytes=6291456-', 6 * MiB, SIZE],
      ['bytes=-300', SIZE - 300, SIZE],
    ] as const) {
      const [answer] = await Promise.all([ask({ range: header }), allow()]);
      expect(answer.status).toBe(206);
      expect(answer.headers['content-range']).toBe(`bytes ${from}-${to - 1}/${SIZE}`);
      expect((await bytesOf(answer)).equals(content.subarray(from, to))).toBe(true);
    }
  });

  it('answers HEAD without asking for anything, and a range beyond the end with its length', async () => {
    const head = await ask({ range: 'bytes=5-9' }, '/stream/7', 'HEAD');
    expect([head.status, head.headers['content-length'], head.headers['content-range']]).toEqual([206, '5', `bytes 5-9/${SIZE}`]);
    const beyond = await ask({ range: `bytes=${SIZE}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${SIZE}`]);
    const conditional = await ask({ range: 'bytes=5-9', 'if-range': '"x"' }, '/stream/7', 'HEAD');
    expect([conditional.status, conditional.headers['content-length']]).toEqual([200, String(SIZE)]);
    await client.sync();
    expect(client.inbox).toEqual([]);
  });

  it('lets in the one page with the one ticket', async () => {
    expect((await ask({ origin: 'http://evil.com' })).status).toBe(403);
    expect((await ask({ origin: 'null' })).status).toBe(403);
    expect((await ask({ origin: undefined })).status).toBe(403);
    expect((await ask({ host: `localhost:${io.port}` })).status).toBe(403);
    expect((await ask({ origin: 'http://evil.com' })).headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask({ authorization: undefined })).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${ticket}x` })).status).toBe(401);
    expect((await ask({ authorization: undefined }, `/stream/7?ticket=${ticket}`)).status).toBe(404);
    expect((await ask({}, '/stream/8')).status).toBe(404);
    expect((await ask({}, '/stream/../7')).status).toBe(404);
    expect((await ask({}, '/stream/7', 'PUT')).status).toBe(405);
    expect((await ask({ 'content-length': '0' })).status).toBe(400);
  });

  it('tells a browser beforehand what it may ask', async () => {
    const answer = await ask({ authorization: undefined, 'access-control-request-method': 'GET' }, '/stream/7', 'OPTIONS');
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'authorization, range',
    });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('takes its want back when the reader goes away', async () => {
    const { body } = await ask();
    const { stream } = await client.next(Op.STREAM_WANT);
    body.destroy();
    expect(await client.next(Op.STREAM_WANT)).toMatchObject({ stream, file: 7, length: 0 });
  });

  it('ends an answer early when nothing more will come, and with the connection', async () => {
    const first = await ask();
    const { stream } = await client.next(Op.STREAM_WANT);
    client.send({ op: Op.STREAM_HAVE, id: 0, stream, offset: 0, length: 0 });
    await expect(bytesOf(first)).rejects.toThrow();
    const second = await ask();
    await Promise.all([expect(bytesOf(second)).rejects.toThrow(), client.close()]);
    expect((await ask()).status).toBe(404);
    client = await io.connect(ticket);
  });

  it('has a limit on answers at once', async () => {
    const open: Answer[] = [];
    for (let at = 0; at < 16; at++) open.push(await ask());
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
    expect((await ask()).status).toBe(503);
    open[0]?.body.destroy();
    await expect.poll(async () => (await ask({}, '/stream/7', 'HEAD')).status).toBe(200);
    for (const { body } of open) body.destroy();
  });

  it('holds little for a reader that does not read', async () => {
    const before = (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.rss;
    const answers: Answer[] = [];
    for (let at = 0; at < 12; at++) {
      const [answer] = await Promise.all([ask(), allow()]);
      answer.body.pause();
      answers.push(answer);
    }
    await client.sync();
    const after = (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.rss;
    // 12 files of 6 MiB would be 72; each holds a chunk and what its socket takes.
    expect(after - before).toBeLessThan(40 * MiB);
    for (const { body } of answers) body.destroy();
  });

  it('reads on in a file that the engine has closed meanwhile', async () => {
    const answer = await ask();
    const { stream } = await client.next(Op.STREAM_WANT);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 7 });
    client.send({ op: Op.STREAM_HAVE, id: 0, stream, offset: 0, length: SIZE });
    expect((await bytesOf(answer)).equals(content)).toBe(true);
    expect(
      await new Promise(resolve =>
        get(
          { port: io.port, host: '127.0.0.1', path: '/stream/7', headers: { origin: ORIGIN, authorization: `Bearer ${ticket}` } },
          ({ statusCode }) => resolve(statusCode),
        ),
      ),
    ).toBe(404);
  });
});
