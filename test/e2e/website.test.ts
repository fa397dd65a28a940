/** The app from a website: paired by a press, a permission and an answer on this computer's screen; and unpaired again. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PairedApp } from '../../sw/api.ts';
import { HOST_PORTS } from '../../daemon/wire/control.ts';
import { haveOpenssl } from '../peers/web-tracker.ts';
import { haveLibtorrent, LibtorrentPeer } from '../peers/libtorrent.ts';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser, haveChromium, type Page } from './browser.ts';
import { Desktop } from './desktop.ts';
import { Starling } from './starling.ts';
import { Transfer } from './transfer.ts';
import { NEXT_PATH, Website } from './website.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');
const CLIPBOARD = ['clipboardReadWrite', 'clipboardSanitizedWrite'];
const LOOPBACK = ['loopbackNetwork', 'localNetworkAccess', 'localNetwork'];

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve((socket.destroy(), false)));
    socket.once('error', () => resolve(true));
  });
}

/** The app looks at the ports that a helper may have; of those the test takes one that nobody has. */
async function freeHelperPort(): Promise<number> {
  for (const port of HOST_PORTS) if (await isFree(port)) return port;
  throw new Error('all ports of a helper are taken on this machine');
}

describe.skipIf(missing !== '')(`the app from a website${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let dir = '';
  let website: Website;
  let starling: Starling;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'starling-website-e2e-')));
    website = await Website.start();
    const port = await freeHelperPort();
    starling = await Starling.start({ home: join(dir, 'home'), downloads: join(dir, 'downloads'), port });
    browser = await Browser.start({ flags: website.flags });
    page = await browser.open(website.origin);
    // Whatever else stands on those ports of this machine is not part of the test.
    await page.send('Network.enable');
    const urls = HOST_PORTS.filter(other => other !== port).map(other => `http://127.0.0.1:${other}/*`);
    await page.send('Network.setBlockedURLs', { urls });
  });
  afterAll(async () => {
    await browser?.stop();
    await starling?.stop();
    await website?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const permission = (setting: 'granted' | 'denied' | 'prompt'): Promise<unknown> =>
    Promise.all(
      ['loopback-network', 'local-network-access'].map(name =>
        browser.cdp.send('Browser.setPermission', { permission: { name }, setting, origin: website.origin }).catch(() => null),
      ),
    );
  /** Presses Pair, and gives the code that the page shows. */
  async function code(): Promise<string> {
    await page.click({ role: 'button', name: 'Pair' });
    return /\b(\d{3} \d{3})\b/.exec(await page.waitForText(/code:\s+\d{3} \d{3}/))?.[1] ?? '';
  }
  /** Opens the page that the helper has named for the next question. */
  async function question(after: string): Promise<Page> {
    let file = '';
    await until('the question', () => {
      file = /To answer, open this file in your browser: (\S+)/.exec(starling.output.slice(after.length))?.[1] ?? '';
      return file !== '';
    });
    return browser.open(`file://${file}`);
  }
  const posting = (secret: string): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret, allow: true }),
  });
  /** The status of a yes; 0 where the page does not get to ask, or hear. */
  const answering = (url: string, secret: string): string =>
    `fetch('${url}', ${JSON.stringify(posting(secret))}).then(answer => answer.status, () => 0)`;
  const apps = async (): Promise<PairedApp[]> => page.evaluate<PairedApp[]>("fetch('/~paired').then(answer => answer.json())");

  it('asks for nothing before a press, and says what to do where the browser keeps it from the helper', async () => {
    await page.waitForText('Browser only');
    await permission('denied');
    await page.click({ role: 'button', name: 'Pair' });
    await page.waitForText('The browser keeps this site from the helper.');
    await permission('prompt');
    await page.click({ role: 'button', name: 'Pair' });
    await page.waitForText('had no answer', 70_000);
  });

  it('is refused where a person says no', async () => {
    await browser.cdp.send('Browser.grantPermissions', { origin: website.origin, permissions: [...LOOPBACK, ...CLIPBOARD] });
    const before = starling.output;
    const shown = await code();
    const asking = await question(before);
    const text = await asking.waitForText(website.origin);
    expect(text).toContain(shown);
    expect(await asking.evaluate('location.href')).toBe(`${starling.origin}/approve.html`);
    await asking.click({ role: 'button', name: 'Refuse' });
    await asking.waitForText('Refused.');
    await asking.close();
    await page.waitForText('Pairing was refused');
    await page.click({ role: 'button', name: 'Pair' });
    await page.waitForText('has just been asked');
  });

  it('is let in where a person says yes on the page that the host opens, and no other; it stays so over a reload', async () => {
    await starling.stop();
    const desktop = new Desktop(join(dir, 'desktop'), ':99').without(['zenity', 'kdialog']);
    await starling.startAgain(desktop.env);
    await code();
    await until('the page to be opened', () => desktop.opened.length > 0);
    const [file = ''] = desktop.opened;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = /approve[.]html#([\w-]{43})"/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    const asking = await browser.open(`file://${file}`);

    const stranger = await browser.open(`${starling.origin}/approve.html`);
    await stranger.waitForText('This question is over.');
    expect(await stranger.evaluate(answering('/approve', 'A'.repeat(43)))).toBe(410);
    await stranger.close();
    // Not even with the secret, from anywhere but the host's own page.
    expect(await page.evaluate(answering(`${starling.origin}/approve`, secret))).toBe(0);
    const { status } = await fetch(`${starling.origin}/approve`, posting(secret));
    expect(status).toBe(403);
    // A press in its first moment counts for nothing.
    await until('a press to count', async () => (await asking.findAll({ role: 'button', name: 'Allow' }))[0]?.disabled === false);
    await asking.click({ role: 'button', name: 'Allow' });
    await asking.waitForText('is paired.');
    expect(await asking.evaluate(answering('/approve', secret))).toBe(410);
    expect([existsSync(file), desktop.opened.length]).toEqual([false, 1]);
    await asking.close();
    await page.waitForText('Helper connected', 30_000);
    await page.go(`${website.origin}/`);
    await page.waitForText('Helper connected', 30_000);
    expect(await page.evaluate("fetch('/~stats').then(answer => answer.json()).then(stats => stats.daemon !== null)")).toBe(true);
    expect(await apps()).toMatchObject([{ name: 'Chrome on Linux', origin: website.origin, isThis: true }]);
    expect(page.log.filter(line => /content security|refused to|violat/i.test(line))).toEqual([]);
  });

  it.skipIf(!haveLibtorrent())('goes on with a download over an update of the app, and nobody else does meanwhile', async () => {
    const peers: LibtorrentPeer[] = [];
    const transfer = await Transfer.begin(
      {
        dir,
        downloads: starling.downloads,
        app: new App(page),
        async seed({ bytes, dir: folder }, options) {
          const torrent = join(dir, 'update.torrent');
          writeFileSync(torrent, bytes);
          const peer = await LibtorrentPeer.start('seed', { torrent, dir: folder, ...options });
          peers.push(peer);
          return peer;
        },
      },
      'over an update.bin',
      { size: 48 << 20, rate: 8 << 20 },
    );
    await transfer.reach(0.2);
    website.publishNext();
    await page.evaluate('navigator.serviceWorker.getRegistration().then(registration => registration.update()).then(() => true)');
    await page.waitForText('Update available.');
    const engines = (): number => starling.logged('the away engine was started').length;
    const before = { leases: starling.leases.length, engines: engines() };
    await page.click({ role: 'button', name: 'Reload' });
    // Seldom: the next version waits until the worker that is at work is asked for nothing.
    const next = `new Promise(wait => setTimeout(wait, 500)).then(() => fetch('${NEXT_PATH}')).then(answer => answer.text())`;
    await until('the next version to be at work', async () => (await page.evaluate(next).catch(() => '')) === 'next');
    await new App(page).complete(transfer.name);
    // The lease was kept for it: the host’s own engine was not even started.
    expect([starling.leases.slice(before.leases), engines()]).toEqual([['app'], before.engines]);
    await transfer.cameOnce(2 << 20);
    await Promise.all(peers.map(peer => peer.stop()));
  });

  it('is unpaired in the settings, says so at once, and is let in no more', async () => {
    await page.click({ role: 'button', name: 'Settings' });
    await page.click({ role: 'button', name: /^Unpair Chrome on Linux/ });
    await page.waitForText('Not paired any more');
    await page.go(`${website.origin}/`);
    await page.click({ role: 'button', name: 'Not paired any more' });
    await page.find({ role: 'button', name: 'Pair' });
    expect(await apps()).toEqual([]);
  });

  it('that is unpaired while it is closed says so when it opens, and pairing is the one thing to do', async () => {
    await starling.stop();
    await starling.startAgain();
    const before = starling.output;
    await code();
    const asking = await question(before);
    await until('a press to count', async () => (await asking.findAll({ role: 'button', name: 'Allow' }))[0]?.disabled === false);
    await asking.click({ role: 'button', name: 'Allow' });
    await asking.close();
    await page.waitForText('Helper connected', 30_000);
    await page.go('about:blank');
    const [app] = await starling.local<{ apps: { id: string }[] }>('pairs').then(({ apps }) => apps);
    await starling.local('unpair', app!.id);
    await page.go(`${website.origin}/`);
    await page.click({ role: 'button', name: 'Not paired any more' });
    await page.waitForText('is not paired with it any more');
    expect(await page.findAll({ role: 'button', name: 'Reconnect' })).toEqual([]);
    await page.find({ role: 'button', name: 'Pair' });
  });

  it('is shown in nobody’s frame, and neither is the page that asks', async () => {
    // The browser's own care for local networks is not what is tested.
    const open = ['--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets'];
    const other = await Browser.start({
      flags: [...website.flags.filter(flag => !flag.startsWith('--enable-features')), ...open],
    });
    for (const address of [`${website.origin}/`, `${starling.origin}/`, `${starling.origin}/approve.html`]) {
      const stranger = await other.open('about:blank');
      const frame = `const frame = document.createElement('iframe'); frame.src = '${address}'; document.body.append(frame);
        new Promise(resolve => (frame.onload = () => resolve(true)))`;
      expect(await stranger.evaluate(frame)).toBe(true);
      await until(`the word of the browser on ${address}`, () => stranger.log.some(line => line.includes('frame-ancestors')));
      await stranger.close();
    }
    await other.stop();
  });
});
