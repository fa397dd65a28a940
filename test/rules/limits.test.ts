import { describe, expect, it } from 'vitest';
import * as limits from '../../daemon/io/limits.ts';
import { isThere, readPage, sourceOf, titlesOf } from './page.ts';

const { rows, files, titles } = readPage('docs/LIMITS.md');
/** Without those that are headings. */
const places = rows.filter(row => !row.startsWith('| **'));

/** Every limit of the io-daemon by the name that the page has for it. */
const { LIMITS: told, ...others } = limits;
const values = new Map<string, number>([
  ...Object.entries(told).map(([name, value]) => [`LIMITS.${name}`, value] as const),
  ...Object.entries(others),
]);

const UNITS: readonly (readonly [unit: string, size: number])[] = [
  ['KiB', 1 << 10],
  ['MiB', 1 << 20],
  ['GiB', 1 << 30],
  ['ms', 1],
  ['s', 1_000],
  ['min', 60_000],
];

/** How a number may read: with commas, and in a unit where it is a whole number of those. */
function spellings(value: number): string[] {
  const inUnits = UNITS.filter(([, size]) => value % size === 0).map(([unit, size]) => `${value / size} ${unit}`);
  return [value.toLocaleString('en-US'), ...inUnits];
}

/** Of what stands behind a constant; null where that is more than a number, or one shifted to the left. */
function numberOf(source: string): number | null {
  const [, digits = '', by = '0'] = /^([\d_]+)(?: << (\d+))?;$/.exec(source) ?? [];
  return digits === '' ? null : Number(digits.replaceAll('_', '')) << Number(by);
}

describe('the page of limits', () => {
  it('has a place, a bound with a name and a test with a title in every row', () => {
    expect(places.length).toBeGreaterThan(50);
    for (const row of places) {
      const [place = '', holds = '', bound = '', full = '', test = ''] = row.slice(2).split(' | ');
      expect(place).toMatch(/`(daemon|sw|web)\/[\w./-]+\.ts`/);
      expect([holds, full]).not.toContain('');
      expect(bound).toMatch(/`[A-Z]/);
      expect(test).toMatch(/`test\/[\w./-]+\.test\.ts` “/);
    }
  });

  it.each(files)('%s is there', path => {
    expect(isThere(path)).toBe(true);
  });

  it.each(titles)('%s has “%s”', (path, title) => {
    expect(titlesOf(path)).toContain(title);
  });

  it('names constants that there are, with the numbers that they have', () => {
    for (const row of places) {
      const sources = [...row.matchAll(/`((?:daemon|sw|web)\/[\w./-]+\.ts)`/g)].map(([, path = '']) => sourceOf(path));
      for (const [, name = '', after = ''] of row.matchAll(/`([A-Z][A-Z_\d]+(?:\.\w+)?)`([^`|]*)/g)) {
        const own = sources.flatMap(source => new RegExp(`const ${name} = (.*)`).exec(source)?.[1] ?? []);
        const value = own.length > 0 ? numberOf(own[0] ?? '') : (values.get(name) ?? expect.unreachable(`${name}: ${row}`));
        if (value === null) continue;
        const reads = spellings(value).some(spelling => new RegExp(`^ ${spelling}(?![\\w,]*\\d)`).test(after));
        expect(reads, `${name} is ${value}: ${row}`).toBe(true);
      }
    }
  });

  it('leaves out no limit of the io-daemon', () => {
    const page = sourceOf('docs/LIMITS.md');
    expect([...values.keys()].filter(name => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
