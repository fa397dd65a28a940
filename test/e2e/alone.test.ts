/** The app without any helper, in a real browser: downloads from web seeds and WebRTC peers into the browser's own files. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../peers/wait.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { Alone } from './alone.ts';
import { haveChromium } from './browser.ts';
import { WebTorrentPages } from './webtorrent.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const PIECE = 1 << 18;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`the browser alone${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let world: Alone;
  beforeEach(async () => void (world = await Alone.start()));
  afterEach(() => world.end());

  it('fetches from a web seed alone, through a reload and the end of the worker every few seconds, and gives the space back', async () => {
    const { id, bytes, seed, file } = await world.webSeeded('web.bin', 24_000_000, 1_000_000);
    const { app } = await world.open();
    await app.dropTorrents([file]);
    await app.page.waitForText('free in');
    await app.start();
    await app.says('web.bin', /Downloading/i);
    await until('some of it', () => seed.sent > 4_000_000);
    await app.page.send('Page.reload');
    await until('more of it', () => seed.sent > 8_000_000);
    let isDone = false;
    const killing = (async () => {
      while (!isDone) {
        await new Promise(resolve => setTimeout(resolve, 4_000));
        if (!isDone) await app.page.stopWorkers();
      }
    })();
    await app.complete('web.bin', 180_000).finally(() => (isDone = true));
    await killing;
    await app.complete('web.bin');
    expect(await app.hashOf(id)).toBe(sha256(bytes));
    // What was under way when it was ended came again, and no more.
    expect(seed.sent).toBeLessThan(bytes.length * 2);
    expect(await app.stored()).toBeGreaterThan(bytes.length);
    const marks = await app.page.evaluate<{ name: string; at: number }[]>(
      "fetch('/~stats').then(it => it.json()).then(({ marks }) => marks)",
    );
    console.info(`after its start the worker reached: ${marks.map(({ name, at }) => `${name} ${at.toFixed(0)} ms`).join(', ')}`);
    await app.removeHere('web.bin');
    await until('the space to be free', async () => (await app.stored()) < 4_000_000, 30_000);
  });

  it('stops where the browser gives no more room, with the numbers, and goes on by itself once there is some', async () => {
    const { id, bytes, file } = await world.webSeeded('large.bin', 16_000_000, 8_000_000);
    const { app } = await world.open();
    const room = (quotaSize?: number): Promise<unknown> =>
      app.page.send('Storage.overrideQuotaForOrigin', {
        origin: world.site.origin,
        ...(quotaSize === undefined ? {} : { quotaSize }),
      });
    // What the browser says of its quota is not what it holds the app to.
    const { usage } = await app.page.evaluate<{ usage: number }>('navigator.storage.estimate().then(({ usage }) => ({ usage }))');
    await room(usage + 6_000_000);
    await app.dropTorrents([file]);
    await app.start();
    await app.says('large.bin', /The browser’s storage is full: .* needed/);
    await room();
    await app.complete('large.bin');
    expect(await app.hashOf(id)).toBe(sha256(bytes));
  });

  it('fetches from stock WebTorrent over WebRTC, and gives to it', async () => {
    const tracker = world.also(await WebTracker.start());
    const [pages, others] = [world.also(await WebTorrentPages.start()), world.also(await WebTorrentPages.start())];
    const { browser, app } = await world.open([`--ignore-certificate-errors-spki-list=${tracker.spki}`]);
    await app.withoutStun();
    const bytes = randomBytes(12_000_000);
    pages.serve('/payload', bytes);
    const seed = await pages.open(browser);
    const torrent = await seed.seed('/payload', 'rtc.bin', tracker.url, PIECE);
    const { file, id } = world.put('rtc', torrent);
    await app.page.send('Page.bringToFront');
    await app.dropTorrents([file]);
    await app.start();
    await app.complete('rtc.bin');
    await seed.page.close();
    const leech = await others.open(browser);
    await leech.add(torrent);
    await app.page.send('Page.bringToFront');
    await until('the stock leech to have everything', async () => (await leech.state())?.done === true, 120_000);
    expect(await leech.hash()).toBe(sha256(bytes));
    expect(await app.hashOf(id)).toBe(sha256(bytes));
    expect(app.page.log).toEqual([]);
  });
});
