/** The files that a magnet names (BEP 53). */
import { expect, test } from 'vitest';
import { isSeeding as seeding, makeTorrent, ROOT, seedOn, World } from './host.ts';

const KIB = 1024;
const files = { a: 64 * KIB, '.pad/0': 64 * KIB, b: 128 * KIB, c: 128 * KIB, d: 128 * KIB };

function swarm(seed: number) {
  const world = new World(seed);
  const torrent = makeTorrent(files, 64 * KIB, seed);
  const source = world.host('10.0.0.1');
  seedOn(source, torrent);
  world.clock.run(5_000, seeding(source, torrent.id));
  const leech = world.host('10.0.0.2');
  const uri = `magnet:?xt=urn:btih:${torrent.id}&x.pe=10.0.0.1:6881`;
  const wanted = (): boolean[] => leech.session.detail(torrent.id)?.files.map(file => file.priority !== 'skip') ?? [];
  const isKnown = (): boolean => leech.session.detail(torrent.id)?.hasMetadata === true;
  const there = (): string[] => ['a', 'b', 'c', 'd'].filter(name => leech.file(`folder/${name}`) !== undefined);
  return { world, torrent, leech, uri, wanted, isKnown, there };
}

test('are the ones ticked in the sheet, and fetched where nothing else is chosen', () => {
  const { world, torrent, leech, uri, wanted, isKnown, there } = swarm(91);
  leech.session.add({ kind: 'magnet', uri: `${uri}&so=2,4-9` });
  expect(world.clock.run(10_000, isKnown)).toBe(true);
  expect(wanted()).toEqual([false, true, false, true]);
  expect(leech.session.detail(torrent.id)?.magnet).toContain('&so=2,4-9');
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expect(there()).toEqual(['b', 'd']);
  expect(leech.session.detail(torrent.id)?.magnet).not.toContain('so=');
});

test('are kept for a torrent that starts before its files are known, over a restart', () => {
  const { world, torrent, leech, uri, isKnown, there } = swarm(92);
  leech.session.add({ kind: 'magnet', uri: `${uri}&so=0` });
  leech.session.start(torrent.id, null, ROOT);
  leech.session.pause(torrent.id);
  world.clock.run(1_000);
  expect(isKnown()).toBe(false);
  leech.restart();
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expect(there()).toEqual(['a']);
});

test('give way to what a person chooses', () => {
  const { world, torrent, leech, uri, isKnown, there } = swarm(93);
  leech.session.add({ kind: 'magnet', uri: `${uri}&so=0` });
  expect(world.clock.run(10_000, isKnown)).toBe(true);
  leech.session.start(torrent.id, ['normal', 'normal', 'normal', 'normal'], ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expect(there()).toEqual(['a', 'b', 'c', 'd']);
});
