/**
 * What there is to see, on a desktop and on a phone, light and dark. `npm run pictures` keeps the pictures of it in docs/pictures, for
 * README; otherwise they are in .cache/pictures, for whoever wants to look.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { beforeAll, describe, expect, it } from 'vitest';
import { nineTorrents } from '../fakes/mock-torrents.ts';
import { CHROMIUM, MAGNET, missing, openUi } from './ui.ts';

const KEPT = process.env.STARLING_PICTURES === 'keep';
const folder = join(import.meta.dirname, '../..', KEPT ? 'docs/pictures' : '.cache/pictures');
const LABELS = [['linux'], ['films'], ['linux'], ['datasets'], ['films'], ['linux'], ['datasets'], ['linux'], []];
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

describe.skipIf(missing)(`pictures of the interface (skipped without ${CHROMIUM})`, () => {
  const { show, paste, row } = openUi(opened => (page = opened));
  let page: Page;

  beforeAll(() => mkdirSync(folder, { recursive: true }));

  const details = async (): Promise<void> => {
    await row(/^ubuntu/).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('tabpanel').waitFor();
  };
  const VIEWS: readonly (readonly [string, () => Promise<void>])[] = [
    ['list', () => Promise.resolve()],
    ['details', details],
    ['pieces', async () => (await details(), page.getByRole('tab', { name: /Pieces/ }).click())],
    ['add', async () => (await paste(MAGNET), page.getByRole('checkbox', { name: 'Making-of.mkv' }).waitFor())],
    [
      'activity',
      async () => (
        await page.getByRole('button', { name: 'Activity' }).click(),
        page.getByRole('heading', { name: 'Trackers' }).waitFor()
      ),
    ],
  ];

  describe.each(Object.entries(SIZES))('%s', (device, viewport) => {
    describe.each(['light', 'dark'] as const)('%s', colorScheme => {
      it.each(VIEWS)('%s', async (view, open) => {
        await show('nine', { viewport, colorScheme, deviceScaleFactor: KEPT ? 2 : 1 });
        const labelled = nineTorrents().map((torrent, at) => ({
          ...torrent,
          options: { ...torrent.options, labels: LABELS[at] ?? [] },
        }));
        await page.evaluate(rows => rows.forEach(each => globalThis.mock.put(each)), labelled);
        await open();
        // The canvases are painted with the frame after.
        await page.waitForTimeout(500);
        const reach = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
        expect(reach, 'nothing is wider or higher than the window').toEqual([viewport.width, viewport.height]);
        const session = await page.context().newCDPSession(page);
        const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 85 });
        const bytes = Buffer.from(data, 'base64');
        expect(bytes.length, 'of a window in which something is drawn').toBeGreaterThan(5000);
        writeFileSync(join(folder, `${view}-${device}-${colorScheme}.webp`), bytes);
      });
    });
  });
});
