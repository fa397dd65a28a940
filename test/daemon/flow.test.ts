/** Whoever is slow, the client, the disk or a peer, pays for it alone; nothing of a stream is lost by waiting. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../../daemon/io/client.ts';
import type { HashPool } from '../../daemon/io/hash-pool.ts';
import type { Job, JobResult } from '../../daemon/io/jobs.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { log } from '../../daemon/io/log.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { createServices } from '../../daemon/io/services.ts';
import { decodeMessage, encode } from '../../daemon/wire/codec.ts';
import { type Frame, type FrameOf, LandStatus, MAX_FRAME, Op, Transport } from '../../daemon/wire/frames.ts';
import {
  BLOCK,
  blockFrame,
  blockFrames,
  commit,
  connected,
  DISCARD,
  landed,
  landOpen,
  landRule,
  openFile,
  payload,
  prefixOf,
  sha1Of,
} from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { type Peer, PeerServer } from './peer.ts';

const MiB = 1 << 20;

let server: PeerServer;

beforeEach(async () => {
  server = await PeerServer.listen();
});

afterEach(() => server.close());

describe('a slow disk', () => {
  const PIECE = 2 * MiB;
  const PIECES = 24;

  /** A client whose threads begin to work when the test says so. */
  function setUp() {
    let open: () => void = () => undefined;
    const gate = new Promise<void>(resolve => (open = resolve));
    const run = async (job: Job): Promise<JobResult> => {
      await gate;
      return { status: LandStatus.OK, errno: '', blocks: new Uint8Array(), memory: job.kind === 'commit' ? job.memory : null };
    };
    const pool: Pick<HashPool, 'run' | 'reach'> = { reach: 4, run };
    const landing = new Landing(pool as HashPool, new MemoryPool());
    const services = { ...createServices('test', ['127.0.0.0/8'], log), landing };
    const told: Frame[] = [];
    const heard = { told: (): void => undefined };
    const client = new Client(
      services,
      message => {
        told.push(...decodeMessage(message, MAX_FRAME));
        heard.told();
      },
      () => 0,
      () => undefined,
    );
    const send = (...frames: Frame[]): void => frames.forEach(frame => client.receive(encode(frame)));
    const of = <O extends Frame['op']>(op: O) => told.filter((frame): frame is FrameOf<O> => frame.op === op);
    return { landing, client, send, of, open, heard };
  }

  it('stops whom it would be for, with what is there held within its limits, and nobody else; all comes once it writes', async () => {
    const { landing, client, send, of, open, heard } = setUp();
    const dial = async (sock: number): Promise<Peer> => {
      send({ op: Op.TCP_CONNECT, id: sock, sock, transport: Transport.TCP, host: '127.0.0.1', port: server.port });
      return server.next();
    };
    const seed = await dial(1);
    const other = await dial(2);
    send({ op: Op.STREAM_FRAMED, id: 0, sock: 1, maxFrame: MiB, back: new Uint8Array() });
    send({ op: Op.LAND_RULE, id: 0, sock: 1, buffer: 0, withdraw: false, prefix: DISCARD, runs: [] });
    const runs = [{ offset: 0, length: PIECE, block: BLOCK }];
    for (let buffer = 1; buffer <= PIECES; buffer++) {
      const spans = [{ file: 0, offset: 0, length: PIECE }];
      send({ op: Op.LAND_OPEN, id: 0, buffer, length: PIECE, tag: new Uint8Array(), spans, there: [] });
      send({ op: Op.LAND_RULE, id: 0, sock: 1, buffer, withdraw: false, prefix: prefixOf(buffer), runs });
    }
    const bytes = payload(PIECE);
    for (let buffer = 1; buffer <= PIECES; buffer++) seed.socket.write(Buffer.concat(blockFrames(buffer, bytes)));
    const committed = new Set<number>();
    const landedIn = (buffer: number): number =>
      of(Op.LANDED)
        .flatMap(({ ranges }) => ranges)
        .reduce((sum, range) => sum + (range.buffer === buffer ? range.length : 0), 0);
    const commitWhole = (): void => {
      for (let buffer = 1; buffer <= PIECES; buffer++) {
        if (committed.has(buffer) || landedIn(buffer) < PIECE) continue;
        committed.add(buffer);
        send({ op: Op.LAND_COMMIT, id: buffer, buffer, wantBlocks: false, digests: [sha1Of(bytes)] });
      }
    };
    // At once, as the engine does it: what comes meanwhile is only what is under way.
    heard.told = commitWhole;
    await expect.poll(() => landing.isFull, { timeout: 15_000 }).toBe(true);
    const held = landing.used;
    // Others are read as ever, so often that whoever is read at all was read by then.
    send({ op: Op.STREAM_CREDIT, id: 0, sock: 2, bytes: 1000 });
    for (let turn = 1; turn <= 100; turn++) {
      await other.send(Buffer.from('x'));
      await expect.poll(() => of(Op.TCP_RECV).reduce((sum, frame) => sum + frame.bytes.length, 0), { interval: 1 }).toBe(turn);
    }
    expect(landing.used).toBeLessThanOrEqual(held + MiB);
    expect(landing.used).toBeLessThan((PIECES * PIECE) / 2);
    expect(seed.socket.writableLength).toBeGreaterThan(0);
    open();
    const done = (): number => of(Op.LAND_RESULT).filter(({ status }) => status === LandStatus.OK).length;
    await expect.poll(done, { timeout: 15_000 }).toBe(PIECES);
    expect(of(Op.LAND_DISCARDED)).toEqual([]);
    expect(of(Op.TCP_CLOSE)).toEqual([]);
    client.end(null);
  });
});

