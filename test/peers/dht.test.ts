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
});
