/** A store that has no room for more buffers just now, as while it keeps those of a connection that was lost. */
import { expect, test } from 'vitest';
import { Budget } from '../../sw/engine/budget.ts';
import { expectAll, isSeeding, leechOn, makeTorrent, seedOn, stateOf, World } from './host.ts';
import { seeds } from './seeds.ts';
import { SimServer, withSeeds } from './web.ts';

const MIB = 1 << 20;

function swarm(run: number) {
  const world = new World(run);
  const torrent = makeTorrent({ a: 6 * MIB }, 256 * 1024, run);
  const sources = ['10.0.0.1', '10.0.0.2'].map(name => world.host(name, { rate: 500_000 }));
  for (const source of sources) {
    seedOn(source, torrent);
    world.clock.run(5_000, isSeeding(source, torrent.id));
  }
  const leech = world.host('10.0.0.9');
  const sent = () => sources.reduce((sum, { name }) => sum + (world.internet.sent.get(name) ?? 0), 0);
  return { world, torrent, leech, sent };
}

test.each(seeds(981, 982))('is asked again now and then, and nobody hears of it (seed %i)', run => {
  const { world, torrent, leech, sent } = swarm(run);
  leech.store.isFull = true;
  leechOn(leech, torrent);
  world.clock.run(30_000);
  expect(stateOf(leech, torrent.id)).toBe('downloading');
  expect(leech.store.refusals).toBeGreaterThan(5);
  // What one peer is asked for at once, every other second.
  expect(leech.store.refusals).toBeLessThan(200);
  leech.store.isFull = false;
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.log.filter(line => line.includes(': stopped: '))).toEqual([]);
  // What was asked for a piece that was put back was called off.
  expect(sent()).toBeLessThan(torrent.size * 1.5);
});

test('goes on for too long: that is told, and it is tried again', () => {
  const { world, torrent, leech } = swarm(983);
  leech.store.isFull = true;
  leechOn(leech, torrent);
  expect(world.clock.run(50_000, () => stateOf(leech, torrent.id) === 'error')).toBe(false);
  expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
  expect(leech.session.rows()[0]?.problem?.code).toBe('limit');
  leech.store.isFull = false;
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('has no room for more while others of ours are in the making: they go on, and it is not told', () => {
  const { world, torrent, leech } = swarm(984);
  leechOn(leech, torrent);
  expect(world.clock.run(20_000, () => leech.store.buffers.size > 2)).toBe(true);
  leech.store.isFull = true;
  world.clock.run(4_000);
  expect(stateOf(leech, torrent.id)).toBe('downloading');
  leech.store.isFull = false;
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a web seed is not to blame, and goes on as soon as there is room', () => {
  const world = new World(985);
  const torrent = withSeeds(makeTorrent({ a: 6 * MIB, b: MIB }, 256 * 1024, 985), ['http://web.example/f/']);
  const server = new SimServer(new Map([...torrent.contents].map(([path, bytes]) => [`/f/${path}`, bytes])), 500_000);
  world.web.set('web.example', server);
  const leech = world.host('10.0.0.9');
  leech.store.isFull = true;
  leechOn(leech, torrent);
  world.clock.run(30_000);
  expect(leech.store.refusals).toBeGreaterThan(5);
  leech.store.isFull = false;
  world.clock.run(4_000);
  leech.store.isFull = true;
  world.clock.run(10_000);
  leech.store.isFull = false;
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.log.filter(line => line.includes('web seed'))).toEqual([]);
});

test('what pieces count for is what the store says of its buffers', () => {
  let backed = Infinity;
  const budget = new Budget(64 * MIB, () => backed);
  expect([4, 16, 256].map(length => budget.costOf(length * MIB) / MIB)).toEqual([4, 16, 256]);
  backed = 8 * MIB;
  expect([4, 16, 256].map(length => budget.costOf(length * MIB) / MIB)).toEqual([4, 8, 8]);
  backed = 2 * MIB;
  expect([1, 4, 16, 256].map(length => budget.costOf(length * MIB) / MIB)).toEqual([1, 4, 8, 8]);
  budget.used = 60 * MIB;
  expect([budget.takes(4 * MIB, 1, 0), budget.takes(16 * MIB, 1, 0), budget.takes(16 * MIB, 1.25, 0)]).toEqual([
    true,
    false,
    true,
  ]);
});
