/** What the app without any helper reaches, in a real browser: another of its kind, and what a web server lets no page read. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import codec from 'bencode';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { PlainSite } from './alone.ts';
import { App } from './app.ts';
import { Browser, haveChromium, namedHost } from './browser.ts';
import { WebTorrentPages } from './webtorrent.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const PIECE = 1 << 18;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(missing !== '')(`what the browser alone reaches${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let dir: string;
  let site: PlainSite;
  const ends: (() => unknown)[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-alone-net-'));
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

  /** SHA-256 of the file of a torrent as the app serves it. */
  const hashIn = (app: App, torrent: Uint8Array): Promise<string> => {
    const { info } = codec.decode(torrent) as { info: unknown };
    const id = createHash('sha1').update(codec.encode(info)).digest('hex');
    return app.page.evaluate(`(async () => {
      const response = await fetch('/stream/${id}/0/file');
      const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
      return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    })()`);
  };

  it('one of our own gives over WebRTC to another what it had from stock WebTorrent', async () => {
    const tracker = await WebTracker.start();
    const pages = await WebTorrentPages.start();
    ends.push(
      () => tracker.stop(),
      () => pages.stop(),
    );
    // Names of mDNS do not reach from one browser to another without a network that carries them.
    const flags = ['--disable-features=WebRtcHideLocalIpsWithMdns', `--ignore-certificate-errors-spki-list=${tracker.spki}`];
    const bytes = randomBytes(16_000_000);
    pages.serve('/payload', bytes);
    const first = await open(flags);
    const seed = await pages.open(first.browser);
    const torrent = await seed.seed('/payload', 'handed.bin', tracker.url, PIECE);
    const file = join(dir, 'handed.torrent');
    writeFileSync(file, torrent);
    const second = await open(flags);
    for (const { app } of [first, second]) {
      await app.page.send('Page.bringToFront');
      await app.withoutStun();
      await app.dropTorrents([file]);
      await app.start();
      await app.complete('handed.bin');
      if (app === first.app) await seed.page.close();
    }
    expect(await hashIn(second.app, torrent)).toBe(sha256(bytes));
    await first.app.says('handed.bin', /ratio [1-9]/);
  });

  it('says of a web server that lets no page read from it that it is there, and what may', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end('not for you');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { bytes } = makePayload(join(dir, 'seed'), 'closed.bin', [{ path: [], size: 1_000_000 }], { pieceLength: PIECE });
    const file = join(dir, 'closed.torrent');
    const url = `http://${namedHost(server)}/closed.bin`;
    writeFileSync(file, codec.encode({ ...(codec.decode(bytes) as object), 'url-list': url }));
    const { app } = await open();
    await app.dropTorrents([file]);
    await app.start();
    await app.select('closed.bin');
    await app.page.click({ role: 'button', name: 'Show details' });
    await app.page.click({ role: 'tab', name: /^Trackers/ });
    await app.page.waitForText('lets no web page of others read from it. The helper may', 60_000);
    expect(asked).toBeLessThanOrEqual(4);
  });
});
