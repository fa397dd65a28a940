import { afterEach, beforeEach, expect, test } from 'vitest';
import { busiest } from '../../daemon/io/stats.ts';
import { MAX_BUSIEST, Op, type SocketStats } from '../../daemon/wire/frames.ts';
import { connected } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { PeerServer } from './peer.ts';

let io: IoProcess;
let client: IoClient;
let server: PeerServer;

beforeEach(async () => {
  io = await IoProcess.start();
  client = await io.connect();
  server = await PeerServer.listen();
});

afterEach(async () => {
  server.close();
  await io.stop();
});

async function stats() {
  return client.ask({ op: Op.STATS }, Op.STATS_RESULT);
}

test('tell of each socket what went over it, what waits to be sent and what is held', async () => {
  const reader = await connected(client, server, 1, false);
  const quiet = await connected(client, server, 2, false);
  // It has no credit: what the peer says is held, or not read.
  client.send({ op: Op.STREAM_CREDIT, id: 0, sock: 1, bytes: 10 });
  await reader.send(Buffer.alloc(1000));
  await client.next(Op.TCP_RECV, frame => frame.sock === 1);
  // It does not read: what is sent to it waits, once the system has taken what it can hold.
  quiet.socket.pause();
  let sent = 0;
  const unsent = async (): Promise<number> => {
    // What one event sends leaves at its end: only the answer after it tells what the system did not take.
    await stats();
    return (await stats()).busiest.find(({ sock }) => sock === 2)?.unsent ?? 0;
  };
  while ((await unsent()) < 10_000) {
    client.send({ op: Op.TCP_SEND, id: 0, sock: 2, bytes: new Uint8Array(256 << 10) });
    sent += 256 << 10;
  }
  client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: new Uint8Array(100) });
  await expect
    .poll(async () => (await stats()).busiest.find(({ sock }) => sock === 1))
    .toEqual({ sock: 1, received: 1000, sent: 100, unsent: 0, held: 990 });
  const [first] = (await stats()).busiest;
  expect(first).toMatchObject({ sock: 2, received: 0, sent });
  expect(first!.unsent).toBeGreaterThan(0);
  client.send({ op: Op.STREAM_CREDIT, id: 0, sock: 1, bytes: 10_000 });
  await expect.poll(async () => (await stats()).busiest.find(({ sock }) => sock === 1)?.held).toBe(0);
});

test('tell of sixteen sockets at most, those first of which most waits', () => {
  const of = (sock: number, unsent: number, received = 0): SocketStats => ({ sock, received, sent: 0, unsent, held: 0 });
  const many = Array.from({ length: 500 }, (_, n) => of(n, n % 100 === 7 ? n : 0, n));
  const told = busiest(many).map(({ sock }) => sock);
  expect(told).toHaveLength(MAX_BUSIEST);
  expect(told.slice(0, 7)).toEqual([407, 307, 207, 107, 7, 499, 498]);
});

test('figures are told when they are asked for, and add up to what happened', async () => {
  const peer = await connected(client, server, 1, false);
  client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: new Uint8Array(5000) });
  await peer.take(5000);
  await client.ask({ op: Op.TCP_CONNECT, sock: 9, transport: 0, host: '169.254.169.254', port: 80 }, Op.TCP_CONNECTED);
  expect(io.told.some(({ type }) => type === 'figures')).toBe(false);
  io.tell({ type: 'figures' });
  const { figures } = await io.heard('figures');
  const values = Object.fromEntries(figures.map(({ name, values }) => [name, values]));
  expect(values.peer_bytes_total).toEqual({ in: 0, out: 5000 });
  expect(values.connect_total).toEqual({ ok: 1, 'refused by guard': 1 });
  expect(values.guard_total).toEqual({ linkLocal: 1 });
  expect(values.sockets).toEqual({ '': 1 });
  expect(values.connected).toEqual({ '': 1 });
  expect(values.memory_bytes!.rss).toBeGreaterThan(1 << 20);
  expect(Object.keys(values.resources!).length).toBeGreaterThan(0);
  expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
});
