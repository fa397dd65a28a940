import { expect, test } from 'vitest';
import { mergeHistories } from '../../sw/merged-history.ts';
import { historyOf } from './histories.ts';

test('two histories are one by the time, with a gap where neither measured, and say once what both say', () => {
  const merged = mergeHistories(historyOf(5_000, [-1, 10, 20, -1]), historyOf(4_000, [7, 1, 2, -1, -1]));
  expect(merged).toMatchObject({ from: 5_000, down: [1, 12, 20, -1], up: [0, 0, 0, 0] });
  expect(merged.marks).toHaveLength(1);
  expect(merged.totals).toEqual({
    session: { since: 4_000, down: 20, up: 2 },
    ever: { since: 4_000, down: 20, up: 2 },
    days: [
      { day: 4, down: 10, up: 1 },
      { day: 5, down: 10, up: 1 },
    ],
  });
});

test('what was said at another time, or of something else, is said as well, in order', () => {
  const [a, b] = [historyOf(60_000, [1]), historyOf(4_000, [1])];
  const joined = { at: 4_000, kind: 'helper', isThere: true } as const;
  expect(mergeHistories(a, { ...b, marks: [joined, ...b.marks] }).marks.map(({ at, kind }) => `${at} ${kind}`)).toEqual([
    '4000 helper',
    '4000 limits',
    '60000 limits',
  ]);
});
