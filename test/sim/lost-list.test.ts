/** A torrent that has some of its files and has lost the record of what they are. */
import { expect, test } from 'vitest';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';

test('a record of files that is not there at a start is told; till they are known they are neither moved nor deleted', () => {
  const world = new World(681);
  const torrent = makeTorrent({ 'a.bin': 300_000, 'b.bin': 200_000 }, 32_768, 681);
  const { id } = torrent;
  seedOn(world.host('10.0.0.1', { rate: 40_000 }), torrent);
  const leech = world.host('10.0.0.2');
  const row = () => leech.session.rows()[0];
  const files = (): string[] => [...leech.disk.files.keys()].filter(path => path.startsWith(ROOT)).sort();
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(id, null, ROOT);
  world.clock.run(6_000);
  leech.session.pause(id);
  world.clock.run(5_000);
  const before = files();
  expect(before).not.toEqual([]);
  leech.records.delete(`t/${id}/info`);
  leech.restart();
  leech.session.resume(id);
  world.clock.run(1);
  expect(row()).toMatchObject({ state: 'metadata', problem: { code: 'record-lost' } });
  expect(() => leech.session.relocate(id, 'other')).toThrow('before they can be moved');
  expect(() => leech.session.remove(id, true)).toThrow('before they can be deleted');
  expect(row()?.root).toBe(ROOT);
  expect(files()).toEqual(before);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  expectAll(leech, torrent);
  leech.session.remove(id, true);
  world.clock.run(2_000);
  expect(files()).toEqual([]);
});
