import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, DESKTOP, missing, openUi } from './ui.ts';
import { ROOTS } from '../fakes/mock-torrents.ts';

/** Moving a torrent's files and giving them names, on a mock worker. */
describe.skipIf(missing)(`files on the move in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const last = async (): Promise<unknown> => (await commands()).at(-1);

  it('moves a torrent to another folder, and says how far that is', async () => {
    await show('nine', { viewport: DESKTOP });
    await row(/^Sintel/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Move to…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Move “Sintel (2160p)”' });
    expect(await dialog.getByRole('combobox', { name: 'Folder' }).inputValue()).toBe(ROOTS[1]?.token);
    // More than is free there.
    await dialog.getByRole('status').getByText('are free there').waitFor();
    await dialog.getByRole('button', { name: 'Move', exact: true }).click();
    await expect.poll(last).toMatchObject({ do: 'relocate', root: ROOTS[1]?.token });
    await row(/^Sintel.*Moving files, 1 of 4/).waitFor();
  });

  it('renames a file and a folder in place, by Enter and not by Escape', async () => {
    await show('nine', { viewport: DESKTOP });
    await row(/^Sintel/).dblclick();
    await page.getByRole('tab', { name: 'Files' }).click();
    await page.getByRole('button', { name: 'Rename Making-of.mkv' }).click();
    const field = page.getByRole('textbox', { name: 'New name of Making-of.mkv' });
    expect(await field.evaluate(input => document.activeElement === input)).toBe(true);
    await field.fill('x');
    await field.press('Escape');
    await page.getByText('Making-of.mkv').waitFor();
    expect(await last()).not.toMatchObject({ do: 'rename' });
    await page.getByRole('button', { name: 'Rename Making-of.mkv' }).click();
    await field.fill(' How it was made.mkv ');
    await field.press('Enter');
    await expect.poll(last).toMatchObject({ do: 'rename', path: ['Sintel', 'Making-of.mkv'], to: 'How it was made.mkv' });
    await page.getByText('How it was made.mkv').waitFor();
    await page.getByRole('button', { name: 'Rename Subtitles' }).click();
    await page.getByRole('textbox', { name: 'New name of Subtitles' }).fill('taken');
    await page.getByRole('textbox', { name: 'New name of Subtitles' }).press('Enter');
    await page.getByText('Another file of this torrent has that name').waitFor();
    await page.getByRole('button', { name: 'Rename Sintel', exact: true }).click();
    await page.getByRole('textbox', { name: 'New name of Sintel' }).fill('Films');
    await page.getByRole('textbox', { name: 'New name of Sintel' }).press('Enter');
    await expect.poll(last).toMatchObject({ do: 'rename', path: ['Sintel'], to: 'Films' });
    await page.getByRole('button', { name: 'Films', exact: true }).waitFor();
  });

  it('says once which files of a removed torrent are still there, and why', async () => {
    await show('nine', { viewport: DESKTOP });
    await page.evaluate(token => {
      const files = ['Sintel/Sintel.mkv', 'Sintel/Making-of.mkv', 'Sintel/Subtitles/en.srt'];
      globalThis.mock.leave({ name: 'Sintel (2160p)', files, count: 4, root: token, why: 'denied' });
    }, ROOTS[0]?.token ?? '');
    const notice = page.getByRole('log', { name: 'Messages' });
    await notice.getByText('and 1 other could not be deleted and are still in').waitFor();
    expect(await notice.textContent()).toContain('the trash or the folder does not let Starling');
    await notice.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => notice.textContent()).toBe('');
  });

  it('says once what happened while no window was open, until it is dismissed', async () => {
    await show('nine', { viewport: DESKTOP });
    await page.evaluate(at => {
      globalThis.mock.tell([{ id: 'a'.repeat(40), name: 'Sintel (2160p)', what: 'completed', at }]);
    }, Date.now());
    const notice = page.getByRole('log', { name: 'Messages' });
    await notice.getByText('While the app was closed: “Sintel (2160p)” was finished').waitFor();
    await notice.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => notice.textContent()).toBe('');
  });

  it('tells why files were not moved, and goes on when asked', async () => {
    await show('nine', { viewport: DESKTOP });
    await page.evaluate(() => {
      const torrent = [...globalThis.mock.torrents.values()].find(({ name }) => name.startsWith('debian'));
      const from = [...globalThis.mock.torrents.values()].find(({ name }) => name.startsWith('OpenStreetMap'))?.root ?? '';
      if (!torrent) throw new Error('no such torrent');
      globalThis.mock.put({
        ...torrent,
        state: 'error',
        problem: { code: 'not-moved', why: 'file-conflict', left: 1, needed: 691e6, from },
      });
    });
    await row(/^debian.*A file of that name is there already/).dblclick();
    await page.getByText('1 file was not moved and is still in “Films”; nothing is lost.').waitFor();
    await page.getByRole('button', { name: 'Resume' }).first().click();
    await expect.poll(last).toMatchObject({ do: 'resume' });
  });
});
