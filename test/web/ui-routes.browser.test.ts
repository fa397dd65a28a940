import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { HASH, missing, openUi, withoutRest } from './ui.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };

describe.skipIf(missing)('the addresses of the app', () => {
  let page: Page;
  const { show, row } = openUi(opened => (page = opened));

  const hash = (): Promise<string> => page.evaluate(() => location.hash);
  const steps = (): Promise<number> => page.evaluate(() => history.length);
  const filter = (name: RegExp): ReturnType<Page['getByRole']> =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name });
  const details = (): ReturnType<Page['getByRole']> => page.getByRole('region', { name: 'Details' });

  async function idOf(name: RegExp): Promise<string> {
    return (await row(name).getAttribute('data-id')) ?? '';
  }

  it('has one for each page, filter and torrent, and goes back and forward through them', async () => {
    await show('nine');
    await filter(/^Seeding/).click();
    await filter(/^Settings/).click();
    const before = await steps();
    await filter(/^Activity/).click();
    expect(await steps()).toBe(before + 1);
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    expect(await page.title()).toBe('Activity – Starling');
    // What changes both page and filter is one step.
    await filter(/^Seeding/).click();
    expect(await steps()).toBe(before + 2);
    await page.goBack();
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    await page.goBack();
    await expect.poll(hash).toBe('#/torrents/seeding');
    expect(await filter(/^Seeding/).getAttribute('aria-current')).toBe('true');
    await page.goBack();
    await expect.poll(hash).toBe('');
    await row(/^ubuntu/).dblclick();
    await page.getByRole('tab', { name: /^Files/ }).click();
    const opened = `#/torrents/all/${await idOf(/^ubuntu/)}/files`;
    await expect.poll(hash).toBe(opened);
    await page.goBack();
    await details().waitFor({ state: 'detached' });
    await page.goForward();
    await page.getByRole('tab', { name: /^Files/, selected: true }).waitFor();
    await page.getByRole('button', { name: 'Close the details' }).click();
    await expect.poll(hash).toBe('');
    // What was closed took its step with it.
    await page.waitForFunction('navigation.canGoForward');
  });

  it('makes no step of each row that the keyboard passes', async () => {
    await show('nine');
    await row(/^ubuntu/).dblclick();
    await details().waitFor();
    const before = await steps();
    for (let turn = 0; turn < 5; turn++) await page.keyboard.press('ArrowDown');
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('data-id'));
    await expect.poll(hash).toBe(`#/torrents/all/${focused}/general`);
    expect(await steps()).toBe(before);
  });

  it('opens where a reload was, and where a link leads', async () => {
    await show('nine');
    const id = await idOf(/^Fedora/);
    const url = page.url();
    await page.goto('about:blank');
    await page.goto(`${url}#/torrents/downloading/${id}/trackers`);
    await page.getByRole('tab', { name: /^Trackers/, selected: true }).waitFor();
    expect(await filter(/^Downloading/).getAttribute('aria-current')).toBe('true');
    await page.reload();
    await page.getByRole('tab', { name: /^Trackers/, selected: true }).waitFor();
    await page.evaluate(() => (location.hash = '#/settings/helper'));
    const helper = page.getByRole('main').getByText('Helper connected');
    await helper.waitFor();
    await expect.poll(async () => ((await helper.boundingBox())?.y ?? 9999) < 820).toBe(true);
  });

  it('says that a torrent is not there, and shows it once it is', async () => {
    await show('nine');
    await page.evaluate(id => (location.hash = `#/torrents/all/${id}`), HASH);
    await details().getByText('This torrent is not in the list').waitFor();
    await page.evaluate(id => {
      const [row] = globalThis.mock.torrents.values();
      if (row !== undefined) globalThis.mock.put({ ...row, id, name: 'Late' });
    }, HASH);
    await page.getByRole('tab', { name: 'General' }).waitFor();
    expect(await row(/^Late/).getAttribute('aria-selected')).toBe('true');
    await page.evaluate(id => (location.hash = `#/torrents/all/${id}`), 'cd'.repeat(20));
    await details().getByRole('button', { name: 'Back to the list' }).click();
    await details().waitFor({ state: 'detached' });
    expect(await hash()).not.toContain('cdcd');
  });

  it('leads home from an address that leads nowhere', async () => {
    await show('nine');
    await filter(/^Settings/).click();
    await page.evaluate(() => (location.hash = '#/../../nowhere?<b>'));
    await row(/^ubuntu/).waitFor();
    expect(await hash()).toBe('');
  });

  it('has the details of a phone as a page, which closes with its torrent', async () => {
    await show('nine', PHONE);
    await row(/^ubuntu/).tap();
    await page.getByRole('button', { name: 'Back to the list' }).waitFor();
    expect(await hash()).toMatch(/^#\/torrents\/all\/[0-9a-f]{40}\/general$/);
    await page.goBack();
    await page.getByRole('button', { name: 'Back to the list' }).waitFor({ state: 'detached' });
    await row(/^Fedora/).tap();
    await details().waitFor();
    const id = /[0-9a-f]{40}/.exec(await hash())?.[0] ?? '';
    await page.goBack();
    await details().waitFor({ state: 'detached' });
    await page.goForward();
    await details().waitFor();
    expect(await row(/^Fedora/).getAttribute('aria-selected')).toBe('false');
    await page.evaluate(gone => globalThis.mock.remove(gone), id);
    await details().waitFor({ state: 'detached' });
    await expect.poll(hash).toBe('');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name: 'Activity' }).tap();
    await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor();
  });

  it('says that a part of the app could not be loaded, and stays usable without it', async () => {
    await show('nine', PHONE, withoutRest);
    let asked = 0;
    await page.route('**/assets/inspector-*.js', route => {
      asked++;
      return route.fulfill({ contentType: 'text/javascript', body: 'throw new Error("cut off")' });
    });
    await row(/^ubuntu/).tap();
    await page.getByText('This part of the app could not be loaded.').waitFor();
    expect(asked).toBe(1);
    await expect.poll(hash).toBe('');
    await page.getByRole('button', { name: 'Dismiss' }).tap();
    await row(/^Fedora/).tap();
    await page.getByText('This part of the app could not be loaded.').waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name: 'Settings' }).tap();
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  });
});
