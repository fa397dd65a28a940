import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, HASH, MAGNET, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`what was opened with a program of this computer (skipped without ${CHROMIUM})`, () => {
  const { show, paste, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const handOver = (handoff: number, uri: string): Promise<void> =>
    page.evaluate(([number, link]) => globalThis.mock.handOver(number, link), [handoff, uri] as const);
  const shown = (): Promise<number[]> => page.evaluate(() => globalThis.mock.shown);

  it('is asked about in the add sheet, which the worker hears, and started from there', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    await handOver(5, MAGNET);
    await page.getByRole('dialog', { name: 'Open film' }).waitFor();
    expect(await shown()).toEqual([5]);
    await page.getByRole('checkbox', { name: 'Making-of.mkv' }).waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'start', id: HASH });
    expect((await commands()).map(command => command.do)).toEqual(['start']);
  });

  it('waits behind what is in the sheet, once however often it is opened, and can be called off', async () => {
    await show('empty');
    await paste(MAGNET);
    await page.getByRole('dialog', { name: 'Open film' }).waitFor();
    await handOver(1, MAGNET);
    const other = `magnet:?xt=urn:btih:${'cd34'.repeat(10)}&dn=Second`;
    await handOver(2, other);
    await handOver(3, other);
    await page.getByText('1 of 2').waitFor();
    expect(await shown()).toEqual([1, 2, 3]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog', { name: 'Second' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'remove', ids: ['cd34'.repeat(10)] });
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('is added again from its link where the worker is ended meanwhile', async () => {
    await show('empty');
    await handOver(1, MAGNET);
    await page.getByRole('dialog', { name: 'Open film' }).waitFor();
    await page.evaluate(() => globalThis.mock.stop());
    await expect.poll(commands).toEqual([{ do: 'add', source: { kind: 'magnet', uri: MAGNET } }]);
    await page.getByRole('dialog', { name: 'Open film' }).waitFor();
  });

  it('is shown in the list where it is there already, and that is said', async () => {
    await show('nine');
    const [id] = await page.evaluate(() => [...globalThis.mock.torrents.keys()]);
    await handOver(1, `magnet:?xt=urn:btih:${id}`);
    await page.getByText('is in the list already. Nothing was added.').waitFor();
    expect(await row(/^ubuntu/).getAttribute('aria-selected')).toBe('true');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await shown()).toEqual([1]);
  });
});
