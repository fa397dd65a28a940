/** Swarms by the hundred. A failure names its seed; see seeds.ts for how to replay it. */
import { expect, test } from 'vitest';
import { allSeeding, atTimes, copies, crowd, join, uplinkBound } from './crowd.ts';
import { expectAll, stateOf } from './host.ts';
import { seeded } from './clock.ts';
import { seeds } from './seeds.ts';

const KIB = 1024;
const MIB = 1 << 20;
/** How large the largest swarm is: `npm run sim` has all of it. */
const PEERS = process.env.STARLING_SIM === 'full' ? 300 : 100;
/** Ms of real time, on a machine that others share. */
const PATIENCE = 120_000;

test.each(seeds(301))(
  `${PEERS} peers, fast and slow, some losing packets, some silent, all get the whole torrent (seed %i)`,
  run => {
    const { world, torrent, seed } = crowd(run, MIB, 64 * KIB, { rate: 2e6 });
    world.trackerNames = 10;
    const chance = seeded(run);
    const hosts = Array.from({ length: PEERS - 1 }, (_, index) => {
      const loss = (): number => (chance() < 0.05 ? 1000 * chance() : 0);
      const stall = index % 50 === 7 ? { stall: () => Infinity } : index % 10 === 3 ? { stall: loss } : {};
      const rate = index % 7 === 0 ? 2e4 : 1e5 + chance() * 4e5;
      return join(world, torrent, `10.1.${index >> 8}.${index & 255}`, {
        rate,
        latency: 5 + Math.floor(chance() * 145),
        ...stall,
      });
    });
    expect(world.clock.run(600_000, allSeeding(world, hosts, torrent))).toBe(true);
    for (const host of hosts) expectAll(host, torrent);
    // The crowd serves itself: the seed gave a small part of what everybody got.
    expect(world.internet.sent.get(seed.name)).toBeLessThan((torrent.size * PEERS) / 3);
  },
  PATIENCE,
);

test.each(seeds(311, 312))(
  'a flash crowd of 60 within a second is served (seed %i)',
  run => {
    const { world, torrent, seed } = crowd(run, MIB, 32 * KIB, { rate: 5e5 });
    world.trackerNames = 20;
    const chance = seeded(run);
    const hosts = Array.from({ length: 60 }, (_, index) => {
      world.clock.run(Math.floor(chance() * 25));
      return join(world, torrent, `10.1.0.${index}`, { rate: 5e5, latency: 10 + index });
    });
    expect(world.clock.run(60_000, allSeeding(world, hosts, torrent))).toBe(true);
    for (const host of hosts) expectAll(host, torrent);
    expect(world.internet.sent.get(seed.name)).toBeLessThan(torrent.size * 16);
  },
  PATIENCE,
);

test.each(seeds(321, 322, 323))('the seed leaves when 1.1 copies are out there, and everybody finishes (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 4 * MIB, 32 * KIB, { rate: 1e5 });
  const hosts = Array.from({ length: 10 }, (_, index) => join(world, torrent, `10.1.0.${index}`, { rate: 4e4, latency: 20 }));
  expect(
    world.clock.run(
      300_000,
      atTimes(world, () => copies(hosts) >= 1.1),
    ),
  ).toBe(true);
  expect(hosts.some(host => stateOf(host, torrent.id) === 'downloading')).toBe(true);
  seed.vanish();
  expect(world.clock.run(300_000, allSeeding(world, hosts, torrent))).toBe(true);
  for (const host of hosts) expectAll(host, torrent);
});

test.each(seeds(331, 332))('two halves that were parted find each other again (seed %i)', run => {
  const { world, torrent } = crowd(run, 2 * MIB, 32 * KIB, { rate: 1e5 });
  const hosts = Array.from({ length: 12 }, (_, index) => join(world, torrent, `10.${index % 2}.0.9${index}`, { rate: 1e5 }));
  world.clock.run(8_000);
  const side = (name: string): string => name.split('.')[1] ?? '';
  world.internet.partition((a, b) => side(a) === side(b));
  const near = hosts.filter(host => side(host.name) === '0');
  expect(world.clock.run(900_000, allSeeding(world, near, torrent))).toBe(true);
  world.clock.run(120_000);
  expect(hosts.filter(host => stateOf(host, torrent.id) === 'seeding')).toEqual(near);
  world.internet.partition(() => true);
  // They gave up each other's addresses: the next announce, after half an hour at most, names them again.
  expect(world.clock.run(1_900_000, allSeeding(world, hosts, torrent))).toBe(true);
  for (const host of hosts) expectAll(host, torrent);
});

test.each(seeds(341, 342))('peers that come and go at any time do not keep the others from finishing (seed %i)', run => {
  const { world, torrent } = crowd(run, 2 * MIB, 32 * KIB, { rate: 2e5 });
  const chance = seeded(run);
  const stay = Array.from({ length: 8 }, (_, index) => join(world, torrent, `10.1.0.${index}`, { rate: 1e5 }));
  const passing = Array.from({ length: 8 }, (_, index) => join(world, torrent, `10.2.0.${index}`, { rate: 1e5 }));
  for (let turn = 0; turn < 40; turn++) {
    world.clock.run(Math.floor(chance() * 2_000));
    const drawn = Math.floor(chance() * passing.length);
    passing[drawn]!.vanish();
    passing[drawn] = join(world, torrent, `10.3.0.${turn}`, { rate: 1e5 });
  }
  expect(world.clock.run(300_000, allSeeding(world, stay, torrent))).toBe(true);
  for (const host of stay) expectAll(host, torrent);
});

test.each(seeds(351))('a seed that has lost its data, and one that never sends, hold nobody up for long (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 4 * MIB, 64 * KIB, { rate: 4e5 });
  const silent = join(world, torrent, '10.0.0.2', { stall: () => Infinity });
  const liar = join(world, torrent, '10.0.0.3');
  expect(world.clock.run(120_000, allSeeding(world, [silent, liar], torrent))).toBe(true);
  for (const file of liar.disk.files.values()) file.size = 0;
  const began = world.clock.time;
  const leech = join(world, torrent, '10.0.0.4');
  expect(world.clock.run(200_000, allSeeding(world, [leech], torrent))).toBe(true);
  expectAll(leech, torrent);
  // The seed alone would take 11 s; a silent peer's share is asked of others after a minute.
  expect(world.clock.time - began).toBeLessThan(90_000);
  expect(world.internet.sent.get(seed.name)).toBeGreaterThan(torrent.size);
});

test.each(seeds(361))(
  'rarest first: the last of twelve finishes within 1.15 of what the uplinks allow (seed %i)',
  run => {
    const [size, fromSeed, fromEach, count] = [32 * MIB, 4e5, 2e5, 12];
    const { world, torrent } = crowd(run, size, 64 * KIB, { rate: fromSeed });
    const began = world.clock.time;
    const hosts = Array.from({ length: count }, (_, index) =>
      join(world, torrent, `10.1.0.${index}`, { rate: fromEach, latency: 20 }),
    );
    expect(world.clock.run(900_000, allSeeding(world, hosts, torrent))).toBe(true);
    expect((world.clock.time - began) / 1000).toBeLessThan(1.15 * uplinkBound(size, count, fromSeed, fromEach));
  },
  PATIENCE,
);
