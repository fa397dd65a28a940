/** A torrent that rests and goes on, with the real host that keeps its records and the real daemon that has its files. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { makePayload } from './payload.ts';
import { until } from './wait.ts';

let io = '';
beforeAll(async () => {
  io = await buildIo();
});
afterAll(() => rmSync(io, { recursive: true, force: true }));

/** Names so long that the host reads the record from its file. */
const FILES = Array.from({ length: 600 }, (_, index) => ({ path: [`${'long '.repeat(25)}${index}.bin`], size: 1_000 + index }));

function isAtRest({ session }: RealEngine, id: string): boolean {
  const { torrents } = session as unknown as { readonly torrents: { get(id: string): Torrent } };
  return torrents.get(id).substance.atRest !== null;
}

it('reads its list of files back, and is checked, gone on with and removed with them', async () => {
  const engine = await RealEngine.start(io);
  try {
    const downloads = join(engine.daemon.folder, 'downloads');
    const { bytes, size } = makePayload(downloads, 'resting', FILES, { pieceLength: 16_384 });
    const id = engine.download(bytes);
    await until('it seeds', () => engine.state(id) === 'seeding', 60_000);
    engine.session.pause(id);
    await until('it rests', () => isAtRest(engine, id), 10_000);
    expect(engine.session.detail(id)?.files.map(({ path, done }) => [path.at(-1), done])).toEqual(
      FILES.map(file => [file.path.at(-1), file.size]),
    );
    engine.session.recheck(id);
    await until('it was checked and rests', () => engine.state(id) === 'done' && isAtRest(engine, id), 60_000);
    expect(engine.session.rows()[0]).toMatchObject({ size, done: size });
    engine.session.resume(id);
    await until('it seeds again', () => engine.state(id) === 'seeding', 60_000);
    engine.session.pause(id);
    await until('it rests again', () => isAtRest(engine, id), 10_000);
    engine.session.remove(id, true);
    await until('its files are gone', () => !existsSync(join(downloads, 'resting')), 20_000);
  } finally {
    await engine.stop();
  }
});
