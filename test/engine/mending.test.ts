import { expect, test } from 'vitest';
import { Mending } from '../../sw/engine/mending.ts';
import type { FileProblem } from '../../sw/engine/events.ts';
import type { RootState } from '../../sw/engine/roots.ts';

const MIB = 1 << 20;
const SECOND = 1000;

/** One that lacks 1,000 MiB and has just failed. */
function setUp(problem: FileProblem, { isPending = false } = {}) {
  const roots = new Map<string, RootState>();
  let tries = 0;
  const torrent = {
    phase: 'failed' as const,
    problem,
    substance: { root: 'a', lacking: 1000 * MIB, where: { isPending } },
    retry: (): void => {
      tries++;
      mending.entered('queued');
      mending.begin(now);
    },
  };
  let now = 0;
  const mending = new Mending(torrent, token => roots.get(token));
  mending.begin(0);
  const look = (free: number, fault = '', token = 'a'): number => {
    roots.set(token, { token, free, problem: fault, trash: false });
    mending.looked(now);
    return tries;
  };
  const until = (seconds: number): number => {
    for (; now < seconds * SECOND; now += SECOND) mending.tick(now);
    mending.tick(now);
    return tries;
  };
  return { look, until, mending };
}

test('it is tried after ten seconds, then ever more seldom, every ten minutes at last', () => {
  const { until, mending } = setUp('io');
  expect([9, 10, 29, 30, 69, 70, 150].map(until)).toEqual([0, 1, 1, 2, 2, 3, 4]);
  const before = until(36_000);
  expect(until(72_000) - before).toBe(60);
  mending.reset();
  mending.entered('running');
  mending.begin(72_000 * SECOND);
  expect(until(72_010) - until(72_000)).toBe(0);
  expect(until(72_011)).toBe(before + 61);
});

test('a full disk goes on as soon as the rest fits, and is not tried before', () => {
  const { look, until } = setUp('full');
  expect([look(0), look(900 * MIB), look(1000 * MIB), until(7200)]).toEqual([0, 0, 0, 0]);
  expect(look(1100 * MIB)).toBe(1);
});

test('what is not known, or was enough all the time, is tried by the clock alone', () => {
  const { look, until } = setUp('full');
  expect([look(-1), look(5000 * MIB), look(4000 * MIB), look(0, '', 'b'), look(9000 * MIB, '', 'b')]).toEqual([0, 0, 0, 0, 0]);
  expect(until(10)).toBe(1);
});

test('a folder that cannot be used is not tried until it can', () => {
  const { look, until } = setUp('no-such-root');
  expect([look(-1, 'The folder is missing.'), until(7200)]).toEqual([0, 0]);
  expect(look(0)).toBe(1);
});

test('files are not moved again to see whether there is room: that is heard', () => {
  const { look, until } = setUp('full', { isPending: true });
  expect([until(7200), look(0), look(2000 * MIB)]).toEqual([0, 0, 1]);
  const denied = setUp('denied', { isPending: true });
  expect([denied.until(7200), denied.look(0, 'It is away.'), denied.look(5000 * MIB)]).toEqual([0, 0, 0]);
});

test.each(['gone', 'conflict', 'unsafe'] as const)('%s is left to a person', problem => {
  const { look, until } = setUp(problem);
  expect([until(7200), look(-1, 'The folder is missing.'), look(5000 * MIB)]).toEqual([0, 0, 0]);
});
