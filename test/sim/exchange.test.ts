import { expect, test } from 'vitest';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import { Stranger } from './stranger.ts';
import { encodePex } from '../../sw/engine/codec/pex.ts';

const MIB = 1 << 20;

function connected(host: SimHost, id: string): string[] {
  return (host.session.detail(id)?.peers ?? []).map(({ address }) => address.split(':')[0] ?? '').sort();
}

function magnet(host: SimHost, id: string, ...peers: string[]): void {
  host.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}${peers.map(peer => `&x.pe=${peer}:6881`).join('')}` });
}

test('who knows one peer of a swarm learns the others from it, and downloads from those it never heard of', () => {
  const world = new World(501);
  const torrent = makeTorrent({ x: 2 * MIB }, 64 * 1024, 501);
  // The one that everybody knows has nothing to give itself.
  const middle = world.host('10.0.0.2');
  magnet(middle, torrent.id);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(2_000);
  magnet(seed, torrent.id, '10.0.0.2');
  const leech = world.host('10.0.0.3');
  magnet(leech, torrent.id, '10.0.0.2');
  expect(world.clock.run(90_000, () => leech.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect([...world.tracker.keys()]).toEqual(['10.0.0.1']);
});

test('a swarm of twenty that all know the same one ends up well connected', () => {
  const world = new World(502);
  const torrent = makeTorrent({ x: 8 * MIB }, 64 * 1024, 502);
  const seed = world.host('10.0.0.1', { rate: 100_000 });
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const hosts = Array.from({ length: 20 }, (_, index) => world.host(`10.0.1.${index}`));
  for (const host of hosts) magnet(host, torrent.id, '10.0.0.1');
  world.clock.run(20_000);
  for (const host of hosts) host.session.start(torrent.id, null, ROOT);
  world.clock.run(150_000);
  for (const host of hosts) expect(connected(host, torrent.id).length, host.name).toBeGreaterThanOrEqual(10);
  for (const host of hosts) expect(new Set(connected(host, torrent.id)).size, host.name).toBe(connected(host, torrent.id).length);
});

test('of a private torrent no peer is told, and none is taken from a link', () => {
  const world = new World(503);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 503, { private: 1 });
  const [seed, leech, stranger] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(name => world.host(name, { rate: 200_000 }));
  if (!seed || !leech || !stranger) throw new Error('no hosts');
  seedOn(seed, torrent);
  world.clock.run(2_000);
  // The tracker tells the leech of the seed; the link names one that no tracker knows.
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  magnet(leech, torrent.id, '10.0.0.3');
  magnet(stranger, torrent.id, '10.0.0.9');
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(500);
  expect(connected(leech, torrent.id)).toEqual(['10.0.0.1']);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  // One who comes and asks for a peer exchange is offered none and told nothing.
  const asker = new Stranger(world, '10.0.0.8', torrent.id);
  asker.call('10.0.0.1');
  world.clock.run(1_000);
  expect(asker.handshake?.m.has('ut_pex')).toBe(false);
  asker.extended(1, encodePex({ added: [{ host: '10.0.0.7', port: 6881, flags: 0 }], dropped: [] }));
  world.clock.run(120_000);
  expect(asker.exchanges).toEqual([]);
  expect(seed.log.some(line => line.includes('10.0.0.7'))).toBe(false);
});

test('a magnet that turns out to be private leaves whoever no tracker named', () => {
  const world = new World(504);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 504, { private: 1 });
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const leech = world.host('10.0.0.2');
  magnet(leech, torrent.id, '10.0.0.1');
  expect(world.clock.run(10_000, () => leech.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  expect(connected(leech, torrent.id)).toEqual([]);
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(600_000);
  expect(connected(leech, torrent.id)).toEqual([]);
  expect(stateOf(leech, torrent.id)).toBe('downloading');
});

test('one who names ten thousand peers, again and again, is dropped for it, and at the third time banned', () => {
  const world = new World(505);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 505);
  const host = world.host('10.0.0.1');
  seedOn(host, torrent);
  world.clock.run(2_000);
  const liar = new Stranger(world, '10.0.0.66', torrent.id);
  const crowd = (round: number) =>
    encodePex({
      added: Array.from({ length: 1_000 }, (_, index) => ({
        host: `20.${round}.${index >> 8}.${index & 255}`,
        port: 6881,
        flags: 0,
      })),
      dropped: [],
    });
  for (let life = 0; life < 3; life++) {
    liar.call('10.0.0.1');
    world.clock.run(500);
    expect(liar.isOpen).toBe(true);
    for (let round = 0; round < 10; round++) {
      liar.extended(1, crowd(10 * life + round));
      world.clock.run(1_000);
    }
    expect(liar.isOpen).toBe(false);
  }
  const drops = host.log.filter(line => line.includes('10.0.0.66') && line.includes('dropped'));
  expect(drops).toHaveLength(3);
  expect(drops[2]).toContain('banned: It sends peer exchanges too often.');
  liar.call('10.0.0.1');
  world.clock.run(500);
  expect(liar.isOpen).toBe(false);
  // It may have had 200 of them tried, and no more.
  const dialled = new Set(world.internet.dialled.filter(address => address.startsWith('20.')));
  expect(dialled.size).toBeGreaterThan(0);
  expect(dialled.size).toBeLessThanOrEqual(200);
});
