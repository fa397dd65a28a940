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
