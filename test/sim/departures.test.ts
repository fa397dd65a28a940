/** Removals that are taken back in time, and those that are not, through the ends of engines. */
import { expect, test } from 'vitest';
import { isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';

const FILES = { a: 300_000, b: 4 << 20 };
const PIECE = 65_536;

function running(run = 961) {
  const world = new World(run);
  const [torrent, other] = [makeTorrent(FILES, PIECE, run), makeTorrent({ c: 100_000 }, PIECE, run + 1)];
  const seed = world.host('10.0.0.1', { rate: 400_000 });
  for (const each of [torrent, other]) seedOn(seed, each);
  const leech = world.host('10.0.0.2');
  for (const { bytes, id } of [torrent, other]) {
    leech.session.add({ kind: 'file', bytes });
    leech.session.start(id, null, ROOT);
  }
  leech.session.set(torrent.id, { labels: ['films'], sequential: true });
  world.clock.run(4_000);
  const row = () => leech.session.rows().find(({ id }) => id === torrent.id);
  return { world, torrent, leech, id: torrent.id, row };
}

test('a removal that is taken back leaves it as it was', () => {
  const { world, leech, id, row } = running();
  const before = row();
  leech.session.departures.dismiss([id], true);
  world.clock.run(9_000);
  expect(row()).toMatchObject({ state: 'leaving', leaving: { withData: true }, peers: 0, down: 0 });
  leech.session.departures.takeBack([id], () => undefined);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  expect(row()).toMatchObject({ place: before?.place, options: before?.options, addedAt: before?.addedAt, root: ROOT });
  world.clock.run(20_000);
  expect(row()?.state).toBe('seeding');
});

test('a paused one that is added again rests as before', () => {
  const { world, torrent, leech, id, row } = running();
  leech.session.pause(id);
  leech.session.departures.dismiss([id], false);
  world.clock.run(5_000);
  expect(leech.session.add({ kind: 'file', bytes: torrent.bytes })).toMatchObject({ already: true });
  world.clock.run(20_000);
  expect(row()?.state).toBe('paused');
});

test.each([true, false])('one that is not goes after ten seconds, with data or without: %s', withData => {
  const { world, leech, id, row } = running();
  leech.session.departures.dismiss([id], withData);
  world.clock.run(8_000);
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(true);
  world.clock.run(4_000);
  expect(row()).toBeUndefined();
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(!withData);
  expect([...leech.records.keys()].filter(key => key.includes(id))).toEqual([]);
});

test('an engine that ends meanwhile leaves the rest of the time to the next, which takes it back or finishes', () => {
  const { world, leech, id, row } = running();
  leech.session.departures.dismiss([id], true);
  world.clock.run(3_000);
  leech.restart();
  world.clock.run(3_000);
  expect(row()?.state).toBe('leaving');
  leech.session.departures.takeBack([id], () => undefined);
  world.clock.run(1_000);
  leech.session.departures.dismiss([id], true);
  world.clock.run(2_000);
  leech.restart();
  expect(leech.session.hasWork).toBe(true);
  world.clock.run(12_000);
  expect(row()).toBeUndefined();
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(false);
});

test('of many, one that is gone keeps none of the others', () => {
  const { world, leech, id, row } = running();
  expect(() => leech.session.departures.dismiss(['0'.repeat(40), id], false)).toThrow('not in the list any more');
  expect(row()?.state).toBe('leaving');
  world.clock.run(12_000);
  expect(row()).toBeUndefined();
});

test('while the store is away nothing goes, and for five seconds after that it can still be taken back', () => {
  const { world, leech, id, row } = running();
  const other = leech.session.rows().find(each => each.id !== id)?.id ?? '';
  leech.session.departures.dismiss([id], true);
  leech.session.departures.dismiss([other], false);
  leech.session.detach();
  expect(() => leech.session.departures.dismiss([id], true)).toThrow('while the helper is away');
  world.clock.run(60_000);
  expect(leech.session.has(other)).toBe(true);
  leech.session.attach([]);
  world.clock.run(4_500);
  expect(row()?.state).toBe('leaving');
  leech.session.departures.takeBack([id], () => undefined);
  world.clock.run(12_000);
  expect(row()?.state).not.toBe('leaving');
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(true);
  expect(leech.session.has(other)).toBe(false);
});

test('a helper that was away for long finds it as it was, and for five seconds it can be taken back', () => {
  const { world, leech, id, row } = running();
  leech.session.departures.dismiss([id], true);
  world.clock.run(1_000);
  world.wallJump += 3_600_000;
  leech.restart();
  world.clock.run(4_500);
  expect(row()?.state).toBe('leaving');
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(true);
  world.clock.run(2_500);
  expect(row()).toBeUndefined();
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(false);
});

test('what was taken back is answered once it is recorded, so that an engine that ends then loses nothing', () => {
  const { world, leech, id, row } = running();
  leech.session.departures.dismiss([id], true);
  world.clock.run(2_000);
  leech.stateDelay = () => 3_000;
  const answers: (string | null)[] = [];
  leech.session.departures.takeBack([id], problem => answers.push(problem && problem.message));
  world.clock.run(2_500);
  expect(answers).toEqual([]);
  expect(world.clock.run(1_000, () => answers.length > 0)).toBe(true);
  leech.restart();
  world.clock.run(20_000);
  expect(answers).toEqual([null]);
  expect(row()).toMatchObject({ id });
  expect(leech.disk.files.has(`${ROOT}/folder/b`)).toBe(true);
});

test('where that cannot be recorded it is said, and tried again', () => {
  const { world, leech, id, row } = running();
  leech.session.departures.dismiss([id], true);
  world.clock.run(2_000);
  leech.stateProblem = 'The disk is full.';
  const answers: (string | null)[] = [];
  leech.session.departures.takeBack([id], problem => answers.push(problem && problem.code));
  world.clock.run(1_000);
  expect(answers).toEqual(['back-not-saved']);
  leech.stateProblem = '';
  world.clock.run(7_000);
  leech.restart();
  world.clock.run(20_000);
  expect(row()).toMatchObject({ id });
});

test('those that are gone keep no other from coming back', () => {
  const { world, leech, id, row } = running();
  leech.session.departures.dismiss([id], true);
  const answers: unknown[] = [];
  expect(() => leech.session.departures.takeBack(['0'.repeat(40), id], problem => answers.push(problem))).toThrow(
    'not in the list',
  );
  world.clock.run(15_000);
  expect(answers).toEqual([null]);
  expect(row()).toMatchObject({ id });
});

test('what leaves counts apart among those that use a folder', () => {
  const { leech, id } = running();
  leech.session.departures.dismiss([id], true);
  expect(leech.session.roots.usersOf(ROOT)).toEqual({ all: 2, leaving: 1 });
});