describe('through a real io-daemon', () => {
  let io: IoProcess;
  let client: IoClient;

  beforeAll(async () => {
    io = await IoProcess.start();
  });
  afterAll(() => io.stop());
  beforeEach(async () => {
    client = await io.connect();
  });
  afterEach(() => client.ws.terminate());

  const credit = (sock: number, bytes: number) => client.send({ op: Op.STREAM_CREDIT, id: 0, sock, bytes });
  const rss = async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.rss;

  it('what there is no credit for waits with the peer, and comes later, all of it', async () => {
    const bytes = payload(48 * MiB);
    const peer = await connected(client, server, 1, false);
    const before = await rss();
    peer.socket.write(bytes);
    credit(1, 64 * 1024);
    const hash = createHash('sha256');
    let count = 0;
    const take = async (until: number): Promise<void> => {
      while (count < until) {
        const frame = await client.next(Op.TCP_RECV);
        hash.update(frame.bytes);
        count += frame.bytes.length;
      }
    };
    await take(64 * 1024);
    for (let turn = 0; turn < 20; turn++) await client.sync();
    expect(client.inbox).toEqual([]);
    expect(peer.socket.writableLength).toBeGreaterThan(24 * MiB);
    expect((await rss()) - before).toBeLessThan(24 * MiB);
    for (; count < bytes.length; await take(Math.min(count + 4 * MiB, bytes.length))) credit(1, 4 * MiB);
    expect(hash.digest()).toEqual(createHash('sha256').update(bytes).digest());
  });

  it('a client that reads nothing loses its connection before that costs much, and the next is served', async () => {
    const peer = await connected(client, server, 1, false);
    const before = await rss();
    credit(1, 2 ** 31);
    client.ws.pause();
    const bytes = Buffer.alloc(4 * MiB);
    for (let sent = 0; sent < 256 * MiB && !peer.isClosed; await new Promise(resolve => setImmediate(resolve))) {
      if (peer.socket.writableLength >= bytes.length) continue;
      peer.socket.write(bytes);
      sent += bytes.length;
    }
    expect(peer.isClosed).toBe(true);
    client = await io.connect();
    expect((await rss()) - before).toBeLessThan(160 * MiB);
    const other = await connected(client, server, 2, false);
    credit(2, 100);
    await other.send(Buffer.from('served'));
    expect(Buffer.from((await client.next(Op.TCP_RECV)).bytes).toString()).toBe('served');
  });

  it('peers that say half a frame, that are not read and that do not read cost the others nothing', async () => {
    const bytes = payload(MiB);
    const length = bytes.length;
    await openFile(client, 1, 'lively.bin', 2 * length);
    for (const buffer of [1, 2]) landOpen(client, buffer, length, [{ file: 1, offset: (buffer - 1) * length, length }]);
    const silent = await connected(client, server, 1);
    landRule(client, 1, 1, length);
    await silent.send(blockFrame(1, 0, bytes.subarray(0, BLOCK)).subarray(0, 5_000));
    const unread = await connected(client, server, 2, false);
    unread.socket.write(Buffer.alloc(16 * MiB));
    const deaf = await connected(client, server, 3, false);
    deaf.socket.pause();
    client.send({ op: Op.TCP_SEND, id: 0, sock: 3, bytes: new Uint8Array(3 * MiB) });
    const lively = await connected(client, server, 4);
    landRule(client, 4, 2, length);
    for (const frame of blockFrames(2, bytes)) await lively.send(frame);
    await landed(client, 4, 2, length);
    expect(await commit(client, 2, [sha1Of(bytes)])).toMatchObject({ status: LandStatus.OK });
    expect([silent, unread, deaf, lively].map(peer => peer.isClosed)).toEqual([false, false, false, false]);
  });
});
