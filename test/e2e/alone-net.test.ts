/** What the app without any helper reaches, in a real browser: another of its kind, and what a web server lets no page read. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { StunServer } from '../peers/stun-server.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { Alone, close, withSeed } from './alone.ts';
import { haveChromium, namedHost } from './browser.ts';
import { WebTorrentPages } from './webtorrent.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const PIECE = 1 << 18;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`what the browser alone reaches${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let world: Alone;
  beforeEach(async () => void (world = await Alone.start()));
  afterEach(() => world.end());

  it('one of our own gives over WebRTC to another what it had from stock WebTorrent, by the STUN server of its settings', async () => {
    const tracker = world.also(await WebTracker.start());
    const pages = world.also(await WebTorrentPages.start());
    const stun = world.also(await StunServer.start());
    // Names of mDNS do not reach from one browser to another without a network that carries them.
    const flags = ['--disable-features=WebRtcHideLocalIpsWithMdns', `--ignore-certificate-errors-spki-list=${tracker.spki}`];
    const bytes = randomBytes(16_000_000);
    pages.serve('/payload', bytes);
    const first = await world.open(flags);
    const seed = await pages.open(first.browser);
    const torrent = await seed.seed('/payload', 'handed.bin', tracker.url, PIECE);
    const { file, id } = world.put('handed', torrent);
    const second = await world.open(flags);
    for (const { app } of [first, second]) {
      await app.page.send('Page.bringToFront');
      await app.stunServers(app === second.app ? stun.url : '');
      await app.dropTorrents([file]);
      await app.start();
      await app.complete('handed.bin');
      if (app === first.app) await seed.page.close();
    }
    expect(await second.app.hashOf(id)).toBe(sha256(bytes));
    await first.app.says('handed.bin', /ratio [1-9]/);
    expect(stun.asked).toBeGreaterThan(0);
  });

  it('says of a web server that lets no page read from it that it is there, and what may', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end('not for you');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    world.also({ stop: () => close(server) });
    const { bytes } = makePayload(join(world.dir, 'seed'), 'closed.bin', [{ path: [], size: 1_000_000 }], { pieceLength: PIECE });
    const { file } = world.put('closed', withSeed(bytes, `http://${namedHost(server)}/closed.bin`));
    const { app } = await world.open();
    await app.dropTorrents([file]);
    await app.start();
    await app.select('closed.bin');
    await app.page.click({ role: 'button', name: 'Show details' });
    await app.page.click({ role: 'tab', name: /^Trackers/ });
    await app.page.waitForText('lets no web page of others read from it. The helper may', 60_000);
    expect(asked).toBeLessThanOrEqual(4);
  });
});
