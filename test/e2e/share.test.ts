/** Files that are shared from a browser without a helper, in a real one: stock WebTorrent fetches them right to the byte. */
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../peers/wait.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { Alone, PlainSite } from './alone.ts';
import { App } from './app.ts';
import { type Browser, haveChromium } from './browser.ts';
import { WebTorrentPages } from './webtorrent.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`what is shared from a browser${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let alone: Alone;
  let dir: string;
  let site: PlainSite;
  let tracker: WebTracker;
  let browser: Browser;
  let app: App;
  beforeEach(async () => {
    alone = await Alone.start();
    ({ dir, site } = alone);
    tracker = alone.also(await WebTracker.start());
    ({ browser, app } = await alone.open([`--ignore-certificate-errors-spki-list=${tracker.spki}`]));
    await app.withoutStun();
  });
  afterEach(() => alone.end());

  function put(path: string, bytes: Uint8Array): string {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    return file;
  }

  /** Fills in the tracker and presses Share; gives the magnet link that is shown then. */
  async function share(name: string): Promise<string> {
    await app.trackers(tracker.url);
    await app.page.click({ role: 'button', name: 'Share' });
    await app.page.find({ role: 'heading', name: `Share “${name}”` }, 60_000);
    await app.page.find({ role: 'image', name: 'QR code of the magnet link' });
    const magnet = await app.page.valueOf({ role: 'textbox', name: /^Magnet link/ });
    await app.page.click({ role: 'button', name: 'Done' });
    return magnet;
  }

  const stored = (): Promise<number> => app.page.evaluate('navigator.storage.estimate().then(({ usage }) => usage)');

  it('is a file that is dropped, of which a stock leech has every byte', async () => {
    const bytes = randomBytes(9_000_001);
    await app.page.drop([put('holiday film.bin', bytes)]);
    const magnet = await share('holiday film.bin');
    await app.complete('holiday film.bin');
    const pages = await WebTorrentPages.start();
    alone.also(pages);
    const leech = await pages.open(browser);
    await leech.addMagnet(magnet);
    await app.page.send('Page.bringToFront');
    await until('the stock leech to have everything', async () => (await leech.state())?.done === true, 60_000);
    expect(await leech.hashes()).toEqual({ 'holiday film.bin': sha256(bytes) });
    // The link, opened where the app is, shows what it is about.
    await app.page.evaluate(`location.hash = '#magnet=' + encodeURIComponent(${JSON.stringify(magnet)})`);
    await app.page.waitForText('is in the list already');
    expect(app.page.log).toEqual([]);
  });

  it('is a folder, with names of any script and empty files, which another of ours fetches', async () => {
    const files: Record<string, Uint8Array> = {
      'Fotos ünd 写真/élan.bin': randomBytes(700_000),
      'Fotos ünd 写真/sub/b <i>b.bin': randomBytes(1_500_000),
      'Fotos ünd 写真/sub/empty.txt': new Uint8Array(0),
    };
    for (const [path, bytes] of Object.entries(files)) put(path, bytes);
    await app.page.drop([join(dir, 'Fotos ünd 写真')]);
    await app.page.waitForText('3 files');
    const magnet = await share('Fotos ünd 写真');
    await app.complete('Fotos ünd 写真');
    // Another site has a storage and an engine of its own.
    const other = await PlainSite.start();
    alone.also(other);
    const leech = await App.alone(browser, other.origin);
    await leech.withoutStun();
    await leech.addMagnet(magnet);
    await leech.complete('Fotos ünd 写真');
    const hashes = await leech.page.evaluate<string[]>(`(async () => {
      const id = ${JSON.stringify(/btih:([0-9a-f]{40})/.exec(magnet)?.[1])};
      const all = [];
      for (const file of [0, 1, 2]) {
        const response = await fetch('/stream/' + id + '/' + file + '/x');
        const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
        all.push([...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join(''));
      }
      return all;
    })()`);
    expect(hashes.sort()).toEqual(Object.values(files).map(sha256).sort());
  });

  it('leaves nothing where it is called off, where a file changes on the way, or where the browser gives no more room', async () => {
    const free = (): Promise<void> => until('the space to be free', async () => (await stored()) < 4_000_000, 30_000);
    const large = put('large.bin', randomBytes(1_000_000));
    truncateSync(large, 2_000_000_000);
    const press = async (): Promise<void> => {
      await app.page.click({ role: 'button', name: 'Share' });
      await app.page.find({ role: 'heading', name: 'Sharing “large.bin”' });
    };
    await app.page.drop([large]);
    await press();
    await app.page.waitForText(/[1-9]\d*\s?%: .* of 2\sGB copied/);
    await app.page.click({ role: 'button', name: 'Cancel' });
    await app.page.gone({ role: 'dialog' });
    expect(await app.row('large.bin')).toBe('');
    await free();

    await app.page.drop([large]);
    await press();
    appendFileSync(large, 'more');
    await app.page.waitForText('was changed, moved or deleted while it was read', 60_000);
    await free();
    await app.page.click({ role: 'button', name: 'Cancel' });

    await app.page.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: (await stored()) + 50_000_000 });
    await app.page.drop([large]);
    await press();
    await app.page.waitForText(/ran full before the files were copied: they need 2[.]01\sGB/, 60_000);
    await free();
    expect(await app.row('large.bin')).toBe('');
  });
});
