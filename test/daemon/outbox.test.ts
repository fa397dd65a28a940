import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HashPool } from '../../daemon/io/hash-pool.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { Outbox } from '../../daemon/io/outbox.ts';
import { PeerSocket } from '../../daemon/io/peer-socket.ts';
import { PROCESS_TIME } from '../../daemon/io/process-time.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { decodeMessage } from '../../daemon/wire/codec.ts';
import { type Frame, MAX_FRAME, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, blockFrame, payload, prefixOf } from './fixture.ts';

const frame = (request: number): Frame => ({ op: Op.HTTP_BODY, id: 0, request, bytes: new Uint8Array() });

function outbox() {
  const messages: (readonly Frame[])[] = [];
  const box = new Outbox(message => messages.push(decodeMessage(Uint8Array.from(message), MAX_FRAME)));
  const requests = () => messages.map(frames => frames.map(each => (each.op === Op.HTTP_BODY ? each.request : -1)));
  return { box, requests };
}

describe('frames to the client', () => {
  it('leave as one message with what waited for one', async () => {
    const { box, requests } = outbox();
    box.later(() => box.push(frame(1)));
    box.later(() => box.push(frame(2)));
    expect(requests()).toEqual([]);
    box.push(frame(3));
    box.push(frame(4));
    await turn();
    expect(requests()).toEqual([[3, 4, 1, 2]]);
  });

  it('leave by themselves where no message does, each once', async () => {
    const { box, requests } = outbox();
    box.later(() => box.push(frame(1)));
    await expect.poll(requests).toEqual([[1]]);
    box.push(frame(2));
    await turn();
    expect(requests()).toEqual([[1], [2]]);
  });

  it('tell of blocks once as many have landed as are still asked for', () => {
    const landing = new Landing(new HashPool(), new MemoryPool());
    landing.open(1, 8 * BLOCK, new Uint8Array(), [{ file: null, offset: 0, length: 8 * BLOCK }]);
    const told: Frame[] = [];
    const waiting: (() => void)[] = [];
    const peer = new PeerSocket(
      1,
      {
        landing,
        throttle: new Throttle(PROCESS_TIME),
        push: each => told.push(each),
        later: tell => waiting.push(tell),
        counters: { netIn: 0, netOut: 0 },
        assembly: { bytes: 0 },
      },
      () => undefined,
    );
    peer.framed(1 << 20, new Uint8Array());
    peer.rules.add(prefixOf(1), 1, [{ offset: 0, length: 6 * BLOCK, block: BLOCK }], () => true);
    const land = (block: number) => peer.read(blockFrame(1, block * BLOCK, payload(BLOCK)));
    const ranges = (first: number, count: number) => ({
      op: Op.LANDED,
      ranges: [{ buffer: 1, offset: first * BLOCK, length: count * BLOCK }],
    });
    land(0);
    land(1);
    expect(told).toEqual([]);
    land(2);
    expect(told).toMatchObject([ranges(0, 3)]);
    land(3);
    for (const tell of waiting.splice(0)) tell();
    expect(told.slice(1)).toMatchObject([ranges(3, 1)]);
    land(4);
    land(5);
    expect(told.slice(2)).toMatchObject([ranges(4, 1), ranges(5, 1)]);
  });
});
