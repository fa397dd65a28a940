import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../daemon/io/limits.ts';
import { type Flow, Throttle } from '../../daemon/wire/throttle.ts';
import { RateDirection } from '../../daemon/wire/frames.ts';
import { VirtualClock } from '../sim/clock.ts';

const { READ, SEND } = RateDirection;

/** Somebody with bytes to move, who moves them whenever it is its turn. */
interface Mover {
  readonly flow: Flow;
  moved: number;
  readonly turns: number[];
  stop(): void;
}

function setUp() {
  const clock = new VirtualClock();
  const throttle = new Throttle({ now: () => clock.time, after: (ms, run) => clock.after(ms, run) });
  const group = (number: number, rate: number, parent = 0, direction: RateDirection = READ): void =>
    throttle.set({ id: 0, group: number, parent, direction, rate });
  const mover = (number: number, bytes = 2 ** 40): Mover => {
    let left = bytes;
    const flow = throttle.flow(count => {
      self.moved += count;
      self.turns.push(count);
      left -= count;
      flow.want(left);
    });
    const self: Mover = { flow, moved: 0, turns: [], stop: () => flow.leave() };
    flow.join(number);
    flow.want(left);
    return self;
  };
  return { clock, throttle, group, mover };
}

const sum = (movers: readonly Mover[]): number => movers.reduce((bytes, { moved }) => bytes + moved, 0);
const within = (actual: number, expected: number, part: number): void => {
  expect(actual).toBeGreaterThan(expected * (1 - part));
  expect(actual).toBeLessThan(expected * (1 + part));
};

describe('the limits on rates', () => {
  it.each([10_000, 100_000, 1_000_000, 50_000_000])('let %i bytes a second pass, within a tenth over any two seconds', rate => {
    const { clock, group, mover } = setUp();
    group(1, rate);
    const movers = [mover(1), mover(1), mover(1)];
    const totals: number[] = [];
    for (let at = 0; at < 10_000; at += 100) {
      totals.push(sum(movers));
      clock.run(100);
    }
    for (let from = 0; from + 20 < totals.length; from++) within(totals[from + 20]! - totals[from]!, 2 * rate, 0.1);
  });

  it('never let more pass than the rate and what was saved, however many come and go', () => {
    const step = fc.record({
      wait: fc.nat(400),
      act: fc.oneof(fc.record({ join: fc.nat(3) }), fc.record({ leave: fc.nat(5) }), fc.record({ bytes: fc.nat(60_000) })),
    });
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 5_000, max: 5_000_000 }), fc.integer({ min: 5_000, max: 5_000_000 })),
        fc.array(step, { maxLength: 40 }),
        ([above, below], steps) => {
          const { clock, group, mover } = setUp();
          group(1, above);
          group(2, below, 1);
          group(3, 0, 1);
          const movers: { group: number; mover: Mover }[] = [];
          const began = clock.time;
          const bound = (rate: number): number => (rate * (clock.time - began + 150)) / 1000 + 16 * 1024;
          for (const { wait, act } of steps) {
            if ('join' in act) movers.push({ group: act.join % 3 || 3, mover: mover(act.join % 3 || 3) });
            else if ('bytes' in act) movers.push({ group: 2, mover: mover(2, act.bytes) });
            else movers[act.leave]?.mover.stop();
            clock.run(wait);
            expect(sum(movers.map(each => each.mover))).toBeLessThanOrEqual(bound(above));
            expect(sum(movers.filter(each => each.group === 2).map(each => each.mover))).toBeLessThanOrEqual(bound(below));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are shared evenly, and nobody starves, wherever in the tree they stand', () => {
    const { clock, group, mover } = setUp();
    group(1, 200_000);
    group(2, 0, 1);
    group(3, 500_000, 1);
    const movers = [1, 1, 2, 2, 2, 3, 3, 3, 3, 1].map(number => mover(number));
    clock.run(20_000);
    for (const { moved } of movers) within(moved, 20_000 * 20, 0.05);
  });

  it('of a group bind it below a wider one, and leave the rest to the others', () => {
    const { clock, group, mover } = setUp();
    group(1, 300_000);
    group(2, 50_000, 1);
    const bound = [mover(2), mover(2)];
    const others = [mover(1), mover(1)];
    clock.run(20_000);
    within(sum(bound), 20 * 50_000, 0.03);
    within(sum(others), 20 * 250_000, 0.03);
  });

  it('count what did not wait, and make those wait who can', () => {
    const { clock, group, mover } = setUp();
    group(1, 100_000);
    const one = mover(1);
    clock.run(1_000);
    const before = one.moved;
    one.flow.spend(300_000);
    clock.run(2_900);
    expect(one.moved).toBe(before);
    clock.run(2_000);
    within(one.moved - before, 190_000, 0.1);
  });

  it('change at once, for those who wait as well', () => {
    const { clock, group, mover } = setUp();
    group(1, 1_000);
    const one = mover(1);
    clock.run(10_000);
    const slow = one.moved;
    within(slow, 10_000, 0.1);
    group(1, 1_000_000);
    clock.run(1_000);
    within(one.moved - slow, 1_000_000, 0.02);
    group(1, 0);
    clock.run(0);
    expect(one.moved).toBe(2 ** 40);
  });

  it('go with their group: who was in it is in the one above', () => {
    const { clock, throttle, group, mover } = setUp();
    group(1, 100_000);
    group(2, 10_000, 1);
    const one = mover(2);
    clock.run(1_000);
    throttle.drop({ id: 0, group: 2 });
    const before = one.moved;
    clock.run(10_000);
    within(one.moved - before, 1_000_000, 0.03);
    expect(throttle.count).toBe(1);
    expect(() => throttle.drop({ id: 0, group: 2 })).toThrow('no such group');
  });

  it('cost nothing where there are none: no turn waits, no timer runs', () => {
    const { clock, group, mover } = setUp();
    group(1, 0);
    group(2, 0, 1);
    const one = mover(2);
    expect(one.flow.isLimited).toBe(false);
    clock.run(0);
    expect(one.turns).toEqual([2 ** 40]);
  });

  it('let no timer run while nobody waits', () => {
    const clock = new VirtualClock();
    let timers = 0;
    const after = (ms: number, run: () => void) => (timers++, clock.after(ms, run));
    const throttle = new Throttle({ now: () => clock.time, after });
    throttle.set({ id: 0, group: 1, parent: 0, direction: READ, rate: 1_000 });
    const flow = throttle.flow(() => undefined);
    flow.join(1);
    flow.want(700);
    clock.run(60_000);
    const used = timers;
    clock.run(600_000);
    expect(timers).toBe(used);
  });

  it('are refused where they make no sense, and bounded', () => {
    const { group } = setUp();
    group(1, 5);
    expect(() => group(0, 5)).toThrow('no such group');
    expect(() => group(2, 5, 9)).toThrow('no such group');
    expect(() => group(2, 5, 1, SEND)).toThrow('the other direction');
    expect(() => group(1, 5, 0, SEND)).toThrow('the other direction');
    group(2, 5, 1);
    expect(() => group(2, 5)).toThrow('elsewhere');
    group(3, 5, 2);
    group(4, 5, 3);
    expect(() => group(5, 5, 4)).toThrow('too many groups');
    for (let number = 5; number <= LIMITS.groups; number++) group(number, 5);
    expect(() => group(LIMITS.groups + 1, 5)).toThrow('too many groups');
  });
});
