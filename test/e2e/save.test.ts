/**
 * What is saved out of a browser without any helper, while it comes: a torrent that a web seed has. Nobody is attached to the worker, so that
 * it lives and ends as it does for people.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import codec from 'bencode';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { CorsSeed, PlainSite } from './alone.ts';
import { App } from './app.ts';
import { Browser, haveChromium } from './browser.ts';

const PIECE = 1 << 18;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!haveChromium())(`a save out of the browser${haveChromium() ? '' : ' (needs chromium)'}`, () => {
  let dir: string;
  let downloads: string;
  let site: PlainSite;
  const ends: (() => unknown)[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-save-'));
    downloads = join(dir, 'downloads');
    mkdirSync(downloads);
    site = await PlainSite.start();
    ends.push(
      () => rmSync(dir, { recursive: true, force: true }),
      () => site.stop(),
    );
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function open(): Promise<{ browser: Browser; app: App; downloaded: () => string }> {
    const browser = await Browser.start();
    ends.push(() => browser.stop());
    let state = '';
    browser.cdp.on('Browser.downloadProgress', undefined, progress => (state = String(progress['state'])));
    await browser.cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads, eventsEnabled: true });
    return { browser, app: await App.alone(browser, site.origin), downloaded: () => state };
  }

  /** A torrent of these files, which a web seed has. */
  async function webSeeded(name: string, files: readonly { path: string[]; size: number }[], rate: number) {
    const payload = makePayload(join(dir, 'seed'), name, files, { pieceLength: PIECE });
    const has = files.map(({ path }) => [[name, ...path].join('/'), readFileSync(join(payload.dir, name, ...path))] as const);
    const seed = await CorsSeed.start(name, files[0]?.path.length === 0 ? has[0]![1] : new Map(has), rate);
    ends.push(() => seed.stop());
    const file = join(dir, `${name}.torrent`);
    writeFileSync(file, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': seed.url }));
    return { payload, seed, file };
  }

  it('goes on with every tab closed and is right to the byte; without one the worker ends, and the next opening goes on', async () => {
    const saved = await webSeeded('saved.bin', [{ path: [], size: 20_000_000 }], 2_000_000);
    const { browser, app, downloaded } = await open();
    await app.dropTorrents([saved.file]);
    await app.start();
    await app.says('saved.bin', /Downloading/i);
    await app.page.waitForText('1 download waits once every window is closed.');
    await app.page.click({ role: 'button', name: 'What goes on' });
    await app.page.click({ role: 'button', name: /^Finish in the background/ });
    await app.page.waitForText('Goes on from its web seeds until it is saved.');
    expect(saved.seed.sent).toBeLessThan(12_000_000);
    await browser.closePages();
    await until('the save to be complete', () => downloaded() === 'completed', 60_000);
    expect(sha256(readFileSync(join(downloads, 'saved.bin')))).toBe(sha256(readFileSync(join(saved.payload.dir, 'saved.bin'))));

    const left = await webSeeded('left.bin', [{ path: [], size: 20_000_000 }], 1_000_000);
    const again = await App.alone(browser, site.origin);
    await again.complete('saved.bin');
    await again.dropTorrents([left.file]);
    await again.start();
    await until('some of it', () => left.seed.sent > 2_000_000);
    await browser.closePages();
    const closed = performance.now();
    await until('nothing to be asked for', () => left.seed.running === 0, 60_000);
    const { sent } = left.seed;
    console.info(`the engine let go ${((performance.now() - closed) / 1000).toFixed(1)} s after the last tab`);
    await until('the worker to be gone', async () => !(await hasWorker(browser)), 60_000);
    console.info(`the worker was gone ${((performance.now() - closed) / 1000).toFixed(1)} s after the last tab`);
    expect(left.seed.sent).toBe(sent);
    left.seed.rate = 20_000_000;
    const resumed = await App.alone(browser, site.origin);
    await resumed.complete('left.bin');
    expect(left.seed.sent).toBeLessThan(20_000_000 * 1.3);
  });

  it('of a folder is an archive that another program unpacks, begun long before the torrent was there', async () => {
    const files = [
      { path: ['a film.mkv'], size: 9_000_000 },
      { path: ['Extra', 'ü – 字幕.srt'], size: 70_000 },
      { path: ['Extra', 'empty'], size: 0 },
      { path: ['Extra', 'deep', 'last.bin'], size: 2_000_001 },
    ];
    const { payload, seed, file } = await webSeeded('Film', files, 4_000_000);
    const { app, downloaded } = await open();
    await app.dropTorrents([file]);
    await app.start();
    await app.choose('Film', 'Save');
    await until('the save to begin', () => downloaded() === 'inProgress');
    expect(seed.sent).toBeLessThan(payload.size);
    await until('the save to be complete', () => downloaded() === 'completed', 60_000);
    const path = join(downloads, 'Film.zip');
    execFileSync('python3', ['-c', 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])', path, downloads]);
    for (const { path: names } of files) {
      const unpacked = readFileSync(join(downloads, 'Film', ...names));
      expect(sha256(unpacked), names.join('/')).toBe(sha256(readFileSync(join(payload.dir, 'Film', ...names))));
    }
  });
});

/** Whether the worker runs, seen from the browser, which is attached to pages alone. */
async function hasWorker(browser: Browser): Promise<boolean> {
  const { targetInfos } = await browser.cdp.send<{ targetInfos: { type: string }[] }>('Target.getTargets');
  return targetInfos.some(({ type }) => type === 'service_worker');
}
