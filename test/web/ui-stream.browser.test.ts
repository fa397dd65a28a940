/** Opening files of a torrent while they come. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`opening files in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  it('offers what a browser does with each file that is chosen, in a tab of its own', async () => {
    await show('nine');
    await row(/^Sintel/).dblclick();
    await page.getByRole('tab', { name: /Files/ }).click();
    const play = page.getByRole('link', { name: 'Play Sintel.2160p.mkv' });
    await play.waitFor();
    const id = (await row(/^Sintel/).getAttribute('data-id')) ?? '';
    expect(await play.getAttribute('href')).toBe(`/stream/${id}/0/Sintel.2160p.mkv`);
    expect(await play.getAttribute('target')).toBe('_blank');
    expect(await play.getAttribute('rel')).toBe('noopener');
    expect(await page.getByRole('link', { name: 'Open Sintel.en.srt' }).getAttribute('href')).toMatch(/\/1\/Sintel\.en\.srt$/);
    // What is not chosen does not come, so there is nothing to open.
    const film = page.getByRole('link', { name: 'Play Making-of.mkv' });
    expect(await film.count()).toBe(0);
    await page.getByRole('checkbox', { name: 'Making-of.mkv' }).check();
    await film.waitFor();
    await expect.poll(commands).toMatchObject([{ do: 'prioritise', files: [3], priority: 'normal' }]);
  });
});
