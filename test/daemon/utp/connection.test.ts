/** Connections of uTP over a path that does its worst, on a virtual clock. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HashPool } from '../../../daemon/io/hash-pool.ts';
import { Landing } from '../../../daemon/io/landing.ts';
import { MemoryPool } from '../../../daemon/io/memory.ts';
import { PeerSocket } from '../../../daemon/io/peer-socket.ts';
import { Throttle } from '../../../daemon/wire/throttle.ts';
import { CloseReason, type Frame, Op, RateDirection } from '../../../daemon/wire/frames.ts';
import { RECEIVE_WINDOW } from '../../../daemon/io/utp/receiver.ts';
import { Path, type Way } from './path.ts';

const MIB = 1 << 20;
/** Of a payload, a header, and what a datagram may be over IPv4 with that much of a path. */
const DATAGRAM = 1420 - 28;

describe('bytes both ways', () => {
  it.each<[string, Way, number]>([
    ['over a good path', {}, 2 * MIB],
    ['at 30 % loss, out of order and doubled', { loss: 0.3, jitter: 40, twice: 0.1 }, MIB / 2],
    ['wholly out of order', { jitter: 500 }, MIB / 2],
    ['through a narrow place with a short queue', { delay: 30, rate: 500_000, queue: 30_000 }, 2 * MIB],
  ])('arrive once and in order %s', (_name, way, length) => {
    for (const seed of [1, 2, 3]) {
      const path = new Path(seed, way, 1e9 * seed);
      const [near, far] = path.join();
      const [out, back] = [randomBytes(length), randomBytes(length)];
      // In parts of all sizes, as messages and payload are.
      for (let at = 0, size = 1; at < length; at += size, size = (size * 7) % 20_011)
        near.stream.write(out.subarray(at, at + size));
      far.stream.write(back);
      expect(path.clock.run(3_600_000, () => far.received >= length && near.received >= length)).toBe(true);
      expect(far.text.equals(out) && near.text.equals(back)).toBe(true);
      near.stream.end();
      expect(path.clock.run(60_000, () => far.hasEnded)).toBe(true);
      far.stream.destroy();
      expect(path.clock.run(60_000, () => near.isClosed && far.isClosed)).toBe(true);
      expect([path.near.utp.count, path.far.utp.count, path.near.held.bytes, path.far.held.bytes]).toEqual([0, 0, 0, 0]);
    }
  });

  it('what was written is told once it is on its way, and what is written before the end arrives', () => {
    const path = new Path(4);
    const near = path.near.connect('far');
    const told: string[] = [];
    near.stream.write(Buffer.from('one'), () => told.push('one'));
    near.stream.write(Buffer.from('two'), () => told.push('two'));
    expect(told).toEqual([]);
    path.clock.run(1_000);
    expect(told).toEqual(['one', 'two']);
    near.stream.write(Buffer.from('three'));
    near.stream.end();
    path.clock.run(1_000);
    expect(path.far.accepted[0]?.text.toString()).toBe('onetwothree');
    expect(path.far.accepted[0]?.hasEnded).toBe(true);
  });

  it('are no more than there is room for, while nobody reads, and go on when somebody does', () => {
    const path = new Path(5);
    const [near, far] = path.join();
    far.stream.pause();
    near.stream.write(randomBytes(4 * MIB));
    path.clock.run(120_000);
    expect(far.received).toBe(0);
    expect(path.far.held.bytes).toBeGreaterThan(RECEIVE_WINDOW / 2);
    expect(path.far.held.bytes).toBeLessThan(2 * RECEIVE_WINDOW);
    expect(near.stream.writableLength).toBeGreaterThanOrEqual(4 * MIB - RECEIVE_WINDOW - 1000);
    far.stream.resume();
    expect(path.clock.run(60_000, () => far.received === 4 * MIB)).toBe(true);
  });

  it('go on at once where there is room again because others have read', () => {
    const path = new Path(11);
    const [near, far] = path.join();
    const others = path.far.held.most;
    path.far.held.bytes += others;
    near.stream.write(Buffer.alloc(100_000));
    path.clock.run(60_000);
    expect(far.received).toBe(0);
    path.far.held.bytes -= others;
    expect(path.clock.run(1_000, () => far.received === 100_000)).toBe(true);
  });
});

