import { describe, expect, it } from 'vitest';
import { Throttle } from '../../../daemon/wire/throttle.ts';
import { RateDirection } from '../../../daemon/wire/frames.ts';
import { FetchHttp } from '../../../sw/adapters/local/http.ts';
import { Reach } from '../../../sw/adapters/local/reach.ts';
import { FetchWeb } from '../../../sw/adapters/local/web.ts';
import type { FetchEnd, Place } from '../../../sw/engine/events.ts';
import { until } from '../../peers/wait.ts';
import { FakeSink } from './sink.ts';
import { FILE, ranges, serve, TIME } from './file-server.ts';

/** All servers here are of this computer. */
const real = new Reach(
  (url, init) => fetch(url, init),
  false,
  undefined,
  host => host === '127.0.0.1',
);

function web(reach = real) {
  const sink = new FakeSink();
  const throttle = new Throttle(TIME);
  return { sink, throttle, web: new FetchWeb(sink, throttle, reach) };
}

type Wish = Partial<Parameters<FetchWeb['land']>[0]> & { readonly url: string; readonly places: readonly Place[] };

/** What landed, each range with whether it was there, and how it ended. */
async function land(by: FetchWeb, wish: Wish): Promise<{ landed: (Place & { earlier: boolean })[]; end: FetchEnd }> {
  const landed: (Place & { earlier: boolean })[] = [];
  const request = { range: { from: 0, total: FILE.length }, silence: 20_000, group: 0, ...wish };
  const end = await new Promise<FetchEnd>(resolve => {
    by.land(request, (place, earlier) => landed.push({ ...place, earlier }), resolve);
  });
  return { landed, end };
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const bytesOf = (landed: readonly Place[]): number => landed.reduce((sum, { length }) => sum + length, 0);

describe('a web seed, by fetch', () => {
  it('fills places of buffers in their order, from a range or from the whole', async () => {
    const url = await serve(ranges);
    const { web: by, sink } = web();
    const [first, second] = [sink.open(1, 60_000), sink.open(2, 50_000)];
    const places = [
      { buffer: 1, offset: 20_000, length: 40_000 },
      { buffer: 2, offset: 0, length: 50_000 },
    ];
    const { landed, end } = await land(by, { url, places, range: { from: 1_000, total: FILE.length } });
    expect(end).toEqual({ kind: 'done', problem: '', status: 206, retryAfter: -1 });
    expect(bytesOf(landed)).toBe(90_000);
    expect(same(first.subarray(20_000), FILE.subarray(1_000, 41_000))).toBe(true);
    expect(same(second, FILE.subarray(41_000, 91_000))).toBe(true);
    const whole = sink.open(3, FILE.length);
    const { end: last } = await land(by, { url, places: [{ buffer: 3, offset: 0, length: FILE.length }], range: null });
    expect(last).toEqual({ kind: 'done', problem: '', status: 200, retryAfter: -1 });
    expect(same(whole, FILE)).toBe(true);
  });

  it('says what another had brought, and nothing of a buffer that is gone', async () => {
    const url = await serve(ranges);
    const { web: by, sink } = web();
    sink.open(1, 1 << 15);
    sink.land(1, 0, FILE.subarray(0, 1 << 14));
    const places = [
      { buffer: 1, offset: 0, length: 1 << 15 },
      { buffer: 9, offset: 0, length: 1 << 14 },
    ];
    const { landed, end } = await land(by, { url, places });
    expect(end.kind).toBe('done');
    expect(bytesOf(landed.filter(({ earlier }) => earlier))).toBe(1 << 14);
    expect(bytesOf(landed.filter(({ earlier }) => !earlier))).toBe(1 << 14);
    expect(landed.every(({ buffer }) => buffer === 1)).toBe(true);
  });

  it.each([
    ['another part', { 'content-range': `bytes 5-14/${FILE.length}`, 'content-length': 10 }, 206, 10],
    ['another file', { 'content-range': 'bytes 0-9/77', 'content-length': 10 }, 206, 10],
    ['no range', { 'content-length': 10 }, 206, 10],
    ['all of it', { 'content-length': FILE.length }, 200, FILE.length],
    ['less than it says', { 'content-range': `bytes 0-9/${FILE.length}`, 'transfer-encoding': 'chunked' }, 206, 7],
    ['more than was asked for', { 'content-range': `bytes 0-9/${FILE.length}`, 'transfer-encoding': 'chunked' }, 206, 12],
  ])('is a misfit where it sends %s', async (_what, headers, status, length) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, headers).end(FILE.subarray(0, length));
    });
    const { web: by, sink } = web();
    sink.open(1, 10);
    const { end } = await land(by, { url, places: [{ buffer: 1, offset: 0, length: 10 }] });
    expect(end).toMatchObject({ kind: 'misfit', status: 0 });
    expect(end.problem).not.toBe('');
  });

  it.each([
    ['in a header', { 'retry-after': '120' }, '', 120],
    ['in its body', {}, '33', 33],
    ['not at all', {}, 'busy', -1],
  ])('that refuses says when to come again %s', async (_where, headers, body, retryAfter) => {
    const url = await serve((_request, response) => void response.writeHead(503, headers).end(body));
    const { landed, end } = await land(web().web, { url, places: [{ buffer: 1, offset: 0, length: 10 }] });
    expect(end).toEqual({ kind: 'refused', problem: '', status: 503, retryAfter });
    expect(landed).toEqual([]);
  });

  it('is given up in silence, before its answer and within its body, and what landed stays', async () => {
    const mute = await serve(() => undefined);
    const places = [{ buffer: 1, offset: 0, length: FILE.length }];
    const { end } = await land(web().web, { url: mute, places, silence: 100 });
    expect(end).toEqual({ kind: 'failed', problem: 'No answer in time.', status: 0, retryAfter: -1 });
    const halting = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': FILE.length }).write(FILE.subarray(0, 100_000));
    });
    const { web: by, sink } = web();
    sink.open(1, FILE.length);
    const half = await land(by, { url: halting, places, silence: 300 });
    expect(half.end.problem).toBe('No answer in time.');
    expect(bytesOf(half.landed)).toBe(Math.floor(100_000 / 16_384) * 16_384);
  });

  it('is called off at once, and nothing more is told', async () => {
    let closed = 0;
    const url = await serve((request, response) => {
      request.socket.on('close', () => (closed += 1));
      response.writeHead(200, { 'content-length': FILE.length }).write(FILE.subarray(0, 50_000));
    });
    const { web: by, sink } = web();
    sink.open(1, FILE.length);
    const told: unknown[] = [];
    const request = { url, range: null, places: [{ buffer: 1, offset: 0, length: FILE.length }], silence: 20_000, group: 0 };
    const callOff = by.land(
      request,
      place => told.push(place),
      end => told.push(end),
    );
    await until('the first of it', () => told.length > 0);
    callOff();
    const before = told.length;
    await until('its connection to end', () => closed > 0);
    expect(told).toHaveLength(before);
  });

  it('keeps to the rate of its group', async () => {
    const url = await serve(ranges);
    const { web: by, sink, throttle } = web();
    throttle.set({ id: 0, group: 1, parent: 0, direction: RateDirection.READ, rate: 400_000 });
    sink.open(1, FILE.length);
    const startedAt = performance.now();
    const { end } = await land(by, { url, places: [{ buffer: 1, offset: 0, length: FILE.length }], group: 1 });
    expect(end.kind).toBe('done');
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    throttle.end();
  });

  it('has so many requests at once and of so many bytes, and no more', async () => {
    const url = await serve(() => undefined);
    const { web: by } = web();
    const offs = [...Array(64).keys()].map(() => {
      const request = { url, range: null, places: [{ buffer: 1, offset: 0, length: 10 }], silence: 20_000, group: 0 };
      return by.land(
        request,
        () => undefined,
        () => undefined,
      );
    });
    const { end } = await land(by, { url, places: [{ buffer: 1, offset: 0, length: 10 }] });
    expect(end).toMatchObject({ kind: 'failed', problem: 'Too many requests at once.' });
    for (const off of offs) off();
    const long = await land(web().web, { url, places: [{ buffer: 1, offset: 0, length: (64 << 20) + 1 }] });
    expect(long.end).toMatchObject({ kind: 'failed', problem: 'Too much at once.' });
  });
});

