/** What a peer asks for and cannot be read: the file is looked at once, and the torrent is settled after that. */
import { expect, test } from 'vitest';
import type { FileProblem } from '../../sw/engine/events.ts';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { isSeeding, leechOn, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';

const MIB = 1 << 20;
const PIECE = 256 * 1024;
const HOUR = 3_600_000;

const rowOf = (host: SimHost) => host.session.rows()[0];
const stops = (host: SimHost) => host.log.filter(line => line.includes(': stopped: ')).length;

/** A seed on which three others begin, and how often its file `y` was looked at since. */
function crowd(run: number) {
  const world = new World(run);
  const torrent = makeTorrent({ x: 5 * MIB, y: 3 * MIB }, PIECE, run);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  expect(world.clock.run(5_000, isSeeding(seed, torrent.id))).toBe(true);
  // What was found is flushed and recorded.
  world.clock.run(4_000);
  let looks = 0;
  const { store } = seed;
  const openFile = store.openFile.bind(store);
  store.openFile = (...args) => {
    const [, , path, , create] = args;
    if (!create && path.at(-1) === 'y') looks += 1;
    openFile(...args);
  };
  for (let peer = 2; peer < 5; peer++) leechOn(world.host(`10.0.0.${peer}`), torrent);
  world.clock.run(500);
  const file = seed.disk.files.get(`${ROOT}/folder/y`);
  if (!file) throw new Error('no file');
  return { world, torrent, seed, file, looks: () => looks };
}

test('a file that is deleted under a seed is looked for once, and stops it', () => {
  const { world, torrent, seed, looks } = crowd(751);
  const before = looks();
  seed.disk.files.delete(`${ROOT}/folder/y`);
  expect(world.clock.run(60_000, () => stateOf(seed, torrent.id) === 'error')).toBe(true);
  world.clock.run(HOUR);
  expect(rowOf(seed)?.problem?.code).toBe('file-gone');
  expect(stops(seed)).toBe(1);
  expect(looks() - before).toBeLessThanOrEqual(2);
});

test.each([
  ['with its record as it was', false],
  ['and is recorded so', true],
])('a file that is cut short under a seed, %s, is read once, and what it lacks is fetched again', (_how, isRecorded) => {
  const { world, torrent, seed, file, looks } = crowd(752);
  const [before, read] = [looks(), seed.disk.verifiedBytes];
  file.bytes.fill(0, MIB);
  file.size = MIB;
  if (isRecorded) {
    const { torrents } = seed.session as unknown as { readonly torrents: { get(id: string): Torrent } };
    const stats = torrents.get(torrent.id).content?.storage.stats;
    if (stats) stats[1] = { size: MIB, mtime: Math.floor(file.mtime) };
  }
  world.clock.run(60_000);
  expect(rowOf(seed)).toMatchObject({ state: 'downloading', done: 6 * MIB });
  world.clock.run(HOUR);
  expect(looks() - before).toBeLessThanOrEqual(4);
  expect(seed.disk.verifiedBytes - read).toBeLessThanOrEqual(MIB + PIECE);
  expect(stops(seed)).toBe(0);
});

test('of which the store says by itself that something is gone is looked at, though nobody asks for it, and no other is', () => {
  const world = new World(755);
  const torrent = makeTorrent({ x: 5 * MIB, y: 3 * MIB }, PIECE, 755);
  const host = world.host('10.0.0.1');
  seedOn(host, torrent);
  expect(world.clock.run(5_000, isSeeding(host, torrent.id))).toBe(true);
  world.clock.run(4_000);
  const file = host.disk.files.get(`${ROOT}/folder/y`)!;
  file.size = MIB;
  host.session.lost([{ root: ROOT, path: ['other', 'y'] }]);
  world.clock.run(10_000);
  expect(stateOf(host, torrent.id)).toBe('seeding');
  host.session.lost([{ root: ROOT, path: ['folder', 'y'] }]);
  world.clock.run(10_000);
  expect(rowOf(host)).toMatchObject({ state: 'downloading', done: 6 * MIB });
});

test('what can be read by a check and not for peers is tried ever more seldom', () => {
  const { world, seed } = crowd(753);
  const read = seed.disk.verifiedBytes;
  Object.defineProperty(seed.store, 'readProblem', { get: () => 'gone' });
  world.clock.run(HOUR);
  expect(stops(seed)).toBeGreaterThan(2);
  expect(stops(seed)).toBeLessThan(14);
  expect(seed.disk.verifiedBytes - read).toBeLessThan(14 * 8 * MIB);
});

test('what could not be read for peers for a moment counts for nothing once that is long ago', () => {
  const { world, torrent, seed } = crowd(754);
  let problem: FileProblem | null = 'gone';
  Object.defineProperty(seed.store, 'readProblem', { get: () => problem });
  world.clock.run(2_000, () => stateOf(seed, torrent.id) === 'checking');
  problem = null;
  world.clock.run(HOUR);
  expect(stops(seed)).toBe(0);
  expect(rowOf(seed)?.state).toBe('seeding');
  for (const path of torrent.contents.keys()) seed.disk.files.delete(`${ROOT}/${path}`);
  leechOn(world.host('10.0.0.9'), torrent);
  for (const other of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) world.tracker.delete(other);
  expect(world.clock.run(60_000, () => stateOf(seed, torrent.id) === 'error')).toBe(true);
  expect(rowOf(seed)?.problem?.code).toBe('file-gone');
});
