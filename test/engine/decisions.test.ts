import { describe, expect, test } from 'vitest';
import { Choker } from '../../sw/engine/choker.ts';
import { Meter } from '../../sw/engine/meter.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { ActivePiece } from '../../sw/engine/pieces.ts';
import { MAX_DEPTH, Pipeline } from '../../sw/engine/requests.ts';

const MB = 1e6;

describe('the pipeline', () => {
  test('grows from a slow start, keeps seconds of a slow peer’s rate, and never passes what the peer queues', () => {
    const slow = new Pipeline();
    expect(slow.depth(0)).toBeGreaterThanOrEqual(4);
    for (let second = 0; second < 20; second++) slow.landed(0, 0, 6, 100_000, second * 1000);
    expect(slow.depth(100_000)).toBeGreaterThanOrEqual(Math.floor((3 * 100_000) / 16384));
    expect(slow.depth(100_000)).toBeLessThan(30);
    const fast = new Pipeline();
    fast.reqq = 100;
    for (let second = 0; second < 5; second++) fast.landed(0, 0, 1000, 100 * MB, second * 1000);
    expect(fast.depth(100 * MB)).toBe(100);
    fast.snubbed = true;
    expect(fast.depth(100 * MB)).toBe(1);
  });

  test('is deep where the round trip is long', () => {
    const far = new Pipeline();
    far.reqq = 5000;
    far.asked(1, 0, 0);
    far.landed(1, 0, 1, 0, 200);
    for (let second = 1; second < 5; second++) far.landed(1, 1, 1000, 50 * MB, second * 1000);
    // 50 MB/s at 200 ms is 610 blocks under way; less would not carry the rate.
    expect(far.depth(50 * MB)).toBeGreaterThan(610);
    expect(far.depth(50 * MB)).toBeLessThanOrEqual(MAX_DEPTH);
  });
});

test('a piece hands out each block once, takes back what is released, and lands it once', () => {
  const piece = new ActivePiece(0, 1, 5 * 16384 + 100, 0);
  expect(piece.blocks).toBe(6);
  expect(piece.takeFree(4)).toEqual([0, 4]);
  expect(piece.takeFree(9)).toEqual([4, 6]);
  expect(piece.takeFree(1)).toBeNull();
  piece.release(2);
  expect(piece.takeFree(9)).toEqual([2, 3]);
  expect(piece.land(5, '192.0.2.1:6881')).toBe(true);
  expect(piece.land(5, '192.0.2.1:6881')).toBe(false);
  piece.release(5);
  expect([piece.free, piece.missing]).toEqual([0, 5]);
  piece.land(2, '192.0.2.1:6881');
  piece.reopen([5, 2]);
  expect([piece.free, piece.missing]).toEqual([2, 6]);
  expect(piece.takeFree(9)).toEqual([2, 3]);
  expect(piece.takeFree(9)).toEqual([5, 6]);
  const other = new ActivePiece(0, 2, 3 * 16384, 0);
  other.adopt([{ offset: 100, length: 2 * 16384 + 5000 }], null);
  expect([other.isLanded(0), other.isLanded(1), other.isLanded(2)]).toEqual([false, true, false]);
});

test('a block whose sender is not known is that of whoever is said to have sent it later, until the piece begins anew', () => {
  const piece = new ActivePiece(0, 1, 2 * 16384, 0);
  expect(piece.land(0, '')).toBe(true);
  expect(piece.land(0, '10.0.0.1:1')).toBe(false);
  expect(piece.land(0, '10.0.0.2:1')).toBe(false);
  expect(piece.senders).toEqual(['10.0.0.1:1', null]);
  piece.reopen([0, 1]);
  expect(piece.senders).toEqual([null, null]);
});

test('a meter shows a steady rate as it is and forgets it within seconds', () => {
  const meter = new Meter(0);
  for (let at = 0; at <= 10_000; at += 100) meter.add(100_000, at);
  expect(meter.rate(10_000)).toBeGreaterThan(0.9 * MB);
  expect(meter.rate(10_000)).toBeLessThan(1.1 * MB);
  expect(meter.rate(40_000)).toBeLessThan(0.01 * MB);
});

describe('the choker', () => {
  function peers(count: number, seeding: boolean) {
    return Array.from({ length: count }, (_, index) => {
      const peer = new Peer(index, `10.0.0.${index}:1`, false, 0, () => undefined, 0);
      peer.peerInterested = true;
      const candidate = { peer, seeding, setChoking: (choking: boolean) => peer.setChoking(choking, clock.now) };
      return candidate;
    });
  }
  const clock = { now: 0 };

  test('serves those who give most, and one by chance', () => {
    const all = peers(20, false);
    all.forEach(({ peer }, index) => {
      for (let at = 0; at <= 5000; at += 250) peer.down.add(index * 1000, at);
    });
    clock.now = 5000;
    new Choker(
      () => 0,
      () => 8,
    ).tick(all, clock.now);
    const served = all.filter(({ peer }) => !peer.amChoking).map(({ peer }) => peer.conn);
    expect(served).toHaveLength(8);
    expect(served).toEqual([0, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('as a seed gives everyone a turn', () => {
    const all = peers(20, true);
    const choker = new Choker(
      () => 0.5,
      () => 8,
    );
    const turns = new Set<number>();
    for (clock.now = 0; clock.now < 10 * 60_000; clock.now += 15_000) {
      choker.tick(all, clock.now);
      const served = all.filter(({ peer }) => !peer.amChoking);
      expect(served.length).toBeLessThanOrEqual(8);
      for (const { peer } of served) turns.add(peer.conn);
    }
    expect(turns.size).toBe(20);
  });

  test('lets a newcomer in at once while there is room, and nobody who wants nothing', () => {
    const [one, two] = peers(2, true);
    const choker = new Choker(
      () => 0,
      () => 8,
    );
    choker.interested(one!, { all: 7, rtc: 0 });
    expect(one!.peer.amChoking).toBe(false);
    choker.interested(two!, { all: 8, rtc: 0 });
    expect(two!.peer.amChoking).toBe(true);
    two!.peer.peerInterested = false;
    choker.interested(two!, { all: 0, rtc: 0 });
    expect(two!.peer.amChoking).toBe(true);
    choker.tick([two!], 0);
    expect(two!.peer.amChoking).toBe(true);
  });

  test('peers over WebRTC have half of the places, and one by chance', () => {
    const all = peers(20, true);
    for (const { peer } of all.slice(0, 15)) peer.transport = 'webrtc';
    const choker = new Choker(
      () => 0,
      () => 8,
    );
    const [first, , , , , , , , , , , , , , , last] = all;
    choker.interested(first!, { all: 4, rtc: 4 });
    expect(first!.peer.amChoking).toBe(true);
    choker.interested(last!, { all: 4, rtc: 4 });
    expect(last!.peer.amChoking).toBe(false);
    for (clock.now = 0; clock.now < 5 * 60_000; clock.now += 15_000) {
      choker.tick(all, clock.now);
      const served = all.filter(({ peer }) => !peer.amChoking);
      expect(served.length).toBe(8);
      expect(served.filter(({ peer }) => peer.transport === 'webrtc').length).toBeLessThanOrEqual(5);
    }
  });
});
