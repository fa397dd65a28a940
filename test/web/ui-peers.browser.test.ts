/** The peers of a torrent, and naming one. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`the Peers tab in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  it('goes to a peer that is named, and says what is no address of one', async () => {
    await show('nine');
    await row(/^ubuntu/).dblclick();
    await page.getByRole('tab', { name: /Peers/ }).click();
    const field = page.getByRole('textbox', { name: 'New peer' });
    const add = page.getByRole('button', { name: 'Add peer' });
    await field.fill('2001:db8::7:6881');
    await add.click();
    await page.getByRole('alert').getByText('Type an address and its port').waitFor();
    await field.fill('[2001:db8::7]:6881');
    await add.click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'addPeer', host: '2001:db8::7', port: 6881 });
    await expect.poll(() => field.inputValue()).toBe('');
    await field.fill('peer.example.org:51413');
    await add.click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ host: 'peer.example.org', port: 51413 });
  });
});
