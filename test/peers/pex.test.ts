/** Peer exchange with libtorrent: a torrent without a tracker, and a seed that waits to be found. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { until } from './wait.ts';

/** Bytes a second: so slow that the seed is still needed, and connected, when it is told of. */
const SLOW = 100_000;
const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`the peer exchange${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-pex-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  async function setUp(name: string) {
    const payload = makePayload(join(dir, 'seed'), name, [{ path: [], size: 24_000_000 }], { pieceLength: 65_536 });
    const torrent = join(dir, `${name}.torrent`);
    writeFileSync(torrent, payload.bytes);
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, uploadLimit: SLOW, waits: true });
    const engine = await RealEngine.start(io);
    const id = engine.download(payload.bytes);
    const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
    return { payload, torrent, seed, engine, id, meet };
  }

  it('tells us of a seed, by way of a libtorrent peer that has it', { timeout: 120_000 }, async () => {
    const { payload, torrent, seed, engine, id, meet } = await setUp('told.bin');
    const seedAt = `127.0.0.1:${seed.port}`;
    const hub = await LibtorrentPeer.start('leech', { torrent, dir: join(dir, 'hub'), peers: [seedAt] });
    try {
      await until('the two to meet', () => hub.status.peers > 0);
      meet(hub.port);
      await until('the seed', () => engine.session.detail(id)?.peers.some(({ address }) => address === seedAt) ?? false, 80_000);
      seed.limitUpload(0);
      await until('the download', () => engine.state(id) === 'seeding', 30_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
    } finally {
      await Promise.all([seed.stop(), hub.stop(), engine.stop()]);
    }
  });

  it('tells a libtorrent peer of a seed, by way of us', { timeout: 120_000 }, async () => {
    const { payload, torrent, seed, engine, id, meet } = await setUp('telling.bin');
    const leech = await LibtorrentPeer.start('leech', { torrent, dir: join(dir, 'leech') });
    try {
      meet(seed.port);
      await until('the seed', () => (engine.session.detail(id)?.peers.length ?? 0) === 1);
      expect((await leech.fresh()).peers).toBe(0);
      meet(leech.port);
      await until('libtorrent to know two', () => leech.status.peers >= 2, 80_000);
      seed.limitUpload(0);
      await leech.done(30_000);
      expect(differences(payload, join(dir, 'leech'))).toEqual([]);
    } finally {
      await Promise.all([seed.stop(), leech.stop(), engine.stop()]);
    }
  });
});
