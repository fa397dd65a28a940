/** Connections that the client carries itself: a socket like the others, with the client at its far end as well. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../daemon/io/limits.ts';
import { CloseReason, NetStatus, Op, RateDirection, RELAY_WINDOW, SentStatus } from '../../daemon/wire/frames.ts';
import {
  BLOCK,
  blockFrame,
  blockFrames,
  commit,
  DISCARD,
  landed,
  landOpen,
  landRule,
  openFile,
  payload,
  sha1Of,
  WRITTEN,
} from './fixture.ts';
import type { IoClient, IoProcess } from './io-process.ts';
import { framed } from './peer.ts';
import { useClient } from './setup.ts';

let io: IoProcess;
let client: IoClient;

useClient(started => ({ io, client } = started));

const open = (sock: number) => client.ask({ op: Op.RELAY_OPEN, sock }, Op.TCP_CONNECTED);
const feed = (sock: number, bytes: Uint8Array) => client.send({ op: Op.RELAY_DATA, id: 0, sock, bytes });
const taken = (sock: number, bytes: number) => client.send({ op: Op.RELAY_TAKEN, id: 0, sock, bytes });

function frames(sock: number): void {
  client.send(
    { op: Op.STREAM_FRAMED, id: 0, sock, maxFrame: 1 << 20, back: new Uint8Array() },
    { op: Op.STREAM_CREDIT, id: 0, sock, bytes: 1 << 20 },
    { op: Op.LAND_RULE, id: 0, sock, buffer: 0, withdraw: false, prefix: DISCARD, runs: [] },
  );
}

/** Bytes that leave by the relay, until there are so many; each is taken at once. */
async function leaving(sock: number, count: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < count) {
    const frame = await client.next(Op.RELAY_DATA, ({ sock: from }) => from === sock);
    taken(sock, frame.bytes.length);
    bytes = Buffer.concat([bytes, frame.bytes]);
  }
  return bytes;
}

/** Feeds as the window allows. */
async function feedAll(sock: number, bytes: Buffer, step: number): Promise<void> {
  let untaken = 0;
  for (let at = 0; at < bytes.length; at += step) {
    const part = bytes.subarray(at, at + step);
    while (untaken + part.length > RELAY_WINDOW) {
      untaken -= (await client.next(Op.RELAY_TAKEN, frame => frame.sock === sock)).bytes;
    }
    feed(sock, part);
    untaken += part.length;
  }
}

