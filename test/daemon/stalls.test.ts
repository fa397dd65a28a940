/** Peers that take nothing of what was read for them do not keep that memory from the others for ever. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takenOf } from '../../daemon/io/channel.ts';
import { STALL_BYTES, STALL_TIME } from '../../daemon/io/limits.ts';
import { log } from '../../daemon/io/log.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { ReadBudget } from '../../daemon/io/read-budget.ts';
import { IoServer } from '../../daemon/io/server.ts';
import { createServices, type Services } from '../../daemon/io/services.ts';
import { type Holder, Stalls } from '../../daemon/io/stalls.ts';
import { RECEIVE_WINDOW } from '../../daemon/io/utp/receiver.ts';
import { CloseReason, FileStatus, Op, SentStatus } from '../../daemon/wire/frames.ts';
import { VirtualClock } from '../sim/clock.ts';
import { openFile } from './fixture.ts';
import { IoClient, ORIGIN, ROOT } from './io-process.ts';
import { Path } from './utp/path.ts';

const MiB = 1 << 20;
const WAIT = { timeout: 15_000 };
/** For what waits until peers are closed, or is long. */
const LONG_WAIT = { timeout: 45_000 };

describe('who is closed', () => {
  function setUp() {
    const clock = new VirtualClock();
    const holders = new Set<Holder>();
    const waiting = new Set<Holder>();
    const closed: string[] = [];
    const timers = { count: 0 };
    const after = (ms: number, run: () => void) => {
      timers.count++;
      return clock.after(ms, () => {
        timers.count--;
        run();
      });
    };
    const stalls = new Stalls(holders, waiting, STALL_TIME, { now: () => clock.time, after });
    /** Takes `rate` bytes a second of what it has, so many at a time. */
    const holder = (name: string, held: number, rate = 0, isBehind = true, step = 1) => {
      const since = clock.time;
      const peer = {
        isBehind,
        isClosed: false,
        get taken() {
          return Math.floor(((clock.time - since) * rate) / 1000 / step) * step;
        },
        close: (reason: CloseReason) => {
          expect(reason).toBe(CloseReason.STALLED);
          closed.push(name);
          peer.isClosed = true;
          holders.delete(made);
        },
      };
      const made: Holder = { peer, held, wake: () => undefined };
      if (held > 0) holders.add(made);
      return made;
    };
    const wait = (): void => {
      waiting.add(holder('who waits', 0));
      stalls.watch();
    };
    return { clock, closed, waiting, timers, holder, wait };
  }

  it('one after another of those who take nothing for so long while somebody waits, the one with most first', () => {
    const { clock, closed, waiting, holder, wait } = setUp();
    holder('little', 1 * MiB);
    holder('most', 3 * MiB);
    holder('more', 2 * MiB);
    wait();
    clock.run(STALL_TIME);
    expect(closed).toEqual([]);
    expect(clock.run(STALL_TIME / 3, () => closed.length === 2)).toBe(true);
    expect(closed).toEqual(['most', 'more']);
    // There is memory again.
    waiting.clear();
    clock.run(10 * STALL_TIME);
    expect(closed).toEqual(['most', 'more']);
  });

  it('nobody where nobody waits, for as long as it is, and nothing is looked at', () => {
    const { clock, closed, waiting, timers, holder, wait } = setUp();
    holder('deaf', 3 * MiB);
    clock.run(10 * STALL_TIME);
    wait();
    clock.run(STALL_TIME / 2);
    waiting.clear();
    clock.run(10 * STALL_TIME);
    expect(closed).toEqual([]);
    expect(timers.count).toBe(0);
    // It begins anew for who waits then.
    wait();
    clock.run(STALL_TIME);
    expect(closed).toEqual([]);
    clock.run(STALL_TIME / 2);
    expect(closed).toEqual(['deaf']);
  });

  it('nobody who takes a little, who is held up by its own limits, or who has what it alone waits for', () => {
    const { clock, closed, waiting, holder, wait } = setUp();
    holder('slow', 3 * MiB, (STALL_BYTES * 1000 * 1.5) / STALL_TIME);
    holder('limited', 3 * MiB, 0, false);
    wait();
    clock.run(10 * STALL_TIME);
    expect(closed).toEqual([]);
    waiting.clear();
    waiting.add(holder('alone', MiB));
    clock.run(10 * STALL_TIME);
    expect(closed).toEqual([]);
    holder('a byte now and again', 3 * MiB, 0.1);
    wait();
    clock.run(2 * STALL_TIME);
    expect(closed).toEqual(['alone', 'a byte now and again']);
  });

  it('nobody who reads slowly after it was fast: the system, which holds much for it, asks for more now and then alone', () => {
    const { clock, closed, holder, wait } = setUp();
    // As measured: 82 s at 20 KB/s.
    const part = 82 * 20_000;
    holder('slow', 3 * MiB, 20_000, true, part);
    holder('slower', 3 * MiB, 8_000, true, part);
    holder('deaf', 3 * MiB, 100, true, part);
    wait();
    clock.run(5 * STALL_TIME);
    expect(closed).toEqual(['deaf']);
  });
});

