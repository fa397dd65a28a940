import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS } from '../../sw/engine/options.ts';
import { DEFAULT_SETTINGS } from '../../web/defaults.ts';
import { ROOTS } from '../fakes/mock-torrents.ts';
import { CHROMIUM, HASH, missing, openUi } from './ui.ts';

/** The settings as a whole: found by words, marked, reset; the hours of the week painted by a mouse and a finger. */

describe.skipIf(missing)(`the settings in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands } = openUi(opened => (page = opened));
  let page: Page;

  const open = (): Promise<void> => page.getByRole('button', { name: 'Settings' }).click();
  const last = async (): Promise<unknown> => {
    const command = (await commands()).at(-1);
    return command?.do === 'configure' ? command.settings : command;
  };

  it('are found by their names and by other words, led to, marked, and reset where they differ', async () => {
    await show('nine');
    await open();
    await page.getByRole('searchbox', { name: 'Search the settings' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('upload slots');
    await page.getByRole('button', { name: /^Peers served at once/ }).waitFor();
    await page.keyboard.press('Enter');
    const field = page.getByRole('spinbutton', { name: 'Peers served at once' });
    await expect.poll(() => field.evaluate(input => input === document.activeElement)).toBe(true);
    expect(await page.locator('.setting.marked').getAttribute('id')).toBe('maxUploads');
    await field.fill('20');
    await field.blur();
    await expect.poll(last).toEqual({ maxUploads: 20 });
    await page.getByRole('button', { name: 'Reset to 8: Peers served at once' }).click();
    await expect.poll(last).toEqual({ maxUploads: 8 });
    await expect.poll(() => field.inputValue()).toBe('8');
    expect(await page.getByRole('button', { name: /^Reset/ }).count()).toBe(0);
    await page.getByRole('radio', { name: 'High contrast' }).check();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('contrast');
    await page.getByRole('button', { name: 'Reset to System: Appearance' }).click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBeUndefined();
  });

  it('say what can be typed where something else was, and keep that until it is mended or called off', async () => {
    await show('nine');
    await open();
    const wrong = page.getByRole('alert');
    const field = (name: string) => page.getByRole('spinbutton', { name, exact: true });
    for (const [name, typed, told] of [
      ['Connections at most', '99999', 'Enter a whole number from 1 to 450.'],
      ['Connections at most', '0', 'Enter a whole number from 1 to 450.'],
      ['Downloads at once', '-1', 'Enter a whole number from 0 to 10,000.'],
      ['Downloads at once', '', 'Enter a whole number from 0 to 10,000.'],
      ['At ratio', '0.333', 'Enter a number from 0 to 10,000, with at most two decimals.'],
      ['Download limit', '-5', 'Enter a speed from 1 kB/s to 10 GB/s, or leave it empty for no limit.'],
      ['Download limit', '99999999999999', 'Enter a speed from 1 kB/s to 10 GB/s, or leave it empty for no limit.'],
    ] as const) {
      const before = await field(name).inputValue();
      await field(name).fill(typed);
      await field(name).blur();
      await expect.poll(() => wrong.textContent()).toBe(told);
      expect(await field(name).inputValue()).toBe(typed);
      expect(await field(name).getAttribute('aria-invalid')).toBe('true');
      expect(await field(name).evaluate(input => input.getAttribute('aria-describedby'))).toBe(await wrong.getAttribute('id'));
      await field(name).press('Escape');
      expect(await field(name).inputValue()).toBe(before);
      expect(await wrong.count()).toBe(0);
    }
    expect(await commands()).toEqual([]);
    await field('Connections at most').fill('99999');
    await field('Connections at most').press('Enter');
    await wrong.waitFor();
    await field('Connections at most').press('Backspace');
    await field('Connections at most').press('Backspace');
    await field('Connections at most').press('Backspace');
    await expect.poll(() => wrong.count()).toBe(0);
    await field('Connections at most').press('Enter');
    await expect.poll(last).toEqual({ maxConnections: 99 });
    expect(await field('Connections at most').getAttribute('aria-invalid')).toBe('false');
  });

  it('have hours painted from one to another by a mouse, called off by Escape', async () => {
    await show('nine');
    await open();
    await page.getByRole('radio', { name: 'By the hour' }).check();
    const cell = (name: string) => page.getByRole('button', { name: new RegExp(`^${name}: `) });
    const kind = (name: string) => cell(name).getAttribute('class');
    // The lower one first: once it is in view, both are.
    const to = await box(cell('Wednesday, 3 AM to 4 AM'));
    const from = await box(cell('Monday, 1 AM to 2 AM'));
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    expect(await kind('Tuesday, 2 AM to 3 AM')).toBe('hour hour-slow');
    await page.keyboard.press('Escape');
    expect(await kind('Tuesday, 2 AM to 3 AM')).toBe('hour hour-usual');
    await page.mouse.up();
    expect(await last()).toEqual({ altMode: 'scheduled' });
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(last).toEqual({
      altSchedule: [0x1fe0e, 0x1fe0e, 0x1fe0e, 0x1fe00, 0x1fe00, 0, 0],
      pauseSchedule: [0, 0, 0, 0, 0, 0, 0],
    });
    expect((await commands()).length).toBe(2);
    await cell('Monday, 1 AM to 2 AM').click();
    await expect.poll(last).toMatchObject({ altSchedule: [0x1fe0c, 0x1fe0e, 0x1fe0e, 0x1fe00, 0x1fe00, 0, 0] });
  });

  it('have hours painted by a finger that rests first', async () => {
    await show('nine', { viewport: { width: 390, height: 800 }, hasTouch: true });
    await page.getByRole('button', { name: 'Settings' }).tap();
    await page.getByRole('radio', { name: 'By the hour' }).check();
    await page.getByRole('radio', { name: 'Paused', exact: true }).check();
    const from = await box(page.getByRole('button', { name: /^Monday, 1 AM to 2 AM: / }));
    const to = await box(page.getByRole('button', { name: /^Monday, 4 AM to 5 AM: / }));
    const touch = await page.context().newCDPSession(page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: points });
    await send('touchStart', [from]);
    // A hand that rests: how long it has to is what is tested.
    await page.waitForTimeout(600);
    for (let step = 1; step <= 4; step++) await send('touchMove', [{ x: from.x, y: from.y + ((to.y - from.y) * step) / 4 }]);
    await send('touchEnd', []);
    await expect.poll(last).toMatchObject({ altSchedule: { 0: 0x1fe00 }, pauseSchedule: { 0: 0x1e } });
  });

  it('are taken out into a file with the list, and in again once it is said what that would do', async () => {
    await show('nine');
    const link = (id: string | null): string => `magnet:?xt=urn:btih:${id}&tr=http%3A%2F%2Ftracker.example%2Fannounce`;
    const known = link(await page.getByRole('row', { name: /^Fedora/ }).getAttribute('data-id'));
    await open();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export to a file' }).click(),
    ]);
    const exported = await readFile(await download.path(), 'utf8');
    const backup = JSON.parse(exported) as { torrents: { magnet: string; folder: string }[] };
    expect(backup.torrents.length).toBe(9);
    const choices = { priorities: '20', folder: '', renames: [] };
    expect(backup.torrents.find(({ magnet }) => magnet === known)).toMatchObject({ folder: 'Downloads', choices });
    expect(exported).not.toMatch(/token|installId/i);
    const choose = (text: string): Promise<void> =>
      page
        .getByLabel('Import from a file…')
        .setInputFiles({ name: 'starling.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await choose('{}');
    await page.getByRole('alert').getByText('This is no export of Starling').waitFor();
    const [first] = backup.torrents;
    const other = { ...first, magnet: link(HASH), name: 'Other', isPaused: true, folder: 'Films' };
    await choose(
      JSON.stringify({ ...backup, settings: { ...DEFAULT_SETTINGS, maxUploads: 20 }, torrents: [...backup.torrents, other] }),
    );
    await page.getByText('add 1 torrent; 9 are in the list already').waitFor();
    await page.getByText('change 1 setting: Peers served at once').waitFor();
    expect((await commands()).map(command => command.do)).toEqual(['export']);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('1 torrent was added; 9 were there; nothing was refused.').waitFor();
    const done = await commands();
    expect(done[1]).toEqual({ do: 'configure', settings: { maxUploads: 20 } });
    expect(done.length).toBe(12);
    const restored = {
      magnet: link(HASH),
      torrent: null,
      isPaused: true,
      root: ROOTS.find(({ name }) => name === 'Films')?.token,
    };
    expect(done.at(-1)).toMatchObject({ do: 'restore', torrent: { ...restored, choices } });
  });

  it('of a file whose torrents are damaged are taken in, and what was refused is named', async () => {
    await show('unpaired');
    await open();
    const link = `magnet:?xt=urn:btih:${HASH}`;
    const torrent = { magnet: link, torrent: '!', name: 'Broken', folder: '', isPaused: false };
    const options = { ...DEFAULT_OPTIONS };
    const choices = { priorities: '', folder: '', renames: [] };
    const text = JSON.stringify({
      format: 'starling-backup',
      version: 1,
      settings: { maxUploads: 20 },
      torrents: [{ ...torrent, options, choices }],
    });
    await page
      .getByLabel('Import from a file…')
      .setInputFiles({ name: 'starling.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('No torrent was new; 0 were there; 1 was refused.').waitFor();
    await page.getByText(/Broken.*damaged, so it was not added/).waitFor();
    expect((await commands()).map(command => command.do)).toEqual(['configure']);
  });

  async function box(locator: ReturnType<Page['locator']>): Promise<{ x: number; y: number }> {
    await locator.scrollIntoViewIfNeeded();
    const found = await locator.boundingBox();
    if (found === null) throw new Error('It is not shown');
    return { x: found.x + found.width / 2, y: found.y + found.height / 2 };
  }
});
