import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Rc4 } from '../../daemon/io/rc4.ts';
import { CloseReason, ErrorCode, FileStatus, type Frame, Op, RateDirection, SentStatus } from '../../daemon/wire/frames.ts';
import { BLOCK, connected, openFile, payload } from './fixture.ts';
import type { IoProcess } from './io-process.ts';
import { type IoClient } from './io-process.ts';
import { Peer, PeerServer, u32be } from './peer.ts';
import { useClient } from './setup.ts';

/** Limits on real sockets. Times are of a busy machine: what is compared is totals over seconds, and generously. */

const SIZE = 200 * BLOCK;
const { READ, SEND } = RateDirection;
const NOTHING = new Uint8Array();
let io: IoProcess;
let server: PeerServer;
let client: IoClient;
const bytes = payload(SIZE);

useClient(started => ({ io, client } = started));

beforeAll(async () => {
  server = await PeerServer.listen();
});

afterAll(() => server.close());

beforeEach(() => writeFileSync(join(io.root, 'seeded'), bytes));

function limit(group: number, direction: RateDirection, rate: number, parent = 0): void {
  client.send({ op: Op.RATE_GROUP, id: 0, group, parent, direction, rate });
}

const joinGroup = (sock: number, group: number): void => client.send({ op: Op.RATE_JOIN, id: 0, sock, group });
const credit = (sock: number, count: number): void => client.send({ op: Op.STREAM_CREDIT, id: 0, sock, bytes: count });

