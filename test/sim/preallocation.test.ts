import { expect, test } from 'vitest';
import { expectAll, isSeeding as seeding, makeTorrent, ROOT, seedOn, World } from './host.ts';

const MIB = 1 << 20;
const PIECE = 256 * 1024;

function swarm(seed: number, files: Readonly<Record<string, number>>) {
  const world = new World(seed);
  const torrent = makeTorrent(files, PIECE, seed);
  const giver = world.host('10.0.0.1', { rate: 4e6 });
  seedOn(giver, torrent);
  world.clock.run(3_000);
  const leech = world.host('10.0.0.2');
  leech.session.configure({ preallocate: true });
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  return { world, torrent, leech };
}

test('the space of each file is taken once, before more than one piece of it is fetched', () => {
  const { world, torrent, leech } = swarm(501, { a: 3 * MIB, b: 2 * MIB });
  leech.disk.allocationTime = 5_000;
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(4_000);
  expect(world.internet.sent.get('10.0.0.1')).toBeLessThanOrEqual(PIECE);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect([...leech.disk.allocated].sort()).toEqual([`${ROOT}/folder/a`, `${ROOT}/folder/b`]);
});

test('of what is skipped, or kept aside, none is taken', () => {
  const { world, torrent, leech } = swarm(502, { a: 300_000, b: 2 * MIB, c: 300_000 });
  leech.session.start(torrent.id, ['normal', 'skip', 'normal'], ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expect([...leech.disk.allocated].sort()).toEqual([`${ROOT}/folder/a`, `${ROOT}/folder/c`]);
});

test('of what is whole, or not wanted any more, none is taken, whatever becomes of it', () => {
  const { world, torrent, leech } = swarm(505, { a: 3 * MIB, b: 3 * MIB, c: 3 * MIB });
  leech.session.configure({ preallocate: false });
  leech.session.set(torrent.id, { sequential: true });
  leech.session.start(torrent.id, null, ROOT);
  const files = () => leech.session.detail(torrent.id)?.files.map(({ done }) => done) ?? [];
  expect(world.clock.run(60_000, () => (files()[1] ?? 0) > MIB)).toBe(true);
  expect(files()[0]).toBe(3 * MIB);
  leech.session.prioritise(torrent.id, [1], 'skip');
  leech.session.configure({ preallocate: true });
  // It is read, found, and flushed.
  leech.session.recheck(torrent.id);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(4_000);
  expect([...leech.disk.allocated]).toEqual([`${ROOT}/folder/c`]);
});

test('files full of zeros are not taken for downloaded ones, after whatever end', () => {
  const { world, torrent, leech } = swarm(503, { a: 3 * MIB });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(500);
  expect(leech.disk.files.get(`${ROOT}/a`)?.size).toBe(3 * MIB);
  const row = () => leech.session.rows()[0];
  const done = row()?.done ?? 0;
  expect(done).toBeLessThan(3 * MIB);
  leech.restart();
  world.clock.run(200);
  expect(row()?.done).toBeLessThan(3 * MIB);
  leech.crashDaemon();
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a disk without the space stops the torrent before it fetches, and room for the rest of it lets it go on', () => {
  const { world, torrent, leech } = swarm(504, { a: 3 * MIB });
  leech.disk.problem = 'full';
  leech.session.roots.tell([{ token: ROOT, free: 0, problem: '', trash: false }]);
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(10_000);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'error', problem: { code: 'disk-full' }, done: 0 });
  leech.disk.problem = null;
  leech.session.roots.tell([{ token: ROOT, free: 1e9, problem: '', trash: false }]);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});
