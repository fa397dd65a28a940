import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`the connection (skipped without ${CHROMIUM})`, () => {
  const { show, commands } = openUi(opened => (page = opened));
  let page: Page;

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
