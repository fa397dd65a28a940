import type { Locator, Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, MAGNET, missing, openUi } from './ui.ts';

/** What a person does with the folders that downloads go to, on a mock worker. */
describe.skipIf(missing)(`folders in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, paste, commands } = openUi(opened => (page = opened));
  let page: Page;

  const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const last = async (): Promise<unknown> => (await commands()).at(-1);
  const list = () => page.getByRole('list', { name: 'Folders' });
  const folder = (name: string) => list().getByRole('listitem').filter({ hasText: name });
  const dialog = () => page.getByRole('dialog');

  async function settings(options = {}): Promise<void> {
    await show('nine', options);
    await page.getByRole('button', { name: 'Settings' }).click();
  }

  /** The field of a form of one line takes the room that its buttons, beside it, leave. */
  async function isOneLine(field: Locator): Promise<void> {
    const form = field.locator('xpath=ancestor::form');
    const boxes = await Promise.all([form, field, ...(await form.getByRole('button').all())].map(each => each.boundingBox()));
    const [whole, first, ...buttons] = boxes.map(box => box ?? { x: 0, y: 0, width: 0, height: 0 });
    let end = first!.x + first!.width;
    for (const button of buttons) {
      expect(button.x - end).toBeCloseTo(8, 0);
      expect(Math.abs(button.y + button.height / 2 - (first!.y + first!.height / 2))).toBeLessThan(2);
      end = button.x + button.width;
    }
    expect(end).toBeCloseTo(whole!.x + whole!.width, 0);
  }

  async function act(name: string, action: string): Promise<void> {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: action }).click();
  }

  it('are shown with what is free, and which is the default', async () => {
    await settings();
    await folder('Downloads').getByText('Default').waitFor();
    await folder('Downloads')
      .getByText(/412\sGB free/)
      .waitFor();
    await folder('Films')
      .getByText(/1.2\sGB free/)
      .waitFor();
    await act('Films', 'Make default');
    await expect.poll(last).toMatchObject({ do: 'host', ask: { do: 'default', root: 'b'.repeat(64) } });
    await folder('Films').getByText('Default').waitFor();
  });

  it('get a new one by the dialog on the screen of the helper', async () => {
    await settings();
    await page.getByRole('button', { name: 'Add folder…' }).click();
    await folder('Music').waitFor();
    expect(await last()).toEqual({ do: 'host', ask: { do: 'pick' } });
  });

  it('are looked for here where the helper has no dialog, and a folder can be made', async () => {
    await settings();
    await page.evaluate(() => (globalThis.mock.host.dialog = 'no-dialog'));
    await page.getByRole('button', { name: 'Add folder…' }).click();
    await dialog().getByRole('heading', { name: 'This computer' }).waitFor();
    expect(await dialog().getByRole('button', { name: 'Add this folder' }).isDisabled()).toBe(true);
    await dialog().getByRole('button', { name: 'Backup disk' }).click();
    await dialog().getByRole('button', { name: 'Show more' }).click();
    await dialog().getByRole('button', { name: 'Folder 230' }).waitFor();
    await dialog().getByRole('button', { name: 'Folder 1', exact: true }).waitFor();
    await dialog().getByRole('button', { name: 'Back' }).click();
    await dialog().getByRole('button', { name: 'Home' }).click();
    await dialog().getByRole('button', { name: 'Videos' }).click();
    await dialog().getByRole('button', { name: 'New folder' }).click();
    const name = dialog().getByRole('textbox', { name: 'Name of the new folder' });
    await isOneLine(name);
    await name.fill('a/b');
    await name.press('Enter');
    await dialog().getByRole('alert').getByText('cannot have this name').waitFor();
    await name.fill('Series');
    await name.press('Enter');
    await dialog().getByRole('heading', { name: 'Series' }).waitFor();
    await page.evaluate(() => (globalThis.mock.host.refuses = 'This folder is on a disk that can only be read.'));
    await dialog().getByRole('button', { name: 'Add this folder' }).click();
    await dialog().getByRole('alert').getByText('can only be read').waitFor();
    await page.evaluate(() => (globalThis.mock.host.refuses = null));
    await dialog().getByRole('button', { name: 'Add this folder' }).click();
    await folder('Series').waitFor();
    expect(await dialog().count()).toBe(0);
  });

  it('say why none was added', async () => {
    await settings();
    await page.evaluate(() => (globalThis.mock.host.dialog = 'timeout'));
    await page.getByRole('button', { name: 'Add folder…' }).click();
    await page.getByRole('alert').getByText('Nobody answered').waitFor();
    await page.evaluate(() => (globalThis.mock.host.dialog = 'cancelled'));
    await page.getByRole('button', { name: 'Add folder…' }).click();
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
    expect(await list().getByRole('listitem').count()).toBe(2);
  });

  it('are renamed, and removed where no torrent uses them', async () => {
    await settings();
    await page.evaluate(() => {
      for (const { id } of [...globalThis.mock.torrents.values()].filter(({ root }) => root.startsWith('b')))
        globalThis.mock.remove(id);
    });
    await act('Films', 'Rename');
    const name = page.getByRole('textbox', { name: 'New name of Films' });
    await isOneLine(name);
    await name.fill('Cinema');
    await name.press('Enter');
    await folder('Cinema').waitFor();
    await act('Cinema', 'Remove from list');
    await page.getByText('What is in it stays there.').waitFor();
    await expect.poll(() => list().getByRole('listitem').count()).toBe(1);
    // The last one stays.
    await page.getByRole('button', { name: 'Actions for Downloads' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'Remove from list' }).count()).toBe(0);
  });

  it('stay where a torrent has its files, which is said', async () => {
    await settings();
    await page.getByRole('button', { name: 'Actions for Downloads' }).click();
    await page.getByRole('menuitem', { name: 'Remove from list' }).click();
    await page.getByText('so it was not removed').waitFor();
    expect(await list().getByRole('listitem').count()).toBe(2);
  });

  it('are watched for torrent files, or not any more', async () => {
    await settings();
    const box = page.getByRole('checkbox', { name: 'Start new .torrent files in Films' });
    await box.check();
    await expect.poll(last).toMatchObject({ do: 'host', ask: { do: 'set', settings: { watched: [{ root: 'b'.repeat(64) }] } } });
    await page.getByText('Those that were there before are left alone.').waitFor();
    await box.uncheck();
    await expect.poll(last).toEqual({ do: 'host', ask: { do: 'set', settings: { watched: [] } } });
    await expect.poll(() => page.getByText('Those that were there before').count()).toBe(0);
  });

  it('cannot be changed while the helper is away, for a reason', async () => {
    await show('lost');
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByText('Folders can be changed once the helper is connected.').waitFor();
    expect(await page.getByRole('button', { name: 'Add folder…' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Actions for Films' }).isDisabled()).toBe(true);
  });

  it('are chosen for a torrent before it starts, and what does not fit there is said', async () => {
    await show('nine');
    await page.evaluate(() => {
      const { host } = globalThis.mock;
      host.roots = host.roots.map(root => (root.name === 'Films' ? { ...root, free: 1e6 } : root));
      globalThis.mock.reload();
    });
    await paste(MAGNET);
    await dialog()
      .getByText(/selected/)
      .waitFor();
    await dialog().getByRole('combobox', { name: 'Folder' }).selectOption({ label: 'Films' });
    await dialog().getByText('It does not fit there.').waitFor();
    await dialog()
      .getByText(/only 1\sMB free/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Start' }).click();
    await expect.poll(last).toMatchObject({ do: 'start', root: 'b'.repeat(64) });
  });

  it('fit a telephone', async () => {
    await settings(PHONE);
    await page.evaluate(() => (globalThis.mock.host.dialog = 'no-dialog'));
    await page.getByRole('button', { name: 'Add folder…' }).tap();
    await dialog().getByRole('button', { name: 'Home' }).tap();
    await dialog().getByRole('button', { name: 'Videos' }).tap();
    await dialog()
      .getByRole('button', { name: /^A film/ })
      .waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(wide).toBe(false);
    const box = await dialog().boundingBox();
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(390);
    expect(box!.y + box!.height).toBeLessThanOrEqual(844);
  });
});
