import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { PairedApp } from '../../sw/api.ts';
import { CHROMIUM, missing, openUi } from './ui.ts';

/** The button that pairs this browser, and the list of those that are paired. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const APPS: readonly PairedApp[] = [
  { id: 'aa', name: 'Firefox on Linux', origin: 'http://127.0.0.1:7800', pairedAt: 1e12, usedAt: 1e12, isThis: true },
  { id: 'bb', name: 'Chrome on Windows', origin: 'https://app.example', pairedAt: 1e12, usedAt: 0, isThis: false },
];

describe.skipIf(missing)(`pairing in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands } = openUi(opened => (page = opened));
  let page: Page;

  const pair = () => page.locator('.set-up').getByRole('button', { name: 'Pair', exact: true });
  async function violations(inside: string): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async selector => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const found = await axe.run(selector, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
      return found.violations.map(({ id }) => id);
    }, inside);
  }

  it('shows the code, and hands the token to the worker once the helper says yes', async () => {
    await show('unpaired');
    let isAllowed = false;
    await page.route('**/pair', route => route.fulfill({ status: 202, json: { id: 'request', code: '012345' } }));
    await page.route('**/status', route =>
      route.fulfill({ json: isAllowed ? { state: 'paired', token: 'secret' } : { state: 'waiting' } }),
    );
    await pair().click();
    await page.locator('.set-up').getByText('012 345').waitFor();
    expect(await violations('.pair')).toEqual([]);
    expect(await commands()).toEqual([]);
    isAllowed = true;
    await expect.poll(commands).toMatchObject([{ do: 'pair', token: 'secret', port: Number(new URL(page.url()).port) }]);
  });

  it.each([
    [429, { seconds: 30 }, {}, 'Press Pair again in 30'],
    [202, { id: 'x', code: '000000' }, { state: 'refused' }, 'Pairing was refused'],
    [202, { id: 'x', code: '000000' }, { state: 'unasked' }, 'neither a screen nor a terminal'],
    [202, { id: 'x', code: '000000' }, { state: 'over' }, 'Nobody answered'],
    [500, {}, {}, 'stopped answering'],
  ])('says what to do after an answer of %s %j %j', async (status, asked, told, words) => {
    await show('unpaired');
    // Its failures are part of what is shown.
    await page.evaluate(
      ([code, first, then]) => {
        globalThis.fetch = (url: unknown) =>
          Promise.resolve(
            Response.json(String(url).endsWith('/pair') ? first : then, { status: String(url).endsWith('/pair') ? code : 200 }),
          );
      },
      [status, asked, told] as const,
    );
    await pair().click();
    await page.locator('.set-up').getByRole('alert').filter({ hasText: words }).waitFor();
    expect(await pair().isEnabled()).toBe(true);
  });

  it('is called off, and the helper hears of it', async () => {
    await show('unpaired');
    const cancelled: unknown[] = [];
    await page.route('**/pair', route => route.fulfill({ status: 202, json: { id: 'request', code: '012345' } }));
    await page.route('**/status', route => {
      cancelled.push(route.request().postDataJSON());
      return route.fulfill({ json: { state: 'waiting' } });
    });
    await pair().click();
    await page.locator('.set-up').getByText('012 345').waitFor();
    await page.locator('.set-up').getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => cancelled.at(-1)).toEqual({ id: 'request', cancel: true });
    await pair().waitFor();
  });

  it('lists who is paired, and unpairs one', async () => {
    await show('nine');
    await page.route('**/~paired', route => route.fulfill({ json: APPS }));
    await page.getByRole('button', { name: 'Settings' }).click();
    const list = page.getByRole('list', { name: 'Paired apps' });
    await list.waitFor();
    expect(await list.getByRole('listitem').count()).toBe(2);
    expect(await list.getByRole('listitem').nth(1).textContent()).toContain('https://app.example, paired');
    expect(await violations('.settings')).toEqual([]);
    await page.getByRole('button', { name: 'Unpair Chrome on Windows at https://app.example' }).click();
    await expect.poll(commands).toEqual([{ do: 'unpair', app: 'bb' }]);
    await page.getByText('Chrome on Windows is paired no more.').waitFor();
  });
});
