/** What is removed can be taken back, and what is in the list goes into a file and comes out of it elsewhere: with the real helper and real files. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { differences, makePayload, type Payload } from '../peers/payload.ts';
import { freePort } from '../peers/ports.ts';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser } from './browser.ts';
import { Starling } from './starling.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;

describe.skipIf(missing !== '')(titled('what is kept, end to end'), () => {
  let world: World;
  let payload: Payload;
  beforeAll(async () => {
    const port = await freePort();
    world = await World.make();
    const files = [
      { path: ['one.bin'], size: 3 * MiB + 1 },
      { path: ['two.bin'], size: MiB },
    ];
    payload = makePayload(join(world.dir, 'seed'), 'to be kept', files, {
      pieceLength: 256 << 10,
      isPrivate: true,
      trackers: [`http://127.0.0.1:${port}/announce`],
    });
    const tracker = await world.tracker([payload], port);
    await world.seed(payload);
    await world.announced(tracker, payload);
    await world.app.dropTorrents([world.torrentFile(payload)]);
    await world.app.start();
    await world.app.complete(payload.name);
  });
  afterEach(context => world.tell(context));
  afterAll(() => world?.end());

  const removeWithFiles = async (): Promise<void> => {
    await world.app.remove(payload.name, true);
    await world.app.page.find({ role: 'button', name: 'Undo' });
  };

  it('an export has a private torrent in another profile and home, which fetches it from a real peer', async () => {
    const saved = join(world.dir, 'saved');
    mkdirSync(saved);
    await world.browser.cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: saved });
    await world.app.page.click({ role: 'button', name: 'Settings' });
    // Settings come part by part, and what is below moves: by the keyboard it is met wherever it is.
    await world.app.page.focus({ role: 'button', name: 'Export to a file' });
    await world.app.page.press('Enter');
    await until('the export', () => readdirSync(saved).some(name => name.endsWith('.json')));
    const [name = ''] = readdirSync(saved);
    const other = await Starling.start({ home: join(world.dir, 'other-home'), downloads: join(world.dir, 'other-downloads') });
    const browser = await Browser.start();
    try {
      const app = await App.open(browser, other);
      await app.page.click({ role: 'button', name: 'Settings' });
      await app.page.find({ role: 'button', name: /^Import from/ });
      const input = `document.querySelector('input[type=file][accept*=json]')`;
      const { result } = await app.page.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression: input });
      await app.page.send('DOM.setFileInputFiles', { files: [join(saved, name)], objectId: result.objectId });
      await app.page.focus({ role: 'button', name: 'Import' });
      await app.page.press('Enter');
      await app.page.waitForText('1 torrent was added');
      await app.page.click({ role: 'button', name: /^All/ });
      await app.complete(payload.name);
      expect(differences(payload, other.downloads)).toEqual([]);
    } finally {
      await browser.stop();
      await other.stop();
    }
  });

  it('a removal with files is taken back with them, and without that they go after ten seconds', async () => {
    await world.app.page.click({ role: 'button', name: /^All/ });
    await removeWithFiles();
    await world.app.page.click({ role: 'button', name: 'Undo' });
    await world.app.complete(payload.name);
    expect(differences(payload, world.downloads)).toEqual([]);
    await removeWithFiles();
    const since = performance.now();
    await until('the files to be gone', () => !existsSync(join(world.downloads, payload.name)), 30_000);
    expect(performance.now() - since).toBeGreaterThan(8_000);
  });
});
