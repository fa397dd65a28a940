/** A torrent that the browser has by itself moves to the disk once there is a helper, with what there is of it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import codec from 'bencode';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { CorsSeed } from './alone.ts';
import { App } from './app.ts';
import { Browser, haveChromium } from './browser.ts';
import { Starling } from './starling.ts';

const missing = haveChromium() ? '' : 'chromium';
const PIECE = 1 << 18;
const SIZE = 96_000_000;
const NAME = 'film.bin';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`from the browser to the disk${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let dir: string;
  let starling: Starling;
  const ends: (() => unknown)[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-moving-in-'));
    starling = await Starling.start({ home: join(dir, 'home'), downloads: join(dir, 'downloads') });
    ends.push(
      () => rmSync(dir, { recursive: true, force: true }),
      () => starling.kill(),
    );
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const onDisk = (): number => {
    const path = join(starling.downloads, NAME);
    return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  };
  const stored = (app: App): Promise<number> => app.page.evaluate('navigator.storage.estimate().then(({ usage }) => usage)');

  it('a half of a torrent moves, whatever is ended meanwhile, is asked for nowhere again, and the rest comes after it', async () => {
    const payload = makePayload(join(dir, 'seed'), NAME, [{ path: [], size: SIZE }], { pieceLength: PIECE });
    const bytes = readFileSync(join(payload.dir, NAME));
    const seed = await CorsSeed.start(NAME, bytes, 8_000_000);
    ends.push(() => seed.stop());
    const file = join(dir, 'film.torrent');
    // The browser goes to no server of its own computer, and the helper knows no other name for this one.
    const local = seed.url.replace(/\/\/[^:]+/, '//127.0.0.1');
    writeFileSync(file, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': [seed.url, local] }));

    const browser = await Browser.start();
    ends.push(() => browser.stop());
    const before = await App.alone(browser, starling.origin);
    await before.dropTorrents([file]);
    await before.start();
    await until('a half of it', () => seed.sent > SIZE / 2);
    await before.select(NAME);
    await before.page.click({ role: 'button', name: 'Pause' });
    await before.says(NAME, /Paused/);
    const part = Number(/(\d+).% of/.exec(await before.row(NAME))?.[1]) / 100;
    expect(part).toBeGreaterThan(0.3);
    await new Promise(resolve => setTimeout(resolve, 1_000));
    const { sent } = seed;

    const app = await App.open(browser, starling);
    await app.page.waitForText('1 torrent is kept in this browser.');
    await app.page.click({ role: 'button', name: 'Move' });
    await until('some of it on the disk', () => onDisk() > 1_000_000);
    await app.page.stopWorkers();
    await until('more of it on the disk', () => onDisk() > (part * SIZE) / 4, 30_000);
    await starling.killIo();
    // Until all of it is there it stays in the browser.
    expect(await stored(app)).toBeGreaterThan(part * SIZE);
    await app.says(NAME, /Paused/);
    await app.page.waitForText(`“${NAME}” is on this computer now, in “downloads”.`);
    // Nothing of what was there came from anywhere but the browser.
    expect(seed.sent).toBe(sent);
    expect(onDisk()).toBeGreaterThanOrEqual(Math.floor(part * SIZE) - PIECE);
    await until('the space in the browser to be free', async () => (await stored(app)) < 4_000_000, 30_000);

    await app.select(NAME);
    await app.page.click({ role: 'button', name: 'Resume' });
    await app.complete(NAME);
    // What was in the making when it was paused, four requests at most, begins anew.
    expect(seed.sent - sent).toBeLessThan((1 - part) * SIZE + 8 * PIECE);
    expect(sha256(readFileSync(join(starling.downloads, NAME)))).toBe(sha256(bytes));
  });

  it('that is unpaired in the middle of it goes on in the browser, and nothing is lost or fetched again', async () => {
    const payload = makePayload(join(dir, 'seed'), NAME, [{ path: [], size: SIZE }], { pieceLength: PIECE });
    const seed = await CorsSeed.start(NAME, readFileSync(join(payload.dir, NAME)), 16_000_000);
    ends.push(() => seed.stop());
    const file = join(dir, 'film.torrent');
    writeFileSync(file, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': seed.url }));
    const browser = await Browser.start();
    ends.push(() => browser.stop());
    const before = await App.alone(browser, starling.origin);
    await before.dropTorrents([file]);
    await before.start();
    await until('a half of it', () => seed.sent > SIZE / 2);
    const app = await App.open(browser, starling);
    await app.page.click({ role: 'button', name: 'Move' });
    await until('some of it on the disk', () => onDisk() > 1_000_000);
    const { apps } = await starling.local<{ apps: { id: string }[] }>('pairs');
    await starling.local('unpair', apps[0]!.id);
    await app.page.waitForText('Pair again');
    expect(onDisk()).toBeLessThan(SIZE / 2);
    seed.rate = 60_000_000;
    await app.complete(NAME);
    expect(await stored(app)).toBeGreaterThan(SIZE);
    // What was in the making when it was held, four requests at most, begins anew.
    expect(seed.sent).toBeLessThan(SIZE + 8 * PIECE);
  });
});
