/** What of a torrent is recorded, and what is read back of it. */
import { expect, test } from 'vitest';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import { seeds } from './seeds.ts';

const [seed = 1] = seeds(901);

function started() {
  const world = new World(seed);
  const torrent = makeTorrent({ 'a.bin': 300_000, 'b.bin': 200_000 }, 32_768, seed);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['normal', 'skip'], ROOT);
  world.clock.run(3_000);
  return { world, torrent, leech };
}

test('what its files are is written once, whatever is chosen for it', () => {
  const { world, torrent, leech } = started();
  const info = leech.records.get(`t/${torrent.id}/info`);
  expect(info?.length).toBeGreaterThan(0);
  const before = leech.records.get(`t/${torrent.id}/torrent`);
  leech.session.label(torrent.id, ['new'], []);
  leech.session.pause(torrent.id);
  leech.session.resume(torrent.id);
  world.clock.run(10_000);
  expect(leech.records.get(`t/${torrent.id}/torrent`)).not.toEqual(before);
  expect(leech.records.get(`t/${torrent.id}/info`)).toBe(info);
});

test.each([
  ['lost', null],
  ['damaged', Uint8Array.of(0x64, 0x65)],
])('a %s record of its files is fetched anew from peers, and what was chosen stands', (_, value) => {
  const { world, torrent, leech } = started();
  seedOn(world.host('10.0.0.1'), torrent);
  const key = `t/${torrent.id}/info`;
  if (value) leech.records.set(key, value);
  else leech.records.delete(key);
  leech.restart();
  expect(stateOf(leech, torrent.id)).toBe('metadata');
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.session.detail(torrent.id)?.files.map(({ priority }) => priority)).toEqual(['normal', 'skip']);
  leech.session.prioritise(torrent.id, [1], 'normal');
  expect(world.clock.run(60_000, () => leech.session.rows()[0]?.done === torrent.size)).toBe(true);
  world.clock.run(5_000);
  expectAll(leech, torrent);
  expect(leech.records.get(key)?.length).toBeGreaterThan(100);
});
