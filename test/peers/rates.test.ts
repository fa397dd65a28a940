/** Limits on rates against libtorrent, both ways: totals over seconds, so that a busy machine changes little. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import type { Payload } from './payload.ts';
import { sleep, until } from './wait.ts';

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';
const LIMIT = 400_000;
const SECONDS = 6;

describe.skipIf(missing !== '')(`limits on rates with libtorrent${missing}`, () => {
  let dir = '';
  let io = '';
  let payload: Payload;
  let torrent = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-rates-'));
    payload = makePayload(join(dir, 'seed'), 'limited.bin', [{ path: [], size: 12_000_000 }], { pieceLength: 65_536 });
    torrent = join(dir, 'limited.torrent');
    writeFileSync(torrent, payload.bytes);
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  /** The part of the limit that was used over some seconds. */
  async function used(total: () => number | Promise<number>): Promise<number> {
    const [from, began] = [await total(), performance.now()];
    await sleep(SECONDS * 1000);
    return ((await total()) - from) / ((LIMIT * (performance.now() - began)) / 1000);
  }

  it('hold a download, then an upload, and let go at once', { timeout: 120_000 }, async () => {
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir });
    const engine = await RealEngine.start(io);
    const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
    const downloaded = (): number => engine.session.rows()[0]?.downloaded ?? 0;
    let leech: LibtorrentPeer | null = null;
    try {
      engine.session.configure({ downLimit: LIMIT });
      const id = engine.download(payload.bytes);
      meet(seed.port);
      await until('the download to begin', () => downloaded() > LIMIT);
      const down = await used(downloaded);
      expect(down).toBeGreaterThan(0.85);
      expect(down).toBeLessThan(1.15);
      engine.session.configure({ downLimit: 0 });
      await until('the rest', () => engine.state(id) === 'seeding', 30_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      await seed.stop();
      engine.session.set(id, { upLimit: LIMIT });
      const into = join(dir, 'leech');
      const other = await LibtorrentPeer.start('leech', { torrent, dir: into });
      leech = other;
      meet(leech.port);
      const received = async (): Promise<number> => (await other.fresh()).downloaded;
      await until('the upload to begin', async () => (await received()) > LIMIT);
      const up = await used(received);
      expect(up).toBeGreaterThan(0.85);
      expect(up).toBeLessThan(1.15);
      engine.session.set(id, { upLimit: 0 });
      await leech.done(30_000);
      expect(differences(payload, into)).toEqual([]);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([seed.stop(), leech?.stop(), engine.stop()]);
    }
  });
});
