import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode, type FrameOf, NetStatus, NO_RETRY_AFTER, Op, type Place, RateDirection } from '../../daemon/wire/frames.ts';
import { BLOCK, blockFrame, commit, connected, landOpen, landRule, openFile, payload, sha1Of, WRITTEN } from './fixture.ts';
import type { IoProcess } from './io-process.ts';
import { type IoClient } from './io-process.ts';
import { PeerServer } from './peer.ts';
import { useClient } from './setup.ts';

let io: IoProcess;
let server: Server;
let base: string;
let client: IoClient;
let handler: (request: IncomingMessage, response: ServerResponse) => void;
let ports: Set<number>;

useClient(started => ({ io, client } = started));

beforeAll(async () => {
  server = createServer((request, response) => {
    ports.add(request.socket.remotePort ?? 0);
    handler(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  ports = new Set();
});

const FILE = payload(10 * BLOCK + 777);

/** Serves what was asked for, as a server should. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (first === '') response.writeHead(200, { 'content-length': FILE.length }).end(FILE);
  else {
    const body = FILE.subarray(Number(first), Number(last) + 1);
    response
      .writeHead(206, { 'content-range': `bytes ${first}-${last}/${FILE.length}`, 'content-length': body.length })
      .end(body);
  }
}

type Land = FrameOf<typeof Op.HTTP_LAND>;

function land(places: readonly Place[], from = 0, more: Partial<Land> = {}) {
  const frame = {
    op: Op.HTTP_LAND,
    url: `${base}/file`,
    range: true,
    from,
    total: FILE.length,
    silenceMs: 5_000,
    group: 0,
    places,
  };
  return client.ask({ ...frame, ...more }, Op.HTTP_ENDED);
}

let files = 0;
const nameOf = (file: number) => `${file}.bin`;

/** A buffer of that many bytes, for a file of its own. */
async function open(buffer: number, length: number): Promise<Place> {
  files += 1;
  await openFile(client, files, nameOf(files), length);
  landOpen(client, buffer, length, [{ file: files, offset: 0, length }]);
  return { buffer, offset: 0, length };
}

const told = (earlier?: boolean) =>
  client.inbox
    .flatMap(frame => (frame.op === Op.HTTP_LANDED && frame.earlier === (earlier ?? frame.earlier) ? frame.ranges : []))
    .reduce((sum, range) => sum + range.length, 0);

describe('a body that lands', () => {
  it('fills buffers in their order, and no byte of it comes to the client', async () => {
    handler = serve;
    const [a, b] = [await open(1, 4 * BLOCK), await open(2, 3 * BLOCK + 100)];
    await client.sync();
    const before = client.bytesIn;
    expect(await land([a, b], 5_000)).toMatchObject({ net: NetStatus.OK, status: 206, retryAfter: NO_RETRY_AFTER });
    expect(client.bytesIn - before).toBeLessThan(1000);
    expect(told()).toBe(7 * BLOCK + 100);
    const bytes = FILE.subarray(5_000, 5_000 + 7 * BLOCK + 100);
    expect(await commit(client, 1, [sha1Of(bytes.subarray(0, 4 * BLOCK))])).toMatchObject(WRITTEN);
    expect(await commit(client, 2, [sha1Of(bytes.subarray(4 * BLOCK))])).toMatchObject(WRITTEN);
    expect(readFileSync(join(io.root, nameOf(files))).equals(bytes.subarray(4 * BLOCK))).toBe(true);
  });

  it('fills a buffer from several requests, at any offset of a block', async () => {
    handler = serve;
    await open(1, 2 * BLOCK);
    const cut = BLOCK + 1234;
    await land([{ buffer: 1, offset: 0, length: cut }]);
    await land([{ buffer: 1, offset: cut, length: 2 * BLOCK - cut }], cut);
    expect(told()).toBe(2 * BLOCK);
    expect(await commit(client, 1, [sha1Of(FILE.subarray(0, 2 * BLOCK))])).toMatchObject(WRITTEN);
  });

  it('uses a connection again, four at most to an origin', async () => {
    handler = (request, response) => void setTimeout(() => serve(request, response), 20);
    for (let turn = 0; turn < 2; turn++) {
      const places = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(n => open(10 * turn + n, BLOCK)));
      await Promise.all(places.map(place => land([place])));
    }
    expect(ports.size).toBe(4);
  });

  it('asks once more where the server has closed the connection that was kept', async () => {
    const [a, b] = [await open(1, BLOCK), await open(2, BLOCK)];
    handler = serve;
    await land([a]);
    // The reset meets the next request, which the server has not seen.
    handler = (request, response) => {
      if (ports.size === 1) request.socket.destroy();
      else serve(request, response);
    };
    expect(await land([b])).toMatchObject({ net: NetStatus.OK, status: 206 });
    expect(ports.size).toBe(2);
  });

  it('takes the whole file where the whole file was asked for', async () => {
    handler = (_request, response) => response.writeHead(200, { 'content-length': FILE.length }).end(FILE);
    const whole = await open(1, FILE.length);
    expect(await land([whole])).toMatchObject({ net: NetStatus.OK, status: 200 });
    const part = await open(2, BLOCK);
    expect(await land([part])).toMatchObject({ net: NetStatus.MISFIT, status: 0, detail: expect.stringMatching(/whole files/) });
    expect(await land([whole], 0, { range: false })).toMatchObject({ net: NetStatus.OK, status: 200 });
    expect(await land([part], 0, { range: false })).toMatchObject({ net: NetStatus.MISFIT });
  });

  it.each([
    ['another range', { 'content-range': `bytes 1-${BLOCK}/${FILE.length}` }, FILE.subarray(1, BLOCK + 1)],
    ['a longer range', { 'content-range': `bytes 0-${BLOCK}/${FILE.length}` }, FILE.subarray(0, BLOCK + 1)],
    ['a range of another file', { 'content-range': `bytes 0-${BLOCK - 1}/${FILE.length + 1}` }, FILE.subarray(0, BLOCK)],
    ['no range', {}, FILE.subarray(0, BLOCK)],
    ['several ranges', { 'content-type': 'multipart/byteranges; boundary=x' }, FILE.subarray(0, BLOCK)],
    ['gzip', { 'content-range': `bytes 0-${BLOCK - 1}/${FILE.length}`, 'content-encoding': 'gzip' }, FILE.subarray(0, BLOCK)],
    ['another length', { 'content-range': `bytes 0-${BLOCK - 1}/${FILE.length}`, 'content-length': '5' }, FILE.subarray(0, 5)],
  ])('takes nothing of %s', async (_what, headers, body) => {
    handler = (_request, response) => response.writeHead(206, headers).end(body);
    const place = await open(1, BLOCK);
    expect(await land([place])).toMatchObject({ net: NetStatus.MISFIT, status: 0 });
    expect(told()).toBe(0);
  });

  it('ends where a body without a length is too long or too short, and keeps what has landed', async () => {
    const headers = { 'content-range': `bytes 0-${2 * BLOCK - 1}/${FILE.length}` };
    handler = (request, response) => {
      response.writeHead(206, headers).write(FILE.subarray(0, 2 * BLOCK - 100));
      response.end(FILE.subarray(2 * BLOCK - 100, 2 * BLOCK + (request.url === '/long' ? 1 : -1)));
    };
    for (const [buffer, path] of ['/long', '/short'].entries()) {
      const place = await open(buffer + 1, 2 * BLOCK);
      expect(await land([place], 0, { url: base + path })).toMatchObject({ net: NetStatus.MISFIT });
    }
    expect(told()).toBe(3 * BLOCK);
  });

  it('tells what landed before the connection broke, and lets others bring the rest', async () => {
    handler = (_request, response) => {
      const range = `bytes 0-${2 * BLOCK - 1}/${FILE.length}`;
      response.writeHead(206, { 'content-range': range, 'content-length': 2 * BLOCK });
      response.write(FILE.subarray(0, BLOCK + 99), () => response.destroy());
    };
    const place = await open(1, 2 * BLOCK);
    expect(await land([place])).toMatchObject({ net: NetStatus.FAILED });
    expect(told()).toBe(BLOCK);
    const peers = await PeerServer.listen();
    const peer = await connected(client, peers, 1);
    landRule(client, 1, 1, BLOCK, BLOCK);
    await client.sync();
    await peer.send(blockFrame(1, BLOCK, FILE.subarray(BLOCK, 2 * BLOCK)));
    await client.next(Op.LANDED);
    expect(await commit(client, 1, [sha1Of(FILE.subarray(0, 2 * BLOCK))])).toMatchObject(WRITTEN);
    peers.close();
  });

  it('lets a peer bring a block whole of which it had brought a part, and the peer counts', async () => {
    handler = serve;
    await open(1, BLOCK);
    const wrong = payload(BLOCK);
    await land([{ buffer: 1, offset: 0, length: 1000 }], 3 * BLOCK);
    const peers = await PeerServer.listen();
    const peer = await connected(client, peers, 1);
    landRule(client, 1, 1, BLOCK);
    await client.sync();
    await peer.send(blockFrame(1, 0, wrong));
    await client.next(Op.LANDED);
    expect(await commit(client, 1, [sha1Of(wrong)])).toMatchObject(WRITTEN);
    peers.close();
  });

  it('tells apart what another had brought before, which stays', async () => {
    handler = serve;
    await open(1, 3 * BLOCK);
    const wrong = payload(BLOCK);
    const peers = await PeerServer.listen();
    const peer = await connected(client, peers, 1);
    landRule(client, 1, 1, BLOCK, BLOCK);
    await client.sync();
    await peer.send(blockFrame(1, BLOCK, wrong));
    await client.next(Op.LANDED);
    await land([{ buffer: 1, offset: 0, length: 3 * BLOCK }], 0);
    expect([told(true), told(false)]).toEqual([BLOCK, 2 * BLOCK]);
    const mixed = Buffer.concat([FILE.subarray(0, BLOCK), wrong, FILE.subarray(2 * BLOCK, 3 * BLOCK)]);
    expect(await commit(client, 1, [sha1Of(mixed)])).toMatchObject(WRITTEN);
    peers.close();
  });

  it('is given up in silence: before the answer, in its headers, and within its body', async () => {
    const endless = createTcpServer(socket => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 206 Partial Content\r\n');
      const timer = setInterval(() => socket.write(`x-${Math.random()}: 1\r\n`), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>(resolve => endless.listen(0, '127.0.0.1', resolve));
    const address = endless.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
    handler = (request, response) => {
      if (request.url === '/none') return;
      const range = `bytes 0-${2 * BLOCK - 1}/${FILE.length}`;
      response.writeHead(206, { 'content-range': range, 'content-length': 2 * BLOCK }).write(FILE.subarray(0, BLOCK));
    };
    const urls = [`${base}/none`, `${base}/half`, url];
    const places = await Promise.all(urls.map((_, index) => open(index + 1, 2 * BLOCK)));
    const ends = await Promise.all(places.map((place, index) => land([place], 0, { url: urls[index] ?? '', silenceMs: 300 })));
    expect(ends.map(({ net }) => net)).toEqual([NetStatus.TIMEOUT, NetStatus.TIMEOUT, NetStatus.TIMEOUT]);
    expect(told()).toBe(BLOCK);
    endless.close();
  });

  it('may be awaited for as long as a frame can say', async () => {
    handler = (request, response) => void setTimeout(() => serve(request, response), 100);
    const place = await open(1, BLOCK);
    expect(await land([place], 0, { silenceMs: 0xffffffff })).toMatchObject({ net: NetStatus.OK });
  });

  it('reads headers up to a limit', async () => {
    handler = (_request, response) => {
      for (let n = 0; n < 100; n++) response.setHeader(`x-${n}`, 'y'.repeat(1000));
      response.writeHead(206).end();
    };
    expect(await land([await open(1, BLOCK)])).toMatchObject({ net: NetStatus.FAILED, status: 0 });
  });

  it('tells of a refusal when to ask again', async () => {
    const place = await open(1, BLOCK);
    const soon = new Date(Date.now() + 100_000).toUTCString();
    for (const [headers, body, wait] of [
      [{ 'retry-after': '120' }, 'later', 120],
      [{}, '30', 30],
      [{}, 'later', NO_RETRY_AFTER],
    ] as const) {
      handler = (_request, response) => response.writeHead(503, headers).end(body);
      expect(await land([place])).toMatchObject({ net: NetStatus.OK, status: 503, retryAfter: wait });
    }
    handler = (_request, response) => response.writeHead(429, { 'retry-after': soon }).end();
    const { retryAfter } = await land([place]);
    expect(retryAfter).toBeGreaterThan(80);
    expect(retryAfter).toBeLessThanOrEqual(100);
    handler = (_request, response) => response.writeHead(404).end('x'.repeat(1 << 20));
    expect(await land([place])).toMatchObject({ net: NetStatus.OK, status: 404, retryAfter: NO_RETRY_AFTER });
  });

  it('follows redirects with its range, and none to where it may not go', async () => {
    const place = await open(1, BLOCK);
    handler = (request, response) => {
      if (request.url === '/file') response.writeHead(302, { location: '/there' }).end();
      else if (request.url === '/in') response.writeHead(302, { location: 'http://192.168.1.1/' }).end();
      else serve(request, response);
    };
    expect(await land([place])).toMatchObject({ net: NetStatus.OK, status: 206 });
    expect(await land([place], 0, { url: `${base}/in` })).toMatchObject({ net: NetStatus.REFUSED_BY_GUARD });
    expect(await land([place], 0, { url: 'http://10.0.0.1/' })).toMatchObject({ net: NetStatus.REFUSED_BY_GUARD });
  });

  it('keeps to the rate of its group, however silent it is meanwhile', async () => {
    handler = serve;
    client.send({ op: Op.RATE_GROUP, id: 0, group: 1, parent: 0, direction: RateDirection.READ, rate: 100_000 });
    const started = performance.now();
    expect(await land([await open(1, 10 * BLOCK)], 0, { group: 1, silenceMs: 300 })).toMatchObject({ net: NetStatus.OK });
    const after = await land([await open(2, BLOCK)], 0, { group: 1 });
    expect(after).toMatchObject({ net: NetStatus.OK });
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('is called off, and its connection with it', async () => {
    const gone = new Promise<void>(resolve => {
      handler = (request, response) => {
        const range = `bytes 0-${2 * BLOCK - 1}/${FILE.length}`;
        response.writeHead(206, { 'content-range': range, 'content-length': 2 * BLOCK }).write(FILE.subarray(0, BLOCK));
        request.socket.on('close', () => resolve());
      };
    });
    const places = [await open(1, 2 * BLOCK)];
    const frame = {
      op: Op.HTTP_LAND,
      url: base,
      range: true,
      from: 0,
      total: FILE.length,
      silenceMs: 5_000,
      group: 0,
      places,
    } as const;
    const id = client.request(frame);
    await client.next(Op.HTTP_LANDED);
    client.send({ op: Op.HTTP_CANCEL, id });
    expect(await client.next(Op.HTTP_ENDED)).toMatchObject({ id, net: NetStatus.CANCELLED });
    await gone;
  });

  it('ends with its buffer: what comes then goes nowhere', async () => {
    handler = serve;
    const place = await open(1, 2 * BLOCK);
    client.send({ op: Op.LAND_DROP, id: 0, buffer: 1 });
    expect(await client.ask({ ...land0(place) }, Op.ERROR)).toMatchObject({ code: ErrorCode.NO_SUCH_BUFFER });
    const again = await open(2, 2 * BLOCK);
    handler = (request, response) => {
      client.send({ op: Op.LAND_DROP, id: 0, buffer: 2 });
      void client.sync().then(() => serve(request, response));
    };
    expect(await land([again])).toMatchObject({ net: NetStatus.OK });
    expect(told()).toBe(0);
  });

  it.each([
    ['no place', [], 0, ErrorCode.BAD_STATE],
    ['an empty one', [{ buffer: 1, offset: 0, length: 0 }], 0, ErrorCode.BAD_STATE],
    ['more than the file', [{ buffer: 1, offset: 0, length: BLOCK }], FILE.length, ErrorCode.BAD_STATE],
    ['more than 64 MiB', Array.from({ length: 5 }, () => ({ buffer: 1, offset: 0, length: 16 << 20 })), 0, ErrorCode.LIMIT],
  ])('is refused with %s', async (_what, places, from, code) => {
    await open(1, BLOCK);
    const total = places.length > 1 ? 2 ** 40 : FILE.length;
    const frame = { op: Op.HTTP_LAND, url: base, range: true, from, total, silenceMs: 5_000, group: 0, places } as const;
    expect(await client.ask(frame, Op.ERROR)).toMatchObject({ code });
  });
});

function land0(place: Place) {
  const places = [place];
  return { op: Op.HTTP_LAND, url: base, range: true, from: 0, total: FILE.length, silenceMs: 5_000, group: 0, places } as const;
}