/** A browser's fetch as a page of another origin has it, where servers do as they are told here. */
function browser(server: (url: string, init: RequestInit) => Response | null) {
  const asked: RequestInit[] = [];
  let now = 0;
  const reach = new Reach(
    (url, init) => {
      asked.push(init);
      const response = server(url, init);
      return response ? Promise.resolve(response) : Promise.reject(new TypeError('Failed to fetch'));
    },
    true,
    () => now,
  );
  return { reach, asked, pass: (ms: number) => (now += ms) };
}

const OWN_NETWORK = 'It leads to this computer or into its own network, where no torrent may have anything fetched from.';
const CLOSED = 'The server is there, but lets no web page of others read from it. The helper may fetch from it.';

describe('where fetch may go', () => {
  const place = { buffer: 1, offset: 0, length: 10 };

  it('tells a server that lets no page in, once for all its files, and asks it again later', async () => {
    const { reach, asked, pass } = browser((_url, init) => (init.mode === 'no-cors' ? Response.error() : null));
    const by = web(reach).web;
    const ends = await Promise.all(['a', 'b'].map(name => land(by, { url: `https://a.example/${name}`, places: [place] })));
    expect(ends.map(({ end }) => [end.kind, end.problem])).toEqual([
      ['forbidden', CLOSED],
      ['forbidden', CLOSED],
    ]);
    expect(asked.map(({ mode }) => mode)).toEqual([undefined, undefined, 'no-cors', 'cors']);
    expect((await land(by, { url: 'https://a.example/c', places: [place] })).end.problem).toBe(CLOSED);
    expect(asked).toHaveLength(4);
    pass(700_000);
    await land(by, { url: 'https://a.example/c', places: [place] });
    expect(asked).toHaveLength(7);
  });

  it.each([
    ['is not there', () => null],
    ['was away for a moment', (init: RequestInit) => (init.mode === undefined ? null : new Response('x'))],
  ])('takes a server for one to be asked again that %s', async (_what, answer) => {
    const { reach } = browser((_url, init) => answer(init));
    const { end } = await land(web(reach).web, { url: 'https://a.example/a', places: [place] });
    expect(end).toMatchObject({ kind: 'failed', problem: 'It could not be reached, or the connection failed.' });
  });

  it.each([
    ['ftp://a.example/a', 'Only http and https addresses can be fetched from.'],
    ['no address', 'Only http and https addresses can be fetched from.'],
    ['http://a.example/a', 'A secure page may not fetch from http: addresses. The helper may.'],
  ])('does not ask %s from a secure page', async (url, problem) => {
    const { reach, asked } = browser(() => new Response('x'));
    const { end } = await land(web(reach).web, { url, places: [place] });
    expect(end).toMatchObject({ kind: 'forbidden', problem });
    expect(asked).toEqual([]);
  });

  it.each([
    ...[
      'http://localhost/',
      'https://localhost./',
      'https://a.localhost/',
      'https://printer.local:631/',
      'https://nas/',
      'https://router.lan/',
    ],
    ...[
      'http://127.0.0.1:7800/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://0.0.0.0/',
      'https://10.0.0.1/',
      'https://172.16.9.9/',
    ],
    ...[
      'https://192.168.1.1/',
      'https://169.254.169.254/',
      'https://100.64.0.1/',
      'https://224.0.0.1/',
      'https://255.255.255.255/',
    ],
    ...[
      'https://[::1]/',
      'https://[::]/',
      'https://[fe80::1]/',
      'https://[fd00:ec2::254]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::7f00:1]/',
    ],
    ...[
      'https://[64:ff9b::7f00:1]/',
      'https://[2002:7f00:1::]/',
      'https://user:secret@192.168.1.1/',
      'https://x.home.arpa/',
      'https://x.internal/',
    ],
  ])('asks nothing of %s', async url => {
    const { reach, asked } = browser(() => new Response('x'));
    const { end } = await land(web(reach).web, { url, places: [place] });
    expect(end).toMatchObject({ kind: 'forbidden', problem: OWN_NETWORK });
    const answer = await new Promise(resolve => new FetchHttp(reach).get(url, null, 1000, 1000, resolve));
    expect([answer, asked]).toEqual([OWN_NETWORK, []]);
  });

  it.each([
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]/',
    'https://a.example./',
    'https://local.example/',
    'https://10.example/',
  ])('asks %s', url => expect(browser(() => null).reach.refusal(url)).toBe(''));

  it('reads nothing of what a redirect has led to in its own network', async () => {
    const there = await serve(ranges);
    const { port } = new URL(there);
    const url = await serve(
      (_request, response) => void response.writeHead(302, { location: `http://localhost:${port}/file` }).end(),
    );
    const { web: by, sink } = web();
    const bytes = sink.open(1, 10);
    const { landed, end } = await land(by, { url, places: [place] });
    expect(end).toMatchObject({ kind: 'forbidden', problem: OWN_NETWORK });
    expect([landed, bytes]).toEqual([[], new Uint8Array(10)]);
    expect(await new Promise(resolve => new FetchHttp(real).get(url, null, 1000, 1000, resolve))).toBe(OWN_NETWORK);
  });

  it('takes a range for what a server does not let a page see of it', async () => {
    const hidden = Object.defineProperty(
      new Response(FILE.slice(0, 10), { status: 206, headers: { 'content-length': '10' } }),
      'type',
      {
        value: 'cors',
      },
    );
    const { reach } = browser(() => hidden);
    const { web: by, sink } = web(reach);
    sink.open(1, 10);
    const { end } = await land(by, { url: 'https://a.example/a', places: [place] });
    expect(end).toMatchObject({ kind: 'done', status: 206 });
    expect(sink.buffers.get(1)?.bytes).toEqual(FILE.slice(0, 10));
  });

  it('remembers a hundred servers', async () => {
    const { reach, asked } = browser((_url, init) => (init.mode === 'no-cors' ? Response.error() : null));
    for (let host = 0; host <= 100; host++) await reach.explain(`https://h${host}.example/`);
    expect([reach.refusal('https://h0.example/'), reach.refusal('https://h1.example/')]).toEqual(['', CLOSED]);
    expect(asked).toHaveLength(202);
  });
});

