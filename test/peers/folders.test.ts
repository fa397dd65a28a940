/** A folder that a person adds while the engine is at work: downloads go there, wait while it is away, and go on by themselves. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FolderPage } from '../../sw/api.ts';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { until } from './wait.ts';

const MB = 1_000_000;
const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`a folder that is added${missing}`, () => {
  let engine: RealEngine | null = null;
  let seed: LibtorrentPeer | null = null;
  const made: string[] = [];

  afterEach(async () => {
    vi.unstubAllEnvs();
    await Promise.all([engine?.stop(), seed?.stop()]);
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it(
    'takes downloads at once; while it is away they wait and say why, and then go on by themselves',
    { timeout: 120_000 },
    async () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'starling-folders-')));
      const io = await buildIo();
      made.push(folder, io);
      vi.stubEnv('HOME', folder);
      const films = join(folder, 'Films');
      mkdirSync(films);
      const payload = makePayload(join(folder, 'seed'), 'film', [{ path: ['film.bin'], size: 12 * MB }], {
        pieceLength: 131_072,
      });
      writeFileSync(join(folder, 'film.torrent'), payload.bytes);
      seed = await LibtorrentPeer.start('seed', { torrent: join(folder, 'film.torrent'), dir: payload.dir, uploadLimit: 3 * MB });
      engine = await RealEngine.start(io);
      const { host, session } = engine;
      const [other] = engine.roots;

      const start = (await host.list('', 0)) as FolderPage;
      const home = (await host.list(start.folders.find(({ name }) => name === 'Home')?.token ?? '', 0)) as FolderPage;
      const chosen = home.folders.find(({ name }) => name === 'Films')?.token ?? '';
      const added = await host.change({ do: 'add', folder: chosen });
      expect(added).toMatchObject({ status: 'ok' });
      const root = added?.root ?? '';
      const { id } = session.add({ kind: 'file', bytes: payload.bytes });
      session.start(id, null, root);
      session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${seed.port}`]) });
      const row = () => session.rows().find(one => one.id === id);
      await until('a part of it', () => (row()?.done ?? 0) > 3 * MB, 60_000);
      expect([root, other ?? ''].map(each => session.roots.usersOf(each).all)).toEqual([1, 0]);

      renameSync(films, join(folder, 'elsewhere'));
      await until('it says so', () => row()?.problem?.code === 'folder-gone', 30_000);
      const done = row()?.done ?? 0;
      await new Promise(resolve => setTimeout(resolve, 1_000));
      expect(row()?.done).toBe(done);
      renameSync(join(folder, 'elsewhere'), films);
      await until('all of it', () => engine?.state(id) === 'seeding', 60_000);
      expect(differences(payload, films)).toEqual([]);
      // What had been flushed was not fetched again.
      expect(row()?.downloaded).toBeLessThan(payload.size + 6 * MB);
    },
  );
});
