/** Far more of everything than is taken: what is over the cap is refused, and nobody else notices. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encode } from '../../daemon/wire/codec.ts';
import { CloseReason, FIRST_ACCEPTED_SOCK, NetStatus, Op, Transport } from '../../daemon/wire/frames.ts';
import { until } from '../peers/wait.ts';
import { come, leave, MANY } from './crowd.ts';
import {
  BLOCK,
  blockFrames,
  commit,
  connected,
  landed,
  landOpen,
  landRule,
  openFile,
  payload,
  sha1Of,
  WRITTEN,
} from './fixture.ts';
import type { IoClient } from './io-process.ts';
import { IoProcess, ORIGIN } from './io-process.ts';
import { Peer, PeerServer } from './peer.ts';

/** What the process may grow by while they come: pages that it had not touched before, not a buffer for each. */
const GROWTH = 100 << 20;
/** What a client may send before it is found out, bytes: what the system holds for both is part of it. */
const ENOUGH = 100 << 20;
const SOCK = 60_000;
const PIECE = 64 * BLOCK;

let io: IoProcess;
let server: PeerServer;
let client: IoClient;
let peer: Peer;

beforeEach(async () => {
  io = await IoProcess.start();
  server = await PeerServer.listen();
  client = await io.connect();
  peer = await connected(client, server, SOCK);
});

afterEach(async () => {
  await client.close();
  server.close();
  await io.stop();
});

const stats = async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats;

/** A piece comes from the one peer, and is right. */
async function download(buffer: number): Promise<void> {
  const bytes = payload(PIECE);
  await openFile(client, buffer, `${buffer}.bin`, PIECE);
  landOpen(client, buffer, PIECE, [{ file: buffer, offset: 0, length: PIECE }]);
  landRule(client, SOCK, buffer, PIECE);
  await client.sync();
  const sent = peer.send(Buffer.concat(blockFrames(buffer, bytes)));
  await landed(client, SOCK, buffer, PIECE);
  await sent;
  expect(await commit(client, buffer, [sha1Of(bytes)])).toMatchObject(WRITTEN);
}

describe('ten thousand at once', { timeout: 60_000 }, () => {
  it('connects that a client asks for wait up to a cap, the rest is refused, and a download goes on', async () => {
    const { rss } = await stats();
    const hosts = ['169.254.1.1', '127.0.0.1'];
    const asked: number[] = [];
    for (let sock = 1; sock <= 10_000; sock++) {
      const host = hosts[sock % 2] ?? '';
      asked.push(client.request({ op: Op.TCP_CONNECT, sock, transport: Transport.TCP, host, port: server.port }));
      if (sock % 2_000 === 0) await download(sock);
    }
    const answers = () => client.inbox.filter(frame => frame.op === Op.TCP_CONNECTED);
    const limited = answers().filter(({ status }) => status === NetStatus.LIMIT).length;
    expect(limited).toBeGreaterThan(6_000);
    // All that wait are called off; each has its answer once its turn has come.
    for (let sock = 1; sock <= 10_000; sock++) {
      client.send({ op: Op.TCP_CLOSE, id: 0, sock, reason: CloseReason.REQUESTED, detail: '' });
    }
    await download(10_001);
    await until('the last answer', async () => (await client.sync(), answers().length === asked.length));
    const { rss: after, sockets } = await stats();
    expect(sockets).toBe(1);
    expect(after - rss).toBeLessThan(GROWTH);
  });

  it('peers that come to a listener are taken in up to a cap, and those that left make room', async () => {
    const { rss } = await stats();
    const { port } = await client.ask({ op: Op.TCP_LISTEN, listener: 1, port: 0, host: '127.0.0.1' }, Op.TCP_LISTEN_RESULT);
    const flood = come(port, MANY);
    await download(1);
    const open = await flood;
    await until('those over the cap to be gone', () => open.size === 499);
    const accepted = client.inbox.filter(frame => frame.op === Op.TCP_ACCEPT);
    expect(accepted.length).toBe(499);
    expect((await stats()).sockets).toBe(500);
    const full = { op: Op.TCP_CONNECT, sock: 2, transport: Transport.TCP, host: '127.0.0.1', port: server.port } as const;
    expect(await client.ask(full, Op.TCP_CONNECTED)).toMatchObject({ status: NetStatus.LIMIT });
    await download(2);
    // Whether one is there is only seen by reading from it.
    for (const { sock } of accepted) client.send({ op: Op.STREAM_CREDIT, id: 0, sock, bytes: 1 });
    leave(open);
    await until('room', async () => (await stats()).sockets === 1);
    expect((await stats()).rss - rss).toBeLessThan(GROWTH);
    const guest = await Peer.dial(port);
    const { sock } = await client.next(Op.TCP_ACCEPT, frame => frame.sock === FIRST_ACCEPTED_SOCK + 499);
    client.send({ op: Op.TCP_SEND, id: 0, sock, bytes: Buffer.from('welcome') });
    expect((await guest.take(7)).toString()).toBe('welcome');
  });

  it('strangers at the door hold few places, and none for long; who is inside does not notice', async () => {
    const { rss } = await stats();
    let late = 0;
    const flood = come(io.port, MANY, () => late++);
    await download(1);
    const open = await flood;
    await download(2);
    // Who says nothing is told that it is late, and then there is room again; who is over the cap is told nothing.
    await until('the silent to be gone', () => open.size === 0);
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(MANY / 4);
    const ticket = await io.admit();
    const other = await io.connect(ticket);
    await client.closed;
    client = other;
    expect((await stats()).rss - rss).toBeLessThan(GROWTH);
  });
});

/** What a WebSocket sends as its parts, masked with zeros. */
function part(opcode: number, bytes: Uint8Array, isLast: boolean): Buffer {
  return Buffer.concat([Buffer.of((isLast ? 0x80 : 0) | opcode, 0x80 | bytes.length, 0, 0, 0, 0), bytes]);
}

/** A WebSocket by hand that was let in, and reads no more from then on. */
async function deaf(): Promise<Peer> {
  const ticket = await io.admit();
  const guest = await Peer.dial(io.port);
  const head = [
    'GET /io HTTP/1.1',
    `Host: 127.0.0.1:${io.port}`,
    `Origin: ${ORIGIN}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
  ];
  head.push('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '');
  await guest.send(Buffer.from(head.join('\r\n')));
  const answered = () => guest.received.indexOf('\r\n\r\n') + 4;
  await guest.until(() => answered() > 3);
  const auth = Buffer.from(encode({ op: Op.AUTH, id: 1, token: ticket, origin: ORIGIN, installId: 'x' }));
  await guest.send(part(2, auth, true));
  await client.closed;
  await guest.until(() => guest.received.length > answered());
  guest.socket.pause();
  return guest;
}

describe('a client that is let in', { timeout: 60_000 }, () => {
  it.each([
    ['fragments of a byte', Buffer.concat(Array.from({ length: 4_096 }, () => part(0, Uint8Array.of(0), false)))],
    [
      'pings whose answers it does not read',
      Buffer.concat(Array.from({ length: 512 }, () => part(9, new Uint8Array(120), true))),
    ],
  ])('and sends %s without end is closed', async (_, chunk) => {
    const guest = await deaf();
    // The first part says what the message is.
    await guest.send(part(2, Uint8Array.of(1), false));
    let sent = 0;
    for (; sent < ENOUGH && !guest.socket.destroyed; sent += chunk.length) await guest.send(chunk);
    expect(sent).toBeLessThan(ENOUGH);
    await guest.gone();
    client = await io.connect();
    await client.sync();
  });
});
