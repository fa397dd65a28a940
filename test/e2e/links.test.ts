/** Links and files opened with the system: a real xdg-open, an X server, and the app in a real browser. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser, haveChromium, type Page } from './browser.ts';
import { Desktop, MIME_TYPES } from './desktop.ts';
import { commandOf, processTree } from './processes.ts';
import { command, Starling } from './starling.ts';

const has = (program: string): boolean => spawnSync('which', [program]).status === 0;
const missing = [
  ...['xdg-open', 'xdg-mime', 'Xvfb', 'zenity'].filter(name => !has(name)),
  ...(existsSync(MIME_TYPES) ? [] : ['shared-mime-info']),
  ...(haveChromium() ? [] : ['chromium']),
];

const magnet = (digit: string, name: string): string => `magnet:?xt=urn:btih:${digit.repeat(40)}&dn=${encodeURIComponent(name)}`;
const torrent = (name: string): string =>
  `d4:infod6:lengthi1e4:name${name.length}:${name}12:piece lengthi16384e6:pieces20:${'p'.repeat(20)}ee`;

describe.skipIf(missing.length > 0)(`what is opened with the system (skipped without ${missing.join(', ') || 'nothing'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-links-'));
  const home = join(folder, 'home');
  let screen: ChildProcess;
  let desktop: Desktop;
  let env: NodeJS.ProcessEnv;
  let starling: Starling;
  let browser: Browser;
  let app: App | null = null;

  beforeAll(async () => {
    // It chooses a display that is free, and says which.
    screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '800x600x24', '-nolisten', 'tcp', '-noreset'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const display = await new Promise<string>(resolve =>
      screen.stdout!.once('data', (number: Buffer) => resolve(`:${number.toString().trim()}`)),
    );
    desktop = new Desktop(folder, display);
    env = desktop.env;
    starling = await Starling.start({ home, downloads: join(folder, 'downloads') });
    browser = await Browser.start();
    const registered = spawnSync(process.execPath, [command, 'register', '--home', home], { env, encoding: 'utf8' });
    expect(registered.stdout, registered.stderr).toContain('Starling opens magnet links.');
  });
  afterAll(async () => {
    await browser.stop();
    await starling.stop();
    screen.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await app?.page.close();
    app = null;
  });

  /** Opens it as a file manager or a mail program does; resolves to what was said, and how it ended. */
  function xdgOpen(what: string): Promise<{ code: number | null; err: string }> {
    const child = spawn('xdg-open', [what], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (part: Buffer) => (err += part.toString()));
    return new Promise(resolve => child.once('close', code => resolve({ code, err })));
  }

  test('a magnet link is asked about in the app that is open', async () => {
    app = await App.open(browser, starling);
    expect(await xdgOpen(magnet('a', 'Open film'))).toEqual({ code: 0, err: '' });
    await app.page.find({ role: 'dialog', name: 'Open film' });
    await app.page.click({ role: 'button', name: 'Cancel' });
    await app.page.gone({ role: 'dialog' });
  });

  test('several at once are asked about one after another, and one that is in the list is shown there', async () => {
    app = await App.openPaired(browser, starling);
    const file = join(folder, 'a file.torrent');
    writeFileSync(file, torrent('From a file'));
    const links = [magnet('b', 'First'), magnet('c', 'Second'), magnet('b', 'First')];
    const ended = await Promise.all([...links.map(xdgOpen), xdgOpen(file)]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    await app.page.waitForText('1 of 3');
    await app.page.click({ role: 'button', name: 'Start all 3' });
    await app.page.gone({ role: 'dialog' });
    for (const name of ['First', 'Second', 'From a file']) await app.says(name, /./);
    await xdgOpen(magnet('c', 'Second'));
    await app.page.waitForText('“Second” is in the list already.');
  });

  test('what was opened while no window was is asked about by the first that is', async () => {
    const before = desktop.opened.length;
    expect((await xdgOpen(magnet('d', 'Later'))).code).toBe(0);
    await until('the browser to be opened', () => desktop.opened.length > before);
    expect(desktop.opened.at(-1)).toMatch(/open-[0-9a-f]+[.]html$|^http:/);
    app = await App.openPaired(browser, starling);
    await app.page.find({ role: 'dialog', name: 'Later' });
    await app.page.click({ role: 'button', name: 'Cancel' });
  });

  test('a magnet link is asked about in the window in view, else in the first that comes into view', async () => {
    const front = async (page: Page): Promise<void> => {
      await page.send('Page.bringToFront');
      await until('it to be in view', async () => (await page.evaluate('document.visibilityState')) === 'visible');
    };
    app = await App.openPaired(browser, starling);
    const other = await App.openPaired(browser, starling);
    await until('the first to be hidden', async () => (await app!.page.evaluate('document.visibilityState')) === 'hidden');
    expect((await xdgOpen(magnet('1', 'In view'))).code).toBe(0);
    await other.page.find({ role: 'dialog', name: 'In view' });
    // Nobody can look into a page that is not drawn, but for its text.
    expect(await app.page.text()).not.toContain('In view');
    await other.page.click({ role: 'button', name: 'Cancel' });

    const elsewhere = await browser.open('about:blank#elsewhere');
    await until('both to be hidden', async () => (await other.page.evaluate('document.visibilityState')) === 'hidden');
    expect((await xdgOpen(magnet('2', 'Out of view'))).code).toBe(0);
    for (const { page } of [app, other]) expect(await page.text()).not.toContain('Out of view');
    await front(app.page);
    await app.page.find({ role: 'dialog', name: 'Out of view' });
    await front(other.page);
    expect(await other.page.has({ role: 'dialog' })).toBe(false);
    await front(app.page);
    await app.page.click({ role: 'button', name: 'Cancel' });
    await elsewhere.close();
    await other.page.close();
  });

  test('where there is no screen it starts at once, in the host’s own engine', async () => {
    await until('the app to be gone', async () => (await starling.atWork()) !== 'app');
    const args = [command, 'add', magnet('f', 'Headless'), '--home', home];
    const added = spawnSync(process.execPath, args, { env: { ...env, DISPLAY: '' }, encoding: 'utf8' });
    expect([added.status, added.stdout, added.stderr]).toEqual([0, '“Headless” was started.\n', '']);
    app = await App.openPaired(browser, starling);
    await app.says('Headless', /./);
    const told = spawnSync(process.execPath, [command, 'status', '--home', home], { env, encoding: 'utf8' }).stdout;
    expect(told).toMatch(/^Starling \S+ runs at http:.*\nThe app is at work[.]\n\ndone +size +state +down +up +peers +name\n/);
    expect(told).toMatch(/ {2}Headless\n/);
  });

  test('what is at rest is told of as well, while no engine is at work', async () => {
    app = await App.openPaired(browser, starling);
    for (const name of ['First', 'Second', 'From a file', 'Headless']) {
      await app.choose(name, 'Pause');
      await app.says(name, /Paused/);
    }
    await app.page.close();
    app = null;
    const status = (): string =>
      spawnSync(process.execPath, [command, 'status', '--home', home], { env, encoding: 'utf8' }).stdout;
    // The host's own engine comes in between where the app left before the last pause was recorded, and not where it left after.
    let told = '';
    await until('the end of all engines', () => (told = status()).includes('No engine is at work'));
    // That one came to tell so, and may still be there.
    expect(status()).toContain('No engine is at work');
    for (const name of ['First', 'Second', 'From a file', 'Headless']) expect(told).toMatch(new RegExp(`paused .*${name}\n`));
  });

  test('what is no torrent is said in a dialog', async () => {
    const file = join(folder, 'bad.torrent');
    // As it begins, systems without the names of files know it by its first bytes.
    writeFileSync(file, 'd8:announce4:none');
    const ended = xdgOpen(file);
    const dialog = (): number | undefined =>
      processTree(process.pid).find(pid => commandOf(pid).startsWith('zenity\0') || commandOf(pid).includes('/zenity\0'));
    await until('a dialog', () => dialog() !== undefined);
    const words = commandOf(dialog()!).split('\0');
    expect(words).toContain('--no-markup');
    expect(words.at(-2)).toMatch(/^--text=“bad[.]torrent”: \w/);
    process.kill(dialog()!);
    await ended;
  });

  test('the system is as it was once Starling is unregistered', async () => {
    spawnSync(process.execPath, [command, 'unregister', '--home', home], { env });
    expect(existsSync(join(folder, 'data/applications/starling.desktop'))).toBe(false);
    await xdgOpen(magnet('e', 'Nobody'));
    await until('the browser to be opened', () => desktop.opened.includes(magnet('e', 'Nobody')));
  });
});
