import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GRANTS } from '../../daemon/io/limits.ts';
import { StreamGrants } from '../../daemon/io/stream-grants.ts';
import { ErrorCode, FileStatus, Op } from '../../daemon/wire/frames.ts';
import { type IoClient, IoProcess, ORIGIN, ROOT } from './io-process.ts';

const SIZE = 100_000;
const OTHER = 'https://app.example';
const content = randomBytes(SIZE);

let io: IoProcess;
let client: IoClient;
let ticket = '';

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'starling-grants-'));
  writeFileSync(join(root, 'film'), content);
  writeFileSync(join(root, 'song'), content);
  io = await IoProcess.start({ root });
});

afterAll(() => io.stop());

beforeEach(async () => {
  ticket = await io.admit();
  client = await io.connect(ticket);
  for (const [file, name] of [
    [7, 'film'],
    [8, 'song'],
  ] as const) {
    const opened = await client.ask(
      { op: Op.FILE_OPEN, file, root: ROOT, components: [name], size: SIZE, create: false, allocate: false },
      Op.FILE_OPENED,
    );
    expect(opened.status).toBe(FileStatus.OK);
  }
});

afterEach(() => client.close());

async function grant(number: number, file = 7, origin = OTHER): Promise<string> {
  return (await client.ask({ op: Op.STREAM_GRANT, grant: number, file, origin }, Op.STREAM_GRANTED)).secret;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
}

function ask(secret: string, origin = OTHER, path = '/stream/7', method = 'GET'): Promise<Answer> {
  const headers = { origin, ...(secret === '' ? {} : { authorization: `Bearer ${secret}` }) };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: io.port, path, method, headers, agent: false }, body => {
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function statusOf(...asked: Parameters<typeof ask>): Promise<number> {
  const { status, body } = await ask(...asked);
  body.destroy();
  return status;
}

async function bytesOf({ body }: Answer): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('a grant', () => {
  it('lets a page of its origin read its one file, and hears of the engine as any reader does', async () => {
    const secret = await grant(1);
    const answer = await ask(secret);
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, OTHER]);
    const { stream } = await client.next(Op.STREAM_WANT);
    client.send({ op: Op.STREAM_HAVE, id: 0, stream, offset: 0, length: SIZE });
    expect((await bytesOf(answer)).equals(content)).toBe(true);
    // It is good again: who seeks asks anew.
    expect(await statusOf(secret, OTHER, '/stream/7', 'HEAD')).toBe(200);
    const may = await ask('', OTHER, '/stream/7', 'OPTIONS');
    expect([may.status, may.headers['access-control-allow-headers']]).toEqual([204, 'authorization, range']);
  });

  it('opens nothing else: no other file, origin, route or door, and the ticket nothing from there', async () => {
    const secret = await grant(1);
    const ours = await grant(2, 7, ORIGIN);
    expect(await statusOf(secret, OTHER, '/stream/8')).toBe(401);
    expect(await statusOf(secret, ORIGIN)).toBe(401);
    expect(await statusOf(ours, OTHER)).toBe(401);
    expect(await statusOf(ours, ORIGIN, '/control/ping')).toBe(401);
    expect(await statusOf(secret, 'https://app.example.evil')).toBe(403);
    expect(await statusOf(secret, OTHER, '/control/ping')).toBe(403);
    expect(await statusOf(secret, OTHER, `/files/list/${ROOT}`)).toBe(403);
    expect(await statusOf(ticket, OTHER)).toBe(401);
    expect(await statusOf(ticket, OTHER, '/control/ping')).toBe(403);
    expect(await statusOf(ours, ORIGIN, '/stream/7', 'HEAD')).toBe(200);
  });

  it('that is taken back cuts what it began, and lets nobody in any more', async () => {
    const secret = await grant(1);
    const answer = await ask(secret);
    await client.next(Op.STREAM_WANT);
    client.send({ op: Op.STREAM_REVOKE, id: 0, grant: 1 });
    await expect(bytesOf(answer)).rejects.toThrow();
    expect(await client.next(Op.STREAM_WANT)).toMatchObject({ file: 7, length: 0 });
    expect(await statusOf(secret)).toBe(403);
    expect(await statusOf(ticket, ORIGIN, '/stream/7', 'HEAD')).toBe(200);
  });

  it('ends with the connection that made it', async () => {
    const secret = await grant(1);
    const answer = await ask(secret);
    await Promise.all([expect(bytesOf(answer)).rejects.toThrow(), client.close()]);
    await expect.poll(() => statusOf(secret)).toBe(403);
    client = await io.connect(ticket);
    expect(await statusOf(secret)).toBe(403);
  });

  it('is refused for what is no origin, for a number that is taken, and beyond a count', async () => {
    await grant(1);
    for (const origin of ['', 'null', '*', 'app.example', 'https://a b']) {
      expect(await client.ask({ op: Op.STREAM_GRANT, grant: 2, file: 7, origin }, Op.ERROR)).toMatchObject({
        code: ErrorCode.BAD_STATE,
      });
    }
    const taken = await client.ask({ op: Op.STREAM_GRANT, grant: 1, file: 7, origin: OTHER }, Op.ERROR);
    expect(taken.code).toBe(ErrorCode.BAD_STATE);
    for (let number = 2; number <= GRANTS; number++) await grant(number);
    const over = await client.ask({ op: Op.STREAM_GRANT, grant: GRANTS + 1, file: 7, origin: OTHER }, Op.ERROR);
    expect(over.code).toBe(ErrorCode.LIMIT);
    client.send({ op: Op.STREAM_REVOKE, id: 0, grant: 5 });
    expect(await grant(GRANTS + 1)).toHaveLength(43);
  });

  it('is good to begin with for half a minute', () => {
    let now = 0;
    let secret = '';
    const grants = new StreamGrants(() => now);
    grants.grant({ op: Op.STREAM_GRANT, id: 1, grant: 1, file: 7, origin: OTHER }, given => (secret = given));
    now = 29_999;
    expect([grants.knows(OTHER), grants.find(OTHER, secret, '7') !== null]).toEqual([true, true]);
    now = 30_000;
    expect([grants.knows(OTHER), grants.find(OTHER, secret, '7')]).toEqual([false, null]);
  });
});
