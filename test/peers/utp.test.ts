/** uTP (BEP 29) between the engine, on the real io-daemon, and a libtorrent that speaks no TCP. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { until } from './wait.ts';

const MIB = 1 << 20;
const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`uTP with libtorrent${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-utp-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it.each(['off', 'require'] as const)('brings all over, and back, encryption %s', { timeout: 150_000 }, async encryption => {
    const name = `${encryption}.bin`;
    const payload = makePayload(join(dir, 'seed'), name, [{ path: [], size: 8 * MIB + 77 }], { pieceLength: 65_536 });
    const torrent = join(dir, `${name}.torrent`);
    writeFileSync(torrent, payload.bytes);
    const engine = await RealEngine.start(io);
    const options = { torrent, utp: true, encryption };
    const seed = await LibtorrentPeer.start('seed', { ...options, dir: payload.dir });
    const peers = [seed];
    try {
      const id = engine.download(payload.bytes);
      const seen = new Set<string>();
      const look = (): void => engine.session.detail(id)?.peers.forEach(peer => seen.add(`${peer.transport} ${peer.encryption}`));
      engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${seed.port}`]) });
      await until('the download', () => (look(), engine.state(id) === 'seeding'), 60_000);
      expect(differences(payload, engine.daemon.host.downloadDir)).toEqual([]);
      await seed.stop();

      // And the other way: it comes to us.
      const into = join(dir, `leech-${name}`);
      const leech = await LibtorrentPeer.start('leech', { ...options, dir: into, peers: [`127.0.0.1:${engine.udpPort}`] });
      peers.push(leech);
      await leech.done(60_000);
      look();
      expect(differences(payload, into)).toEqual([]);
      expect([...seen]).toEqual([`utp ${encryption === 'off' ? 'none' : 'full'}`]);
    } finally {
      await Promise.all([...peers.map(peer => peer.stop()), engine.stop()]);
    }
  });
});
