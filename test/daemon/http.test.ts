import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { HashPool } from '../../daemon/io/hash-pool.ts';
import { HttpOut } from '../../daemon/io/http-out.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { PROCESS_TIME } from '../../daemon/io/process-time.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { type Frame, NetStatus, Op } from '../../daemon/wire/frames.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { useClient } from './setup.ts';

let strict: IoProcess;
let client: IoClient;
let server: Server;
let base: string;
let handler: RequestListener = (_request, response) => response.end();

useClient(started => ({ client } = started));

beforeAll(async () => {
  strict = await IoProcess.start({ allow: [] });
  server = createServer((request, response) => handler(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await strict.stop();
});

const request = (url: string, more: { headers?: Record<string, string>; maxBytes?: number; timeoutMs?: number } = {}) => ({
  op: Op.HTTP_GET,
  request: { url, family: 0 as const, headers: {}, maxBytes: 1 << 20, timeoutMs: 10_000, ...more },
});

const into = (told: Frame[]) => ({ push: (frame: Frame) => void told.push(frame), later: (tell: () => void) => tell() });
const get = (url: string, more = {}) => client.ask(request(url, more), Op.HTTP_RESULT);

describe('HTTP out', () => {
  it('gets, with the headers asked for and none that are not to be set', async () => {
    let seen: Record<string, unknown> = {};
    handler = (incoming, response) => {
      seen = incoming.headers;
      response.writeHead(203).end(`you asked for ${incoming.url}`);
    };
    const answer = await get(`${base}/announce?info_hash=%12%ff`, {
      headers: { 'User-Agent': 'me', Range: 'bytes=0-', Host: 'evil.com', 'Accept-Encoding': 'gzip', Cookie: 'x' },
    });
    expect(answer).toMatchObject({ net: NetStatus.OK, status: 203 });
    expect(Buffer.from(answer.body).toString()).toBe('you asked for /announce?info_hash=%12%ff');
    expect(seen).toMatchObject({ 'user-agent': 'me', range: 'bytes=0-', 'accept-encoding': 'identity', host: base.slice(7) });
    expect(seen).not.toHaveProperty('cookie');
  });

  it('hands errors of the far end on as answers', async () => {
    handler = (_incoming, response) => response.writeHead(500).end('broken');
    expect(await get(base)).toMatchObject({ net: NetStatus.OK, status: 500 });
  });

  it('follows five redirects and no sixth', async () => {
    handler = (incoming, response) => {
      const hop = Number(incoming.url?.slice(1));
      if (hop === 0) response.end('there');
      else response.writeHead(302, { location: `/${hop - 1}` }).end();
    };
    expect(await get(`${base}/5`)).toMatchObject({ net: NetStatus.OK, status: 200, body: new Uint8Array(Buffer.from('there')) });
    expect(await get(`${base}/6`)).toMatchObject({ net: NetStatus.FAILED, status: 0 });
  });

  it.each([
    'http://10.0.0.1/',
    'http://169.254.169.254/latest',
    'http://[::1]/',
    'http://192.168.1.1/',
    'file:///etc/passwd',
    'ftp://x/',
  ])('is not led to %s by a redirect, nor sent there', async location => {
    handler = (_incoming, response) => response.writeHead(302, { location }).end();
    expect(await get(base)).toMatchObject({ net: NetStatus.REFUSED_BY_GUARD, status: 0 });
    expect(await get(location)).toMatchObject({ net: NetStatus.REFUSED_BY_GUARD, status: 0 });
  });

  it.each(['http://127.1/', 'http://0x7f.1/', 'http://2130706433/', 'http://0/', 'http://localhost/', 'http://[::ffff:7f00:1]/'])(
    'reaches nothing of this machine as %s',
    async url => {
      const other = await strict.connect();
      expect(await other.ask(request(url), Op.HTTP_RESULT)).toMatchObject({ net: NetStatus.REFUSED_BY_GUARD });
      await other.close();
    },
  );

  it('takes no more bytes than asked for, announced or not', async () => {
    handler = (incoming, response) => {
      if (incoming.url === '/announced') response.writeHead(200, { 'content-length': '1001' });
      response.write(Buffer.alloc(500));
      response.end(Buffer.alloc(501));
    };
    for (const path of ['/announced', '/chunked']) {
      expect(await get(base + path, { maxBytes: 1000 })).toMatchObject({ net: NetStatus.TOO_LARGE });
      expect((await get(base + path, { maxBytes: 1001 })).body.length).toBe(1001);
    }
  });

  it('brings a long body in parts, and none over ten million bytes', async () => {
    const body = Buffer.alloc(10_000_000, 'abcdefg');
    handler = (incoming, response) => response.end(incoming.url === '/more' ? Buffer.concat([body, body]) : body);
    const { id, body: last } = await get(base, { maxBytes: 1e9 });
    const parts = client.inbox.flatMap(frame => (frame.op === Op.HTTP_BODY && frame.request === id ? [frame.bytes] : []));
    expect(parts).toHaveLength(9);
    expect(Buffer.concat([...parts, last]).equals(body)).toBe(true);
    expect(await get(`${base}/more`, { maxBytes: 1e9 })).toMatchObject({ net: NetStatus.TOO_LARGE });
  });

  it('waits no longer than asked for, for the answer and for the rest of it', async () => {
    handler = (incoming, response) => {
      if (incoming.url === '/half') response.write('half');
    };
    for (const path of ['/none', '/half']) {
      expect(await get(base + path, { timeoutMs: 200 })).toMatchObject({ net: NetStatus.TIMEOUT });
    }
  });

  it('takes no encoding that it did not ask for', async () => {
    handler = (_incoming, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    expect(await get(base)).toMatchObject({ net: NetStatus.FAILED });
  });

  it('tries the next address of a name where one does not answer', async () => {
    handler = (_incoming, response) => response.end('there');
    const told: Frame[] = [];
    const guard = new Guard(['127.0.0.0/8'], () => Promise.resolve(['127.0.0.2', '127.0.0.1']));
    const landing = new Landing(new HashPool(), new MemoryPool());
    const http = new HttpOut(guard, landing, new Throttle(PROCESS_TIME), { netIn: 0 }, into(told));
    await http.get(1, request(`http://two.example:${new URL(base).port}/`).request);
    expect(told).toMatchObject([{ op: Op.HTTP_RESULT, net: NetStatus.OK, status: 200 }]);
  });

  it('asks over one family alone where it is told to, on every hop', async () => {
    handler = (incoming, response) => {
      if (incoming.url === '/') response.writeHead(302, { location: `http://four.example:${port}/there` });
      response.end('there');
    };
    const { port } = new URL(base);
    const told: Frame[] = [];
    const guard = new Guard(['127.0.0.0/8', '::1/128'], name =>
      Promise.resolve(name === 'both.example' ? ['::1', '127.0.0.1'] : ['127.0.0.1']),
    );
    const http = new HttpOut(
      guard,
      new Landing(new HashPool(), new MemoryPool()),
      new Throttle(PROCESS_TIME),
      { netIn: 0 },
      into(told),
    );
    const over = (family: 0 | 4 | 6, host: string) => http.get(1, { ...request(`http://${host}:${port}/`).request, family });
    await over(4, 'both.example');
    await over(6, 'four.example');
    const six = createServer((_request, response) => response.writeHead(302, { location: `http://four.example:${port}/` }).end());
    await new Promise<void>(resolve => six.listen(Number(port), '::1', resolve));
    await over(6, 'both.example');
    six.close();
    const none = { net: NetStatus.NAME_NOT_FOUND, detail: 'no IPv6 address' };
    expect(told).toMatchObject([{ net: NetStatus.OK, status: 200 }, none, none]);
  });

  it('is called off', async () => {
    const arrived = new Promise<void>(resolve => (handler = () => resolve()));
    const id = client.request(request(base));
    await arrived;
    client.send({ op: Op.HTTP_CANCEL, id });
    expect(await client.next(Op.HTTP_RESULT)).toMatchObject({ id, net: NetStatus.CANCELLED });
  });

  it('says why there was no answer', async () => {
    const dead = createServer();
    await new Promise<void>(resolve => dead.listen(0, '127.0.0.1', resolve));
    const address = dead.address();
    dead.close();
    const port = typeof address === 'object' ? address?.port : 0;
    expect(await get(`http://127.0.0.1:${port}/`)).toMatchObject({ net: NetStatus.REFUSED });
    expect(await get('http://no-such-name.invalid/')).toMatchObject({ net: NetStatus.NAME_NOT_FOUND });
    expect(await get(base.replace('http:', 'https:'))).toMatchObject({ net: NetStatus.TLS });
    expect(await get('not an address')).toMatchObject({ net: NetStatus.FAILED });
  });
});
