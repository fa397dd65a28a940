/** Links and files opened with the system: a real xdg-open, an X server, and the app in a real browser. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser, haveChromium } from './browser.ts';
import { commandOf, processTree } from './processes.ts';
import { Starling } from './starling.ts';

const command = fileURLToPath(new URL('../../bin/starling.mjs', import.meta.url));
const has = (program: string): boolean => spawnSync('which', [program]).status === 0;
const MIME_TYPES = '/usr/share/mime';
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
  /** What the browser of this person was to open, line by line. */
  const opened = join(folder, 'opened');
  let screen: ChildProcess;
  let env: NodeJS.ProcessEnv;
  let starling: Starling;
  let browser: Browser;
  let app: App | null = null;

  beforeAll(async () => {
    // It chooses a display that is free, and says which.
    screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '800x600x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const display = await new Promise<string>(resolve =>
      screen.stdout!.once('data', (number: Buffer) => resolve(`:${number.toString().trim()}`)),
    );
    env = {
      ...process.env,
      CI: '',
      DISPLAY: display,
      HOME: folder,
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_DATA_DIRS: join(folder, 'shared'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_CONFIG_DIRS: join(folder, 'shared'),
      XDG_CURRENT_DESKTOP: '',
      BROWSER: join(folder, 'browser'),
    };
    for (const name of ['DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR']) delete env[name];
    mkdirSync(join(folder, 'shared'));
    // What kinds of files there are is the system's.
    symlinkSync(MIME_TYPES, join(folder, 'shared/mime'));
    writeFileSync(join(folder, 'browser'), `#!/bin/sh\necho "$1" >> ${opened}\n`, { mode: 0o755 });
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
    expect(existsSync(opened)).toBe(false);
    expect((await xdgOpen(magnet('d', 'Later'))).code).toBe(0);
    await until('the browser to be opened', () => existsSync(opened));
    expect(readFileSync(opened, 'utf8')).toMatch(/open-[0-9a-f]+[.]html\n$|^http:/);
    app = await App.openPaired(browser, starling);
    await app.page.find({ role: 'dialog', name: 'Later' });
    await app.page.click({ role: 'button', name: 'Cancel' });
  });

  test('where there is no screen it starts at once, in the host’s own engine', async () => {
    const leases = (): string[] =>
      readFileSync(join(home, 'logs/host.log'), 'utf8')
        .split('\n')
        .filter(line => line.includes('the lease was given'));
    await until('the app to be gone', () => leases().at(-1)?.includes('"away"') ?? false);
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
    for (const name of ['First', 'Second', 'From a file', 'Headless']) expect(told).toMatch(new RegExp(`paused .*${name}\n`));
  });

  test('what is no torrent is said in a dialog', async () => {
    const file = join(folder, 'bad.torrent');
    writeFileSync(file, 'this is none');
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
    await until('the browser to be opened', () => readFileSync(opened, 'utf8').includes(magnet('e', 'Nobody')));
  });
});
