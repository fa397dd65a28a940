/** What comes wrong: each is a message in the app that says what to do, and the app goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bencode, differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { freePort } from '../peers/ports.ts';
import { until } from '../peers/wait.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
/** Real and hostile torrent files of libtorrent's test suite; they lie beside the repository. */
const corpus = fileURLToPath(new URL('../../../shared/corpora/torrents', import.meta.url));
const isRoot = process.getuid?.() === 0;

const STARTABLE = 'could be started';
const SENTENCE = /^[A-Z“].*\s\S+\s.*\.$/s;

const MAGNETS: Readonly<Record<string, string>> = {
  'no topic': 'magnet:?dn=nothing',
  'a hash that is too short': `magnet:?xt=urn:btih:${'a'.repeat(39)}`,
  'a hash that is not hex': `magnet:?xt=urn:btih:${'z'.repeat(40)}`,
  'a foreign topic': 'magnet:?xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C',
  'an endless name': `magnet:?xt=urn:btih:${'a'.repeat(20)}&dn=${'n'.repeat(100_000)}`,
};

const TORRENTS: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(),
  'not bencoded': Buffer.from('<!doctype html><title>404</title>'),
  'a list that would hang a careless decoder': Buffer.from('l-3:e'),
  'nested without end': Buffer.from('l'.repeat(100_000)),
  'a string longer than the file': Buffer.from('d4:info99999999999:e'),
  'no bytes at all in it': bencode({ info: { name: 'x', 'piece length': 16_384, pieces: '', length: 0 } }),
  'a piece length of zero': bencode({ info: { name: 'x', 'piece length': 0, pieces: 'a'.repeat(20), length: 1 } }),
  'too few hashes': bencode({ info: { name: 'x', 'piece length': 16_384, pieces: 'a'.repeat(20), length: 99_999 } }),
};

describe.skipIf(missing !== '')(titled('bad input'), () => {
  let world: World;
  let good: Payload;
  beforeAll(async () => {
    world = await World.make();
    good = makePayload(join(world.dir, 'seed'), 'good.bin', [{ path: [], size: MiB }], { pieceLength: 32 << 10 });
  });
  afterEach(context => world.tell(context));
  afterAll(() => world?.end());

  /** What the app makes of a torrent that was just offered: refused with a message, or a sheet that could be started. */
  async function verdict(): Promise<string> {
    const { page } = world.app;
    let said = '';
    await until('a sheet or a message', async () => {
      const [start] = await page.findAll({ role: 'button', name: 'Start' });
      said = start?.disabled === false ? STARTABLE : await page.textOf({ role: 'alert' });
      return said !== '';
    });
    await page.click({ role: 'button', name: said === STARTABLE ? 'Cancel' : 'Close' });
    await page.gone({ role: 'dialog' });
    return said;
  }

  it.each(Object.entries(MAGNETS))('a magnet link with %s is refused in words', async (_, magnet) => {
    await world.app.page.paste(magnet);
    expect(await verdict()).toMatch(SENTENCE);
  });

  it.each(Object.entries(TORRENTS))('a .torrent that is %s is refused in words', async (name, bytes) => {
    const file = join(world.dir, `${name}.torrent`);
    writeFileSync(file, bytes);
    await world.app.dropTorrents([file]);
    expect(await verdict()).toMatch(SENTENCE);
  });

  it.skipIf(!existsSync(corpus))('every file of the corpus gets a sheet or a message', { timeout: 300_000 }, async () => {
    for (const file of readdirSync(corpus)) {
      await world.app.dropTorrents([join(corpus, file)]);
      const said = await verdict();
      if (said !== STARTABLE) expect(said, file).toMatch(SENTENCE);
    }
  });

  it('after all that, a good one is fetched', async () => {
    const seed = await world.seed(good);
    await world.app.addMagnet(magnetOf(good, [`127.0.0.1:${seed.port}`]));
    await world.app.complete(good.name);
    expect(differences(good, world.downloads)).toEqual([]);
  });

  it('a torrent that is there already is said to be, and not added again', async () => {
    await world.app.dropTorrents([world.torrentFile(good)]);
    await world.app.page.waitForText(`“${good.name}” is in the list already`);
    expect(await world.app.page.has({ role: 'dialog' })).toBe(false);
  });

  it('a tracker that refuses is quoted', async () => {
    const port = await freePort();
    const refused = makePayload(join(world.dir, 'seed'), 'refused.bin', [{ path: [], size: MiB }], {
      pieceLength: 32 << 10,
      trackers: [`http://127.0.0.1:${port}/announce`],
    });
    await world.tracker([], port);
    await world.app.dropTorrents([world.torrentFile(refused)]);
    await world.app.start();
    await world.app.says(refused.name, /Requested download is not authorized/);
  });

  it('a host that is gone is said to be, and found again when it is back', async () => {
    await world.starling.stop();
    await world.app.page.waitForText('Helper lost', 30_000);
    expect(await world.app.row(good.name)).not.toBe('');
    await world.starling.startAgain();
    await world.app.connected();
    await world.app.complete(good.name);
  });
});

describe.skipIf(missing !== '' || !isRoot)(`${titled('a bad disk')}${isRoot ? '' : ' (needs root, to mount one)'}`, () => {
  let world: World;
  let disk = '';
  beforeAll(async () => {
    disk = join('/tmp', `starling-disk-${process.pid}`);
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
    world = await World.make({ downloads: disk });
  });
  afterEach(context => world.tell(context));
  afterAll(async () => {
    await world?.end();
    execFileSync('umount', ['-l', disk]);
    execFileSync('rmdir', [disk]);
  });

  it('that is read-only is said to be', async () => {
    const late = makePayload(join(world.dir, 'seed'), 'late.bin', [{ path: [], size: MiB }], { pieceLength: 32 << 10 });
    const seed = await world.seed(late);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await world.app.addMagnet(magnetOf(late, [`127.0.0.1:${seed.port}`]));
    await world.app.says(late.name, /read-only|may not be written/);
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    await world.app.select(late.name);
    await world.app.page.click({ role: 'button', name: 'Resume' });
    await world.app.complete(late.name);
    expect(differences(late, disk)).toEqual([]);
  });

  it('that is full pauses the download with what is needed; it goes on when there is room', async () => {
    const large = makePayload(join(world.dir, 'seed'), 'large.bin', [{ path: [], size: 24 * MiB }], { pieceLength: 256 << 10 });
    const seed = await world.seed(large);
    await world.app.addMagnet(magnetOf(large, [`127.0.0.1:${seed.port}`]));
    await world.app.says(large.name, /Disk is full/);
    const { uploaded } = await seed.fresh();
    expect(uploaded).toBeLessThan(2 * large.size);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    await world.app.select(large.name);
    await world.app.page.click({ role: 'button', name: 'Resume' });
    await world.app.complete(large.name);
    expect(differences(large, disk)).toEqual([]);
  });
});
