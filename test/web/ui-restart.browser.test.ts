import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, HASH, MAGNET, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`what stands in the add sheet when the worker is ended (skipped without ${CHROMIUM})`, () => {
  const { show, paste, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const making = (): ReturnType<Page['getByRole']> => page.getByRole('checkbox', { name: 'Making-of.mkv' });
  const kinds = async (): Promise<string[]> => (await commands()).map(command => command.do);

  /** Chooses a folder and files: the second disk, all but the subtitles. */
  async function choose(): Promise<void> {
    await making().check();
    await page.getByRole('checkbox', { name: 'Folder Subtitles' }).uncheck();
    await page.getByRole('dialog').getByRole('combobox', { name: 'Folder' }).selectOption('Films');
  }

  /** The files of the list that are to be downloaded are those, in that folder. */
  async function startedAsChosen(): Promise<void> {
    await row(/^Open film/).dblclick();
    await page.getByRole('tab', { name: /Files/ }).click();
    await making().waitFor();
    expect(await making().isChecked()).toBe(true);
    expect(await page.getByRole('checkbox', { name: 'Folder Subtitles' }).isChecked()).toBe(false);
    await expect
      .poll(async () => (await commands()).at(-1))
      .toMatchObject({
        do: 'start',
        id: HASH,
        priorities: ['normal', 'skip', 'skip', 'normal'],
        root: 'b'.repeat(64),
      });
    expect(await page.getByRole('alert').count()).toBe(0);
  }

  it('stays, and is added again from its link with what was chosen', async () => {
    await show('empty');
    await paste(MAGNET);
    await choose();
    await page.evaluate(() => globalThis.mock.stop());
    await expect.poll(kinds).toEqual(['add', 'add']);
    const [first, again] = await commands();
    expect(again).toEqual(first);
    await page.getByRole('button', { name: 'Start' }).click();
    await startedAsChosen();
  });

  it('is started as it was chosen where Start was pressed already', async () => {
    await show('empty');
    await paste(MAGNET);
    await choose();
    await page.evaluate(() => (globalThis.mock.endsAt = 'start'));
    await page.getByRole('button', { name: 'Start' }).click();
    await startedAsChosen();
    expect((await kinds()).filter(kind => kind === 'add')).toHaveLength(2);
  });

  it('is added again from the bytes of its file', async () => {
    await show('empty');
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['d4:infode'], 'film.torrent'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await making().waitFor();
    await page.evaluate(() => globalThis.mock.reload());
    await expect.poll(kinds).toEqual(['add', 'add']);
    await page.getByRole('button', { name: 'Start' }).click();
    await row(/^From a file/).waitFor();
  });

  it('says why it cannot come back or be started, and comes with the next list', async () => {
    await show('empty');
    await paste(MAGNET);
    await choose();
    await page.evaluate(() => {
      globalThis.mock.refusesAdd = 'The helper is not running.';
      globalThis.mock.stop();
    });
    await page.getByRole('alert').getByText('The helper is not running.').waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(kinds).toEqual(['add', 'add', 'add']);
    await page.getByRole('alert').getByText('The helper is not running.').waitFor();
    await page.evaluate(() => {
      globalThis.mock.refusesAdd = null;
      globalThis.mock.reload();
    });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Start' }).click();
    await startedAsChosen();
  });

  it('is gone for good once it was cancelled, here while it came back or in another window', async () => {
    await show('empty');
    await paste(MAGNET);
    await making().waitFor();
    // Between its being asked for again and the worker's return, which a test outside of the page may come too late for.
    await page.getByRole('button', { name: 'Cancel' }).evaluate(async cancel => {
      const { mock } = globalThis;
      mock.endsAt = 'add';
      mock.stop();
      while (mock.commands.length < 2) await new Promise(resolve => setTimeout(resolve));
      (cancel as HTMLElement).click();
    });
    await expect.poll(kinds).toEqual(['add', 'add', 'add', 'remove']);
    expect(await page.getByRole('dialog').count()).toBe(0);
    await paste(MAGNET);
    await making().waitFor();
    await page.evaluate(id => globalThis.mock.remove(id), HASH);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await kinds()).toHaveLength(5);
  });
});
