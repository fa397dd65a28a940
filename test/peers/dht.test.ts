/** The engine and its daemon in one DHT with two libtorrents, on addresses of this machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, makePayload, withNode } from './payload.ts';
import { until } from './wait.ts';

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`the DHT${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-dht-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('of three nodes leads us to a seed, with no tracker and no peer named', { timeout: 150_000 }, async () => {
    const make = (name: string) =>
      makePayload(join(dir, name), `${name}.bin`, [{ path: [], size: 1_500_000 }], { pieceLength: 65_536 });
    const [theirs, ours] = [make('theirs'), make('ours')];
    const file = (name: string): string => join(dir, `${name}.torrent`);
    writeFileSync(file('theirs'), theirs.bytes);
    writeFileSync(file('ours'), ours.bytes);
    // One knows no node to begin with; the others know it alone. The seed dials nobody: we have to find it.
    const router = await LibtorrentPeer.start('leech', {
      torrent: file('ours'),
      dir: join(dir, 'leech'),
      listen: '127.0.0.2:0',
      dht: [],
    });
    const node = `127.0.0.2:${router.port}`;
    const seed = await LibtorrentPeer.start('seed', {
      torrent: file('theirs'),
      waits: true,
      dir: theirs.dir,
      listen: '127.0.0.3:0',
      dht: [node],
    });
    const engine = await RealEngine.start(io);
    engine.session.configure({ lsd: false });
    try {
      const id = engine.download(withNode(theirs.bytes, '127.0.0.2', router.port));
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      expect(differences(theirs, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      const { dht, trackers } = engine.session.detail(id)!;
      expect(trackers).toEqual([]);
      expect(dht?.nodes).toBeGreaterThanOrEqual(1);
      expect(dht?.peers).toBeGreaterThanOrEqual(1);
    } finally {
      await Promise.all([router.stop(), seed.stop(), engine.stop()]);
    }
  });

  it(
    'of three nodes leads libtorrent to us, whom nobody named to it and who may not come to it',
    { timeout: 150_000 },
    async () => {
      const engine = await RealEngine.start(io);
      engine.session.configure({ lsd: false });
      const downloads = join(engine.daemon.folder, 'downloads');
      const ours = makePayload(downloads, 'given.bin', [{ path: [], size: 1_500_000 }], { pieceLength: 65_536 });
      const other = makePayload(join(dir, 'other'), 'other.bin', [{ path: [], size: 100_000 }], { pieceLength: 65_536 });
      const file = (name: string): string => join(dir, `${name}.torrent`);
      writeFileSync(file('given'), ours.bytes);
      writeFileSync(file('other'), other.bytes);
      // A node that has nothing to do with the torrent: it has no peer of it to tell of but those that announced to it.
      const router = await LibtorrentPeer.start('leech', {
        torrent: file('other'),
        dir: join(dir, 'router'),
        listen: '127.0.0.2:0',
        dht: [],
      });
      const node = `127.0.0.2:${router.port}`;
      const peers = [router];
      try {
        const id = engine.download(withNode(ours.bytes, '127.0.0.2', router.port));
        await until('the check', () => engine.state(id) === 'seeding', 30_000);
        const leech = await LibtorrentPeer.start('leech', {
          torrent: file('given'),
          calls: true,
          dir: join(dir, 'given'),
          listen: '127.0.0.3:0',
          dht: [node],
        });
        peers.push(leech);
        await leech.done(90_000);
        expect(differences(ours, join(dir, 'given'))).toEqual([]);
        expect(engine.session.detail(id)?.trackers).toEqual([]);
        expect(engine.session.rows()[0]?.uploaded).toBeGreaterThanOrEqual(1_500_000);
      } finally {
        await Promise.all([...peers.map(peer => peer.stop()), engine.stop()]);
      }
    },
  );
});