describe('the end', () => {
  /** The far end as the socket of a peer, and what that tells. */
  function asPeer(seed: number) {
    const path = new Path(seed);
    const [near, far] = path.join();
    const told: Frame[] = [];
    const throttle = new Throttle({ now: () => path.clock.time, after: (ms, run) => path.clock.after(ms, run) });
    const peer = new PeerSocket(
      1,
      {
        landing: new Landing(new HashPool(), new MemoryPool()),
        throttle,
        push: frame => told.push(frame),
        later: tell => tell(),
        counters: { netIn: 0, netOut: 0 },
        assembly: { bytes: 0 },
      },
      () => undefined,
    );
    far.stream.pause();
    const buffer = Buffer.alloc(64 * 1024);
    far.stream.reading = { buffer: () => buffer, callback: count => peer.read(buffer.subarray(0, count)) };
    peer.attach(far.stream);
    const received = () => told.reduce((sum, frame) => sum + (frame.op === Op.TCP_RECV ? frame.bytes.length : 0), 0);
    return { path, near, throttle, peer, told, received };
  }

  it('comes after all that was read and is not passed on, for want of credit', () => {
    const { path, near, peer, told, received } = asPeer(12);
    peer.opened();
    peer.credit(68);
    near.stream.write(Buffer.alloc(1_000));
    near.stream.end();
    path.clock.run(1_000);
    expect([received(), peer.isClosed]).toEqual([68, false]);
    peer.credit(1_000);
    path.clock.run(1_000);
    expect([received(), peer.isClosed]).toEqual([1_000, true]);
    expect(told.at(-1)).toMatchObject({ op: Op.TCP_CLOSE, reason: CloseReason.REMOTE });
  });

  it('comes after all that was read and is not passed on, for a limit on the rate', () => {
    const { path, near, throttle, peer, received } = asPeer(13);
    throttle.set({ id: 0, group: 1, parent: 0, direction: RateDirection.READ, rate: 1_000 });
    peer.flow(RateDirection.READ).join(1);
    peer.opened();
    peer.credit(MIB);
    near.stream.write(Buffer.alloc(12_000));
    near.stream.end();
    path.clock.run(2_000);
    expect(peer.isClosed).toBe(false);
    path.clock.run(60_000);
    expect([received(), peer.isClosed]).toEqual([12_000, true]);
  });

  it('takes nothing with it of what is read when the other side is long gone', () => {
    const path = new Path(14);
    const [near, far] = path.join();
    far.stream.pause();
    const bytes = randomBytes(500_000);
    near.stream.write(bytes);
    expect(path.clock.run(10_000, () => path.far.held.bytes > 500_000)).toBe(true);
    near.stream.end();
    expect(path.clock.run(10_000, () => near.isClosed)).toBe(true);
    path.clock.run(120_000);
    expect([far.isClosed, far.hasEnded]).toEqual([false, false]);
    far.stream.resume();
    path.clock.run(100);
    expect(far.hasEnded).toBe(true);
    expect(far.text.equals(bytes)).toBe(true);
  });
});

describe('the window', () => {
  it('keeps the queue before a narrow place near 100 ms, and uses most of it', () => {
    const path = new Path(6, { delay: 20, rate: 1_000_000 });
    const [near, far] = path.join();
    far.keeps = false;
    near.stream.write(Buffer.alloc(60 * MIB));
    path.clock.run(10_000);
    const before = far.received;
    const waits: number[] = [];
    for (let i = 0; i < 300; i++) {
      path.clock.run(100);
      waits.push(path.waited.get('far') ?? 0);
    }
    waits.sort((a, b) => a - b);
    expect(waits[150]).toBeGreaterThan(30);
    expect(waits[285]).toBeLessThan(200);
    expect(far.received - before).toBeGreaterThan(30 * 1_000_000 * 0.9);
  });

  it('yields to who fills the queue', () => {
    const path = new Path(7, { delay: 20, rate: 1_000_000 });
    const [near, far] = path.join();
    far.keeps = false;
    near.stream.write(Buffer.alloc(60 * MIB));
    path.clock.run(10_000);
    // Somebody else keeps 300 ms of datagrams waiting there.
    const fill = (): void => {
      while ((path.waited.get('far') ?? 0) < 300) path.carry(Buffer.alloc(DATAGRAM), 'far');
      path.clock.after(5, fill);
    };
    fill();
    path.clock.run(10_000);
    const before = far.received;
    path.clock.run(10_000);
    expect(far.received - before).toBeLessThan(10 * 1_000_000 * 0.1);
  });

  it('is not moved far by delays that jump', () => {
    const path = new Path(8);
    const [near, far] = path.join();
    let count = 0;
    path.near.filter = datagram => {
      datagram.writeUInt32BE((count++ % 2) * 0x80000000 + 1, 8);
      return false;
    };
    near.stream.write(Buffer.alloc(MIB));
    expect(path.clock.run(600_000, () => far.received === MIB)).toBe(true);
  });
});

describe('the other side', () => {
  it('that is gone is given up within a minute or so, and one that is idle is spoken to', () => {
    const path = new Path(9);
    const [near] = path.join();
    const before = path.near.sent;
    path.clock.run(120_000);
    expect(near.isClosed).toBe(false);
    expect(path.near.sent - before).toBeGreaterThanOrEqual(3);
    expect(path.near.sent - before).toBeLessThan(20);
    path.way = { loss: 1 };
    near.stream.write(Buffer.from('?'));
    path.clock.run(70_000);
    expect(near.isClosed).toBe(true);
    expect(near.problem).not.toBe('');
  });

  it('that resets a connection ends it, once, and a stranger who cannot know its numbers does not', () => {
    const path = new Path(10);
    const [near, far] = path.join();
    let mine = Buffer.alloc(0);
    path.far.filter = datagram => {
      mine = Buffer.from(datagram);
      return false;
    };
    near.stream.write(Buffer.from('x'));
    path.clock.run(1_000);
    const reset = (ack: number): Buffer => {
      const bytes = Buffer.alloc(20);
      bytes[0] = 0x31;
      mine.copy(bytes, 2, 2, 4);
      bytes.writeUInt16BE(ack & 0xffff, 18);
      return bytes;
    };
    path.near.utp.receive(reset(mine.readUInt16BE(16) + 20_000), 'far', 6881);
    path.clock.run(100);
    expect(near.isClosed).toBe(false);
    for (let i = 0; i < 2; i++) path.near.utp.receive(reset(mine.readUInt16BE(16)), 'far', 6881);
    path.clock.run(100);
    expect(near.isClosed).toBe(true);
    expect([path.near.utp.count, path.near.held.bytes]).toEqual([0, 0]);
    // And it is told to the far side when that speaks next.
    far.stream.write(Buffer.from('y'));
    path.clock.run(1_000);
    expect(far.isClosed).toBe(true);
  });
});
