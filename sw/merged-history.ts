import type { History, Moved } from './view-model.ts';

/**
 * What two engines measured, as one: of the helper, and of this browser by itself. Where both did it is the sum, where one did what that one
 * says, and a gap where neither did. The values are those of the time of `a`.
 */
export function mergeHistories(a: History, b: History): History {
  const shift = Math.round((a.from - b.from) / a.step);
  const both = (way: keyof Moved): number[] => a[way].map((rate, at) => add(rate, b[way][at + shift] ?? -1));
  const marks = [...a.marks, ...b.marks.filter(mark => !a.marks.some(same => isSame(mark, same)))];
  return {
    ...a,
    down: both('down'),
    up: both('up'),
    marks: marks.sort((one, other) => one.at - other.at),
    totals: {
      session: sum(a.totals.session, b.totals.session),
      ever: sum(a.totals.ever, b.totals.ever),
      days: addDays(a.totals.days, b.totals.days),
    },
  };
}

/** Ms within which both engines of one computer say the same. */
const AT_ONCE = 5_000;

/** Both slept, and both have the same limits. */
function isSame(a: History['marks'][number], b: History['marks'][number]): boolean {
  return (
    a.kind === b.kind && (a.kind === 'limits' || a.kind === 'asleep' || a.kind === 'clock') && Math.abs(a.at - b.at) < AT_ONCE
  );
}

function add(a: number, b: number): number {
  return a < 0 ? b : b < 0 ? a : a + b;
}

function sum(a: History['totals']['ever'], b: History['totals']['ever']): History['totals']['ever'] {
  return { down: a.down + b.down, up: a.up + b.up, since: Math.min(a.since, b.since) };
}

function addDays(a: History['totals']['days'], b: History['totals']['days']): History['totals']['days'] {
  const days = new Map(a.map(day => [day.day, day]));
  for (const { day, down, up } of b) {
    const other = days.get(day);
    days.set(day, { day, down: down + (other?.down ?? 0), up: up + (other?.up ?? 0) });
  }
  return [...days.values()].sort((one, other) => one.day - other.day);
}
