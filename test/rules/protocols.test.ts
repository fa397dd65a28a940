import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const top = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/PROTOCOLS.md', top), 'utf8');

/** Paths, and behind those of tests the titles that are quoted after them, up to the next path. */
const named = [...page.matchAll(/`([\w./-]+\.ts)`([^`]*)/g)].map(([, path = '', after = '']) => ({
  path,
  titles: [...after.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title),
}));
const rows = page.split('\n').filter(line => /^\| [^-]/.test(line) && !/\| shown by +\|$/.test(line));

describe('the page of protocols', () => {
  it('names something in every row, and a test with a title', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      expect(row).toMatch(/`(sw|daemon)\/[\w./-]+\.ts`/);
      expect(row).toMatch(/`test\/[\w./-]+\.test\.ts` “/);
    }
  });

  it.each([...new Set(named.map(({ path }) => path))])('%s is there', path => {
    expect(existsSync(new URL(path, top))).toBe(true);
  });

  it.each(named.flatMap(({ path, titles }) => titles.map(title => [path, title] as const)))('%s has “%s”', (path, title) => {
    // A title in quotes of its own may have them escaped.
    expect(readFileSync(new URL(path, top), 'utf8').replaceAll("\\'", "'")).toContain(title);
  });
});
