/** The main job: from a link or a .torrent in the app to files on the disk, and back to another peer. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aria2Fetch, haveAria2 } from '../peers/aria2.ts';
import { differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { freePort } from '../peers/ports.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;

describe.skipIf(missing !== '')(titled('a torrent, end to end'), () => {
  let world: World;
  let single: Payload;
  let multi: Payload;
  beforeAll(async () => {
    world = await World.make();
    single = makePayload(join(world.dir, 'seed'), 'single file.bin', [{ path: [], size: 24 * MiB + 12_345 }], {
      pieceLength: 256 << 10,
    });
  });
  afterEach(context => world.tell(context));
  afterAll(() => world?.end());

  it('fetches a single file by magnet link, its metadata from the peer', async () => {
    const seed = await world.seed(single);
    await world.app.addMagnet(magnetOf(single, [`127.0.0.1:${seed.port}`]));
    await world.app.complete(single.name);
    expect(differences(single, world.downloads)).toEqual([]);
    expect((await seed.fresh()).uploaded).toBe(single.size);
  });

  it('fetches many files by .torrent and HTTP tracker', async () => {
    const port = await freePort();
    multi = makePayload(
      join(world.dir, 'seed'),
      'Ünïcode album 読み',
      [
        { path: ['cd 1', 'deep', 'er', 'first.flac'], size: 9 * MiB + 1 },
        { path: ['cd 1', 'second.flac'], size: 5 * MiB + 77 },
        { path: ['empty.txt'], size: 0 },
        { path: ['cover – größe.jpg'], size: 123 },
        { path: ['cd 2', 'third.flac'], size: 3 * MiB },
      ],
      { pieceLength: 64 << 10, trackers: [`http://127.0.0.1:${port}/announce`] },
    );
    const tracker = await world.tracker([multi], port);
    const seed = await world.seed(multi);
    await world.announced(tracker, multi);
    await world.app.dropTorrents([world.torrentFile(multi)]);
    await world.app.start();
    await world.app.complete(multi.name);
    expect(differences(multi, world.downloads)).toEqual([]);
    expect((await seed.fresh()).uploaded).toBe(multi.size);
  });

  it('gives all of it back to a libtorrent leecher, found through the tracker', async () => {
    const into = join(world.dir, 'leech');
    await world.stopPeers('seed');
    const leech = await world.leech(multi, into, []);
    await leech.done(60_000);
    expect(differences(multi, into)).toEqual([]);
    expect((await leech.fresh()).downloaded).toBeGreaterThanOrEqual(multi.size);
  });

  it.skipIf(!haveAria2())(`gives it to another kind of client too${haveAria2() ? '' : ' (needs aria2)'}`, async () => {
    const into = join(world.dir, 'aria2');
    await world.stopPeers('leech');
    await aria2Fetch(world.torrentFile(multi), into, 60);
    expect(differences(multi, into)).toEqual([]);
  });

  it('asks before it starts what an address brings, and takes the file choice', async () => {
    const chosen = makePayload(
      join(world.dir, 'seed'),
      'choose',
      [
        { path: ['wanted.bin'], size: 3 * MiB },
        { path: ['unwanted.bin'], size: 4 * MiB },
      ],
      { pieceLength: 128 << 10 },
    );
    const seed = await world.seed(chosen);
    const magnet = magnetOf(chosen, [`127.0.0.1:${seed.port}`]);
    await world.app.page.go(`${world.starling.origin}/#magnet=${encodeURIComponent(magnet)}`);
    await world.app.page.find({ role: 'checkbox', name: /^unwanted\.bin/ }, 30_000);
    expect((await seed.fresh()).uploaded).toBe(0);
    await world.app.page.click({ role: 'checkbox', name: /^unwanted\.bin/ });
    await world.app.start();
    await world.app.complete(chosen.name);
    expect(differences({ ...chosen, files: chosen.files.slice(0, 1) }, world.downloads)).toEqual([]);
    expect((await seed.fresh()).uploaded).toBeLessThan(3 * MiB + 2 * (128 << 10));
  });
});
