/** A torrent that moves to another file system half-way in its download, and goes on there with libtorrent. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { until } from './wait.ts';

const SHARED = '/dev/shm';

function missing(): string {
  if (!haveLibtorrent()) return ' (needs python3-libtorrent)';
  const isElsewhere = existsSync(SHARED) && statSync(SHARED).dev !== statSync(tmpdir()).dev;
  return isElsewhere ? '' : ` (needs ${SHARED})`;
}

describe.skipIf(missing() !== '')(`moving files${missing()}`, () => {
  let dir = '';
  let far = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-moving-'));
    far = realpathSync(mkdtempSync(join(SHARED, 'starling-moving-')));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, far, io]) rmSync(folder, { recursive: true, force: true });
  });

  it(
    'half-way to another file system loses nothing, and what is renamed there is seeded back',
    { timeout: 180_000 },
    async () => {
      const files = [
        { path: ['big.bin'], size: 24_000_000 },
        { path: ['sub', 'small.bin'], size: 300_001 },
        { path: ['sub', 'other.bin'], size: 3_000_000 },
      ];
      const payload = makePayload(join(dir, 'seed'), 'moved', files, { pieceLength: 131_072 });
      const torrent = join(dir, 'moved.torrent');
      writeFileSync(torrent, payload.bytes);
      const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, uploadLimit: 4_000_000 });
      const engine = await RealEngine.start(io, { roots: [far] });
      const peers = [seed];
      const row = () => engine.session.rows()[0];
      try {
        const id = engine.download(payload.bytes);
        const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
        meet(seed.port);
        const here = join(engine.daemon.folder, 'downloads');
        await until('half of it', () => (row()?.done ?? 0) > payload.size / 3, 60_000);
        engine.session.relocate(id, engine.roots[1] ?? '');
        const done = row()?.done ?? 0;
        await until('the move', () => engine.state(id) === 'downloading', 60_000);
        expect(row()?.done).toBeGreaterThanOrEqual(done);
        expect(readdirSync(here)).toEqual([]);
        engine.session.rename(id, ['moved', 'big.bin'], 'renamed.bin');
        await until('the new name', () => engine.state(id) === 'downloading', 60_000);
        seed.limitUpload(0);
        meet(seed.port);
        await until('the download', () => engine.state(id) === 'seeding', 90_000);
        // What was on its way when the files began to move came twice, at most.
        expect(row()?.downloaded).toBeLessThan(payload.size * 1.8);
        await seed.stop();
        engine.session.rename(id, ['moved'], 'elsewhere');
        await until('the new folder', () => engine.state(id) === 'seeding', 60_000);
        expect(readdirSync(far)).toEqual(['elsewhere']);
        expect(readdirSync(join(far, 'elsewhere')).sort()).toEqual(['renamed.bin', 'sub']);
        const original = readFileSync(join(payload.dir, 'moved', 'big.bin'));
        expect(readFileSync(join(far, 'elsewhere', 'renamed.bin')).equals(original)).toBe(true);
        mkdirSync(join(dir, 'leech'));
        const leech = await LibtorrentPeer.start('leech', { torrent, dir: join(dir, 'leech') });
        peers.push(leech);
        meet(leech.port);
        await leech.done(60_000);
        expect(differences(payload, join(dir, 'leech'))).toEqual([]);
        engine.session.relocate(id, engine.roots[0] ?? '');
        await until('the way back', () => engine.state(id) === 'seeding', 60_000);
        expect(readdirSync(far)).toEqual([]);
        engine.session.remove(id, true);
        await until('all to be deleted', () => readdirSync(here).length === 0);
      } finally {
        await Promise.all([...peers.map(peer => peer.stop()), engine.stop()]);
      }
    },
  );
});
