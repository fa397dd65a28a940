/** One engine gives the torrents to the next, as worker and host do. A failure names its seed; see seeds.ts for how to replay it. */
import { expect, test } from 'vitest';
import { decodeHandover, HANDOVER_KEY } from '../../sw/engine/handover.ts';
import { seeded } from './clock.ts';
import { allSeeding, crowd, join } from './crowd.ts';
import { expectAll, stateOf } from './host.ts';
import { seeds } from './seeds.ts';

const PIECE = 64 * 1024;
const BLOCK = 16 * 1024;
const MINUTE = 60_000;
const LEECH = '10.1.0.1';

test.each(seeds(1201, 1202, 1203))('nothing that has landed is fetched twice, however often it happens (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 12 << 20, PIECE, { rate: 1e6 });
  const chance = seeded(run);
  const leech = join(world, torrent, LEECH);
  let times = 0;
  while (!world.clock.run(300 + Math.floor(chance() * 1_500), allSeeding(world, [leech], torrent)) && times < 12) {
    leech.handOver();
    times += 1;
  }
  expect(times).toBeGreaterThan(4);
  expect(world.clock.run(120_000, allSeeding(world, [leech], torrent))).toBe(true);
  expectAll(leech, torrent);
  // What was on the line when a connection was cut had not landed.
  const onTheLine = times * 2 * BLOCK;
  expect(world.internet.sent.get(seed.name)).toBeLessThan(torrent.size + onTheLine);
  const [row] = leech.session.rows();
  expect(row?.downloaded).toBeGreaterThan(torrent.size - onTheLine);
  expect(row?.downloaded).toBeLessThanOrEqual(torrent.size);
});

/** What that host has told the tracker, and as whom. */
const told = (world: ReturnType<typeof crowd>['world'], name = LEECH) => world.announced.filter(({ host }) => host === name);

test('trackers hear nothing of it, and are asked when they would have been', () => {
  const { world, torrent } = crowd(1211, 4 << 20, PIECE, { rate: 1e5 });
  const leech = join(world, torrent, LEECH);
  world.clock.run(3_000);
  expect(told(world).map(({ event }) => event)).toEqual(['started']);
  for (let time = 0; time < 5; time++) {
    leech.handOver();
    world.clock.run(3_000);
  }
  expect(told(world)).toHaveLength(1);
  expect(leech.session.detail(torrent.id)?.trackers).toMatchObject([{ state: 'ok' }]);
  expect(world.clock.run(5 * MINUTE, allSeeding(world, [leech], torrent))).toBe(true);
  world.clock.run(31 * MINUTE);
  expect(told(world).map(({ event }) => event)).toEqual(['started', 'completed', '']);
  expect(new Set(told(world).map(({ who }) => who)).size).toBe(1);
});

test('peers are gone to that nobody names any more', () => {
  const { world, torrent, seed } = crowd(1221, 4 << 20, PIECE, { rate: 1e5 });
  const leech = join(world, torrent, LEECH);
  world.clock.run(5_000);
  world.trackerNames = 0;
  const sent = (): number => world.internet.sent.get(seed.name) ?? 0;
  leech.handOver();
  world.clock.run(1_000);
  const before = sent();
  expect(leech.session.detail(torrent.id)?.peers).toHaveLength(1);
  world.clock.run(2_000);
  expect(sent()).toBeGreaterThan(before);
});

test('a browser that was killed is followed by one of the same name, and one that was away for long by another', () => {
  const { world, torrent } = crowd(1231, 4 << 20, PIECE, { rate: 1e5 });
  const leech = join(world, torrent, LEECH);
  world.clock.run(10_000);
  leech.restart();
  world.clock.run(3_000);
  expect(told(world)).toHaveLength(1);
  world.wallJump += 6 * MINUTE;
  leech.restart();
  world.clock.run(3_000);
  expect(told(world).map(({ event }) => event)).toEqual(['started', 'started']);
  expect(new Set(told(world).map(({ who }) => who)).size).toBe(2);
});

test('a name is given up after a day, or where the clock was set back', () => {
  const { world, torrent } = crowd(1241, 1 << 20, PIECE, { rate: 1e6 });
  const leech = join(world, torrent, LEECH);
  /** A name is as old as the clock on the wall has it: that alone is put on, as a day of peers and trackers is a million events. */
  const nameAfter = (ms: number): string => {
    world.wallJump += ms;
    world.clock.run(5_000);
    leech.handOver();
    world.clock.run(8_000);
    return Buffer.from(decodeHandover(leech.records.get(HANDOVER_KEY)!)!.peerId).toString('latin1');
  };
  const first = nameAfter(0);
  expect(nameAfter(60 * MINUTE)).toBe(first);
  expect(nameAfter(22 * 60 * MINUTE)).toBe(first);
  const second = nameAfter(60 * MINUTE);
  expect(second).not.toBe(first);
  expect(nameAfter(60 * MINUTE)).toBe(second);
  world.wallJump -= 30 * MINUTE;
  leech.restart();
  expect(nameAfter(0)).not.toBe(second);
});

test('a record of it that is torn costs an announce, and nothing else', () => {
  const { world, torrent } = crowd(1251, 1 << 20, PIECE, { rate: 1e6 });
  const leech = join(world, torrent, LEECH);
  expect(world.clock.run(MINUTE, allSeeding(world, [leech], torrent))).toBe(true);
  world.clock.run(8_000);
  const record = leech.records.get(HANDOVER_KEY)!;
  leech.records.set(HANDOVER_KEY, record.slice(0, record.length / 2));
  leech.restart();
  world.clock.run(3_000);
  expect(stateOf(leech, torrent.id)).toBe('seeding');
  expect(told(world).map(({ event }) => event)).toEqual(['started', 'completed', 'started']);
});
