import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileStatus, Op, SentStatus } from '../../daemon/wire/frames.ts';
import { BLOCK, openFile, payload } from './fixture.ts';
import type { IoClient, IoProcess } from './io-process.ts';
import { type Peer, u32be } from './peer.ts';
import { usePeer } from './setup.ts';

const SIZE = 200 * BLOCK;
let io: IoProcess;
let client: IoClient;
let peer: Peer;
const bytes = payload(SIZE);

usePeer(started => ({ io, client, peer } = started), false);

beforeEach(async () => {
  writeFileSync(join(io.root, 'seeded'), bytes);
  expect((await openFile(client, 1, 'seeded', 2 * SIZE, false)).status).toBe(FileStatus.OK);
});

const header = (send: number) => Buffer.concat([Buffer.from('head'), u32be(send)]);

function sendSpans(send: number, ...spans: { offset: number; length: number; file?: number }[]): void {
  client.send({
    op: Op.SEND_SPANS,
    id: 0,
    sock: 1,
    send,
    header: header(send),
    spans: spans.map(({ file = 1, offset, length }) => ({ file, offset, length })),
  });
}

const sent = (send: number) => client.next(Op.SENT, frame => frame.sends[0] === send);

/** Blocks asked for while the peer does not read, so that most of them wait. */
async function stuffed(count: number): Promise<void> {
  peer.socket.pause();
  for (let send = 0; send < count; send++) sendSpans(send, { offset: (send % 200) * BLOCK, length: BLOCK });
  await client.sync();
}

describe('gather', () => {
  it('sends a header and then its spans, from several places, zeros for what is padding', async () => {
    sendSpans(7, { offset: 5, length: 1000 }, { file: 0, offset: 0, length: 50 }, { offset: SIZE - 10, length: 10 });
    expect(await sent(7)).toMatchObject({ status: SentStatus.SENT, file: FileStatus.OK });
    const expected = Buffer.concat([header(7), bytes.subarray(5, 1005), Buffer.alloc(50), bytes.subarray(SIZE - 10)]);
    expect((await peer.take(expected.length)).equals(expected)).toBe(true);
  });

  it('keeps the order, whole and unmixed, and answers each once', async () => {
    const order = Array.from({ length: 200 }, (_, send) => (send * 37) % 200);
    for (const [send, block] of order.entries()) sendSpans(send, { offset: block * BLOCK, length: BLOCK });
    for (const [send, block] of order.entries()) {
      expect(await peer.take(8)).toEqual(header(send));
      expect((await peer.take(BLOCK)).equals(bytes.subarray(block * BLOCK, (block + 1) * BLOCK))).toBe(true);
    }
    for (let send = 0; send < 200; send++) await sent(send);
    await client.sync();
    expect(client.inbox.filter(({ op }) => op === Op.SENT)).toEqual([]);
  });

  it('lets a plain send overtake spans that are not begun, and cuts none in two', async () => {
    await stuffed(1_500);
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('!urgent!') });
    await client.sync();
    peer.socket.resume();
    let before = 0;
    for (;;) {
      const head = await peer.take(8);
      if (head.toString() === '!urgent!') break;
      expect(head).toEqual(header(before));
      await peer.take(BLOCK);
      before++;
    }
    expect(before).toBeLessThan(1_400);
    for (let send = before; send < 1_500; send++) {
      expect(await peer.take(8)).toEqual(header(send));
      await peer.take(BLOCK);
    }
  });

  it('calls off what was not begun, and says so', async () => {
    await stuffed(1_500);
    for (let send = 0; send < 1_500; send++) client.send({ op: Op.SEND_CANCEL, id: 0, sock: 1, send });
    await client.sync();
    peer.socket.resume();
    let done = 0;
    for (let send = 0; send < 1_500; send++) {
      const { status } = await sent(send);
      if (status === SentStatus.SENT) done++;
      else expect(status).toBe(SentStatus.CANCELLED);
    }
    expect(done).toBeLessThan(1_400);
    expect((await peer.take(done * (8 + BLOCK))).length).toBe(done * (8 + BLOCK));
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('end') });
    expect((await peer.take(3)).toString()).toBe('end');
  });

  it('says what could not be read, and sends the next', async () => {
    sendSpans(1, { offset: SIZE - 5, length: 10 });
    sendSpans(2, { offset: 0, length: 2 << 20 });
    sendSpans(3, { offset: 0, length: 4 });
    expect(await sent(1)).toMatchObject({ status: SentStatus.ERROR, file: FileStatus.GONE });
    expect(await sent(2)).toMatchObject({ status: SentStatus.ERROR, file: FileStatus.LIMIT });
    expect(await sent(3)).toMatchObject({ status: SentStatus.SENT });
    expect(await peer.take(12)).toEqual(Buffer.concat([header(3), bytes.subarray(0, 4)]));
  });

  it('lets go of everything when the peer goes', async () => {
    await stuffed(1_000);
    peer.socket.destroy();
    await client.next(Op.TCP_CLOSE);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    await expect.poll(async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.files, { timeout: 10_000 }).toBe(0);
  });
});
