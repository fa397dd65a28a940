/** The page of activity and the speeds of one torrent, on the mock worker. */
import type { Locator, Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`activity in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, row, commands } = openUi(opened => (page = opened));
  let page: Page;

  const chart = (): Locator => page.getByRole('slider', { name: 'Speed over time' });
  const histories = () =>
    page.evaluate(() => globalThis.mock.commands.flatMap(command => (command.do === 'history' ? [command] : [])));
  const asked = async (): Promise<string[]> => (await histories()).map(({ span }) => span);

  async function open(): Promise<void> {
    await page.getByRole('button', { name: 'Activity' }).click();
    await chart().waitFor();
  }

  /** How many of its points are painted. */
  const painted = (): Promise<number> =>
    chart()
      .locator('canvas')
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, at) => at % 4 === 3 && value > 0).length;
      });

  it('draws the time that is chosen, tells what happened in it, and asks for nothing while it is not looked at', async () => {
    await show('nine');
    expect(await asked()).toEqual([]);
    await open();
    await expect.poll(painted).toBeGreaterThan(5_000);
    const region = page.getByRole('main');
    await region.getByText('20 times as fast since the helper joined').waitFor();
    await region.getByText('Tracker tracker.<b>example</b>:6969 stopped answering').waitFor();
    await region.getByText(/^In the last 10 minutes: download/).waitFor();
    await page.getByRole('radio', { name: '30 d' }).press('Space');
    await region.getByText(/^In the last 30 days: download/).waitFor();
    // A multiple is of seconds alone.
    expect(await region.getByText('times as fast').count()).toBe(0);
    expect(await region.getByText('41.2 GB down, 12.7 GB up').count()).toBe(1);
    await page.getByRole('button', { name: 'All', exact: false }).first().click();
    await row(/^ubuntu/).waitFor();
    const before = (await asked()).length;
    await page.waitForTimeout(1_500);
    expect((await asked()).length).toBe(before);
  });

  it('is read out slot by slot with the arrows, and as a table', async () => {
    await show('nine');
    await open();
    await chart().focus();
    await page.keyboard.press('Home');
    const first = await chart().getAttribute('aria-valuetext');
    expect(first).toMatch(/^\d{1,2}:\d\d:\d\d\s[AP]M: download [\d.]+.MB\/s, upload/);
    await page.keyboard.press('ArrowRight');
    expect(await chart().getAttribute('aria-valuenow')).toBe('1');
    expect(await chart().getAttribute('aria-valuetext')).not.toBe(first);
    await page.getByText('As a table').click();
    expect(await page.getByRole('table').first().getByRole('row').count()).toBe(21);
    expect(await page.getByRole('cell', { name: 'not measured' }).count()).toBeGreaterThan(0);
  });

  it('shows example axes and no speeds where nothing has moved', async () => {
    await show('empty');
    await open();
    await page.getByText('Nothing has moved yet. The chart shows an example scale').waitFor();
    await page.getByText('Nothing was downloaded yet').waitFor();
  });

  it('tests the port when it is asked to, and says what that shows', async () => {
    await show('nine');
    await open();
    await page.getByText(/Only a peer that comes from outside shows that it is open/).waitFor();
    await page.getByRole('button', { name: 'Test the port' }).click();
    await page.getByText(/did not come in again. Many routers never let one through/).waitFor();
    expect((await commands()).filter(({ do: what }) => what === 'testPort')).toHaveLength(1);
    await page.evaluate(() => {
      const { mock } = globalThis;
      if (mock.vitals.port) mock.vitals = { ...mock.vitals, port: { ...mock.vitals.port, came: { tcp: 2, utp: 0, last: 9 } } };
    });
    await page.getByText('Open: 2 peers from outside came by themselves').waitFor();
  });

  it('has a part of a torrent’s details, with the limits that hold for it', async () => {
    await show('nine');
    await page.evaluate(() => {
      const [first] = globalThis.mock.torrents.values();
      if (first !== undefined) globalThis.mock.put({ ...first, limits: { down: 50_000_000, up: 0 } });
    });
    await row(/^ubuntu/).dblclick();
    await page.getByRole('tab', { name: 'Speed' }).click();
    await chart().waitFor();
    await expect.poll(painted).toBeGreaterThan(5_000);
    await page.getByText('dotted in the chart: 50 MB/s down').waitFor();
    expect((await histories()).some(({ of }) => of !== null)).toBe(true);
  });
});
