import type { History } from '../../sw/view-model.ts';

/** What was measured by seconds from that time on, ms; each also says one thing and has ten bytes in all. */
export function historyOf(from: number, down: readonly number[]): History {
  const sum = { since: from, down: 10, up: 1 };
  const days = [{ day: from / 1_000, down: 10, up: 1 }];
  const mark = { at: from, kind: 'limits', down: 5_000, up: 0, mode: 'usual' } as const;
  return { from, step: 1_000, down, up: down.map(() => 0), marks: [mark], totals: { session: sum, ever: sum, days } };
}