describe('what a peer has taken', () => {
  it('is told over TCP while the system has a part alone of what it was given at once', async () => {
    const listener = createServer();
    const far = new Promise<Socket>(resolve => listener.on('connection', resolve));
    await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
    const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
    const reader = (await far).pause();
    const length = 64 * MiB;
    near.write(Buffer.alloc(length));
    await expect.poll(() => takenOf(near, length), WAIT).toBeGreaterThan(0);
    expect(takenOf(near, length)).toBeLessThan(length);
    expect(near.writableLength).toBe(length);
    reader.resume();
    await expect.poll(() => takenOf(near, length), WAIT).toBe(length);
    near.destroy();
    listener.close();
  });

  it('is what arrived over uTP, and no more than there was room for while it does not read', () => {
    const path = new Path(1);
    const [near, far] = path.join();
    far.stream.pause();
    near.stream.write(randomBytes(4 * MiB));
    path.clock.run(120_000);
    const taken = takenOf(near.stream, 4 * MiB);
    path.clock.run(120_000);
    expect(taken).toBeGreaterThan(RECEIVE_WINDOW / 2);
    expect(takenOf(near.stream, 4 * MiB) - taken).toBeLessThan(STALL_BYTES);
    far.stream.resume();
    expect(path.clock.run(60_000, () => takenOf(near.stream, 4 * MiB) >= 4 * MiB)).toBe(true);
  });
});

describe('through a real io-daemon', () => {
  /** Far longer than a loaded machine leaves somebody who reads without anything. */
  const PATIENCE = 8_000;
  const FILE = 64 * MiB;
  const HEADER = 8;
  const SEND = MiB - HEADER;
  const SENDS = 40;
  /** More than share the memory. */
  const DEAF = 20;

  let root: string;
  let services: Services;
  let server: IoServer;
  let client: IoClient;
  let port: number;
  let sockets: Socket[];

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'starling-stalls-'));
    writeFileSync(join(root, 'seeded'), '');
    truncateSync(join(root, 'seeded'), FILE);
    services = { ...createServices('test', ['127.0.0.0/8'], log), reads: new ReadBudget(new MemoryPool(), PATIENCE) };
    services.files.setRoots([{ token: ROOT, path: root, mount: '' }]);
    server = new IoServer(services);
    const token = randomBytes(32).toString('base64url');
    client = await IoClient.open(await server.listen().then(own => (server.admit(admission(token)), own)));
    client.send({ op: Op.AUTH, id: 0, token, origin: ORIGIN, installId: 'test' });
    await client.next(Op.AUTH_RESULT);
    expect((await openFile(client, 1, 'seeded', FILE, false)).status).toBe(FileStatus.OK);
    port = (await client.ask({ op: Op.TCP_LISTEN, listener: 1, port: 0, host: '127.0.0.1' }, Op.TCP_LISTEN_RESULT)).port;
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await client.close();
    server.close();
    rmSync(root, { recursive: true, force: true });
  });

  const admission = (token: string) => ({ ticketHash: createHash('sha256').update(token).digest(), origin: ORIGIN });

  /** A peer that comes to us, and what it is asked by. */
  async function peer(): Promise<{ socket: Socket; sock: number }> {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    sockets.push(socket);
    return { socket, sock: (await client.next(Op.TCP_ACCEPT)).sock };
  }

  function ask(sock: number): void {
    for (let send = 0; send < SENDS; send++) {
      const spans = [{ file: 1, offset: (send % 32) * 2 * MiB, length: SEND }];
      client.send({ op: Op.SEND_SPANS, id: 0, sock, send, header: new Uint8Array(HEADER), spans });
    }
  }

  /** Reads all, and waits for so many ms after each part of it. */
  function read(socket: Socket, pause: number): () => number {
    let bytes = 0;
    socket.on('data', ({ length }: Buffer) => {
      bytes += length;
      if (pause === 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), pause);
    });
    return () => bytes;
  }

  const closed = (): number[] =>
    client.inbox.flatMap(frame => (frame.op === Op.TCP_CLOSE ? [frame.reason === CloseReason.STALLED ? frame.sock : -1] : []));

  it('who never reads gives way to those who wait, a slow reader does not, and all is given back', async () => {
    const slow = await peer();
    const slowly = read(slow.socket, 5);
    ask(slow.sock);
    const deaf: number[] = [];
    for (let count = 0; count < DEAF; count++) {
      const { sock } = await peer();
      deaf.push(sock);
      ask(sock);
    }
    await expect.poll(() => services.reads.isUsedUp, WAIT).toBe(true);
    const honest = await Promise.all(Array.from({ length: 4 }, peer));
    const readers = honest.map(({ socket, sock }) => {
      ask(sock);
      return read(socket, 0);
    });
    const all = SENDS * (SEND + HEADER);
    await expect.poll(() => readers.map(bytes => bytes()), LONG_WAIT).toEqual(readers.map(() => all));
    await expect.poll(slowly, LONG_WAIT).toBe(all);
    expect(closed().length).toBeGreaterThan(0);
    expect(closed().every(sock => deaf.includes(sock))).toBe(true);
    const sent = (sock: number) => client.inbox.filter(frame => frame.op === Op.SENT && frame.sock === sock);
    for (const { sock } of [slow, ...honest]) {
      await expect.poll(() => sent(sock).length, WAIT).toBe(SENDS);
      expect(sent(sock)).not.toContainEqual(expect.objectContaining({ status: SentStatus.ERROR }));
    }
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => services.reads.used, WAIT).toBe(0);
  }, 120_000);

  it('nobody is closed for not reading where nobody waits', async () => {
    for (let count = 0; count < 3; count++) ask((await peer()).sock);
    const { socket, sock } = await peer();
    const bytes = read(socket, 0);
    ask(sock);
    await expect.poll(bytes, LONG_WAIT).toBe(SENDS * (SEND + HEADER));
    await new Promise(resolve => setTimeout(resolve, 1.5 * PATIENCE));
    expect(closed()).toEqual([]);
  });
});
