import { describe, expect, it } from 'vitest';
import { count } from '../guards/guard.ts';
import { GUARDS } from '../guards/table.ts';
import { isThere, readPage, sourceOf, titlesOf } from './page.ts';

const { rows, files, titles } = readPage('docs/SECURITY.md');
/** `8a` stands after 8. */
const numbers = rows.map(row => /^\| (\d+a?) \|/.exec(row)?.[1] ?? '');

describe('the page of threats', () => {
  it('has each row once, in order, and a test with a title in each', () => {
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => parseInt(a) - parseInt(b) || a.localeCompare(b)));
    for (const row of rows) expect(row).toMatch(/`test\/[\w./-]+\.test\.ts` “/);
  });

  it.each(files)('%s is there', path => {
    expect(isThere(path)).toBe(true);
  });

  it.each(titles)('%s has “%s”', (path, title) => {
    expect(titlesOf(path)).toContain(title);
  });
});

describe('the table of guards', () => {
  it.each(GUARDS)(
    '$row $name: stands where it is said to, and has its row and its tests',
    ({ row, file, text, instead, tests }) => {
      expect(numbers).toContain(String(row));
      expect(count(text, sourceOf(file)), `how often ${file} has the guard`).toBe(1);
      expect(instead).not.toBe(text);
      expect(tests.length).toBeGreaterThan(0);
      for (const test of tests) expect(titlesOf(test.file)).toMatch(titled(test.title));
    },
  );

  it('names no guard twice', () => {
    const names = GUARDS.map(({ row, name }) => `${row} ${name}`);
    expect(names).toEqual([...new Set(names)]);
  });
});

/** The whole title between its quotes. */
function titled(title: string): RegExp {
  return new RegExp(`(['"\`])${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\1`);
}
