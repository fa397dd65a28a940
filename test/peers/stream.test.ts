/** A file of a torrent read by HTTP while a libtorrent that is limited in rate still sends it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { magnetOf, makePayload } from './payload.ts';
import type { Payload } from './payload.ts';
import { until } from './wait.ts';

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';
const MiB = 1 << 20;

describe.skipIf(missing !== '')(`reading while libtorrent sends${missing}`, () => {
  let dir = '';
  let io = '';
  let payload: Payload;
  let film: Buffer;
  let torrent = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-read-'));
    const files = [
      { path: ['readme.txt'], size: 3_333 },
      { path: ['film.mkv'], size: 16 * MiB + 99 },
      { path: ['more.bin'], size: 6 * MiB },
    ];
    payload = makePayload(join(dir, 'seed'), 'with film', files, { pieceLength: 128 << 10 });
    film = readFileSync(join(payload.dir, payload.name, 'film.mkv'));
    torrent = join(dir, 'film.torrent');
    writeFileSync(torrent, payload.bytes);
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('brings the middle, the end and then all of a file long before the torrent is complete', { timeout: 120_000 }, async () => {
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, uploadLimit: 1_500_000 });
    const engine = await RealEngine.start(io);
    try {
      const id = engine.download(payload.bytes);
      engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${seed.port}`]) });
      const done = (): number => engine.session.rows()[0]?.done ?? 0;
      await until('the download to begin', () => done() > 0);
      const read = async (range: string): Promise<Buffer> => {
        const { file } = engine.session.reading.open(id, 1);
        const { port, ticket } = engine.door;
        const answer = await fetch(`http://127.0.0.1:${port}/stream/${file}`, {
          headers: { origin: engine.daemon.host.origin, authorization: `Bearer ${ticket}`, range },
        });
        expect(answer.status).toBe(206);
        return Buffer.from(await answer.arrayBuffer());
      };
      const middle = await read(`bytes=${12 * MiB + 7}-${13 * MiB}`);
      expect(middle.equals(film.subarray(12 * MiB + 7, 13 * MiB + 1))).toBe(true);
      expect((await read('bytes=-70000')).equals(film.subarray(-70_000))).toBe(true);
      // What was asked for came before most of what stands before it.
      expect(done()).toBeLessThan(payload.size * 0.75);
      expect((await read('bytes=0-')).equals(film)).toBe(true);
      await until('the rest', () => engine.state(id) === 'seeding', 60_000);
      // All there: read at once.
      expect((await read('bytes=5-')).equals(film.subarray(5))).toBe(true);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([seed.stop(), engine.stop()]);
    }
  });
});