/** What came of a socket and was not asked for yet. */
function received(sock: number): Buffer {
  const frames = client.inbox.splice(0);
  const isOurs = (frame: Frame): boolean => frame.op === Op.TCP_RECV && frame.sock === sock;
  client.inbox.push(...frames.filter(frame => !isOurs(frame)));
  return Buffer.concat(frames.filter(isOurs).map(frame => (frame.op === Op.TCP_RECV ? frame.bytes : NOTHING)));
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** How much of the rate was used over so many ms. */
async function share(rate: number, ms: number, total: () => number): Promise<number> {
  const [from, began] = [total(), performance.now()];
  await sleep(ms);
  return (total() - from) / ((rate * (performance.now() - began)) / 1000);
}

describe('reading within a limit', () => {
  it('rests, so that the peer has to wait, drops nothing, and is shared evenly', async () => {
    const peers = [await connected(client, server, 1, false), await connected(client, server, 2, false)];
    limit(1, READ, 0);
    limit(2, READ, 200_000, 1);
    for (const sock of [1, 2]) joinGroup(sock, 2);
    await client.sync();
    const sent = payload(12 << 20);
    const got: Buffer[][] = [[], []];
    const total = (sock: number): number => {
      got[sock - 1]?.push(received(sock));
      return got[sock - 1]?.reduce((sum, part) => sum + part.length, 0) ?? 0;
    };
    for (const [index, peer] of peers.entries()) {
      credit(index + 1, 1 << 30);
      peer.socket.write(sent);
    }
    await sleep(300);
    const used = await share(200_000, 4_000, () => total(1) + total(2));
    expect(used).toBeGreaterThan(0.8);
    expect(used).toBeLessThan(1.1);
    expect(Math.abs(total(1) - total(2))).toBeLessThan(0.1 * (total(1) + total(2)));
    for (const { socket } of peers) expect(socket.writableLength).toBeGreaterThan(0);
    limit(2, READ, 0, 1);
    await expect.poll(() => total(1) + total(2), { timeout: 15_000 }).toBe(2 * sent.length);
    for (const parts of got) expect(Buffer.concat(parts).equals(sent)).toBe(true);
  });

  it('holds for those who come to us as well, and below a group with a limit', async () => {
    const { port } = await client.ask({ op: Op.TCP_LISTEN, listener: 1, port: 0, host: '127.0.0.1' }, Op.TCP_LISTEN_RESULT);
    const peer = await Peer.dial(port);
    const { sock } = await client.next(Op.TCP_ACCEPT);
    limit(1, READ, 100_000);
    limit(2, READ, 10_000_000, 1);
    joinGroup(sock, 2);
    credit(sock, 1 << 30);
    await client.sync();
    const sent = payload(1 << 20);
    let got = Buffer.alloc(0);
    const total = (): number => (got = Buffer.concat([got, received(sock)])).length;
    peer.socket.end(sent);
    const used = await share(100_000, 3_000, total);
    expect(used).toBeGreaterThan(0.75);
    expect(used).toBeLessThan(1.2);
    client.send({ op: Op.RATE_DROP, id: 0, group: 2 });
    limit(1, READ, 0);
    expect(await client.next(Op.TCP_CLOSE)).toMatchObject({ sock, reason: CloseReason.REMOTE });
    total();
    expect(got.equals(sent)).toBe(true);
  });

  it('deciphers what it holds', async () => {
    const peer = await connected(client, server, 1, false);
    limit(1, READ, 1_000);
    joinGroup(1, 1);
    credit(1, 8);
    await client.sync();
    const secret = payload(3_000);
    const keystream = { key: Buffer.from('a key'), position: 0 };
    const ciphered = Buffer.from(secret);
    Rc4.at(keystream).apply(ciphered);
    await peer.send(Buffer.concat([Buffer.from('in plain'), ciphered]));
    expect(Buffer.from((await client.next(Op.TCP_RECV)).bytes).toString()).toBe('in plain');
    client.send({ op: Op.STREAM_CIPHER, id: 0, sock: 1, receive: keystream, send: keystream, back: NOTHING });
    credit(1, secret.length);
    limit(1, READ, 0);
    let got = Buffer.alloc(0);
    await expect.poll(() => (got = Buffer.concat([got, received(1)])).length, { timeout: 10_000 }).toBe(secret.length);
    expect(got.equals(secret)).toBe(true);
  });
});

describe('sending within a limit', () => {
  const header = (send: number) => Buffer.concat([Buffer.from('head'), u32be(send)]);

  function sendBlock(send: number): void {
    const spans = [{ file: 1, offset: (send % 200) * BLOCK, length: BLOCK }];
    client.send({ op: Op.SEND_SPANS, id: 0, sock: 1, send, header: header(send), spans });
  }

  async function limitedPeer(rate: number): Promise<Peer> {
    const peer = await connected(client, server, 1, false);
    expect((await openFile(client, 1, 'seeded', SIZE, false)).status).toBe(FileStatus.OK);
    limit(1, SEND, rate);
    joinGroup(1, 1);
    return peer;
  }

  it('keeps to it, whole and in order, and goes on at once when it is lifted', async () => {
    const peer = await limitedPeer(150_000);
    for (let send = 0; send < 200; send++) sendBlock(send);
    await client.sync();
    const used = await share(150_000, 4_000, () => peer.received.length);
    expect(used).toBeGreaterThan(0.8);
    expect(used).toBeLessThan(1.15);
    limit(1, SEND, 0);
    for (let send = 0; send < 200; send++) {
      expect(await peer.take(8)).toEqual(header(send));
      expect((await peer.take(BLOCK)).equals(bytes.subarray(send * BLOCK, (send + 1) * BLOCK))).toBe(true);
      expect(await client.next(Op.SENT, frame => frame.sends[0] === send)).toMatchObject({ status: SentStatus.SENT });
    }
  });

  it('lets messages pass first, between blocks, and counts them', async () => {
    const peer = await limitedPeer(20_000);
    for (let send = 0; send < 5; send++) sendBlock(send);
    await peer.until(() => peer.received.length > 100);
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('!message!') });
    const first = await peer.take(8 + BLOCK + 9);
    expect(first.subarray(0, 8)).toEqual(header(0));
    expect(first.subarray(8 + BLOCK).toString()).toBe('!message!');
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: new Uint8Array(100_000) });
    await peer.until(() => peer.received.length >= 100_000);
    const before = peer.received.length;
    await sleep(1_000);
    // Five seconds' worth was sent at once.
    expect(peer.received.length).toBe(before);
  });

  it('calls off what has not begun, and lets go of everything when the peer goes', async () => {
    const peer = await limitedPeer(5_000);
    for (let send = 0; send < 100; send++) sendBlock(send);
    await peer.until(() => peer.received.length > 0);
    for (let send = 50; send < 100; send++) client.send({ op: Op.SEND_CANCEL, id: 0, sock: 1, send });
    for (let send = 50; send < 100; send++) {
      expect(await client.next(Op.SENT, frame => frame.sends[0] === send)).toMatchObject({ status: SentStatus.CANCELLED });
    }
    peer.socket.destroy();
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    await expect.poll(async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.files, { timeout: 10_000 }).toBe(0);
  });
});

describe('groups of rates', () => {
  it('are refused where they are none, and a frame about a socket that is gone is ignored', async () => {
    const { code } = await client.ask({ op: Op.RATE_JOIN, sock: 1, group: 7 }, Op.ERROR);
    expect(code).toBe(ErrorCode.BAD_STATE);
    limit(7, READ, 1);
    joinGroup(1, 7);
    await client.sync();
    expect(client.inbox).toEqual([]);
  });

  it('end with their connection', async () => {
    limit(1, READ, 1);
    await client.sync();
    await client.close();
    client = await io.connect();
    const { code } = await client.ask({ op: Op.RATE_DROP, group: 1 }, Op.ERROR);
    expect(code).toBe(ErrorCode.BAD_STATE);
  });
});
