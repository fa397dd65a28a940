import { describe, expect, it } from 'vitest';
import type { Files } from '../../daemon/io/files.ts';
import { Gather } from '../../daemon/io/gather.ts';
import type { PeerSocket } from '../../daemon/io/peer-socket.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { ReadBudget } from '../../daemon/io/read-budget.ts';
import { SharedFile } from '../../daemon/io/shared-file.ts';
import { type Frame, Op } from '../../daemon/wire/frames.ts';

const MiB = 1 << 20;
const settled = async () => {
  for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve));
};

function setUp() {
  const budget = new ReadBudget(new MemoryPool());
  const sent: number[] = [];
  const files: Pick<Files, 'read'> = { read: () => Promise.resolve() };
  const push = (frame: Frame) => {
    if (frame.op === Op.SENT) sent.push(...frame.sends.map(() => frame.sock));
  };
  const gather = new Gather(files as Files, budget, push);
  const file = new SharedFile('root', ['a'], 2 ** 40, new Promise(() => undefined), () => undefined);
  /** A socket that takes everything at once, or nothing at all. */
  const ask = (id: number, isSlow: boolean, count: number) => {
    const written = (_parts: unknown, done?: () => void) => setImmediate(() => done?.());
    const nothing = () => undefined;
    const peer = { id, isClosed: false, takesPayload: !isSlow, pay: written, cork: nothing, uncork: nothing };
    for (let send = 0; send < count; send++) {
      file.retain();
      const frame = { op: Op.SEND_SPANS, id: 0, sock: id, send, header: new Uint8Array(4), spans: [] };
      // Every other block, so that each is read by itself.
      const place = { file, offset: send * 2 * MiB, length: MiB - 4 };
      gather.send(peer as unknown as PeerSocket, frame, [place]);
    }
  };
  return { budget, gather, sent, ask };
}

describe('memory for sends', () => {
  it('is not all for one socket that takes nothing', async () => {
    const { budget, sent, ask } = setUp();
    ask(1, true, 64);
    await settled();
    expect(budget.used).toBeLessThanOrEqual(3 * MiB);
    ask(2, false, 8);
    await settled();
    expect(sent).toEqual(Array.from({ length: 8 }, () => 2));
  });

  it('goes to a socket that waits for it as soon as another gives some back', async () => {
    const { budget, gather, sent, ask } = setUp();
    for (let id = 1; id <= 40; id++) ask(id, true, 4);
    await settled();
    expect(budget.isUsedUp).toBe(true);
    ask(100, false, 3);
    await settled();
    expect(sent).toEqual([]);
    for (let id = 1; id <= 40; id++) gather.end(id);
    await settled();
    expect(sent).toEqual([100, 100, 100]);
    expect(budget.used).toBe(0);
  });

  it('has a part for each of 450 sockets that take nothing, and no more than there is', async () => {
    const { budget, gather, sent, ask } = setUp();
    for (let id = 1; id <= 450; id++) ask(id, true, 2);
    await settled();
    // What is being read where the last of it goes may be one read longer.
    expect(budget.used).toBeLessThanOrEqual(33 * MiB);
    ask(1_000, false, 3);
    for (let id = 1; id <= 450; id++) gather.end(id);
    await settled();
    expect(sent).toEqual([1_000, 1_000, 1_000]);
    expect(budget.used).toBe(0);
  });
});