describe('a relay', () => {
  it('hands raw bytes on against credit, and what is sent back to the client', async () => {
    expect(await open(1)).toMatchObject({ status: NetStatus.OK });
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('hello peer') });
    expect((await leaving(1, 10)).toString()).toBe('hello peer');
    feed(1, Buffer.from('hello you'));
    client.send({ op: Op.STREAM_CREDIT, id: 0, sock: 1, bytes: 5 });
    expect(Buffer.from((await client.next(Op.TCP_RECV)).bytes).toString()).toBe('hello');
    client.send({ op: Op.STREAM_CREDIT, id: 0, sock: 1, bytes: 5 });
    expect(Buffer.from((await client.next(Op.TCP_RECV)).bytes).toString()).toBe(' you');
  });

  it('lands what was asked for, cut wherever it may be, and throws away what was not', async () => {
    await open(1);
    frames(1);
    const bytes = payload(20 * BLOCK);
    await openFile(client, 1, 'relayed.bin', bytes.length);
    landOpen(client, 9, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    landRule(client, 1, 9, bytes.length);
    const unasked = blockFrame(3, 0, payload(BLOCK));
    await feedAll(1, Buffer.concat([unasked, ...blockFrames(9, bytes), framed(Uint8Array.of(1))]), 10_007);
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 1, length: BLOCK + 9 });
    await landed(client, 1, 9, bytes.length);
    expect(Buffer.from((await client.next(Op.TCP_RECV)).bytes)).toEqual(framed(Uint8Array.of(1)));
    expect(await commit(client, 9, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect((await readFile(join(io.root, 'relayed.bin'))).equals(bytes)).toBe(true);
  });

  it('is done with what it sent once it is sent: its memory may be with a thread when the client has taken it', async () => {
    await open(1);
    const bytes = payload(BLOCK);
    await openFile(client, 1, 'again.bin', 2 * BLOCK);
    const write = async (buffer: number) => {
      landOpen(client, buffer, BLOCK, [{ file: 1, offset: (buffer - 20) * BLOCK, length: BLOCK }]);
      client.send({ op: Op.LAND_PUT, id: 0, buffer, offset: 0, bytes });
      expect(await commit(client, buffer, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    };
    await write(20);
    const spans = [{ file: 1, offset: 0, length: BLOCK }];
    client.send({ op: Op.SEND_SPANS, id: 0, sock: 1, send: 1, header: Uint8Array.of(1), spans });
    expect(await client.next(Op.SENT)).toMatchObject({ status: SentStatus.SENT });
    await write(21);
    await leaving(1, BLOCK + 1);
    expect(await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).toMatchObject({ stats: { sockets: 1 } });
  });

  it('sends parts of files, no more at a time than the client takes', async () => {
    await open(1);
    const bytes = payload(3 * RELAY_WINDOW);
    await openFile(client, 1, 'sent.bin', bytes.length);
    landOpen(client, 10, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer: 10, offset: 0, bytes });
    await commit(client, 10, [sha1Of(bytes)]);
    for (let send = 0; send < bytes.length / BLOCK; send++) {
      const spans = [{ file: 1, offset: send * BLOCK, length: BLOCK }];
      client.send({ op: Op.SEND_SPANS, id: 0, sock: 1, send, header: Uint8Array.of(send), spans });
    }
    let untaken = 0;
    const first: Buffer[] = [];
    while (untaken < RELAY_WINDOW) {
      const frame = await client.next(Op.RELAY_DATA);
      first.push(Buffer.from(frame.bytes));
      untaken += frame.bytes.length;
    }
    expect(untaken).toBe(RELAY_WINDOW);
    // The answer to a question comes after all that was sent before it.
    await client.sync();
    expect(client.inbox.some(({ op }) => op === Op.RELAY_DATA)).toBe(false);
    taken(1, untaken);
    const rest = await leaving(1, bytes.length + bytes.length / BLOCK - untaken);
    const sent = Buffer.concat([...first, rest]);
    for (let send = 0; send < bytes.length / BLOCK; send++) {
      const at = send * (BLOCK + 1);
      expect(sent[at]).toBe(send & 0xff);
      expect(sent.subarray(at + 1, at + 1 + BLOCK).equals(bytes.subarray(send * BLOCK, (send + 1) * BLOCK))).toBe(true);
    }
    expect(await client.next(Op.SENT)).toMatchObject({ sock: 1, sends: [0], status: SentStatus.SENT });
  });

  it('cuts what is longer than it may have under way', async () => {
    await open(1);
    const bytes = payload(2 * RELAY_WINDOW);
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes });
    expect((await client.next(Op.RELAY_DATA)).bytes.length).toBe(RELAY_WINDOW);
    taken(1, 1000);
    expect((await client.next(Op.RELAY_DATA)).bytes.length).toBe(1000);
    taken(1, RELAY_WINDOW);
    const rest = await leaving(1, RELAY_WINDOW - 1000);
    expect(rest.equals(bytes.subarray(RELAY_WINDOW + 1000))).toBe(true);
  });

  it('keeps to the limits of its group', async () => {
    await open(1);
    const rate = 200_000;
    client.send(
      { op: Op.RATE_GROUP, id: 0, group: 1, parent: 0, direction: RateDirection.READ, rate },
      { op: Op.RATE_JOIN, id: 0, sock: 1, group: 1 },
      { op: Op.STREAM_CREDIT, id: 0, sock: 1, bytes: 1 << 20 },
    );
    const bytes = payload(rate);
    const begun = performance.now();
    void feedAll(1, bytes, BLOCK);
    for (let left = bytes.length; left > 0;) left -= (await client.next(Op.TCP_RECV)).bytes.length;
    expect(performance.now() - begun).toBeGreaterThan(600);
  });

  it('is lost by a client that has more under way than there may be, and told so', async () => {
    await open(1);
    feed(1, new Uint8Array(RELAY_WINDOW));
    feed(1, new Uint8Array(1));
    expect(await client.next(Op.TCP_CLOSE)).toMatchObject({ sock: 1, reason: CloseReason.ERROR });
    expect(await open(1)).toMatchObject({ status: NetStatus.OK });
  });

  it('drops at its end what was not handed out, and frees its number', async () => {
    await open(1);
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: new Uint8Array(2 * RELAY_WINDOW) });
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Uint8Array.of(1, 2, 3) });
    await client.next(Op.RELAY_DATA);
    client.send({ op: Op.TCP_CLOSE, id: 0, sock: 1, reason: CloseReason.REQUESTED, detail: '' });
    await client.sync();
    expect(client.inbox.some(({ op }) => op === Op.RELAY_DATA)).toBe(false);
    expect(await open(1)).toMatchObject({ status: NetStatus.OK });
    expect(await open(1)).toMatchObject({ status: NetStatus.FAILED });
  });

  it('is one of a limited number', async () => {
    for (let sock = 1; sock <= LIMITS.relays; sock++) expect(await open(sock)).toMatchObject({ status: NetStatus.OK });
    expect(await open(LIMITS.relays + 1)).toMatchObject({ status: NetStatus.LIMIT });
    client.send({ op: Op.TCP_CLOSE, id: 0, sock: 1, reason: CloseReason.REQUESTED, detail: '' });
    await client.sync();
    expect(await open(1)).toMatchObject({ status: NetStatus.OK });
  });
});
