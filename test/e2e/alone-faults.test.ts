/** What browsers do to the app without any helper: they delete what it keeps, end what it runs, and bring new versions of it. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../peers/wait.ts';
import { Alone, type CorsSeed } from './alone.ts';
import { App } from './app.ts';
import { haveChromium, type Browser } from './browser.ts';

const NAME = 'kept.bin';
const SIZE = 12_000_000;
/** Bytes a second: in a moment, and so slowly that much can happen meanwhile. */
const FAST = 8_000_000;
const SLOW = 400_000;

describe.skipIf(!haveChromium())('the app by itself, in a browser that does as browsers do', () => {
  let world: Alone;
  let seed: CorsSeed;
  let file: string;
  let bytes: Uint8Array;
  let id: string;
  let browser: Browser;
  beforeEach(async () => {
    world = await Alone.start();
    ({ id, bytes, seed, file } = await world.webSeeded(NAME, SIZE, FAST));
    browser = await world.browser();
  });
  afterEach(() => world.end());

  const whole = (): string => createHash('sha256').update(bytes).digest('hex');

  async function fetched(): Promise<App> {
    const app = await App.alone(browser, world.site.origin);
    await app.dropTorrents([file]);
    await app.start();
    await app.complete(NAME);
    return app;
  }

  /** Closes the app, has the browser delete these of its kinds of storage, and opens it again. */
  async function deleted({ page }: App, storageTypes: string): Promise<App> {
    const other = await browser.open('about:blank');
    await page.close();
    await other.send('ServiceWorker.enable');
    await other.send('ServiceWorker.stopAllWorkers');
    await other.send('Storage.clearDataForOrigin', { origin: world.site.origin, storageTypes });
    const app = new App(await browser.open(world.site.origin));
    await app.page.waitForText('Browser only', 30_000);
    return app;
  }

  it('fetches anew what the browser has deleted of its files, right to the byte', async () => {
    const app = await deleted(await fetched(), 'file_systems');
    await until('it to come again', () => seed.sent > SIZE * 1.5, 60_000);
    await app.complete(NAME);
    expect(await app.hashOf(id)).toBe(whole());
  });

  it('says so where the browser has deleted everything that it kept', async () => {
    const app = await deleted(await fetched(), 'file_systems,indexeddb,cache_storage,service_workers');
    await app.page.waitForText(/The browser has deleted what Starling kept in it.*It was 1 torrent/);
    expect(await app.row(NAME)).toBe('');
    await app.dropTorrents([file]);
    await app.start();
    await app.complete(NAME);
    await app.page.send('Page.reload');
    await app.complete(NAME);
    expect(await app.page.text()).not.toContain('has deleted');
  });

  it('takes a new version over in mid-download, and none whose files are not all there', async () => {
    const app = await App.alone(browser, world.site.origin);
    const { page } = app;
    seed.rate = SLOW;
    await app.dropTorrents([file]);
    await app.start();
    await until('some of it', () => seed.sent > 500_000);
    const update = (): Promise<string> =>
      page.evaluate(`navigator.serviceWorker.ready.then(async registration => {
        const coming = await registration.update().then(() => registration.installing ?? registration.waiting, () => null);
        if (coming === null) return 'none';
        if (coming.state === 'installing') await new Promise(resolve => (coming.onstatechange = resolve));
        return coming.state;
      })`);
    let before = '';
    world.site.change('/sw.js', text => {
      before = text;
      return text.replace(/assets\/main-[\w-]+\.js/, 'assets/missing.js');
    });
    expect(await update()).toBe('redundant');
    // The app that is there stays, and opens from what it has.
    await page.send('Page.reload');
    await app.says(NAME, /Downloading/);

    world.site.change('/sw.js', () => `${before}\n// Another version.\n`);
    expect(await update()).toBe('installed');
    await page.waitForText('Update available');
    expect(seed.sent).toBeLessThan(SIZE);
    seed.rate = FAST;
    await page.click({ role: 'button', name: 'Reload' });
    await until('the new version', async () => !(await page.text()).includes('Update available'));
    await app.complete(NAME);
    expect(await app.hashOf(id)).toBe(whole());
    // What was under way came again, and no more.
    expect(seed.sent).toBeLessThan(SIZE * 1.5);
    const cached = await page.evaluate<string[]>(`(async () => {
      const names = await caches.keys();
      const requests = await Promise.all(names.map(async name => (await caches.open(name)).keys()));
      return requests.flat().map(({ url }) => new URL(url).pathname);
    })()`);
    // The app's own files and nothing that came by it.
    expect(cached.filter(path => path === '/sw.js' || !world.site.has(path))).toEqual([]);
  });

  it('begins with 60 kB of JavaScript at most, gzipped, in each language', async () => {
    const { page } = await App.alone(browser, world.site.origin);
    // What comes in idle moments is not what it begins with.
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: 'globalThis.requestIdleCallback = () => 0;' });
    await page.send('Page.reload');
    await page.waitForText('Browser only', 30_000);
    const loaded = await page.evaluate<
      string[]
    >(`[...new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname))]
      .filter(path => path.endsWith('.js'))`);
    const languages = await page.evaluate<Record<string, string[]>>(
      `JSON.parse(document.querySelector('meta[name="starling-languages"]').content)`,
    );
    const texts = loaded.filter(path => languages['en']?.includes(path) === true);
    expect(texts).toContainEqual(expect.stringContaining('/words/en/'));
    const code = loaded.filter(path => !texts.includes(path));
    expect(code).toContainEqual(expect.stringContaining('/main-'));
    const sizeOf = (paths: readonly string[]): number =>
      paths.reduce((sum, path) => sum + gzipSync(world.site.asset(path).body, { level: 9 }).length, 0);
    for (const [language, paths] of Object.entries(languages)) {
      expect(sizeOf([...new Set([...code, ...paths])]), language).toBeLessThan(60_000);
    }
  });

  it('has one engine and one window that lends, however many are open, and the next within two seconds', async () => {
    const [first, second] = [await App.alone(browser, world.site.origin), await App.alone(browser, world.site.origin)];
    const held = ({ page }: App): Promise<{ name: string; clientId: string }[]> =>
      page.evaluate('navigator.locks.query().then(({ held }) => held.map(({ name, clientId }) => ({ name, clientId })))');
    await until('both locks to be held', async () => (await held(second)).length >= 2);
    const names = (await held(second)).map(({ name }) => name).sort();
    expect(names).toEqual(['starling-engine', 'starling-rtc']);
    const lender = async (): Promise<string | undefined> =>
      (await held(second)).find(({ name }) => name === 'starling-rtc')?.clientId;
    const before = await lender();
    await first.page.close();
    await until('the other to lend', async () => ![undefined, before].includes(await lender()), 2_000);
    expect((await held(second)).map(({ name }) => name).sort()).toEqual(names);
  });
});