describe('a torrent file that a link names, by fetch', () => {
  const get = (url: string, maxBytes = 1_000_000, timeoutMs = 20_000, reach = real): Promise<unknown[]> =>
    new Promise(resolve => new FetchHttp(reach).get(url, null, maxBytes, timeoutMs, (...answer) => resolve(answer)));

  it('comes whole, with whatever status', async () => {
    const url = await serve((request, response) => void response.writeHead(request.url === '/file' ? 200 : 404).end(FILE));
    const answers = [await get(url), await get(`${url}s`)];
    expect(answers.map(([problem, status]) => [problem, status])).toEqual([
      ['', 200],
      ['', 404],
    ]);
    for (const [, , body] of answers) expect(same(body as Uint8Array, FILE)).toBe(true);
  });

  it('is bounded in size, in time and in number, and may not be asked everywhere', async () => {
    const url = await serve(ranges);
    expect(await get(url, 1000)).toEqual(['The answer is too large.', 0, new Uint8Array(0)]);
    const mute = await serve(() => undefined);
    expect((await get(mute, 1000, 50))[0]).toBe('No answer in time.');
    const { reach } = browser(() => null);
    expect((await get('http://a.example/', 1000, 50, reach))[0]).toBe(
      'A secure page may not fetch from http: addresses. The helper may.',
    );
    expect((await get('https://a.example/', 1000, 50, reach))[0]).toBe('It could not be reached, or the connection failed.');
    const http = new FetchHttp(real);
    const offs = [...Array(32).keys()].map(() => http.get(mute, null, 1000, 20_000, () => undefined));
    const problem = await new Promise(resolve => http.get(url, null, 1000, 20_000, resolve));
    expect(problem).toBe('Too many requests at once.');
    for (const off of offs) off();
  });

  it('is called off', async () => {
    let closed = 0;
    const url = await serve(({ socket }) => void socket.on('close', () => (closed += 1)));
    const told: unknown[] = [];
    const off = new FetchHttp(real).get(url, null, 1000, 20_000, (...answer) => told.push(answer));
    await new Promise(resolve => setTimeout(resolve, 50));
    off();
    await until('its connection to end', () => closed > 0);
    expect(told).toEqual([]);
  });
});
