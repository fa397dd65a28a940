/** The adapters against the real host and io-daemon. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DaemonHttp } from '../../sw/adapters/daemon-http.ts';
import { DaemonNet } from '../../sw/adapters/daemon-net.ts';
import { DaemonState, type StateRecord } from '../../sw/adapters/daemon-state.ts';
import { daemonStats } from '../../sw/adapters/daemon-stats.ts';
import { DaemonStore } from '../../sw/adapters/daemon-store.ts';
import type { Stream } from '../../sw/engine/ports.ts';
import { storeContract } from '../contract/store.ts';
import { until } from '../host/temp.ts';
import { buildIo, pairedToken, RealLink, startDaemon, type Daemon } from './daemon.ts';

const INSTALL = 'install-0001';
const BLOCK = 16_384;
let io = '';

beforeAll(async () => {
  io = await buildIo();
});

afterAll(() => rmSync(io, { recursive: true, force: true }));

const cleanUps: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function daemon(): Promise<{ daemon: Daemon; token: string }> {
  const made = await startDaemon(io);
  cleanUps.push(() => made.close());
  return { daemon: made, token: await pairedToken(made, INSTALL) };
}

function linkTo(to: Daemon, token: string): RealLink {
  const real = new RealLink(to);
  cleanUps.push(() => real.link.close());
  real.link.pair({ token, installId: INSTALL, port: to.host.port });
  return real;
}

async function linked() {
  const { daemon: to, token } = await daemon();
  const real = linkTo(to, token);
  await real.until('linked');
  return { daemon: to, token, real };
}

storeContract('The io-daemon', async () => {
  const { daemon: to, real } = await linked();
  return {
    store: new DaemonStore(real.io),
    root: real.root,
    read: components =>
      readFile(join(to.host.downloadDir, ...components)).then(
        bytes => new Uint8Array(bytes),
        () => null,
      ),
    close: () => Promise.resolve(),
  };
});

describe('the link', () => {
  it('is let in by host and io-daemon', async () => {
    const { real } = await linked();
    expect(real.told).toEqual(['welcomed', 'linked']);
    expect(real.root).toMatch(/^[0-9a-f]{64}$/);
    const stats = await daemonStats(real.io);
    expect(stats?.stats.rss).toBeGreaterThan(1 << 20);
  });

  it('is unpaired where the token is wrong', async () => {
    const { daemon: to } = await daemon();
    await linkTo(to, 'x'.repeat(43)).until('unpaired');
  });

  it('yields to the next, and comes back when asked', async () => {
    const { daemon: to, token, real: first } = await linked();
    const second = linkTo(to, token);
    await first.until('superseded');
    await second.until('linked');
    expect(first.told.at(-1)).toBe('unlinked');
    first.link.reconnect();
    await first.until('linked');
    await second.until('superseded');
    expect(first.epochs).toEqual([first.epochs[0], (first.epochs[0] ?? 0) + 2]);
  });

  it('is back after the io-daemon was killed', async () => {
    const { real } = await linked();
    process.kill(ioPid(), 'SIGKILL');
    await until(() => real.told.at(-1) === 'unlinked', 'the loss is noticed');
    await until(() => real.told.at(-1) === 'linked', 'it is back');
    expect(real.told).toEqual(['welcomed', 'linked', 'unlinked', 'linked']);
    expect(real.kept).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('knows which folders have a trash, and deletes into it', async () => {
    const { real } = await linked();
    await until(() => real.link.roots.every(({ trash }) => trash), 'the trash is told of');
    const store = new DaemonStore(real.io);
    await new Promise(resolve => store.openFile(1, real.root, ['folder', 'thrown-away'], 1, true, false, resolve));
    const problem = await new Promise(resolve => store.deleteFile(real.root, ['folder', 'thrown-away'], 1, true, resolve));
    expect(problem).toBe(null);
    const trash = join(process.env.XDG_DATA_HOME ?? '', 'Trash', 'files');
    expect(readdirSync(trash).some(entry => readdirSync(join(trash, entry)).includes('thrown-away'))).toBe(true);
  });

  it('finds what it left under way', async () => {
    const { daemon: to, token, real: first } = await linked();
    const store = new DaemonStore(first.io);
    await new Promise(resolve => store.openFile(1, first.root, ['a'], 4 * BLOCK, true, false, resolve));
    store.begin(9, 4 * BLOCK, Uint8Array.of(1, 2, 3), [{ file: 1, offset: 0, length: 4 * BLOCK }], []);
    store.put(9, BLOCK, new Uint8Array(2 * BLOCK));
    await daemonStats(first.io);
    const second = linkTo(to, token);
    await second.until('linked');
    expect(second.kept).toEqual([
      {
        buffer: 9,
        tag: Uint8Array.of(1, 2, 3),
        length: 4 * BLOCK,
        state: 'open',
        ranges: [{ offset: BLOCK, length: 2 * BLOCK }],
      },
    ]);
  });
});

describe('the state store', () => {
  const load = (state: DaemonState): Promise<readonly StateRecord[] | null> => new Promise(resolve => state.load(resolve));
  const write = (state: DaemonState, key: string, value: Uint8Array | null): Promise<string> =>
    new Promise(resolve => state.write([{ key, value }], resolve));
  const stateOf = ({ link }: RealLink): DaemonState => new DaemonState(link.control, () => link.epoch);

  it('keeps records from one connection to the next', async () => {
    const { daemon: to, token, real: first } = await linked();
    const big = new Uint8Array(9 << 20).fill(7);
    const state = stateOf(first);
    expect(await load(state)).toEqual([]);
    const written = await Promise.all([
      write(state, 't/a', Uint8Array.of(1)),
      write(state, 't/b', Uint8Array.of(2)),
      write(state, 't/big', big),
      write(state, 't/b', null),
    ]);
    expect(written).toEqual(['', '', '', '']);
    const second = linkTo(to, token);
    await second.until('linked');
    const records = await load(stateOf(second));
    expect(records?.map(({ key, value }) => [key, value.length])).toEqual([
      ['t/a', 1],
      ['t/big', big.length],
    ]);
  });

  it('gives one record back', async () => {
    const { real } = await linked();
    const state = stateOf(real);
    const value = new Uint8Array(100_000).fill(7);
    const read = (key: string) => new Promise(resolve => state.read(key, (problem, got) => resolve([problem, got])));
    expect(await write(state, 't/a', value)).toBe('');
    expect(await read('t/a')).toEqual(['', value]);
    expect(await read('t/b')).toEqual(['', null]);
  });

  it('takes nothing from whom another has superseded', async () => {
    const { daemon: to, token, real: first } = await linked();
    const state = stateOf(first);
    const second = linkTo(to, token);
    await second.until('linked');
    expect(await write(state, 't/a', Uint8Array.of(1))).not.toBe('');
    expect(await load(stateOf(second))).toEqual([]);
  });
});

describe('the net', () => {
  /** A peer that connects to nobody: it is connected to. */
  async function peer(): Promise<{ port: number; accepted: Promise<Socket> }> {
    const server = createServer();
    const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => void server.close());
    return { port: (server.address() as AddressInfo).port, accepted };
  }

  function recorded() {
    const told: string[] = [];
    const received: Uint8Array[] = [];
    const events = {
      opened: (address: string) => told.push(`opened ${address}`),
      received: (bytes: Uint8Array) => received.push(bytes.slice()),
      landed: (buffer: number, offset: number, length: number) => told.push(`landed ${buffer} ${offset} ${length}`),
      discarded: (length: number, head: Uint8Array) => told.push(`discarded ${length} ${head[0] ?? -1}`),
      sent: (sends: readonly number[], ok: boolean) => told.push(`sent ${sends.join()} ${ok}`),
      closed: () => told.push('closed'),
    };
    return { told, received, events, text: () => Buffer.concat(received).toString('latin1') };
  }

  /** `length` word, message 7, piece, begin, block. */
  function piece(index: number, begin: number, block: Uint8Array): Buffer {
    const head = Buffer.alloc(13);
    head.writeUInt32BE(9 + block.length, 0);
    head.writeUInt8(7, 4);
    head.writeUInt32BE(index, 5);
    head.writeUInt32BE(begin, 9);
    return Buffer.concat([head, block]);
  }

  it('goes from raw bytes to frames to landed payload, and on to the disk', async () => {
    const { daemon: to, real } = await linked();
    const net = new DaemonNet(real.io, () => undefined);
    const store = new DaemonStore(real.io);
    const { port, accepted } = await peer();
    const { told, received, events, text } = recorded();
    const stream = net.connect('127.0.0.1', port, events, 'tcp');
    cleanUps.push(() => stream.close());
    await until(() => told.length === 1, 'it opens');
    expect(told).toEqual([`opened 127.0.0.1:${port}`]);
    const far = await accepted;
    stream.send(Buffer.from('hello'));
    expect(String(await new Promise(resolve => far.once('data', resolve)))).toBe('hello');

    // Two bytes are allowed, and no more comes.
    far.write('abcdef');
    stream.credit(2);
    await until(() => text() === 'ab', 'what there was credit for');
    stream.credit(3);
    await until(() => text() === 'abcde', 'what there was credit for');
    received.length = 0;
    stream.framed(1 << 20, Buffer.from([0, 0, 0, 2]));
    far.write(Buffer.from([9]));
    stream.credit(1);
    await until(() => received.length === 1, 'the first frame');
    expect(received).toEqual([Uint8Array.of('f'.charCodeAt(0), 9)]);

    const bytes = Uint8Array.from({ length: 2 * BLOCK }, (_, index) => (index * 7) & 0xff);
    await new Promise(resolve => store.openFile(1, real.root, ['landed'], bytes.length, true, false, resolve));
    store.begin(5, bytes.length, Uint8Array.of(1), [{ file: 1, offset: 0, length: bytes.length }], []);
    const prefix = Uint8Array.of(7, 0, 0, 0, 3);
    stream.discard(Uint8Array.of(7));
    stream.expect(5, prefix, [{ offset: 0, length: bytes.length, block: BLOCK }]);
    await daemonStats(real.io);
    told.length = 0;
    far.write(piece(3, BLOCK, bytes.subarray(BLOCK)));
    far.write(piece(4, 0, bytes.subarray(0, BLOCK)));
    far.write(piece(3, 0, bytes.subarray(0, BLOCK)));
    const landed = (): number => told.reduce((sum, line) => sum + Number(/^landed 5 \d+ (\d+)/.exec(line)?.[1] ?? 0), 0);
    await until(() => landed() === bytes.length, 'both blocks land');
    await until(() => told.includes(`discarded ${9 + BLOCK} 7`), 'the unasked one is told');
    const expected = new Uint8Array(createHash('sha1').update(bytes).digest());
    const status = await new Promise(resolve =>
      store.commit(5, [{ algorithm: 'sha1', height: 0, offset: 0, length: bytes.length, expected }], false, resolve),
    );
    expect(status).toBe('ok');
    expect(new Uint8Array(readFileSync(join(to.host.downloadDir, 'landed')))).toEqual(bytes);

    // And back: a header, then the file.
    stream.sendSpans(1, Buffer.from('head'), [{ file: 1, offset: 10, length: 100 }]);
    const back: Buffer[] = [];
    far.on('data', chunk => back.push(chunk));
    await until(() => told.includes('sent 1 true'), 'it is sent');
    await until(() => Buffer.concat(back).length === 104, 'it arrives');
    expect(Buffer.concat(back).equals(Buffer.concat([Buffer.from('head'), bytes.subarray(10, 110)]))).toBe(true);

    far.end();
    await until(() => told.at(-1) === 'closed', 'the end is told');
    // The payload went past this link.
    expect(real.link.ioTraffic.received).toBeLessThan(bytes.length / 4);
  });

  it('closes where nobody listens', async () => {
    const { real } = await linked();
    const { told, events } = recorded();
    new DaemonNet(real.io, () => undefined).connect('127.0.0.1', 1, events, 'tcp');
    await until(() => told.length > 0, 'an answer');
    expect(told).toEqual(['closed']);
  });

  it('is reached at the port that it listens on', async () => {
    const { real } = await linked();
    const net = new DaemonNet(real.io, () => undefined);
    const { told, events, text } = recorded();
    const streams: Stream[] = [];
    const port = await new Promise<number>(resolve =>
      net.listen([0], resolve, (address, take) => {
        told.push(`from ${address.split(':')[0] ?? ''}`);
        streams.push(take(events));
      }),
    );
    expect(port).toBeGreaterThan(0);
    const far = connect(port, '127.0.0.1');
    cleanUps.push(() => void far.destroy());
    far.write('hi');
    await until(() => streams[0], 'it is accepted');
    streams[0]?.credit(100);
    await until(() => text() === 'hi', 'what it says');
    expect(told[0]).toBe('from 127.0.0.1');
    streams[0]?.close();
    await new Promise(resolve => far.once('close', resolve));
    expect(told).toHaveLength(1);
  });
});

describe('HTTP', () => {
  it('is asked by the daemon', async () => {
    const { real } = await linked();
    const server = createHttpServer((request, response) => response.writeHead(404).end(`you asked ${request.url}`));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => void server.close());
    const http = new DaemonHttp(real.io);
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<unknown[]>(resolve =>
      http.get(`http://127.0.0.1:${port}/x?y=%ff`, null, 1000, 5000, (...args) => resolve(args)),
    );
    expect([answer[0], answer[1], Buffer.from(answer[2] as Uint8Array).toString()]).toEqual(['', 404, 'you asked /x?y=%ff']);
    const refused = await new Promise<string>(resolve => http.get('http://127.0.0.1:1/', null, 1000, 5000, resolve));
    expect(refused).not.toBe('');
  });
});

/** The io-daemon, being the one child of this process that runs it. */
function ioPid(): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === process.pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('io.mjs')) return Number(name);
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error('no io-daemon runs');
}
