import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, DESKTOP, missing, openUi } from './ui.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 800 };
/** What the chip says in each, on a phone as well where that is less, and the one thing to do. */
const STATES: readonly (readonly [scenario: string, label: string, short: string, action: string])[] = [
  ['nine', 'Helper connected', 'Connected', 'Network details'],
  ['connecting', 'Connecting', 'Connecting', ''],
  ['unpaired', 'Browser only', 'Browser only', 'Pair'],
  ['no-storage', 'Set up helper', 'Set up helper', 'Pair'],
  ['forgotten', 'Pair again', 'Pair again', 'Pair'],
  ['not-started', 'Start helper', 'Start helper', 'Try again'],
  ['lost', 'Helper lost', 'Helper lost', 'Reconnect'],
  ['stopped', 'Helper stopped', 'Helper stopped', 'Start again'],
  ['superseded', 'In use elsewhere', 'In use elsewhere', 'Use here'],
  ['following', 'Firefox on Linux is at work', 'At work elsewhere', 'Use here'],
  ['old-helper', 'Update helper', 'Update helper', 'Try again'],
  ['old-app', 'Reload the app', 'Reload the app', 'Reload'],
];

describe.skipIf(missing)(`the connection (skipped without ${CHROMIUM})`, () => {
  const { show, commands } = openUi(opened => (page = opened));
  let page: Page;

  async function mismatched(): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const rules = { 'label-content-name-mismatch': { enabled: true } };
      const { violations } = await axe.run('.connection-chip, .panel', { runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'], rules });
      return violations.map(found => `${found.id}: ${found.nodes.map(node => node.target.join(' ')).join(', ')}`);
    });
  }

  it.each(STATES)(
    'says in words what it is when %s, in what is seen and in what is heard, with one thing to do',
    async (...row) => {
      const [scenario, label, short, action] = row;
      await show(scenario);
      for (const [viewport, shown] of [
        [DESKTOP, label],
        [PHONE, short],
      ] as const) {
        await page.setViewportSize(viewport);
        const chip = page.locator('.connection-chip').filter({ hasText: shown });
        await chip.click();
        expect(await chip.innerText()).toBe(shown);
        const panel = page.getByRole('dialog', { name: 'Connection' });
        expect((await panel.locator('p').first().innerText()).length).toBeGreaterThan(20);
        // What copies the command does nothing about it.
        expect(await panel.locator('.button').allInnerTexts()).toEqual(action === '' ? [] : [action]);
        expect(await panel.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
        expect(await mismatched()).toEqual([]);
        await page.keyboard.press('Escape');
      }
    },
  );

  it('has all of the first open in reach on a phone, with one way to add, and what finds anything on every page', async () => {
    await show('no-storage', { viewport: { width: 390, height: 560 } });
    const last = page.getByRole('link', { name: 'Quick download' });
    await last.scrollIntoViewIfNeeded();
    const tabs = await page.getByRole('navigation', { name: 'Main' }).boundingBox();
    const box = await last.boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(tabs?.y ?? 0);
    expect(await page.getByRole('button', { name: /^Add/ }).count()).toBe(1);
    for (const name of ['Activity', 'Settings']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('button', { name: 'Find and do anything' }).click();
      await page.getByRole('dialog').getByRole('combobox').waitFor();
      await page.keyboard.press('Escape');
    }
  });

  it('leads from the helper that is there to what is known of the network', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Helper connected' }).click();
    const panel = page.getByRole('dialog', { name: 'Connection' });
    await panel.getByRole('button', { name: 'Network details' }).click();
    await page.getByRole('heading', { name: 'Trackers' }).waitFor();
    await panel.waitFor({ state: 'hidden' });
  });

  it('says that the browser keeps a website from the helper, and until then offers to pair once a try again did not help', async () => {
    await show('lost');
    const website = new URL(page.url());
    website.hostname = 'localhost';
    const session = await page.context().newCDPSession(page);
    const { targetInfo } = await session.send('Target.getTargetInfo');
    const { browserContextId } = targetInfo;
    const permit = (setting: string): Promise<unknown> =>
      session.send(
        'Browser.setPermission' as 'Browser.resetPermissions',
        {
          permission: { name: 'loopback-network' },
          setting,
          origin: website.origin,
          browserContextId,
        } as never,
      );
    await permit('prompt');
    await page.goto(String(website));
    await page.getByRole('button', { name: 'Helper lost' }).click();
    const panel = page.getByRole('dialog', { name: 'Connection' });
    // It stays away.
    await page.evaluate(() => {
      const { connection } = globalThis.mock;
      globalThis.mock.setConnection = () => undefined;
      setInterval(() => (globalThis.mock.connection = connection));
    });
    await panel.getByRole('button', { name: 'Reconnect' }).click();
    await panel.getByRole('button', { name: 'Pair', exact: true }).waitFor();
    expect(await panel.locator('.button').count()).toBe(1);
    await permit('denied');
    await panel.getByRole('heading', { name: 'Helper blocked' }).waitFor();
    await panel.getByText('in the site settings').waitFor();
    expect(await panel.locator('.button').allInnerTexts()).toEqual(['Reconnect']);
  });

  it('says what became of the helper, and tries again on a click', async () => {
    await show('lost');
    await page.getByRole('button', { name: 'Helper lost' }).click();
    await page.getByRole('dialog', { name: 'Connection' }).getByText('npm start').waitFor();
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await page.getByRole('button', { name: 'Helper connected' }).waitFor();
    await expect.poll(commands).toEqual([{ do: 'reconnect' }]);
  });

  it('says which of app and helper is too old, and does what helps', async () => {
    await show('old-helper');
    await page.getByRole('button', { name: 'Update helper' }).click();
    await page.getByRole('dialog', { name: 'Connection' }).getByText('npm start').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(commands).toEqual([{ do: 'reconnect' }]);
    await show('old-app');
    await page.getByRole('button', { name: 'Reload the app' }).click();
    const loaded = page.waitForEvent('load');
    await page.getByRole('dialog', { name: 'Connection' }).getByRole('button', { name: 'Reload' }).click();
    await loaded;
  });

  it('shows what the helper has to say until it was read', async () => {
    await show('nine');
    await page.evaluate(() => globalThis.mock.notice('No app is paired any more.'));
    const notice = page.getByText('No app is paired any more.');
    await notice.waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await notice.waitFor({ state: 'detached' });
  });

  it('sets after how long an idle helper ends', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const field = page.getByRole('spinbutton', { name: 'Minutes until an idle helper ends' });
    await field.fill('30');
    await field.blur();
    await expect.poll(commands).toEqual([{ do: 'host', ask: { do: 'set', settings: { exitAfter: 30 } } }]);
    await expect.poll(() => field.inputValue()).toBe('30');
  });

  it('switches the notifications of the helper off', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const box = page.getByRole('checkbox', { name: 'Notify me' });
    expect(await box.isChecked()).toBe(true);
    await box.uncheck();
    await expect.poll(commands).toEqual([{ do: 'host', ask: { do: 'set', settings: { notify: false } } }]);
    await expect.poll(() => box.isChecked()).toBe(false);
  });

  it('says which other browser is at work, and has the torrents run here on a click', async () => {
    await show('following');
    await page.getByRole('button', { name: 'Firefox on Linux is at work' }).click();
    await page.getByRole('dialog', { name: 'Connection' }).getByRole('button', { name: 'Use here' }).click();
    await page.getByRole('button', { name: 'Helper connected' }).waitFor();
    await expect.poll(commands).toEqual([{ do: 'take' }]);
  });
});
