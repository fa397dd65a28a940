/** How much room a torrent says that it needs is what lets it go on; and what no room helps against. */
import { expect, test } from 'vitest';
import { expectAll, isSeeding, leechOn, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import { allUnder, expectAt, OTHER, problemOf, SIZES, swarm } from './moving.ts';

const MIB = 1 << 20;
const HOUR = 3_600_000;

const rowOf = (host: SimHost) => host.session.rows()[0];
const codeOf = (host: SimHost) => rowOf(host)?.problem?.code;
const stops = (host: SimHost) => host.log.filter(line => line.includes(': stopped: ')).length;

/** A seed, and a leech that has some of it. */
function halfway(run: number) {
  const world = new World(run);
  const torrent = makeTorrent({ x: 5 * MIB, y: 3 * MIB }, 256 * 1024, run);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(5_000, isSeeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  leechOn(leech, torrent);
  expect(world.clock.run(20_000, () => (rowOf(leech)?.done ?? 0) > 2 * MIB)).toBe(true);
  const sent = () => world.internet.sent.get(seed.name) ?? 0;
  return { world, torrent, leech, sent };
}

test('a full disk: as much is free as was said to be needed, and the torrent goes on', () => {
  const { world, torrent, leech } = halfway(713);
  const tell = (free: number) => leech.session.roots.tell([{ token: ROOT, free, problem: '', trash: false }]);
  leech.disk.problem = 'full';
  expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
  tell(1000);
  const problem = rowOf(leech)?.problem;
  if (problem?.code !== 'disk-full') throw new Error('not full');
  leech.disk.problem = null;
  tell(problem.needed - 1);
  world.clock.run(HOUR);
  expect(rowOf(leech)?.problem).toEqual(problem);
  tell(problem.needed);
  expect(world.clock.run(1_000, () => stateOf(leech, torrent.id) === 'downloading')).toBe(true);
  expect(world.clock.run(1_800_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('whatever is free where a quota is used up, it is tried ever more seldom', () => {
  const { world, torrent, leech, sent } = halfway(714);
  const tell = (free: number) => leech.session.roots.tell([{ token: ROOT, free, problem: '', trash: false }]);
  tell(5e9);
  leech.disk.problem = 'quota';
  expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
  const before = sent();
  // What others write and delete there changes nothing.
  for (let minute = 0; minute < 60; minute++) {
    tell(minute % 2 === 0 ? 1000 : 5e9);
    world.clock.run(60_000);
  }
  expect(codeOf(leech)).toBe('disk-quota');
  expect(stops(leech)).toBeGreaterThan(8);
  expect(stops(leech)).toBeLessThan(14);
  expect(sent() - before).toBeLessThan(14 * 4 * MIB);
  tell(1000);
  leech.disk.problem = null;
  expect(world.clock.run(1_800_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a disk that holds no file so long is not tried again until a person has made room elsewhere', () => {
  const { world, torrent, leech } = halfway(715);
  leech.disk.problem = 'too-large';
  expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
  leech.session.roots.tell([{ token: ROOT, free: 5e9, problem: '', trash: false }]);
  world.clock.run(HOUR);
  expect(codeOf(leech)).toBe('file-too-large');
  expect(stops(leech)).toBe(1);
  leech.disk.problem = null;
  leech.session.relocate(torrent.id, 'elsewhere');
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.disk.files.has(`${ROOT}/folder/x`)).toBe(false);
  expect(leech.disk.files.get('elsewhere/folder/x')?.size).toBe(5 * MIB);
});

test('a move that a full disk has stopped goes on by itself as soon as as much is free as it had said', () => {
  const { world, torrent, leech } = swarm(918, SIZES);
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  const tell = (free: number) => leech.session.roots.tell([{ token: OTHER, free, problem: '', trash: false }]);
  tell(1000);
  leech.session.relocate(torrent.id, OTHER);
  leech.disk.problem = 'full';
  expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
  const problem = problemOf(leech);
  if (problem?.code !== 'not-moved') throw new Error('it was moved');
  leech.disk.problem = null;
  tell(problem.needed - 1);
  world.clock.run(3_600_000);
  expect(problemOf(leech)).toEqual(problem);
  tell(problem.needed);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAt(leech, torrent, allUnder(OTHER));
});
