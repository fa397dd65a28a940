/**
 * Each process is ended in turn in the middle of a download, and the download ends well: every byte is right, and hardly
 * any was fetched twice. What was fetched is what the seed says it sent. Beside them, as it takes a minute and hardly anything else,
 * a host ends that nobody needs.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser, haveChromium } from './browser.ts';
import { isRunning } from './processes.ts';
import { command, Starling } from './starling.ts';
import { Transfer } from './transfer.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const SIZE = 96 * MiB;
/** What may be fetched a second time, for each time that it was cut off. */
const AGAIN = 0.05 * SIZE;
/** Within a minute, of the io-daemon, until it is given up. */
const DEATHS = 5;

describe('each end', { concurrent: true }, () => {
  describe(titled('a download survives'), { sequential: true, skip: missing !== '' }, () => {
    let world: World;
    let transfer: Transfer;

    beforeEach(async () => {
      world = await World.make();
      transfer = await Transfer.begin(world, 'survivor.bin', { size: SIZE, rate: 12 * MiB });
    });
    afterEach(async context => {
      await world.tell(context);
      await world.end();
    });

    async function finish(cuts = 1): Promise<void> {
      await world.app.complete(transfer.name, 90_000);
      await transfer.cameOnce(cuts * AGAIN);
    }

    it('the end of the worker', async () => {
      await transfer.reach(0.3);
      await world.app.page.stopWorkers();
      await transfer.reach(0.6);
      await world.app.page.stopWorkers();
      await finish();
    });

    it('ends of the io-daemon, also so many that it is started again by a person alone', async () => {
      const { app, starling } = world;
      await transfer.reach(0.2);
      await starling.killIo();
      await transfer.reach(0.4);
      for (let deaths = 1; deaths < DEATHS; deaths++) await starling.killIo();
      await app.page.click({ role: 'button', name: 'Helper stopped' });
      expect(await app.page.textOf({ role: 'dialog', name: 'Connection' })).toContain('Torrents wait; finished pieces are safe.');
      expect(await app.page.evaluate("document.querySelectorAll('[popover]:popover-open button').length")).toBe(1);
      expect(starling.logged('the io-daemon is started again')).toHaveLength(DEATHS - 1);
      expect(await app.row(transfer.name)).not.toBe('');
      await app.page.click({ role: 'button', name: 'Start again' });
      await app.connected();
      // The deaths but the first come in quick succession, with hardly anything on its way in between.
      await finish(2);
    });

    it('the end of the host', async () => {
      await transfer.reach(0.4);
      const pid = world.starling.ioPid;
      await world.starling.kill();
      await until('the io-daemon to end with its host', () => !isRunning(pid));
      await world.starling.startAgain();
      await finish();
    });

    it('the end of the browser', async () => {
      await transfer.reach(0.4);
      await world.restartBrowser();
      await finish();
    });
  });
});

describe(`a host${haveChromium() ? '' : ' (needs chromium)'}`, { concurrent: true, skip: !haveChromium() }, () => {
  it('ends by itself after the minute that a person has set, and not while it has a torrent or an app', async () => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'starling-idle-')));
    const hosts: Starling[] = [];
    const start = async (name: string): Promise<Starling> => {
      const home = join(dir, name);
      mkdirSync(home, { mode: 0o700 });
      writeFileSync(join(home, 'settings.json'), JSON.stringify({ exitAfter: 1 }));
      const host = await Starling.start({ home, downloads: join(dir, `${name}-downloads`) });
      hosts.push(host);
      return host;
    };
    const browser = await Browser.start();
    try {
      const [withTorrent, withApp] = [await start('torrent'), await start('app')];
      const args = [command, 'add', '--start', `magnet:?xt=urn:btih:${'e'.repeat(40)}`, '--home', withTorrent.home];
      await promisify(execFile)(process.execPath, args);
      const app = await App.open(browser, withApp);
      // It is the last to begin, so that the others would have ended before it.
      const alone = await start('alone');
      await until('it to end', () => alone.exitCode !== null, 110_000);
      expect(alone.exitCode).toBe(0);
      expect(alone.logged('nothing and nobody needs the host')).toHaveLength(1);
      expect(existsSync(join(alone.home, 'lock.json'))).toBe(false);
      for (const host of [withTorrent, withApp]) {
        expect(host.exitCode).toBeNull();
        expect(host.logged('nothing and nobody needs the host')).toEqual([]);
      }
      await app.connected();
    } finally {
      await browser.stop();
      await Promise.all(hosts.map(host => host.stop()));
      rmSync(dir, { recursive: true, force: true });
    }
  }, 180_000);
});
