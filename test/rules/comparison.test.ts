import { describe, expect, it } from 'vitest';
import { isThere, readPage, titlesOf } from './page.ts';

const { rows, files, titles } = readPage('docs/COMPARISON.md');

describe('the comparison with other clients', () => {
  it('names a test for whatever it says that ours can do', () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const row of rows) {
      if (/^\| [^|]+ \| +[●◐]/.test(row)) expect(row).toMatch(/`test\/[\w./-]+\.test\.ts` “/);
    }
  });

  it.each(files)('%s is there', path => {
    expect(isThere(path)).toBe(true);
  });

  it.each(titles)('%s has “%s”', (path, title) => {
    expect(titlesOf(path)).toContain(title);
  });
});
