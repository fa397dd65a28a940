/** The app and stock WebTorrent, which a real WebSocket tracker introduces to each other, over WebRTC in a real browser. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { App } from './app.ts';
import { haveChromium } from './browser.ts';
import { WebTorrentPages, type WebTorrentPage } from './webtorrent.ts';
import { World } from './world.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const PIECE = 1 << 18;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`WebRTC${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let tracker: WebTracker;
  let pages: WebTorrentPages;
  let others: WebTorrentPages;
  const worlds: World[] = [];
  beforeEach(async () => {
    tracker = await WebTracker.start();
    pages = await WebTorrentPages.start();
    others = await WebTorrentPages.start();
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.end();
    await pages?.stop();
    await others?.stop();
    await tracker?.stop();
  });

  async function newWorld(options: { downloads?: string; flags?: readonly string[] } = {}): Promise<World> {
    const flags = [`--ignore-certificate-errors-spki-list=${tracker.spki}`, ...(options.flags ?? [])];
    const world = await World.make({ ...options, flags });
    worlds.push(world);
    await world.app.withoutStun();
    return world;
  }

  /** A stock seed of these bytes, whose torrent the app has begun to fetch. */
  async function begin(world: World, name: string, bytes: Uint8Array): Promise<{ seed: WebTorrentPage; torrent: Uint8Array }> {
    pages.serve('/payload', bytes);
    const seed = await pages.open(world.browser);
    const torrent = await seed.seed('/payload', name, tracker.url, PIECE);
    const file = join(world.dir, `${name}.torrent`);
    writeFileSync(file, torrent);
    await world.app.page.send('Page.bringToFront');
    await world.app.dropTorrents([file]);
    await world.app.start();
    return { seed, torrent };
  }

  it('fetches from a stock seed, and gives to a stock leech', async () => {
    const world = await newWorld();
    const { app } = world;
    const bytes = randomBytes(16_000_000);
    const { seed, torrent } = await begin(world, 'webrtc.bin', bytes);
    await app.complete('webrtc.bin');
    expect(sha256(readFileSync(join(world.downloads, 'webrtc.bin')))).toBe(sha256(bytes));
    expect(await seed.uploaded()).toBeGreaterThanOrEqual(bytes.length);
    await seed.page.close();
    // Of another origin: what the seed kept in the browser's own files is not there.
    const leech = await others.open(world.browser);
    await leech.add(torrent);
    await app.page.send('Page.bringToFront');
    await app.select('webrtc.bin');
    await app.page.click({ role: 'button', name: 'Show details' });
    await app.page.click({ role: 'tab', name: /^Peers/ });
    await app.page.waitForText('WebRTC', 60_000);
    await until('the stock leech to have everything', async () => (await leech.state())?.done === true, 120_000);
    expect(await leech.hash()).toBe(sha256(bytes));
    await app.says('webrtc.bin', /ratio 1\.0/);
    expect(app.page.log).toEqual([]);
  });

  it('goes on in another window when the one that lends is closed, and after the worker was killed', async () => {
    const world = await newWorld();
    const second = await App.openPaired(world.browser, world.starling);
    const bytes = randomBytes(60_000_000);
    await begin(world, 'handed.bin', bytes);
    await world.app.says('handed.bin', atLeast(10));
    await world.app.page.close();
    await second.page.send('Page.bringToFront');
    await second.says('handed.bin', atLeast(40));
    await second.page.stopWorkers();
    await second.complete('handed.bin');
    expect(sha256(readFileSync(join(world.downloads, 'handed.bin')))).toBe(sha256(bytes));
  });

  it('two of our own meet by the tracker of a private torrent', async () => {
    // Names of mDNS do not reach from one browser to another without a network that carries them.
    const flags = ['--disable-features=WebRtcHideLocalIpsWithMdns'];
    const leecher = await newWorld({ flags });
    const payload = makePayload(join(leecher.dir, 'seed'), 'private.bin', [{ path: [], size: 16_000_000 }], {
      pieceLength: PIECE,
      trackers: [tracker.url],
      isPrivate: true,
    });
    const seeder = await newWorld({ flags, downloads: payload.dir });
    const file = leecher.torrentFile(payload);
    for (const { app } of [seeder, leecher]) {
      await app.dropTorrents([file]);
      await app.start();
    }
    await seeder.app.complete('private.bin');
    await leecher.app.complete('private.bin');
    const [had, got] = [payload.dir, leecher.downloads].map(dir => readFileSync(join(dir, 'private.bin')));
    expect(sha256(got!)).toBe(sha256(had!));
    expect(await seeder.app.row('private.bin')).toMatch(/Seeding/);
  });
});

/** The row says at least so many per cent. */
function atLeast(percent: number): RegExp {
  const tens = Math.floor(percent / 10);
  return new RegExp(`, (?:100|[${tens}-9]\\d)(?:\\.\\d+)? ?% of|, (?:Seeding|Done)`);
}
