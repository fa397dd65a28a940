import { expect, test } from 'vitest';
import { isSeeding as seeding, makeTorrent, ROOT, seedOn, World } from './host.ts';

const MIB = 1 << 20;

function swarm(seed: number, files: Readonly<Record<string, number>>, rate = 1e7) {
  const world = new World(seed);
  const torrent = makeTorrent(files, 64 * 1024, seed);
  seedOn(world.host('10.0.0.1', { rate }), torrent);
  world.clock.run(3_000);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  return { world, torrent, leech };
}

test.each([true, false])('whole files go to the trash with their torrent where there is one: %s (at rest and not)', hasTrash => {
  for (const rests of [true, false]) {
    const { world, torrent, leech } = swarm(601, { a: 300_000, b: 200_000 });
    leech.session.roots.tell([{ token: ROOT, free: 1e9, problem: '', trash: hasTrash }]);
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
    if (rests) leech.session.pause(torrent.id);
    world.clock.run(5_000);
    leech.session.remove(torrent.id, true);
    world.clock.run(1_000);
    expect([...leech.disk.files.keys()]).toEqual([]);
    expect([...leech.disk.trashed].sort()).toEqual(hasTrash ? [`${ROOT}/folder/a`, `${ROOT}/folder/b`] : []);
  }
});

test('what is not whole is deleted, and so is what was kept aside', () => {
  const { world, torrent, leech } = swarm(602, { a: 100_000, b: 300_000, c: 4 * MIB }, 500_000);
  leech.session.roots.tell([{ token: ROOT, free: 1e9, problem: '', trash: true }]);
  leech.session.start(torrent.id, ['high', 'skip', 'normal'], ROOT);
  world.clock.run(4_000);
  expect(seeding(leech, torrent.id)()).toBe(false);
  expect([...leech.disk.files.keys()].length).toBe(3);
  leech.session.remove(torrent.id, true);
  world.clock.run(1_000);
  expect([...leech.disk.files.keys()]).toEqual([]);
  expect(leech.disk.trashed).toEqual([`${ROOT}/folder/a`]);
});

test('files that the trash refuses are told once, all of a torrent’s together', () => {
  const files = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`f${index}`, 100_000]));
  const { world, torrent, leech } = swarm(603, files);
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(5_000);
  leech.disk.deleting = 'denied';
  leech.session.remove(torrent.id, true);
  expect(leech.session.takeChanges().left).toEqual([]);
  world.clock.run(1_000);
  const { left } = leech.session.takeChanges();
  expect(left).toMatchObject([{ name: 'folder', count: 5, root: ROOT, why: 'denied' }]);
  expect(left[0]?.files).toHaveLength(3);
  for (const file of left[0]?.files ?? []) expect(leech.disk.files.has(`${ROOT}/${file}`)).toBe(true);
  expect(leech.session.takeChanges().left).toEqual([]);
});

test('a delete that was under way before the removal is not taken for one of it', () => {
  const { world, torrent, leech } = swarm(605, { a: 100_000, b: 300_000, c: 500_000 });
  const earlier: (() => void)[] = [];
  const { store } = leech;
  const deleteFile = store.deleteFile.bind(store);
  store.deleteFile = (...[, , , , done]) => void earlier.push(() => done(null));
  leech.session.start(torrent.id, ['normal', 'skip', 'normal'], ROOT);
  world.clock.run(5_000);
  leech.session.prioritise(torrent.id, [1], 'normal');
  // The file of parts is not needed any more.
  expect(world.clock.run(60_000, () => earlier.length === 1)).toBe(true);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  store.deleteFile = deleteFile;
  leech.disk.deleting = 'denied';
  leech.session.remove(torrent.id, true);
  earlier[0]?.();
  world.clock.run(1_000);
  expect(leech.session.takeChanges().left).toMatchObject([{ count: 3 }]);
});

test('files that are on their way at the removal are told with the others, in one notice', () => {
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}`, 50_000]));
  const { world, torrent, leech } = swarm(606, files);
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(5_000);
  // One arrives after what is not on its way was tried, the others later.
  const arrived: (() => void)[] = [];
  const { store } = leech;
  store.moveFile = (...[, , , done]) => void arrived.push(() => done(null, null));
  leech.session.relocate(torrent.id, 'other');
  expect(world.clock.run(10_000, () => arrived.length === 8)).toBe(true);
  leech.disk.deleting = 'denied';
  leech.session.remove(torrent.id, true);
  world.clock.run(1_000);
  for (const arrive of arrived) {
    expect(leech.session.takeChanges().left).toEqual([]);
    arrive();
    world.clock.run(1_000);
  }
  expect(leech.session.takeChanges().left).toMatchObject([{ count: 12, root: '', why: 'denied' }]);
  world.clock.run(5_000);
  expect(leech.session.takeChanges().left).toEqual([]);
});

test('where the connection ends before all were answered, it is not known whether they stay', () => {
  const { world, torrent, leech } = swarm(607, { a: 100_000, b: 100_000 });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(5_000);
  const { store } = leech;
  store.deleteFile = (_root, path, _size, _trash, done) => done(path.at(-1) === 'a' ? 'denied' : 'store-away');
  leech.session.remove(torrent.id, true);
  world.clock.run(1_000);
  expect(leech.session.takeChanges().left).toMatchObject([{ count: 2, why: 'daemon-away' }]);
});

test('of removals that nobody asked about the last twenty are told', () => {
  const { world, torrent, leech } = swarm(604, { a: 100_000 });
  leech.disk.deleting = 'read-only';
  for (let turn = 0; turn < 25; turn++) {
    if (turn > 0) leech.session.add({ kind: 'file', bytes: torrent.bytes });
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
    leech.session.remove(torrent.id, true);
    world.clock.run(500);
  }
  expect(leech.session.takeChanges().left).toHaveLength(20);
});
