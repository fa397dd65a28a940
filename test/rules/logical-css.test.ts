/** Styles say where a line begins and ends, not left and right, so that the app can be written from right to left. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const web = join(import.meta.dirname, '../../web');
const PHYSICAL =
  /(?<![-\w])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)|left|right|border-(?:top|bottom)-(?:left|right)-radius)(?:-\w+)*\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)/;
/** Made by uPlot, whose charts run with time from left to right in every language. */
const BY_OTHERS = ['border-right-color: var(--border);'];

it('no style is of the left or the right', () => {
  const styles = readdirSync(web, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.css'));
  expect(styles.length).toBeGreaterThan(5);
  const found = styles.flatMap(name =>
    readFileSync(join(web, name), 'utf8')
      .split('\n')
      .map(line => line.trim())
      .filter(line => PHYSICAL.test(line) && !BY_OTHERS.includes(line))
      .map(line => `${name}: ${line}`),
  );
  expect(found).toEqual([]);
});
