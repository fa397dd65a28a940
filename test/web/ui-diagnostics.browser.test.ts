import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { WorkerStats } from '../../sw/api.ts';
import { CHROMIUM, DESKTOP, missing, openUi } from './ui.ts';

/** How the helper runs, in the settings. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 800 };
const SECOND = 1000;

const STATS: WorkerStats = {
  marks: [],
  io: { sent: 12_000, received: 3_400_000 },
  control: { sent: 100, received: 200 },
  daemon: {
    pid: 4321,
    uptimeMs: 3_600_000,
    rss: 123_000_000,
    heap: 9_000_000,
    external: 60_000_000,
    sockets: 57,
    landing: 48_000_000,
  },
  sockets: [
    { sock: 12, received: 1_000_000, sent: 2_000, unsent: 5_000, held: 0 },
    { sock: 13, received: 500_000, sent: 2_000, unsent: 0, held: 0 },
  ],
  windows: 1,
};

describe.skipIf(missing)(`diagnostics in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show } = openUi(opened => (page = opened));
  let page: Page;

  /** Answers what is asked for; gives how often that was. */
  async function answer(stats: () => WorkerStats): Promise<() => number> {
    let asked = 0;
    await page.route('**/~stats', route => {
      asked++;
      return route.fulfill({ json: stats() });
    });
    return () => asked;
  }

  const fact = (name: string): Promise<string | null> =>
    page
      .locator('.diagnostics .fact', { has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .textContent();

  it.each([
    ['a desk', DESKTOP],
    ['a phone', PHONE],
  ])('are read once somebody looks at them, and anew while somebody does, on %s', async (_where, viewport) => {
    await show('nine', { viewport });
    let rss = 123_000_000;
    const asked = await answer(() => ({ ...STATS, daemon: { ...STATS.daemon, rss } }));
    await page.getByRole('button', { name: 'Settings' }).click();
    const summary = page.getByText('Diagnostics', { exact: true });
    await summary.scrollIntoViewIfNeeded();
    expect(asked()).toBe(0);
    await summary.click();
    await expect.poll(() => page.locator('.diagnostics .fact').count()).toBeGreaterThan(5);
    expect(await fact('Helper')).toMatch(/process 4321, for 1\sh$/);
    expect(await fact('Memory')).toMatch(/^123\sMB/);
    expect(await fact('Connections')).toMatch(/^57 to peers/);
    expect(await fact('Waiting')).toMatch(/^connection 12: 5\.0\skB to send, 0\sB held$/);
    rss = 456_000_000;
    await expect.poll(() => fact('Memory'), { timeout: 15 * SECOND }).toMatch(/^456\sMB/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const found = await axe.run('.diagnostics', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
      return found.violations.map(({ id }) => id);
    });
    expect(violations).toEqual([]);
    await summary.click();
    await expect.poll(() => page.locator('.diagnostics .fact').count()).toBe(0);
  });

  it('say so where the helper is away, and are copied as a text that names nothing', async () => {
    await show('nine', { permissions: ['clipboard-read', 'clipboard-write'] });
    await answer(() => ({ ...STATS, daemon: null, sockets: [] }));
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByText('Diagnostics', { exact: true }).click();
    await expect.poll(() => page.locator('.diagnostics .fact').count()).toBeGreaterThan(1);
    expect(await fact('Helper')).toBe('It is away.');
    await page.getByRole('button', { name: 'Copy diagnostics' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('Starling diagnostics');
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toContain('Helper: It is away.');
    expect(text).toMatch(/\nBrowser: .*Chrom/);
    expect(text).not.toMatch(/[0-9a-f]{40}|magnet:|\d+\.\d+\.\d+\.\d+:\d/);
  });
});
