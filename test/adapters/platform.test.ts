import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { consoleLog, PlatformClock, platformRandom } from '../../sw/adapters/platform.ts';
import { same } from '../../sw/same.ts';

const DAY = 24 * 3_600_000;

describe('the clock', () => {
  it('wakes no earlier than asked, and only for the last who asked', async () => {
    const clock = new PlatformClock();
    const woken: string[] = [];
    const start = clock.now();
    clock.wake(start, () => woken.push('first'));
    await new Promise<void>(resolve => {
      clock.wake(start + 30, () => {
        woken.push('second');
        resolve();
      });
    });
    expect(clock.now()).toBeGreaterThanOrEqual(start + 30);
    expect(woken).toEqual(['second']);
  });

  it.each([1, -1])('goes on and wakes as before where the time of day is set by a day', async days => {
    const clock = new PlatformClock();
    const [start, wall] = [clock.now(), clock.wall()];
    const woken = new Promise<number>(resolve => clock.wake(start + 50, () => resolve(clock.now())));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * DAY });
    onTestFinished(() => void vi.useRealTimers());
    expect(Math.abs(clock.wall() - wall)).toBeGreaterThan(DAY / 2);
    expect(Math.abs(clock.now() - start)).toBeLessThan(DAY / 2);
    const at = await woken;
    expect(at).toBeGreaterThanOrEqual(start + 50);
    expect(at).toBeLessThan(start + DAY / 2);
  });

  it('wakes nobody once stopped', async () => {
    const clock = new PlatformClock();
    const woken: string[] = [];
    clock.wake(clock.now(), () => woken.push('before'));
    clock.stop();
    clock.wake(clock.now(), () => woken.push('after'));
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(woken).toEqual([]);
  });
});

describe('random bytes', () => {
  it('come in any number', () => {
    const bytes = platformRandom.bytes(200_000);
    expect(bytes).toHaveLength(200_000);
    expect(new Set(bytes.subarray(199_000)).size).toBeGreaterThan(100);
  });
});

describe('the log', () => {
  it('writes what is grave enough', () => {
    const written: string[] = [];
    const { info, warn, debug } = console;
    console.info = console.warn = console.debug = (text: string) => void written.push(text);
    const log = consoleLog('info');
    log('debug', 'a');
    log('info', 'b');
    log('warn', 'c');
    Object.assign(console, { info, warn, debug });
    expect(written).toEqual(['b', 'c']);
  });
});

describe('sameness', () => {
  it.each([
    [1, 1, true],
    [NaN, NaN, true],
    [null, {}, false],
    [[], {}, false],
    [[1, [2]], [1, [2]], true],
    [[1, 2], [1], false],
    [{ a: 1, b: { c: null } }, { b: { c: null }, a: 1 }, true],
    [{ a: undefined }, { b: undefined }, false],
    [{ a: 1 }, { a: '1' }, false],
  ])('of %j and %j is %s', (a, b, expected) => {
    expect(same(a, b)).toBe(expected);
  });
});
