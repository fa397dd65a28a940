/** Super-seeding (BEP 16) to libtorrents, who know no more of it than what they are told of our pieces. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { until } from './wait.ts';

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`super-seeding to libtorrent${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-super-seed-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('fills two of them, who give each other what each was shown', { timeout: 150_000 }, async () => {
    const payload = makePayload(join(dir, 'seed'), 'shown.bin', [{ path: [], size: 4_000_000 }], { pieceLength: 65_536 });
    const torrent = join(dir, 'shown.torrent');
    writeFileSync(torrent, payload.bytes);
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir });
    const engine = await RealEngine.start(io);
    const peers = [seed];
    try {
      const id = engine.download(payload.bytes);
      const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
      meet(seed.port);
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      await seed.stop();
      engine.session.set(id, { superSeeding: true });
      const one = await LibtorrentPeer.start('leech', { torrent, dir: join(dir, 'one') });
      const two = await LibtorrentPeer.start('leech', { torrent, dir: join(dir, 'two'), peers: [`127.0.0.1:${one.port}`] });
      peers.push(one, two);
      await until('the two to meet', () => one.status.peers > 0);
      for (const peer of [one, two]) meet(peer.port);
      await Promise.all([one.done(100_000), two.done(100_000)]);
      for (const into of ['one', 'two']) expect(differences(payload, join(dir, into))).toEqual([]);
      const uploaded = engine.session.rows()[0]?.uploaded ?? 0;
      expect(uploaded).toBeGreaterThan(4_000_000 * 0.9);
      expect(uploaded).toBeLessThan(4_000_000 * 1.9);
    } finally {
      await Promise.all([...peers.map(peer => peer.stop()), engine.stop()]);
    }
  });
});
