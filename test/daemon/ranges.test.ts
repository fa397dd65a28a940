import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeSet } from '../../daemon/io/ranges.ts';

const SIZE = 40;
const range = fc.record({ offset: fc.nat(SIZE - 1), length: fc.nat(12) });
const step = fc.record({ kind: fc.constantFrom('add' as const, 'delete' as const), range });

describe('a set of ranges', () => {
  it('is the same as a set of positions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), range, (steps, probe) => {
        const set = new RangeSet();
        const model = new Set<number>();
        for (const {
          kind,
          range: { offset, length },
        } of steps) {
          set[kind](offset, length);
          for (let at = offset; at < offset + length; at++) model[kind](at);
        }
        const list = set.list();
        const listed = list.flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i));
        expect(listed).toEqual([...model].sort((a, b) => a - b));
        list.forEach((one, i) => expect(one.offset).toBeGreaterThan(i === 0 ? -1 : end(list[i - 1])));
        const wanted = Array.from({ length: probe.length }, (_, i) => probe.offset + i);
        expect(set.overlaps(probe.offset, probe.length)).toBe(wanted.some(at => model.has(at)));
        expect(set.covers(probe.length)).toBe(Array.from({ length: probe.length }, (_, i) => i).every(at => model.has(at)));
      }),
      { numRuns: 1000 },
    );
  });
});

function end(range: { offset: number; length: number } | undefined): number {
  return range === undefined ? -1 : range.offset + range.length;
}
