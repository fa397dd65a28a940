/** The engine and its daemon against a real UDP tracker and a real seed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { haveOpentracker, Opentracker } from './opentracker.ts';
import { differences, makePayload } from './payload.ts';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

const missing = [haveLibtorrent() ? '' : 'python3-libtorrent', haveOpentracker() ? '' : 'opentracker'].filter(Boolean);

describe.skipIf(missing.length > 0)(`a UDP tracker${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-udp-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('is all it takes to find a seed, download from it and seed on', { timeout: 120_000 }, async () => {
    const port = await freePort();
    const url = `udp://127.0.0.1:${port}/announce`;
    const payload = makePayload(join(dir, 'seed'), 'by udp.bin', [{ path: [], size: 3_000_000 }], {
      pieceLength: 65_536,
      trackers: [url],
    });
    const torrent = join(dir, 'udp.torrent');
    writeFileSync(torrent, payload.bytes);
    const tracker = await Opentracker.start([payload.infoHash], port);
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir });
    const engine = await RealEngine.start(io);
    try {
      await until('the seed to have announced', async () => (await tracker.seeds(payload.infoHash)) > 0);
      const { id } = engine.session.add({ kind: 'file', bytes: payload.bytes });
      await until('its scrape', () => engine.session.detail(id)?.trackers[0]?.seeds === 1);
      engine.download(payload.bytes);
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      // The announcement of its being complete may be on its way.
      await until('the tracker to have answered', () => engine.session.detail(id)?.trackers[0]?.state === 'ok');
      expect(engine.session.detail(id)?.trackers).toMatchObject([{ url }]);
      await until('the tracker to count two seeds', async () => (await tracker.seeds(payload.infoHash)) === 2);
      engine.session.pause(id);
      await until('the tracker to count one', async () => (await tracker.seeds(payload.infoHash)) === 1);
    } finally {
      await Promise.all([seed.stop(), tracker.stop(), engine.stop()]);
    }
  });

  it('that may not be reached, or whose name is not known, says so in its row', { timeout: 60_000 }, async () => {
    const payload = makePayload(join(dir, 'refused'), 'refused.bin', [{ path: [], size: 100 }], {
      pieceLength: 65_536,
      trackers: ['udp://169.254.169.254:80/', 'udp://nowhere.invalid:80/'],
    });
    const engine = await RealEngine.start(io);
    try {
      const id = engine.download(payload.bytes);
      const texts = () => engine.session.detail(id)?.trackers.map(({ text }) => text);
      const expected = ['the address is not to be reached from here', 'The name is not known.'];
      await until('the reasons', () => JSON.stringify(texts()) === JSON.stringify(expected));
    } finally {
      await engine.stop();
    }
  });
});
