/** Torrents of v2 and hybrids (BEP 52), by themselves and with peers of either kind. */
import { expect, test } from 'vitest';
import { bannedBy, expectAll, isSeeding, leechOn, ROOT, seedOn, World } from './host.ts';
import { seeded } from './clock.ts';
import { makeTreeTorrent } from './trees.ts';

const MIB = 1 << 20;
const FILES = { 'a.bin': 3 * MIB + 17, 'deep/b.bin': 700_001, 'empty.txt': 0, 'c.bin': 5, 'd.bin': 256 * 1024 };

test.each([
  ['v2 alone', false],
  ['a hybrid', true],
])('%s comes over whole by its .torrent, and starts again without a byte read', (_, hybrid) => {
  const world = new World(301);
  const torrent = makeTreeTorrent(FILES, 256 * 1024, 301, { hybrid });
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  expect(world.clock.run(10_000, isSeeding(seed, torrent.id))).toBe(true);
  const leech = world.host('10.0.0.2');
  leechOn(leech, torrent);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  world.clock.run(4_000);
  leech.restart();
  expect(world.clock.run(1_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.disk.verifiedBytes).toBe(0);
});

test.each([
  ['v2 alone', false],
  ['a hybrid', true],
])('%s without its piece layers fetches them from peers, keeps them, and gives them on', (_, hybrid) => {
  const world = new World(302);
  const torrent = makeTreeTorrent({ ...FILES, 'wide.bin': 10 * MIB }, 16 * 1024, 302, { hybrid });
  const bare = makeTreeTorrent({ ...FILES, 'wide.bin': 10 * MIB }, 16 * 1024, 302, { hybrid, layers: false });
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  expect(world.clock.run(20_000, isSeeding(seed, torrent.id))).toBe(true);
  const first = world.host('10.0.0.2');
  leechOn(first, bare);
  expect(world.clock.run(60_000, isSeeding(first, bare.id))).toBe(true);
  expectAll(first, bare);
  world.clock.run(4_000);
  first.restart();
  expect(world.clock.run(2_000, isSeeding(first, bare.id))).toBe(true);
  seed.session.remove(torrent.id, false);
  world.clock.run(10_000);
  const second = world.host('10.0.0.3');
  leechOn(second, bare);
  expect(world.clock.run(120_000, isSeeding(second, bare.id))).toBe(true);
  expectAll(second, bare);
});

test('files that are there already are found once their hashes are known, and not fetched', () => {
  const world = new World(303);
  const torrent = makeTreeTorrent({ x: 4 * MIB, y: 2 * MIB }, 64 * 1024, 303);
  const bare = makeTreeTorrent({ x: 4 * MIB, y: 2 * MIB }, 64 * 1024, 303, { layers: false });
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  world.clock.run(10_000, isSeeding(seed, torrent.id));
  seedOn(leech, bare);
  expect(world.clock.run(60_000, isSeeding(leech, bare.id))).toBe(true);
  expect(world.internet.sent.get(seed.name) ?? 0).toBe(0);
});

test('a magnet of v2 alone gets its metadata, then its hashes, then its files', () => {
  const world = new World(305);
  const torrent = makeTreeTorrent(FILES, 64 * 1024, 305);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(10_000, isSeeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  const magnet = `magnet:?xt=urn:btmh:1220${torrent.v2Hash}&x.pe=10.0.0.1:6881`;
  expect(leech.session.add({ kind: 'magnet', uri: magnet })).toEqual({
    id: torrent.id,
    already: false,
    brought: false,
    isBack: false,
  });
  expect(world.clock.run(10_000, () => leech.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.session.detail(torrent.id)?.magnet).toContain(`xt=urn:btmh:1220${torrent.v2Hash}`);
});

test('a hybrid known by its v2 hash alone is one torrent with the same by its v1 hash', () => {
  const world = new World(306);
  const torrent = makeTreeTorrent(FILES, 64 * 1024, 306, { hybrid: true });
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(10_000, isSeeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  const { id } = leech.session.add({
    kind: 'magnet',
    uri: `magnet:?xt=urn:btmh:1220${torrent.v2Hash}&x.pe=10.0.0.1:6881`,
  });
  expect(id).toBe(torrent.v2Hash.slice(0, 40));
  leech.session.start(id, null, ROOT);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` })).toEqual({
    id,
    already: true,
    brought: false,
    isBack: false,
  });
  expect(leech.session.add({ kind: 'file', bytes: torrent.bytes })).toEqual({ id, already: true, brought: true, isBack: false });
  world.clock.run(4_000);
  leech.restart();
  expect(world.clock.run(2_000, isSeeding(leech, id))).toBe(true);
  expect(leech.disk.verifiedBytes).toBe(0);
  expect(leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` })).toEqual({
    id,
    already: true,
    brought: false,
    isBack: false,
  });
});

test.each([
  ['v2 alone', false],
  ['a hybrid', true],
])('of a piece of %s that a poisoner had a part in, the bad blocks alone come again', (_, hybrid) => {
  const world = new World(307);
  // So large and so slow that a piece is fetched from several peers at once.
  const torrent = makeTreeTorrent({ x: 3 * MIB + 40_000, y: MIB / 2 }, MIB, 307, { hybrid });
  const chance = seeded(307);
  const corrupt = (bytes: Uint8Array): void => {
    if (chance() < 0.3) bytes[100] = (bytes[100] ?? 0) ^ 1;
  };
  const honest = [1, 2, 3].map(n => world.host(`10.0.0.${n}`, { rate: 25e3 }));
  const poisoner = world.host('10.0.0.9', { rate: 25e3, corrupt });
  for (const host of [...honest, poisoner]) seedOn(host, torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leechOn(leech, torrent);
  expect(world.clock.run(400_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(bannedBy(leech)).toEqual(['10.0.0.9']);
  const sent = [...honest, poisoner].reduce((sum, host) => sum + (world.internet.sent.get(host.name) ?? 0), 0);
  expect(sent).toBeLessThan(torrent.size + MIB);
});
