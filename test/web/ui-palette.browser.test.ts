import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

/** The palette and the shortcuts: everything is found and done by keys. */

describe.skipIf(missing)(`the palette in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const field = () => page.getByRole('combobox', { name: /^Find an action/ });
  const active = async (): Promise<string> => {
    const id = await field().getAttribute('aria-activedescendant');
    return id === null ? '' : page.locator(`#${id}`).innerText();
  };
  async function find(text: string): Promise<void> {
    await page.keyboard.press('Control+k');
    await field().fill(text);
  }

  it('opens a torrent by letters of its name, whatever the list shows', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    await find('fedwork');
    await expect.poll(active).toMatch(/^Fedora-Workstation/);
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'General' }).waitFor();
    expect(await row(/^Fedora/).getAttribute('aria-selected')).toBe('true');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('does what was typed, however fast Enter follows', async () => {
    await show('many');
    await page.locator('.row').first().click();
    await page.keyboard.press('Control+k');
    await field().fill('remove');
    await expect.poll(active).toBe('Remove');
    await field().evaluate((input: HTMLInputElement) => {
      input.value = 'pause';
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    });
    await expect.poll(async () => (await commands()).map(command => command.do)).toEqual(['pause']);
  });

  it('does with the selected torrents what their menu does, and gives the keyboard back', async () => {
    await show('nine');
    await row(/^Sintel/).click();
    await row(/^ubuntu/).click({ modifiers: ['Control'] });
    await page.keyboard.press('Control+k');
    await page.getByRole('group', { name: 'The 2 selected torrents' }).waitFor();
    await field().fill('pause');
    await expect.poll(active).toBe('Pause');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'pause', ids: { length: 2 } });
    expect(await page.evaluate(() => document.activeElement?.closest('.row') !== null)).toBe(true);
    await find('remove');
    await page.getByRole('option', { name: 'Remove', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.getByRole('row', { selected: true }).count()).toBe(2);
  });

  it('leads to actions, settings and files, by other words too, and says what it found', async () => {
    await show('nine');
    await find('throttle');
    await expect.poll(active).toMatch(/^Download limit/);
    await page
      .getByRole('status')
      .getByText(/^\d+ results$/)
      .waitFor();
    await page.keyboard.press('ArrowDown');
    await expect.poll(active).toMatch(/^Upload limit/);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await expect.poll(active).not.toMatch(/^Download limit/);
    await field().fill('nothing is called so');
    await page.getByText('Nothing is called “nothing is called so”.').waitFor();
    await field().fill('slow mode on');
    await expect.poll(active).toBe('Slow mode on');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await commands()).at(-1)).toEqual({ do: 'configure', settings: { altMode: 'on' } });
    await row(/^Sintel/).dblclick();
    await page.getByRole('tab', { name: 'General' }).waitFor();
    await find('subtit');
    await page.getByRole('group', { name: 'Files of this torrent' }).getByRole('option').first().waitFor();
    await page.getByRole('group', { name: 'Files of this torrent' }).getByRole('option').first().click();
    await page.getByRole('tab', { name: /Files/, selected: true }).waitFor();
  });

  it('finds one of ten thousand torrents, and of fifty thousand files', async () => {
    await show('many');
    await find('coll 4242');
    await expect.poll(active).toBe('Collection 4242, part 502');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'General' }).waitFor();
    await expect.poll(() => page.getByRole('row', { selected: true }).getAttribute('aria-label')).toMatch(/^Collection 4242,/);
    await show('files');
    await page.getByRole('row').nth(1).dblclick();
    await page.getByRole('tab', { name: /Files/ }).click();
    await page.getByRole('checkbox').first().waitFor();
    await find('49999');
    await page.getByRole('group', { name: 'Files of this torrent' }).getByRole('option').first().click();
    await page.getByRole('tab', { name: /Files/, selected: true }).waitFor();
  });

  it('lists the shortcuts that are bound, and each is', async () => {
    await show('nine');
    await page.keyboard.press('Shift+?');
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await list.getByText('Move down in the queue').waitFor();
    await list.getByRole('checkbox', { name: 'Shortcuts of one key' }).uncheck();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    // Nobody presses them by chance, then.
    await page.keyboard.press('Shift+?');
    await page.keyboard.press('n');
    await page.keyboard.press('Control+k');
    await field().fill('shortcuts');
    await expect.poll(active).toMatch(/^Keyboard shortcuts/);
    await page.keyboard.press('Enter');
    await list.getByRole('checkbox', { name: 'Shortcuts of one key' }).check();
    await list.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('n/?');
    expect(await page.getByRole('searchbox', { name: 'Search torrents by name' }).inputValue()).toBe('n/?');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'Add torrents' }).waitFor();
  });
});
