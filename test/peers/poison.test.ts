/** One of five real seeds gives some blocks wrong: it alone is banned, and what is on disk in the end is right. */
import { cpSync, closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { until } from './wait.ts';

const PIECE = 131_072;
const SIZE = 16_000_000;
/** Bytes a second of each: nobody can give it all before the others have their part. */
const RATE = 1_000_000;
const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`a poisoner${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-poison-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('among five is found, and nobody else is banned', { timeout: 180_000 }, async () => {
    const payload = makePayload(join(dir, 'good'), 'payload.bin', [{ path: [], size: SIZE }], { pieceLength: PIECE });
    const torrent = join(dir, 'payload.torrent');
    writeFileSync(torrent, payload.bytes);
    cpSync(payload.dir, join(dir, 'bad'), { recursive: true });
    poison(join(dir, 'bad', payload.name));
    // An address each, for bans go by address.
    const seeds = await Promise.all(
      [2, 3, 4, 5, 6].map(host =>
        LibtorrentPeer.start('seed', {
          torrent,
          dir: host === 6 ? join(dir, 'bad') : payload.dir,
          listen: `127.0.0.${host}:0`,
          uploadLimit: RATE,
          unchecked: host === 6,
          waits: true,
        }),
      ),
    );
    const engine = await RealEngine.start(io);
    try {
      const id = engine.download(payload.bytes);
      const addresses = seeds.map(({ port }, index) => `127.0.0.${index + 2}:${port}`);
      engine.session.add({ kind: 'magnet', uri: magnetOf(payload, addresses) });
      await until('the download', () => engine.state(id) === 'seeding', 120_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      const banned = new Set(engine.log.flatMap(line => /(\S+) dropped: banned/.exec(line)?.[1] ?? []));
      expect([...banned]).toEqual([addresses[4]]);
      // It has given something, and so has each of the others.
      for (const seed of seeds) expect((await seed.fresh()).uploaded).toBeGreaterThan(0);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([...seeds.map(seed => seed.stop()), engine.stop()]);
    }
  });
});

/** Changes a byte in one block of every second piece. */
function poison(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  for (let at = 1000; at < SIZE; at += 2 * PIECE) {
    readSync(file, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 1;
    writeSync(file, byte, 0, 1, at);
  }
  closeSync(file);
}
