import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

/** What a person says of the files and their order, on a mock worker. */
describe.skipIf(missing)(`files and order in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const last = async (): Promise<unknown> => (await commands()).at(-1);

  it('gives a file a priority, and unticks it by the same', async () => {
    await show('nine');
    await row(/^Sintel/).dblclick();
    await page.getByRole('tab', { name: /Files/ }).click();
    const priority = page.getByRole('combobox', { name: 'Priority of Sintel.en.srt' });
    await priority.selectOption('First');
    await expect.poll(last).toMatchObject({ do: 'prioritise', files: [1], priority: 'first' });
    await priority.selectOption('Skip');
    await expect.poll(() => page.getByRole('checkbox', { name: 'Sintel.en.srt' }).isChecked()).toBe(false);
    const folder = page.getByRole('checkbox', { name: 'Folder Subtitles' });
    await expect.poll(() => folder.evaluate(box => (box as HTMLInputElement).indeterminate)).toBe(true);
    await folder.check();
    // The one that is wanted already keeps its priority.
    await expect.poll(last).toMatchObject({ do: 'prioritise', files: [1], priority: 'normal' });
  });

  it.each([
    ['Download in order', 'sequential'],
    ['First and last pieces of each file first', 'firstLast'],
    ['Super-seeding: show peers one rare piece at a time', 'superSeeding'],
  ])('switches on and off: %s', async (name, option) => {
    await show('nine');
    await row(/^Sintel/).dblclick();
    const box = page.getByRole('checkbox', { name });
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await expect.poll(last).toMatchObject({ do: 'set', options: { [option]: true } });
    await box.uncheck();
    await expect.poll(last).toMatchObject({ do: 'set', options: { [option]: false } });
  });
});
