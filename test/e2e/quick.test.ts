/** A browser that runs no service worker and gives no storage, as in a private window: it says so, and downloads in a page, in memory. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import codec from 'bencode';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { Alone, CorsSeed, type PlainSite } from './alone.ts';
import { type Browser, haveChromium, type Page } from './browser.ts';
import { WebTorrentPages } from './webtorrent.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const PIECE = 1 << 18;
const WITHOUT = `delete Navigator.prototype.serviceWorker;
  StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('not in a private window', 'SecurityError'));`;

/** What the missing parts of the browser are answered with, by the app and by webtorrent as it is loaded. */
const EXPECTED = /no service workers|not in a private window/;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`a browser without a worker or storage${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let alone: Alone;
  let dir: string;
  let site: PlainSite;
  let tracker: WebTracker;
  let browser: Browser;
  let page: Page;
  beforeEach(async () => {
    alone = await Alone.start();
    ({ dir, site } = alone);
    tracker = alone.also(await WebTracker.start());
    browser = await alone.browser([`--ignore-certificate-errors-spki-list=${tracker.spki}`]);
    await browser.cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: dir });
    page = await browser.open('about:blank');
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: WITHOUT });
  });
  afterEach(() => alone.end());

  async function start(): Promise<void> {
    await page.find({ role: 'checkbox' }, 60_000);
    await page.click({ role: 'button', name: 'Start' });
    await page.gone({ role: 'button', name: 'Start' });
  }

  /** What the browser has saved under that name. */
  async function saved(name: string, size: number): Promise<Uint8Array> {
    await page.waitForText(/100\s% of/, 60_000);
    await page.click({ role: 'button', name: `Save ${name}` });
    const file = join(dir, name);
    await until(`${name} to be saved`, () => existsSync(file) && statSync(file).size === size);
    return readFileSync(file);
  }

  it('says so where a link is opened, and takes it from a WebRTC peer into memory, to be saved', async () => {
    const pages = await WebTorrentPages.start();
    alone.also(pages);
    const bytes = randomBytes(5_000_003);
    pages.serve('/payload', bytes);
    const seed = await pages.open(browser);
    const torrent = codec.decode(await seed.seed('/payload', 'quick.bin', tracker.url, PIECE)) as { info: unknown };
    const id = createHash('sha1').update(codec.encode(torrent.info)).digest('hex');
    const magnet = `magnet:?xt=urn:btih:${id}&dn=quick.bin&tr=${encodeURIComponent(tracker.url)}`;
    await page.send('Page.bringToFront');
    await page.go(`${site.origin}/#magnet=${encodeURIComponent(magnet)}`);
    await page.waitForText('This browser does not let Starling install its engine');
    await page.screenshot('quick-offer');
    expect(await page.text()).toContain('Not in this browser');
    await page.click({ role: 'link', name: 'Quick download' });
    await page.waitForText(/in the memory of this page, up to 500\sMB/);
    await start();
    expect(sha256(await saved('quick.bin', bytes.length))).toBe(sha256(bytes));
    await page.screenshot('quick-done');
    expect(page.log.filter(line => !EXPECTED.test(line))).toEqual([]);
  });

  it('takes a torrent file from its web seed, and refuses before it starts what is too large', async () => {
    const payload = makePayload(join(dir, 'seed'), 'web.bin', [{ path: [], size: 3_000_001 }], { pieceLength: PIECE });
    const bytes = readFileSync(join(payload.dir, 'web.bin'));
    const seed = await CorsSeed.start('web.bin', bytes, 50_000_000);
    alone.also(seed);
    const file = join(dir, 'web.torrent');
    const decoded = codec.decode(payload.bytes) as { info: Record<string, unknown> };
    writeFileSync(file, codec.encode({ ...decoded, 'url-list': seed.url }));
    const large = join(dir, 'large.torrent');
    const info = { ...decoded.info, name: 'large <b>.bin', length: 600 * PIECE * 4, pieces: randomBytes(600 * 4 * 20) };
    writeFileSync(large, codec.encode({ info, 'url-list': seed.url }));

    await page.go(`${site.origin}/quick.html`);
    await page.waitForText('Drop a .torrent');
    await page.drop([large]);
    await page.find({ role: 'checkbox' });
    await page.waitForText(/This page holds 500.MB in memory, of which 500.MB are left, and what is chosen takes 629.MB/);
    expect((await page.find({ role: 'button', name: 'Start' })).disabled).toBe(true);
    await page.click({ role: 'button', name: 'Cancel' });
    expect(seed.sent).toBe(0);

    await page.drop([file]);
    await start();
    expect(sha256(await saved('web.bin', bytes.length))).toBe(sha256(bytes));
    expect(page.log.filter(line => !EXPECTED.test(line))).toEqual([]);
  });

  it('alone loads webtorrent: neither the app nor its worker knows of it', () => {
    const top = join(import.meta.dirname, '../../dist/web');
    const assets = readdirSync(join(top, 'assets')).filter(name => name.endsWith('.js'));
    const [bundle = ''] = assets.filter(name => name.startsWith('webtorrent'));
    expect(statSync(join(top, 'assets', bundle)).size).toBeGreaterThan(150_000);
    const others = [
      'index.html',
      'sw.js',
      ...assets.filter(name => !/^(webtorrent|quick)/.test(name)).map(name => `assets/${name}`),
    ];
    for (const name of others) {
      const text = readFileSync(join(top, name), 'utf8');
      expect([name, text.includes(bundle), /ut_metadata|simple-peer/.test(text) && name !== 'sw.js']).toEqual([
        name,
        false,
        false,
      ]);
    }
    expect(readFileSync(join(top, 'sw.js'), 'utf8')).not.toMatch(/quick-[\w-]+\.(js|css)|"quick\.html"/);
  });

  it('is tested as it is shipped, and not as it is developed, whatever runs the tests', () => {
    const folder = join(import.meta.dirname, '../../dist/web/assets');
    const scripts = readdirSync(folder).filter(name => name.endsWith('.js') && !name.startsWith('webtorrent'));
    expect(scripts.length).toBeGreaterThan(20);
    // Of a development build each element knows the file and the line that it was written in.
    expect(scripts.filter(name => /lineNumber:|jsxDEV/.test(readFileSync(join(folder, name), 'utf8')))).toEqual([]);
  });
});
