import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

/** Limits on speed: the settings, slow mode and its hours, and those of one torrent. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 800 };

describe.skipIf(missing)(`limits on speed in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const settings = async (): Promise<unknown[]> =>
    (await commands()).map(command => (command.do === 'configure' ? command.settings : command));
  const openSettings = (): Promise<void> => page.getByRole('button', { name: 'Settings' }).click();

  async function audit(): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const { violations } = await axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.map(found => `${found.id}: ${found.nodes.map(node => node.target.join(' ')).join(', ')}`);
    });
  }

  it('are typed with their unit, whichever comes first', async () => {
    await show('nine');
    await openSettings();
    const field = page.getByRole('spinbutton', { name: 'Download limit', exact: true });
    expect(await field.inputValue()).toBe('');
    await field.fill('750');
    await field.blur();
    await page.getByRole('combobox', { name: 'Unit: Download limit', exact: true }).selectOption('MB/s');
    await expect.poll(() => field.inputValue()).toBe('750');
    await field.fill('1.5');
    await field.press('Enter');
    await expect.poll(async () => (await settings()).length).toBe(3);
    await field.fill('');
    await field.blur();
    const typed = [750_000, 750_000_000, 1_500_000, 0].map(downLimit => ({ downLimit }));
    await expect.poll(settings).toEqual(typed);
    expect(await field.inputValue()).toBe('');
    const up = page.getByRole('spinbutton', { name: 'Upload limit', exact: true });
    const unit = page.getByRole('combobox', { name: 'Unit: Upload limit', exact: true });
    await up.fill('0.5');
    await up.blur();
    await page.getByRole('alert').waitFor();
    await unit.selectOption('MB/s');
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
    await expect.poll(settings).toEqual([...typed, { upLimit: 500_000 }]);
    expect(await up.inputValue()).toBe('0.5');
  });

  it('are lower at the press of a button, which says what it does', async () => {
    await show('nine');
    const toggle = page.getByRole('button', { name: 'Slow mode', exact: true });
    expect(await toggle.getAttribute('aria-pressed')).toBe('false');
    expect(await toggle.getAttribute('title')).toMatch(/^Slow mode is off: 1\sMB\/s down, 100\skB\/s up$/);
    await toggle.click();
    await expect.poll(() => toggle.getAttribute('aria-pressed')).toBe('true');
    await toggle.click();
    await expect.poll(() => toggle.getAttribute('aria-pressed')).toBe('false');
    await expect.poll(settings).toEqual([{ altMode: 'on' }, { altMode: 'off' }]);
  });

  it('follow hours of the week that are set with the keyboard alone, and by whole days and hours', async () => {
    await show('nine');
    await page.clock.install();
    await openSettings();
    await page.getByRole('radio', { name: 'By the hour' }).check();
    const hours = page.getByRole('table', { name: 'Hours of the week' });
    const week = async (): Promise<readonly number[]> => {
      const last = (await settings()).at(-1) as { altSchedule?: readonly number[] };
      return last.altSchedule ?? [];
    };
    await hours.getByRole('button', { name: 'Monday, 9 AM to 10 AM: Slow' }).waitFor();
    await hours.getByRole('button', { name: 'Monday, 12 AM to 1 AM: Usual' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await expect.poll(async () => (await week())[1]).toBe(0x1fe02);
    await hours.getByRole('button', { name: 'Tuesday, 1 AM to 2 AM: Slow' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await week())[1]).toBe(0xffffff);
    await hours.getByRole('button', { name: '11 PM to 12 AM, every day' }).click();
    await expect.poll(async () => (await week()).every(day => day >> 23 === 1)).toBe(true);
    await hours.getByRole('button', { name: '11 PM to 12 AM, every day' }).click();
    await expect.poll(async () => (await week()).every(day => day >> 23 === 0)).toBe(true);
    // A third kind, by keys as well: it takes the place of the other, and goes when it is set again.
    await page.getByRole('radio', { name: 'Slow', exact: true }).focus();
    await page.keyboard.press('ArrowRight');
    const nine = hours.getByRole('button', { name: /^Monday, 9 AM to 10 AM: / });
    const last = async (): Promise<unknown> => (await settings()).at(-1);
    await nine.focus();
    await page.keyboard.press('Space');
    await expect.poll(last).toMatchObject({ altSchedule: { 0: 0x1fc00 }, pauseSchedule: { 0: 0x200 } });
    await expect.poll(() => nine.getAttribute('aria-label')).toBe('Monday, 9 AM to 10 AM: Paused');
    await page.keyboard.press('Space');
    await expect.poll(last).toMatchObject({ altSchedule: { 0: 0x1fc00 }, pauseSchedule: { 0: 0 } });
    await expect.poll(() => nine.getAttribute('aria-label')).toBe('Monday, 9 AM to 10 AM: Usual');
    // One place of the table is in the order of Tab.
    expect(await hours.locator('[tabindex="0"]').count()).toBe(1);
  });

  it('show in the bar when their hour has come, and the button ends the schedule', async () => {
    await show('nine');
    await page.clock.install({ time: new Date(2026, 10, 16, 8, 59, 50) });
    await openSettings();
    await page.getByRole('radio', { name: 'By the hour' }).check();
    const toggle = page.getByRole('button', { name: 'Slow mode', exact: true });
    await page.getByRole('table', { name: 'Hours of the week' }).waitFor();
    expect(await toggle.getAttribute('aria-pressed')).toBe('false');
    // The page looks at the hour from time to time, from when it has drawn the schedule on.
    const later = async (): Promise<string | null> => {
      await page.clock.runFor(20_000);
      return toggle.getAttribute('aria-pressed');
    };
    await expect.poll(later, { timeout: 10_000 }).toBe('true');
    await toggle.click();
    await page.getByText('The schedule is off now').waitFor();
    await expect.poll(async () => (await settings()).at(-1)).toEqual({ altMode: 'off' });
  });

  it('give way to a pause by the schedule, which rows and the bar tell, and which can be ended', async () => {
    await show('nine');
    await page.clock.install({ time: new Date(2026, 10, 16, 21, 59, 50) });
    await openSettings();
    await page.getByRole('radio', { name: 'By the hour' }).check();
    await page.getByRole('radio', { name: 'Paused', exact: true }).check();
    await page.getByRole('button', { name: 'Monday, 10 PM to 11 PM: Usual' }).click();
    await page.evaluate(() => {
      const sintel = [...globalThis.mock.torrents.values()].find(({ name }) => name.startsWith('Sintel'));
      const until = new Date(2026, 10, 16, 23).getTime();
      if (sintel) globalThis.mock.put({ ...sintel, state: 'queued', problem: { code: 'scheduled', until }, down: 0, peers: 0 });
    });
    const pause = page.getByRole('button', { name: 'Paused until 11:00 PM by your schedule. Turn the schedule off' });
    const later = async (): Promise<number> => {
      await page.clock.runFor(20_000);
      return pause.count();
    };
    await expect.poll(later, { timeout: 10_000 }).toBe(1);
    await page.goBack();
    await row(/^Sintel.*Paused until 11:00.PM by your schedule/).dblclick();
    await page.getByRole('note').getByRole('button', { name: 'Start now' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'set', options: { forceStart: true } });
    await pause.click();
    await page.getByText('The schedule is off now').waitFor();
    await expect.poll(async () => (await settings()).at(-1)).toEqual({ altMode: 'off' });
  });

  it('of one torrent are among its details, and in force are told in calm words', async () => {
    await show('nine');
    await row(/^Sintel/).dblclick();
    const panel = page.getByRole('tabpanel');
    await panel.getByRole('spinbutton', { name: 'Upload limit' }).fill('40');
    await panel.getByRole('spinbutton', { name: 'Upload limit' }).blur();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'set', options: { upLimit: 40_000 } });
    await page.evaluate(() => {
      const sintel = [...globalThis.mock.torrents.values()].find(({ name }) => name.startsWith('Sintel'));
      if (sintel === undefined) return;
      const options = { ...sintel.options, downLimit: 1_500_000 };
      globalThis.mock.put({ ...sintel, options, limits: { down: 1_500_000, up: 40_000 } });
    });
    await panel.getByText('Downloading from 4 of 9 peers at most 1.5 MB/s').waitFor();
    await row(/^Sintel.*Downloading, 4 peers, at most 1\.5.MB\/s/).waitFor();
  });

  it.each(['light', 'dark'] as const)('are as accessible on a phone, %s', async colorScheme => {
    await show('nine', { viewport: PHONE, colorScheme });
    await page.getByRole('button', { name: 'Slow mode', exact: true }).click();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('radio', { name: 'By the hour' }).check();
    await page.getByRole('table', { name: 'Hours of the week' }).waitFor();
    expect(await audit()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  });
});
