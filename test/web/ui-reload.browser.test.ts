/** A page of which a part did not come loads again by itself, and not without end. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi, withoutRest } from './ui.ts';

describe.skipIf(missing)(`a page in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, row } = openUi(opened => (page = opened), /net::ERR_FAILED/);
  let page: Page;

  /** Loads the page while the first `fails` requests for that fail; answers how often it was asked for within some seconds. */
  async function reload(path: string, fails: number): Promise<() => number> {
    let asked = 0;
    await page.route(path, route => (++asked <= fails ? route.abort() : route.continue()));
    await page.reload();
    return () => asked;
  }

  it.each(['**/assets/index-*.js', '**/assets/*.css'])('is there again where %s did not come once', async path => {
    await show('nine');
    await page.evaluate(() => sessionStorage.clear());
    const asked = await reload(path, 1);
    await page.locator('.table').waitFor();
    expect(asked()).toBe(2);
    expect(await page.evaluate(() => sessionStorage.getItem('starling.reloads.parts'))).toMatch(/^1 \d+$/);
  });

  it('waits ever longer where that does not help', async () => {
    await show('nine');
    const asked = await reload('**/assets/index-*.js', Infinity);
    await expect.poll(asked).toBe(2);
    const second = async (times: number, ago: number): Promise<void> => {
      const kept = `${times} ${Date.now() - ago}`;
      await page.evaluate(value => sessionStorage.setItem('starling.reloads.parts', value), kept);
      await page.reload();
    };
    await second(1, 9_500);
    await expect.poll(asked).toBe(4);
    await second(9, 300_000);
    await page.waitForTimeout(1_500);
    expect(asked()).toBe(5);
  });

  it('shows a part once it is there, where a person asked for it and it did not come', async () => {
    await show('nine&reloads', {}, withoutRest);
    let asked = 0;
    await page.route('**/assets/inspector-*.js', route => (++asked === 1 ? route.abort() : route.continue()));
    await row(/^ubuntu/).dblclick();
    await page.getByRole('tab', { name: /^Peers/ }).waitFor();
    expect(asked).toBe(2);
  });
});
