import { describe, expect, it } from 'vitest';
import { isThere, readPage, titlesOf } from './page.ts';

const page = readPage('daemon/wire/README.md');
const files = page.files.filter(path => path.startsWith('test/'));

describe('the page of the wire', () => {
  it('names tests', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)('%s is there', path => {
    expect(isThere(path)).toBe(true);
  });

  it.each(page.titles)('%s has “%s”', (path, title) => {
    expect(titlesOf(path)).toContain(title);
  });
});
