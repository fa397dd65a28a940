import { expect, test } from 'vitest';
import { Roots } from '../../sw/engine/roots.ts';
import type { Phase } from '../../sw/engine/phase.ts';
import type { FileProblem } from '../../sw/engine/events.ts';

const MIB = 1 << 20;

function setUp(phase: Phase, problem: FileProblem | null, lacking = 1000 * MIB) {
  const torrent = { phase, problem, substance: { root: 'a', lacking } };
  const resumed: unknown[] = [];
  const roots = new Roots(
    () => [torrent],
    one => resumed.push(one),
  );
  const free = (bytes: number, token = 'a'): number => {
    roots.tell([{ token, free: bytes }]);
    return resumed.length;
  };
  return { free };
}

test('a torrent that a full disk stopped goes on as soon as the rest of it fits', () => {
  const { free } = setUp('failed', 'full');
  expect([free(0), free(900 * MIB), free(1000 * MIB)]).toEqual([0, 0, 0]);
  expect(free(1100 * MIB)).toBe(1);
});

test('it is not tried where there was room all the time', () => {
  const { free } = setUp('failed', 'full');
  expect([free(2000 * MIB), free(4000 * MIB), free(3000 * MIB)]).toEqual([0, 0, 0]);
  expect([free(10 * MIB), free(2000 * MIB)]).toEqual([0, 1]);
});

test('what is not known is no room, and another folder is not its own', () => {
  const { free } = setUp('failed', 'full');
  expect([free(-1), free(5000 * MIB)]).toEqual([0, 0]);
  expect([free(0, 'b'), free(5000 * MIB, 'b')]).toEqual([0, 0]);
  expect([free(0), free(-1), free(5000 * MIB)]).toEqual([0, 0, 0]);
});

test.each([
  ['failed', 'denied'],
  ['paused', null],
  ['running', null],
] as const)('one that is %s (%s) is left alone', (phase, problem) => {
  const { free } = setUp(phase, problem);
  expect([free(0), free(5000 * MIB)]).toEqual([0, 0]);
});
