/** Suggestions (BEP 6) to libtorrents. */
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
const SIZE = 72 << 20;

describe.skipIf(missing !== '')(`suggestions to libtorrent${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-suggest-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('are taken by two leeches, who get everything', { timeout: 150_000 }, async () => {
    const engine = await RealEngine.start(io);
    const peers: LibtorrentPeer[] = [];
    try {
      const payload = makePayload(join(engine.daemon.folder, 'downloads'), 'warm.bin', [{ path: [], size: SIZE }], {
        pieceLength: 1 << 19,
      });
      const torrent = join(dir, 'warm.torrent');
      writeFileSync(torrent, payload.bytes);
      const id = engine.download(payload.bytes);
      await until('the check', () => engine.state(id) === 'seeding', 60_000);
      // Slowly at first, so that there are seconds in which a piece is warm.
      engine.session.set(id, { upLimit: 4 << 20 });
      for (const into of ['one', 'two']) {
        peers.push(await LibtorrentPeer.start('leech', { torrent, dir: join(dir, into), suggestions: true }));
      }
      for (const { port } of peers) engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
      await until('suggestions', () => peers.every(({ status }) => status.suggested > 0), 60_000);
      engine.session.set(id, { upLimit: 0 });
      await Promise.all(peers.map(peer => peer.done(60_000)));
      for (const into of ['one', 'two']) expect(differences(payload, join(dir, into))).toEqual([]);
    } finally {
      await Promise.all([...peers.map(peer => peer.stop()), engine.stop()]);
    }
  });
});
