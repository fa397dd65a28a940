/**
 * What is saved out of a browser without any helper, while it comes: a torrent that a web seed has. Nobody is attached to the worker, so that
 * it lives and ends as it does for people.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    browser.cdp.on('Browser.downloadProgress', undefined, progress => (state = String(progress.state)));
    await browser.cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads, eventsEnabled: true });
    return { browser, app: await App.alone(browser, site.origin), downloaded: () => state };
  }

  /** A torrent of these files, which a web seed has. */
  async function webSeeded(name: string, files: readonly { path: string[]; size: number }[], rate: number) {
    const payload = makePayload(join(dir, 'seed'), name, files, { pieceLength: PIECE });
    const has = files.map(({ path }) => [[name, ...path].join('/'), readFileSync(join(payload.dir, name, ...path))] as const);
    const isOne = files[0]?.path.length === 0;
    const seed = await (isOne ? CorsSeed.start(name, has[0]![1], rate) : CorsSeed.startFolder(Object.fromEntries(has), rate));
    ends.push(() => seed.stop());
    const file = join(dir, `${name}.torrent`);
    writeFileSync(file, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': seed.url }));
    return { payload, seed, file };
  }

  it('goes on with every tab closed and is right to the byte; without one the worker ends, and the next opening goes on', async () => {
    const saved = await webSeeded('saved.bin', [{ path: [], size: 12_000_000 }], 600_000);
    const left = await webSeeded('left.bin', [{ path: [], size: 12_000_000 }], 600_000);
    const [one, other] = [await open(), await open()];
    await one.app.dropTorrents([saved.file]);
    await one.app.start();
    await one.app.page.waitForText('1 download waits once every window is closed.');
    await one.app.page.click({ role: 'button', name: 'What goes on' });
    await one.app.page.click({ role: 'button', name: /^Finish in the background/ });
    await one.app.page.waitForText('Goes on from its web seeds until it is saved.');
    await other.app.dropTorrents([left.file]);
    await other.app.start();
    await until('some of it', () => left.seed.sent > 1_500_000);
    // So slow that no browser would have a worker which nothing keeps until it is all there.
    saved.seed.rate = 20_000;
    const closed = performance.now();
    await Promise.all([one.browser.closePages(), other.browser.closePages()]);
    await until('the worker to be gone', async () => !(await hasWorker(other.browser)), 60_000);
    console.info(`without a save the worker was gone ${((performance.now() - closed) / 1000).toFixed(1)} s after the last tab`);
    expect([one.downloaded(), await hasWorker(one.browser), left.seed.running]).toEqual(['inProgress', true, 0]);
    const { sent } = saved.seed;
    saved.seed.rate = 8_000_000;
    await until('the save to be complete', () => one.downloaded() === 'completed', 60_000);
    expect(saved.seed.sent).toBeGreaterThan(sent);
    expect(sha256(readFileSync(join(downloads, 'saved.bin')))).toBe(sha256(readFileSync(join(saved.payload.dir, 'saved.bin'))));
    await (await App.alone(one.browser, site.origin)).complete('saved.bin');

    left.seed.rate = 0;
    const resumed = await App.alone(other.browser, site.origin);
    // What it had is there at once, before anybody has sent more.
    await resumed.says('left.bin', /Downloading.*\b([5-9]|[1-9]\d)\s?%/i);
    left.seed.rate = 8_000_000;
    await resumed.complete('left.bin');
  });

  it('fails where its bytes cannot come any more, and the browser shows that it did', async () => {
    const { file } = await webSeeded('gone.bin', [{ path: [], size: 8_000_000 }], 300_000);
    const { app, downloaded } = await open();
    await app.dropTorrents([file]);
    await app.start();
    await app.choose('gone.bin', 'Save');
    await until('the save to begin', () => downloaded() === 'inProgress');
    await app.says('gone.bin', /\b[1-9]\d?\s?%/);
    await app.removeHere('gone.bin');
    await until('the save to have failed', () => downloaded() === 'canceled', 30_000);
    expect(existsSync(join(downloads, 'gone.bin'))).toBe(false);
  });

  it('of a folder is an archive that another program unpacks, begun long before the torrent was there', async () => {
    const files = [
      { path: ['a film.mkv'], size: 9_000_000 },
      { path: ['Extra', 'ü – 字幕.srt'], size: 70_000 },
      { path: ['Extra', 'empty'], size: 0 },
      { path: ['Extra', 'deep', 'last.bin'], size: 2_000_001 },
    ];
    const { payload, seed, file } = await webSeeded('Film', files, 4_000_000);
    const { browser, app, downloaded } = await open();
    await app.dropTorrents([file]);
    await app.start();
    await app.choose('Film', 'Save');
    await until('the save to begin', () => downloaded() === 'inProgress');
    expect(seed.sent).toBeLessThan(payload.size);
    await until('the save to be complete', () => downloaded() === 'completed', 60_000);
    const path = join(downloads, 'Film.zip');
    execFileSync('python3', [
      '-c',
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])',
      path,
      downloads,
    ]);
    const right = files.map(({ path: names }) => sha256(readFileSync(join(payload.dir, 'Film', ...names))));
    expect(files.map(({ path: names }) => sha256(readFileSync(join(downloads, 'Film', ...names))))).toEqual(right);
    // And as files, one by one, into a folder: of the browser itself, as a person would have to choose another.
    await app.page.evaluate(`window.showDirectoryPicker = async () =>
      (await navigator.storage.getDirectory()).getDirectoryHandle('Chosen', { create: true })`);
    await app.choose('Film', 'Save to a folder…');
    await app.page.waitForText('“Film” was saved to “Chosen”.', 30_000);
    const hashes = await app.page
      .evaluate(`Promise.all(${JSON.stringify(files.map(({ path: names }) => names))}.map(async names => {
      let folder = await navigator.storage.getDirectory();
      for (const name of ['Chosen', 'Film', ...names.slice(0, -1)]) folder = await folder.getDirectoryHandle(name);
      const file = await (await folder.getFileHandle(names.at(-1))).getFile();
      const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
      return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    }))`);
    expect(hashes).toEqual(right);
    // A link on any website to the same address begins nothing.
    const website = await browser.open('about:blank');
    await website.evaluate(`void location.assign(${JSON.stringify(`${site.origin}/save/${payload.infoHash}/in/`)})`);
    await new Promise(resolve => setTimeout(resolve, 1_500));
    expect(readdirSync(downloads)).not.toContain('Film (1).zip');
    expect(downloaded()).toBe('completed');
  });
});

/** Whether the worker runs, seen from the browser, which is attached to pages alone. */
async function hasWorker(browser: Browser): Promise<boolean> {
  const { targetInfos } = await browser.cdp.send<{ targetInfos: { type: string }[] }>('Target.getTargets');
  return targetInfos.some(({ type }) => type === 'service_worker');
}
