import { describe, expect, it } from 'vitest';
import { isThere, readPage, titlesOf } from './page.ts';

const { rows, files, titles } = readPage('docs/PROTOCOLS.md');

describe('the page of protocols', () => {
  it('names something in every row, and a test with a title', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      expect(row).toMatch(/`(sw|daemon)\/[\w./-]+\.ts`/);
      expect(row).toMatch(/`test\/[\w./-]+\.test\.ts` “/);
    }
  });

  it.each(files)('%s is there', path => {
    expect(isThere(path)).toBe(true);
  });

  it.each(titles)('%s has “%s”', (path, title) => {
    expect(titlesOf(path)).toContain(title);
  });
});
