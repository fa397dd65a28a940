import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Order } from '../../sw/engine/order.ts';
import type { MoveTo } from '../../sw/engine/order.ts';
import { Pace } from '../../sw/engine/pace.ts';
import { Queue } from '../../sw/engine/queue.ts';
import type { Kind, Queued, QueueLimits } from '../../sw/engine/queue.ts';

interface Fake extends Queued {
  place: number;
  kind: Kind;
  isForced: boolean;
  isHeld: boolean;
}

function fake(number: number, kind: Kind = 'download'): Fake {
  return { id: String(number).padStart(3, '0'), place: number, kind, isForced: false, isHeld: false };
}

function setUp(limits: Partial<QueueLimits>) {
  const told: string[] = [];
  const stood = new Set<Fake>();
  const queue = new Queue<Fake>(
    { maxActiveDownloads: 0, maxActiveSeeds: 0, maxActive: 0, ...limits },
    {
      go: ({ id }) => told.push(`go ${id}`),
      stand: torrent => {
        stood.add(torrent);
        told.push(`stand ${torrent.id}`);
      },
    },
  );
  return { queue, stood, told: () => told.splice(0) };
}

describe('the queue', () => {
  it('seats as many as the limits allow, in the order of their places, whoever came first', () => {
    const { queue, told } = setUp({ maxActiveDownloads: 2 });
    const [a, b, c] = [fake(1), fake(2), fake(3)];
    for (const torrent of [c, b, a]) queue.enter(torrent);
    expect(told()).toEqual(['go 003', 'go 002', 'stand 003', 'go 001']);
    expect([a, b, c].map(torrent => queue.ahead(torrent))).toEqual([-1, -1, 0]);
    queue.leave(a);
    expect(told()).toEqual(['go 003']);
  });

  it('counts each kind by itself, and gives the seats of all to downloads before seeds', () => {
    const { queue, told } = setUp({ maxActiveDownloads: 3, maxActiveSeeds: 2, maxActive: 3 });
    [fake(1, 'seed'), fake(2, 'seed'), fake(3, 'seed')].forEach(seed => queue.enter(seed));
    expect(told()).toEqual(['go 001', 'go 002']);
    queue.enter(fake(4));
    queue.enter(fake(5));
    expect(told()).toEqual(['go 004', 'stand 002', 'go 005']);
  });

  it('does not count a slow one among its kind, until it moves again', () => {
    const { queue, told } = setUp({ maxActiveDownloads: 1 });
    const [a, b] = [fake(1), fake(2)];
    queue.enter(a);
    queue.enter(b);
    expect(told()).toEqual(['go 001']);
    queue.pace(a, true);
    expect(told()).toEqual(['go 002']);
    queue.pace(a, false);
    expect(told()).toEqual(['stand 002']);
  });

  it('gives everyone a turn where all are slow and the limit on all is reached', () => {
    const { queue } = setUp({ maxActive: 2 });
    const all = Array.from({ length: 9 }, (_, index) => fake(index + 1));
    for (const torrent of all) queue.enter(torrent);
    const seen = new Map<Fake, number>();
    for (let round = 0; round < 27; round++) {
      const seated = all.filter(torrent => queue.isSeated(torrent));
      expect(seated).toHaveLength(2);
      for (const torrent of seated) {
        seen.set(torrent, (seen.get(torrent) ?? 0) + 1);
        queue.pace(torrent, true);
      }
    }
    expect(all.filter(torrent => (seen.get(torrent) ?? 0) >= 2)).toEqual(all);
  });

  it('has one that is forced at work beside all limits', () => {
    const { queue, told } = setUp({ maxActive: 1 });
    const [a, b] = [fake(1), fake(2)];
    queue.enter(a);
    queue.enter(b);
    told();
    queue.change(b, () => (b.isForced = true));
    expect(told()).toEqual(['go 002']);
    queue.change(b, () => (b.isForced = false));
    expect(told()).toEqual(['stand 002']);
  });

  it('lets magnets look for their metadata eight at a time, unless downloads are not limited', () => {
    for (const [maxActiveDownloads, most] of [
      [1, 8],
      [0, 20],
    ] as const) {
      const { queue, told } = setUp({ maxActiveDownloads });
      for (let number = 1; number <= 20; number++) queue.enter(fake(number, 'fetch'));
      expect(told()).toHaveLength(most);
    }
  });

  it('tells who has another number ahead, once', () => {
    const { queue } = setUp({ maxActiveDownloads: 1 });
    const all = Array.from({ length: 4 }, (_, index) => fake(index + 1));
    for (const torrent of all) queue.enter(torrent);
    expect([...queue.takeShifted()]).toEqual(all.slice(1));
    expect([...queue.takeShifted()]).toEqual([]);
    queue.leave(all[0]!);
    expect([...queue.takeShifted()].map(torrent => queue.ahead(torrent))).toEqual([0, 1]);
  });

  it('never has more at work than allowed, none idle that could be, and none before its turn', () => {
    const kinds = fc.constantFrom<Kind>('fetch', 'download', 'seed');
    const most = fc.nat({ max: 4 });
    const action = fc.record({
      what: fc.constantFrom('enter', 'leave', 'pace', 'kind', 'force', 'place', 'limit'),
      which: fc.nat({ max: 15 }),
      kind: kinds,
      yes: fc.boolean(),
      limits: fc.record({ maxActiveDownloads: most, maxActiveSeeds: most, maxActive: most }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), actions => {
        const { queue, stood } = setUp({});
        let limits: QueueLimits = { maxActiveDownloads: 0, maxActiveSeeds: 0, maxActive: 0 };
        const all = Array.from({ length: 16 }, (_, index) => fake(index + 1));
        const inside = new Set<Fake>();
        const slow = new Set<Fake>();
        /** Those that gave up a seat while they were slow stand behind others for a while. */
        const late = new Set<Fake>();
        actions.forEach(({ what, which, kind, yes, limits: others }, step) => {
          const torrent = all[which]!;
          stood.clear();
          const known = queue.isSeated(torrent);
          if (what === 'enter') {
            queue.enter(torrent);
            inside.add(torrent);
          } else if (what === 'leave') {
            queue.leave(torrent);
            inside.delete(torrent);
            slow.delete(torrent);
            late.delete(torrent);
          } else if (what === 'pace' && known && !torrent.isForced) {
            if (yes) slow.add(torrent);
            else slow.delete(torrent);
            queue.pace(torrent, yes);
          } else if (what === 'kind') {
            if (torrent.kind !== kind) slow.delete(torrent);
            queue.change(torrent, () => (torrent.kind = kind));
          } else if (what === 'force') {
            if (torrent.isForced !== yes) slow.delete(torrent);
            queue.change(torrent, () => (torrent.isForced = yes));
          } else if (what === 'place') queue.change(torrent, () => (torrent.place = 100 + step));
          else if (what === 'limit') queue.limit((limits = others));
          for (const each of stood) if (slow.delete(each)) late.add(each);
          for (const each of late) if (queue.isSeated(each)) late.delete(each);
          const seated = [...inside].filter(each => queue.isSeated(each) && !each.isForced);
          const waiting = [...inside].filter(each => !queue.isSeated(each));
          expect(waiting.filter(each => each.isForced)).toEqual([]);
          const isFull = seated.length >= (limits.maxActive || Infinity);
          expect(seated.length).toBeLessThanOrEqual(limits.maxActive || Infinity);
          for (const each of ['fetch', 'download', 'seed'] as const) {
            const counted = seated.filter(one => one.kind === each && !slow.has(one));
            const { maxActiveDownloads, maxActiveSeeds } = limits;
            const allowed =
              (each === 'seed' ? maxActiveSeeds : maxActiveDownloads && each === 'fetch' ? 8 : maxActiveDownloads) || Infinity;
            expect(counted.length).toBeLessThanOrEqual(allowed);
            const next = waiting.filter(one => one.kind === each && !late.has(one));
            if (!isFull && counted.length < allowed) expect(waiting.filter(one => one.kind === each)).toEqual([]);
            const first = Math.min(...next.map(({ place }) => place));
            for (const { place } of counted) expect(place).toBeLessThan(first);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('the line', () => {
  const names = (order: Order<Fake>): string => [...order.values()].map(({ id }) => Number(id)).join(' ');
  const line = (kinds: readonly Kind[]): { order: Order<Fake>; all: Fake[]; set: string[] } => {
    const set: string[] = [];
    const order = new Order<Fake>((item, change) => {
      change();
      set.push(item.id);
    });
    const all = kinds.map((kind, index) => ({ ...fake(index + 1, kind), place: 0 }));
    for (const item of all) order.add(item, 5);
    return { order, all, set };
  };
  const ofKind = (a: Fake, b: Fake): boolean => a.kind === b.kind;
  const D = 'download';

  it.each<[readonly number[], MoveTo, string]>([
    [[3], 'top', '3 1 2 4 5'],
    [[2, 4], 'top', '2 4 1 3 5'],
    [[1, 2], 'bottom', '3 4 5 1 2'],
    [[3], 'up', '1 3 2 4 5'],
    [[1, 2], 'up', '1 2 3 4 5'],
    [[2, 3], 'up', '2 3 1 4 5'],
    [[4, 5], 'down', '1 2 3 4 5'],
    [[2, 3], 'down', '1 4 2 3 5'],
    [[5, 1], 2, '2 3 1 5 4'],
    [[4], 1, '1 4 2 3 5'],
    [[1], 99, '2 3 4 5 1'],
  ])('moves %j %s', (which, to, expected) => {
    const { order, all } = line([D, D, D, D, D]);
    order.move(
      which.map(number => all[number - 1]!),
      to,
      ofKind,
    );
    expect(names(order)).toBe(expected);
  });

  it('passes others of its kind alone on the way up and down', () => {
    const { order, all } = line([D, 'seed', 'seed', D]);
    order.move([all[3]!], 'up', ofKind);
    expect(names(order)).toBe('4 1 2 3');
  });

  it('gives one place anew for one move, and all of them only where there is no room between', () => {
    const { order, all, set } = line([D, D, D]);
    let most = 0;
    for (let round = 0; round < 200; round++) {
      set.length = 0;
      order.move([all[round % 2 === 0 ? 2 : 1]!], 1, ofKind);
      most = Math.max(most, set.length);
      expect(names(order)).toBe(round % 2 === 0 ? '1 3 2' : '1 2 3');
      if (round < 20) expect(set).toHaveLength(1);
      expect(new Set(all.map(({ place }) => place)).size).toBe(3);
      expect(all.every(({ place }) => Number.isSafeInteger(place) && place !== 0)).toBe(true);
    }
    expect(most).toBe(3);
  });

  it('is as a list would be, whatever is moved where', () => {
    const to = fc.oneof(fc.constantFrom('top' as const, 'bottom' as const), fc.nat({ max: 9 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 7 }), to), { maxLength: 100 }), moves => {
        const { order, all } = line(Array.from({ length: 8 }, () => D));
        const list = [...all];
        for (const [which, where] of moves) {
          const item = all[which]!;
          list.splice(list.indexOf(item), 1);
          list.splice(where === 'top' ? 0 : where === 'bottom' ? list.length : where, 0, item);
          order.move([item], where, ofKind);
          expect([...order.values()]).toEqual(list);
        }
      }),
    );
  });
});

describe('the pace of a torrent', () => {
  const run = (pace: Pace, seconds: number, from: { now: number; bytes: number }, bytes: number): number => {
    let changes = 0;
    for (let second = 0; second < seconds; second++) {
      from.now += 1000;
      from.bytes += bytes;
      if (pace.look('download', from.bytes, from.now)) changes += 1;
    }
    return changes;
  };

  it('is slow after five minutes without payload, and not any more after half a minute with', () => {
    const pace = new Pace();
    const at = { now: 5_000, bytes: 100 };
    pace.begin(at.bytes, at.now);
    expect(run(pace, 299, at, 0)).toBe(0);
    expect(run(pace, 1, at, 0)).toBe(1);
    expect(pace.isSlow).toBe(true);
    expect(run(pace, 1, at, 50)).toBe(0);
    expect(run(pace, 60, at, 0)).toBe(0);
    expect(pace.isSlow).toBe(true);
    run(pace, 31, at, 50);
    expect(pace.isSlow).toBe(false);
    expect(run(pace, 299, at, 0)).toBe(0);
  });

  it('does not count the hours that the computer slept', () => {
    const pace = new Pace();
    pace.begin(0, 0);
    expect(pace.look('download', 0, 8 * 3600_000)).toBe(false);
    expect(pace.look('download', 0, 8 * 3600_000 + 1000)).toBe(false);
  });
});
