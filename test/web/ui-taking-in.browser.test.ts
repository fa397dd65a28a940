/** What is pasted and dropped, by the browser's own clipboard and drags, anywhere in the window. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, HASH, missing, openUi } from './ui.ts';

const OTHER = 'cd34'.repeat(10);

describe.skipIf(missing)(`what is pasted and dropped in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;
  let dir = '';

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'starling-taking-in-'));
    mkdirSync(join(dir, 'holiday', 'day 1'), { recursive: true });
    writeFileSync(join(dir, 'holiday', 'day 1', 'one.jpg'), 'one');
    writeFileSync(join(dir, 'holiday', 'two.jpg'), 'two');
    writeFileSync(join(dir, 'film.torrent'), 'd4:infode');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function copyAndPaste(text: string): Promise<void> {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate(copied => navigator.clipboard.writeText(copied), text);
    await page.keyboard.press('Control+v');
  }
  /** As a file manager, or another window, drags them. */
  async function drag(files: readonly string[], items: readonly { mimeType: string; data: string }[] = []): Promise<void> {
    const session = await page.context().newCDPSession(page);
    const data = { items: [...items], files: files.map(name => join(dir, name)), dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: 600, y: 500, data });
      if (type === 'dragOver') await page.getByText('Drop to add torrents').waitFor();
    }
  }
  const sources = async (): Promise<string[]> =>
    (await commands()).flatMap(command =>
      command.do === 'add' ? [command.source.kind === 'magnet' ? command.source.uri : 'file'] : [],
    );

  it('takes all links of a text that is pasted, each once, wherever the keyboard is but in a field', async () => {
    await show('nine');
    await row(/^ubuntu/).click();
    await copyAndPaste(`Two films: [one](magnet:?xt=urn:btih:${HASH}&dn=One), ${OTHER}\nand once more: ${OTHER}`);
    await page.getByRole('dialog').getByText('1 of 2').waitFor();
    expect(await sources()).toEqual([`magnet:?xt=urn:btih:${HASH}&dn=One`, `magnet:?xt=urn:btih:${OTHER}`]);
  });

  it('says what to do with an address of the web, and with what holds nothing, and takes neither from a field', async () => {
    await show('nine');
    await copyAndPaste('https://example.org/film.torrent');
    await page.getByText('save the .torrent file and drop that here').waitFor();
    await copyAndPaste('a shopping list');
    await page.getByText('There was no magnet link and no file in it').waitFor();
    const search = page.getByRole('searchbox');
    await search.focus();
    await copyAndPaste(HASH);
    await expect.poll(() => search.inputValue()).toBe(HASH);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('textbox').fill('https://example.org/film.torrent');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'save the .torrent file' }).waitFor();
    expect(await sources()).toEqual([]);
  });

  it('takes a hundred links at most, and says so', async () => {
    await show('nine');
    await copyAndPaste(Array.from({ length: 103 }, (_, index) => String(index).padStart(40, '0')).join('\n'));
    await page.getByText('Only the first 100 of 103 links were taken.').waitFor();
    await expect.poll(async () => (await sources()).length).toBe(100);
  });

  it('adds a link and a torrent file that are dropped, and offers a folder to be shared with all in it', async () => {
    await show('nine');
    await drag([], [{ mimeType: 'text/uri-list', data: `magnet:?xt=urn:btih:${HASH}` }]);
    await expect.poll(sources).toEqual([`magnet:?xt=urn:btih:${HASH}`]);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await drag(['film.torrent', 'holiday']);
    await expect.poll(sources).toEqual([`magnet:?xt=urn:btih:${HASH}`, 'file']);
    const sheet = page.getByRole('dialog', { name: 'Share files' });
    await sheet.getByText('2 files').waitFor();
    expect(await sheet.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('holiday');
  });
});
