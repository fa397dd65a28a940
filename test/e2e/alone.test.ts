/** The app without any helper, in a real browser: downloads from web seeds and WebRTC peers into the browser's own files. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import codec from 'bencode';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { CorsSeed, PlainSite } from './alone.ts';
import { App } from './app.ts';
import { Browser, haveChromium } from './browser.ts';
import { WebTorrentPages } from './webtorrent.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const PIECE = 1 << 18;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`the browser alone${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let dir: string;
  let site: PlainSite;
  const ends: (() => unknown)[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-alone-'));
    site = await PlainSite.start();
    ends.push(
      () => rmSync(dir, { recursive: true, force: true }),
      () => site.stop(),
    );
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function open(flags: readonly string[] = []): Promise<{ browser: Browser; app: App }> {
    const browser = await Browser.start({ flags });
    ends.push(() => browser.stop());
    return { browser, app: await App.alone(browser, site.origin) };
  }

  /** A torrent of so many bytes that a web seed has. */
  async function webSeeded(name: string, size: number, rate: number) {
    const payload = makePayload(join(dir, 'seed'), name, [{ path: [], size }], { pieceLength: PIECE });
    const bytes = readFileSync(join(payload.dir, name));
    const seed = await CorsSeed.start(name, bytes, rate);
    ends.push(() => seed.stop());
    const file = join(dir, `${name}.torrent`);
    writeFileSync(file, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': seed.url }));
    return { payload, bytes, seed, file };
  }

  /** SHA-256 of a file of a torrent as the app serves it. */
  const hashIn = (app: App, id: string): Promise<string> =>
    app.page.evaluate(`(async () => {
      const response = await fetch('/stream/${id}/0/file');
      if (!response.ok) return response.status + ' ' + (await response.text());
      const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
      return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    })()`);

  const stored = (app: App): Promise<number> => app.page.evaluate('navigator.storage.estimate().then(({ usage }) => usage)');

  it('fetches from a web seed alone, through a reload and the end of the worker every few seconds, and gives the space back', async () => {
    const { payload, bytes, seed, file } = await webSeeded('web.bin', 24_000_000, 1_000_000);
    const { app } = await open();
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
    expect(await hashIn(app, payload.infoHash)).toBe(sha256(bytes));
    // What was under way when it was ended came again, and no more.
    expect(seed.sent).toBeLessThan(bytes.length * 2);
    expect(await stored(app)).toBeGreaterThan(bytes.length);
    const marks = await app.page.evaluate<{ name: string; at: number }[]>(
      "fetch('/~stats').then(it => it.json()).then(({ marks }) => marks)",
    );
    console.info(`after its start the worker reached: ${marks.map(({ name, at }) => `${name} ${at.toFixed(0)} ms`).join(', ')}`);
    await app.removeHere('web.bin');
    await until('the space to be free', async () => (await stored(app)) < 4_000_000, 30_000);
  });

  it('stops where the browser gives no more room, with the numbers, and goes on by itself once there is some', async () => {
    const { payload, bytes, file } = await webSeeded('large.bin', 16_000_000, 8_000_000);
    const { app } = await open();
    const room = (quotaSize?: number): Promise<unknown> =>
      app.page.send('Storage.overrideQuotaForOrigin', { origin: site.origin, ...(quotaSize === undefined ? {} : { quotaSize }) });
    // What the browser says of its quota is not what it holds the app to.
    const { usage } = await app.page.evaluate<{ usage: number }>('navigator.storage.estimate().then(({ usage }) => ({ usage }))');
    await room(usage + 6_000_000);
    await app.dropTorrents([file]);
    await app.start();
    await app.says('large.bin', /The browser’s storage is full: .* needed/);
    await room();
    await app.complete('large.bin');
    expect(await hashIn(app, payload.infoHash)).toBe(sha256(bytes));
  });

  it('fetches from stock WebTorrent over WebRTC, and gives to it', async () => {
    const tracker = await WebTracker.start();
    const [pages, others] = [await WebTorrentPages.start(), await WebTorrentPages.start()];
    ends.push(
      () => tracker.stop(),
      () => pages.stop(),
      () => others.stop(),
    );
    const { browser, app } = await open([`--ignore-certificate-errors-spki-list=${tracker.spki}`]);
    await app.withoutStun();
    const bytes = randomBytes(12_000_000);
    pages.serve('/payload', bytes);
    const seed = await pages.open(browser);
    const torrent = await seed.seed('/payload', 'rtc.bin', tracker.url, PIECE);
    const file = join(dir, 'rtc.torrent');
    writeFileSync(file, torrent);
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
    const info = (codec.decode(torrent) as { info: unknown }).info;
    const id = createHash('sha1').update(codec.encode(info)).digest('hex');
    expect(await hashIn(app, id)).toBe(sha256(bytes));
    expect(app.page.log).toEqual([]);
  });
});
