/** Removals, and what takes them back, as a person meets them. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, HASH, MAGNET, missing, openUi } from './ui.ts';

const PHONE = { width: 390, height: 800 };

describe.skipIf(missing)(`a removal, in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, paste, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const messages = () => page.getByRole('log', { name: 'Messages' });
  const undo = () => messages().getByRole('button', { name: 'Undo' });
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.tagName);
  const standsOn = () => page.evaluate(() => document.activeElement?.getAttribute('data-id'));
  const done = async () => (await commands()).map(command => command.do);

  it('leaves the keyboard in the list, one after the other, and is taken back by it, the last first', async () => {
    await show('nine');
    await row(/^ubuntu/).click();
    const heir = await row(/^ubuntu/).evaluate(element => element.nextElementSibling?.getAttribute('data-id'));
    await page.keyboard.press('Delete');
    await messages()
      .getByText(/^“ubuntu.*” was removed\. Its files stay on the disk\.$/)
      .waitFor();
    await expect.poll(standsOn).toBe(heir);
    // Those of the same second are taken back together.
    await page.waitForTimeout(1100);
    await page.keyboard.press('Delete');
    await expect.poll(() => undo().count()).toBe(2);
    await page.keyboard.press('Control+z');
    await expect.poll(standsOn).toBe(heir);
    expect(await row(/^ubuntu/).count()).toBe(0);
    await page.keyboard.press('Control+z');
    await expect.poll(focused).toMatch(/^ubuntu/);
    await page.getByRole('row', { name: /^ubuntu/, selected: true }).waitFor();
    expect(await undo().count()).toBe(0);
    // Where text is typed the keys are its own, and with nothing to take back nothing is asked for.
    await page.keyboard.press('Control+z');
    expect(await done()).toEqual(['dismiss', 'dismiss', 'takeBack', 'takeBack']);
  });

  it('is taken back by each press of the keys, also where the first is not answered yet', async () => {
    await show('nine');
    for (const name of [/^ubuntu/, /^Sintel/]) {
      await row(name).click();
      await page.keyboard.press('Delete');
      await page.waitForTimeout(1100);
    }
    await expect.poll(() => undo().count()).toBe(2);
    await page.evaluate(() => {
      for (let press = 0; press < 2; press++)
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', code: 'KeyZ', ctrlKey: true, bubbles: true }));
    });
    await row(/^ubuntu/).waitFor();
    await row(/^Sintel/).waitFor();
    expect(await undo().count()).toBe(0);
  });

  it('of many is one, and what stayed of them can go as well', async () => {
    await show('nine');
    const rows = page.locator('.row');
    await row(/^ubuntu/).click();
    await page.keyboard.press('Control+a');
    await page.getByRole('toolbar').getByRole('button', { name: 'Remove' }).click();
    await messages().getByText('9 torrents were removed. The files stay on the disk.').waitFor();
    await messages().getByRole('button', { name: 'Delete the files too' }).click();
    await messages().getByText('9 torrents were removed, and the files go in a moment.').waitFor();
    expect(await rows.count()).toBe(0);
    await undo().click();
    await expect.poll(() => rows.count()).toBe(9);
    expect(await page.getByRole('row', { selected: true }).count()).toBe(9);
    await expect.poll(focused).not.toBe('BODY');
    expect(await commands()).toMatchObject([
      { do: 'dismiss', withData: false },
      { do: 'dismiss', withData: true },
      { do: 'takeBack' },
    ]);
  });

  it('asks too where files are checked again, or were left out since they came', async () => {
    await show('nine');
    await page.evaluate(() => {
      const sintel = [...globalThis.mock.torrents.values()].find(({ name }) => name.startsWith('Sintel'));
      if (sintel) globalThis.mock.put({ ...sintel, state: 'checking', done: 0, downloaded: 4e9 });
    });
    await row(/^Sintel/).click();
    await page.keyboard.press('Shift+Delete');
    const dialog = page.getByRole('dialog', { name: /^Remove “Sintel.*” and its files\?$/ });
    await dialog.getByText('Files that are not checked yet, or were left out later, are deleted as well.').waitFor();
    expect(await commands()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Delete');
    await messages()
      .getByText(/^“Sintel.*” was removed\. Its files stay on the disk\.$/)
      .waitFor();
  });

  it('asks before files go, and says that they come back', async () => {
    await show('nine');
    await row(/^Sintel/).click();
    await page.keyboard.press('Shift+Delete');
    const dialog = page.getByRole('dialog', { name: /^Remove “Sintel.*” and its files\?$/ });
    await dialog.getByText('You can undo this for 10 seconds.').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(focused).toMatch(/^Sintel/);
    expect(await commands()).toEqual([]);
  });

  it('by another window, or before a reload, is taken back here too; one whose time is over is not', async () => {
    await show('nine');
    const leave = () =>
      page.evaluate(() => {
        const [first] = [...globalThis.mock.torrents.values()];
        if (first === undefined) throw new Error('no torrent');
        const leaving = { withData: true, at: Date.now() };
        globalThis.mock.torrents.set(first.id, { ...first, state: 'leaving', leaving });
        globalThis.mock.reload();
        return first;
      });
    const before = await leave();
    await messages().getByText('and its files go in a moment').waitFor();
    await expect.poll(() => page.locator('.row').count()).toBe(8);
    await page.evaluate(row => globalThis.mock.put(row), before);
    await expect.poll(() => page.locator('.row').count()).toBe(9);
    expect(await undo().count()).toBe(0);
    await leave();
    await undo().waitFor();
    await page.evaluate(id => globalThis.mock.remove(id), before.id);
    await undo().waitFor({ state: 'detached' });
  });

  it('is taken back by adding it again, which is said; on a phone with the details closed', async () => {
    await show('nine', { viewport: PHONE, hasTouch: true });
    await paste(MAGNET);
    await page.getByRole('button', { name: 'Start' }).and(page.locator(':enabled')).click();
    await row(/^Open film/).tap();
    await page.getByRole('region', { name: 'Details' }).getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' });
    await undo().waitFor();
    await paste(MAGNET);
    await messages().getByText('“Open film” is in the list again. It had just been removed, and is as it was.').waitFor();
    await row(/^Open film/).waitFor();
    expect(await undo().count()).toBe(0);
    expect((await commands()).at(-1)).toMatchObject({ do: 'add', source: { uri: expect.stringContaining(HASH) as string } });
  });
});
