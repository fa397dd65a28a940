/** Requests that come slowly, or not to their end, or too many: what each of them holds, and that it is given back. */
import { existsSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ClientFiles } from '../../daemon/io/client-files.ts';
import { HttpIn } from '../../daemon/io/http-in.ts';
import type { Patience, Readable } from '../../daemon/io/requests/call.ts';
import { log } from '../../daemon/io/log.ts';
import { createServices, type Services } from '../../daemon/io/services.ts';
import { IoServer } from '../../daemon/io/server.ts';
import { Streams } from '../../daemon/io/streams.ts';
import { Writes } from '../../daemon/io/writes.ts';
import { Op } from '../../daemon/wire/frames.ts';
import { until } from '../peers/wait.ts';
import { payload } from './fixture.ts';
import { IoProcess, ORIGIN, ROOT } from './io-process.ts';
import { Asker, at, Raw, writing } from './requests.ts';

const MiB = 1 << 20;
const NEVER = 3_600_000;
const SOON = 100;
const PATIENT = { timeout: 15_000 };

/** Headers of a body that is as long as any may be. */
const LONG = { 'x-expected-sha1': '0'.repeat(40), 'content-length': String(32 * MiB) };

describe('patience', () => {
  let root: string;
  let services: Services;
  let server: Server;
  let requests: HttpIn;
  let port = 0;

  async function serve(patience: Patience, readable: Readable | null = null): Promise<void> {
    const door = {
      refusal: (request: IncomingMessage) => (request.headers.origin === 'http://evil.com' ? '403 Forbidden' : ''),
      holdsTicket: (ticket: string) => ticket === 'ticket',
    };
    requests = new HttpIn(door, services, () => readable, patience);
    server = createServer({ requestTimeout: 0 }, (request, response) => void requests.answer(request, response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  }

  const raw = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
    new Raw(port, method, path, { authorization: 'Bearer ticket', ...headers });

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'starling-requests-')));
    services = createServices('test', [], log);
    services.files.setRoots([{ token: 'root', path: root, mount: '' }]);
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await services.pool.close();
    rmSync(root, { recursive: true });
  });

  it('a body that trickles is cut off, and what it held is given back', async () => {
    await serve({ stall: NEVER, pace: SOON });
    const headers = { ...writing('film', payload(8 * MiB), 0, 8 * MiB), 'content-length': String(8 * MiB) };
    const trickling = [raw('POST', '/write/root', headers), raw('POST', '/hash/sha1', { 'content-length': String(MiB) })];
    await until('the body to be waited for', () => services.writes.held === 8 * MiB);
    const timer = setInterval(() => {
      for (const { socket } of trickling) socket.write('x');
    }, 5);
    await until('the end of both', () => trickling.every(one => one.isClosed));
    clearInterval(timer);
    await until('all to be given back', () => services.writes.held === 0 && !requests.isBusy);
    expect(existsSync(join(root, 'film'))).toBe(false);
    for (const one of trickling) await one.end();
  });

  it('bodies of writes wait unread while others hold the memory for them', async () => {
    await serve({ stall: NEVER, pace: NEVER });
    const long = (name: string) => ({ ...at(name, { 'x-file-size': 32 * MiB, 'x-offset': 0 }), ...LONG });
    const holders = [raw('POST', '/write/root', long('a')), raw('POST', '/write/root', long('b'))];
    await until('the memory to be held', () => services.writes.held === 64 * MiB);
    const bytes = payload(10);
    const waiting = raw('POST', '/write/root', { ...writing('c', bytes, 0, 10), 'content-length': '10' });
    waiting.socket.write(bytes);
    for (let times = 0; times < 30; times++) {
      const ping = raw('GET', '/control/ping', { connection: 'close' });
      await until('an answer', () => ping.isClosed);
    }
    expect([waiting.status, services.writes.held, readdirSync(root)]).toEqual([0, 64 * MiB, []]);
    for (const one of holders) await one.end();
    await until('its turn', () => services.writes.held <= 10);
    await waiting.end();
  });

  it('an answer that nobody takes is cut off, and its file closed', async () => {
    // One that is forgotten is closed as well once its memory is collected, which Node.js warns of.
    const warnings: string[] = [];
    const hear = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', hear);
    onTestFinished(() => void process.off('warning', hear));
    await serve({ stall: SOON, pace: NEVER });
    const film = join(root, 'film');
    writeFileSync(film, '');
    truncateSync(film, 64 * MiB);
    const silent = raw('GET', '/read/root', at('film'));
    silent.socket.pause();
    await until('the file to be open', () => openFiles().includes(film));
    await until('the file to be closed', () => !openFiles().includes(film) && !requests.isBusy);
    await silent.end();
    await new Promise(resolve => setImmediate(resolve));
    expect(warnings.filter(text => /garbage/.test(text))).toEqual([]);
  });

  it('an answer whose reader goes away ends with it, and its file is closed', async () => {
    await serve({ stall: NEVER, pace: NEVER });
    const film = join(root, 'film');
    writeFileSync(film, '');
    truncateSync(film, 64 * MiB);
    const gone = raw('GET', '/read/root', at('film'));
    gone.socket.pause();
    await until('the file to be open', () => openFiles().includes(film));
    await gone.end();
    await until('the file to be closed', () => !openFiles().includes(film) && !requests.isBusy);
  });

  it.each(['whose connection ends', 'that is not taken'])(
    'an answer behind another %s is over, and its file closed',
    async how => {
      const files = new ClientFiles(services.files, () => undefined);
      const streams = new Streams(services.files, () => undefined);
      await serve({ stall: how === 'that is not taken' ? SOON : NEVER, pace: NEVER }, { files, streams });
      const [film, behind] = [join(root, 'film'), join(root, 'behind')];
      for (const file of [film, behind]) {
        writeFileSync(file, '');
        truncateSync(file, 64 * MiB);
      }
      const opened = { root: 'root', components: ['film'], size: 64 * MiB, create: false, allocate: false };
      await files.open({ op: Op.FILE_OPEN, id: 1, file: 7, ...opened });
      // The engine never says that its bytes are there.
      const first = raw('GET', '/stream/7', {});
      const headers = Object.entries({ host: 'x', authorization: 'Bearer ticket', ...at('behind') });
      first.socket.write(`GET /read/root HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
      await until('its file to be open', () => openFiles().includes(behind));
      if (how === 'whose connection ends') await first.end();
      await until('its file to be closed', () => !openFiles().includes(behind) && !requests.isBusy);
      await first.end();
      streams.end();
      files.end();
      await until('the other to be closed', () => services.files.count === 0);
    },
  );

  it.each<Record<string, string>>([{ origin: 'http://evil.com' }, { authorization: 'Bearer other' }])(
    'a stranger is answered and not listened to: %j',
    async headers => {
      await serve({ stall: NEVER, pace: NEVER });
      const stranger = raw('POST', '/hash/sha1', { ...headers, 'content-length': String(2 ** 40) });
      const part = Buffer.alloc(MiB);
      const more = () => {
        while (!stranger.socket.destroyed && stranger.socket.write(part));
      };
      stranger.socket.on('drain', more);
      more();
      await until('the end', () => stranger.isClosed);
      expect(stranger.socket.bytesWritten - stranger.socket.writableLength).toBeLessThan(32 * MiB);
      const [refused] = Object.keys(services.tally.totals.request ?? {});
      expect(refused).toBe('origin' in headers ? '403 origin' : '401 ticket');
      await stranger.end();
    },
  );

  it('a file that turns out shorter than it was ends the answer short', async () => {
    await serve({ stall: NEVER, pace: NEVER });
    const film = join(root, 'film');
    writeFileSync(film, '');
    truncateSync(film, 64 * MiB);
    const reader = raw('GET', '/read/root', at('film'));
    reader.socket.pause();
    await until('the file to be open', () => openFiles().includes(film));
    truncateSync(film, MiB);
    reader.socket.resume();
    await until('its end', () => reader.isClosed);
    expect(reader.received.length).toBeLessThan(64 * MiB);
    await until('the file to be closed', () => !openFiles().includes(film) && !requests.isBusy);
    await reader.end();
  });
});

/** What this process has open. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

describe('limits', () => {
  let io: IoProcess;
  let page: Asker;
  const raw = (method: string, path: string, headers: Readonly<Record<string, string>>, ticket = page.ticket) =>
    new Raw(io.port, method, path, { origin: ORIGIN, authorization: `Bearer ${ticket}`, ...headers });

  beforeAll(async () => {
    io = await IoProcess.start();
    page = new Asker(io, await io.admit());
  });

  afterAll(() => io.stop());

  it('requests at once have a limit, those behind each other on one connection as well', async () => {
    writeFileSync(join(io.root, 'film'), payload(MiB));
    const headers = { origin: ORIGIN, authorization: `Bearer ${page.ticket}`, ...at('film') };
    const lines = [`GET /read/${ROOT} HTTP/1.1`, `Host: 127.0.0.1:${io.port}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    const socket = connect({ host: '127.0.0.1', port: io.port });
    const parts: Buffer[] = [];
    let isClosed = false;
    socket.on('data', bytes => parts.push(bytes));
    socket.on('close', () => (isClosed = true));
    socket.on('error', () => undefined);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`.repeat(40));
    await expect.poll(() => isClosed, PATIENT).toBe(true);
    const heads = Buffer.concat(parts)
      .toString('latin1')
      .match(/HTTP\/1\.1 \d{3} [A-Z]/g);
    expect(heads).toEqual([...Array.from({ length: 32 }, () => 'HTTP/1.1 200 O'), 'HTTP/1.1 503 S']);
    expect((await page.get('/control/ping')).status).toBe(200);
  });

  it('a request that is under way keeps the daemon from ending for idleness', async () => {
    const idle = await IoProcess.start({ idleMs: 300 });
    const ticket = await idle.admit();
    const headers = { origin: ORIGIN, authorization: `Bearer ${ticket}`, 'content-length': '10' };
    const slow = new Raw(idle.port, 'POST', '/hash/sha1', headers);
    await new Promise(resolve => setTimeout(resolve, 1_500));
    slow.socket.write('0123456789');
    await expect.poll(() => slow.status, PATIENT).toBe(200);
    await slow.end();
    expect(await idle.exited).toBe(0);
    await idle.stop();
  });

  it('a body that its sender leaves in the middle writes nothing, and is given back', async () => {
    const client = await io.connect(page.ticket);
    const body = payload(MiB);
    const before = (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats;
    for (let round = 0; round < 20; round++) {
      const length = String(32 * MiB);
      const headers = { ...writing('left', payload(10), 0, 32 * MiB), 'content-length': length };
      const left = raw('POST', `/write/${ROOT}`, headers);
      left.socket.write(body);
      await expect.poll(() => left.socket.writableLength, PATIENT).toBe(0);
      await left.end();
    }
    const whole = payload(10);
    expect((await page.post(`/write/${ROOT}`, writing('whole', whole, 0, 10), whole)).status).toBe(200);
    const after = (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats;
    expect(after.rss - before.rss).toBeLessThan(64 * MiB);
    expect(after.files).toBe(before.files);
    expect(existsSync(join(io.root, 'left'))).toBe(false);
    await client.close();
  });

  it('a write whose ticket is taken back while its body comes changes nothing', async () => {
    const body = payload(1000);
    const late = raw('POST', `/write/${ROOT}`, { ...writing('late', body, 0, 1000), 'content-length': '1000' });
    late.socket.write(body.subarray(0, 500));
    await expect.poll(() => late.socket.writableLength, PATIENT).toBe(0);
    await page.get('/control/ping');
    page = new Asker(io, await io.admit());
    late.socket.write(body.subarray(500));
    await expect.poll(() => late.status, PATIENT).toBe(401);
    expect(existsSync(join(io.root, 'late'))).toBe(false);
    await late.end();
  });

  it('a refusal is heard by who is still sending, and ends the connection', async () => {
    const refused = raw('POST', `/write/${ROOT}`, { ...writing('x', payload(1), 0, 1), 'content-length': String(2 ** 40) });
    for (let part = 0; part < 8; part++) refused.socket.write(Buffer.alloc(MiB));
    await expect.poll(() => [refused.status, refused.isClosed], PATIENT).toEqual([413, true]);
    await refused.end();
  });

  it('what is no request is told so', async () => {
    for (const [headers, status] of [
      [{ 'content-length': '-1' }, 400],
      [{ 'content-length': '1e3' }, 400],
      [{ 'content-length': '5', 'transfer-encoding': 'chunked' }, 400],
      [{ 'x-long': 'x'.repeat(20_000) }, 431],
    ] as const) {
      const wrong = raw('POST', `/write/${ROOT}`, headers);
      await expect.poll(() => [wrong.status, wrong.isClosed], PATIENT).toEqual([status, true]);
      await wrong.end();
    }
  });
});

it('moves and deletes that nobody waits for keep the daemon from ending', async () => {
  const services = createServices('test', [], log);
  const server = new IoServer(services);
  expect(server.isInUse).toBe(false);
  const path = { root: 'none', components: ['film'] };
  const moving = services.files.move(path, { ...path, components: ['other'] }, 1);
  expect(server.isInUse).toBe(true);
  const settled = services.files.settled().then(() => 'settled');
  expect(await Promise.race([moving.then(() => 'moved'), settled])).toBe('moved');
  expect(await settled).toBe('settled');
  await until('the end of it', () => !server.isInUse);
  await services.pool.close();
});

describe('writes', () => {
  it('wait for memory in the order that they came', async () => {
    const writes = new Writes();
    const order: string[] = [];
    await writes.hold(40 * MiB);
    const long = writes.hold(32 * MiB).then(() => order.push('long'));
    const short = writes.hold(1).then(() => order.push('short'));
    await Promise.resolve();
    expect([order, writes.held]).toEqual([[], 40 * MiB]);
    writes.give(40 * MiB);
    await Promise.all([long, short]);
    expect([order, writes.held]).toEqual([['long', 'short'], 32 * MiB + 1]);
  });

  it('that were begun are waited for', async () => {
    const writes = new Writes();
    const ended: string[] = [];
    const finish: (() => void)[] = [];
    const begin = () => writes.run(() => new Promise<void>(resolve => finish.push(resolve)));
    const write = begin();
    void writes.settled().then(() => ended.push('settled'));
    await new Promise(resolve => setImmediate(resolve));
    expect(ended).toEqual([]);
    // One that comes later is no matter of who waits already.
    const later = begin();
    finish[0]?.();
    await write;
    await expect.poll(() => ended, PATIENT).toEqual(['settled']);
    finish[1]?.();
    await later;
    await writes.settled();
  });
});
