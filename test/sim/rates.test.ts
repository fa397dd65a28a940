import { expect, test } from 'vitest';
import { crowd, join, allSeeding } from './crowd.ts';
import { expectAll, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import { seeds } from './seeds.ts';

const SECOND = 1_000;

/** Bytes a second that the host took in, or gave, over so many ms. */
function measure(host: SimHost, ms: number, what: 'downloaded' | 'uploaded' = 'downloaded'): number {
  const total = (): number => host.session.rows().reduce((sum, row) => sum + row[what], 0);
  const before = total();
  host.world.clock.run(ms);
  return ((total() - before) * 1000) / ms;
}

function expectAbout(rate: number, limit: number): void {
  expect(rate).toBeGreaterThan(0.9 * limit);
  expect(rate).toBeLessThan(1.05 * limit);
}

/** Sets the wall clock. */
function setWall(world: World, wall: number): void {
  world.wallJump += wall - world.wall;
}

test.each(seeds(901, 902))('a limit on all torrents is kept to, both ways, and what is loaded is whole (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 24 << 20, 64 * 1024, { rate: 5e6 });
  seed.session.configure({ upLimit: 300_000 });
  const hosts = [1, 2, 3].map(n => join(world, torrent, `10.1.0.${n}`, { rate: 5e6 }));
  hosts[0]!.session.configure({ downLimit: 60_000 });
  world.clock.run(20 * SECOND);
  expectAbout(measure(seed, 15 * SECOND, 'uploaded'), 300_000);
  expectAbout(measure(hosts[0]!, 20 * SECOND), 60_000);
  seed.session.configure({ upLimit: 0 });
  hosts[0]!.session.configure({ downLimit: 0 });
  expect(world.clock.run(60 * SECOND, allSeeding(world, hosts, torrent))).toBe(true);
  for (const host of hosts) expectAll(host, torrent);
});

test.each(seeds(911, 912))('a few kB a second over many peers are used up, and nobody is asked in vain (seed %i)', run => {
  const { world, torrent } = crowd(run, 2 << 20, 64 * 1024, { rate: 5e6 });
  const others = Array.from({ length: 20 }, (_, n) => join(world, torrent, `10.1.0.${n + 1}`, { rate: 5e6 }));
  expect(world.clock.run(120 * SECOND, allSeeding(world, others, torrent))).toBe(true);
  const slow = join(world, torrent, '10.2.0.1', { rate: 5e6 });
  slow.session.configure({ downLimit: 10_000 });
  const began = world.clock.time;
  expect(world.clock.run(600 * SECOND, allSeeding(world, [slow], torrent))).toBe(true);
  const bound = torrent.size / 10;
  // What peers have to say to each other counts as well.
  expect(world.clock.time - began).toBeLessThan(1.15 * bound);
  expect(world.clock.time - began).toBeGreaterThan(bound);
  expectAll(slow, torrent);
  expect(slow.session.rows()[0]?.downloaded).toBe(torrent.size);
});

test.each(seeds(921))(
  'a torrent keeps to its own limit below that of all, set while it runs, and after restarts (seed %i)',
  run => {
    const world = new World(run);
    const torrents = [1, 2].map(n => makeTorrent({ [`x${n}`]: 14 << 20 }, 64 * 1024, run + n));
    const seed = world.host('10.0.0.1', { rate: 5e6 });
    const leech = world.host('10.0.0.2', { rate: 5e6 });
    leech.session.configure({ downLimit: 100_000 });
    for (const torrent of torrents) {
      seedOn(seed, torrent);
      leech.session.add({ kind: 'file', bytes: torrent.bytes });
      leech.session.start(torrent.id, null, ROOT);
    }
    world.clock.run(10 * SECOND);
    const id = torrents[0]!.id;
    leech.session.set(id, { downLimit: 20_000 });
    const done = (): number => leech.session.rows().find(row => row.id === id)?.downloaded ?? 0;
    for (const interrupt of [() => undefined, () => leech.crashDaemon(), () => leech.restart()]) {
      interrupt();
      world.clock.run(15 * SECOND);
      const before = done();
      expectAbout(measure(leech, 30 * SECOND), 100_000);
      const own = ((done() - before) * 1000) / (30 * SECOND);
      // It counts whole blocks, of which this limit lets little more than one a second pass.
      expect(own).toBeGreaterThan(0.8 * 20_000);
      expect(own).toBeLessThan(1.15 * 20_000);
    }
    expect(
      leech.session
        .rows()
        .map(({ limits }) => limits.down)
        .sort(),
    ).toEqual([100_000, 20_000]);
  },
);

test.each(seeds(931))('the schedule switches at its hours over a weekend, and follows a clock that is set (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 40 << 20, 64 * 1024, { rate: 5e6 });
  const leech = join(world, torrent, '10.1.0.1', { rate: 5e6 });
  // Two hours ahead of UTC.
  world.offset = () => 120;
  seed.session.configure({ lsd: false });
  leech.session.configure({ downLimit: 150_000, altDownLimit: 15_000, altMode: 'scheduled' });
  setWall(world, Date.UTC(2026, 10, 20, 14, 59));
  world.clock.run(10 * SECOND);
  expectAbout(measure(leech, 40 * SECOND), 15_000);
  world.clock.run(20 * SECOND);
  expectAbout(measure(leech, 20 * SECOND), 150_000);
  setWall(world, Date.UTC(2026, 10, 23, 6, 59, 30));
  expectAbout(measure(leech, 25 * SECOND), 150_000);
  world.clock.run(20 * SECOND);
  expectAbout(measure(leech, 40 * SECOND), 15_000);
  setWall(world, Date.UTC(2026, 10, 21, 12));
  world.clock.run(5 * SECOND);
  expectAbout(measure(leech, 20 * SECOND), 150_000);
  expect(stateOf(leech, torrent.id)).toBe('downloading');
});

test.each(seeds(941))('the schedule follows local time where the summer ends (seed %i)', run => {
  const { world, torrent } = crowd(run, 20 << 20, 64 * 1024, { rate: 5e6 });
  const leech = join(world, torrent, '10.1.0.1', { rate: 5e6 });
  // In Berlin 2026-10-25 03:00 is 02:00 once more: at 01:00 UTC.
  world.offset = wall => (wall < Date.UTC(2026, 9, 25, 1) ? 120 : 60);
  const threeOnSunday = [0, 0, 0, 0, 0, 0, 1 << 3];
  leech.session.configure({ downLimit: 100_000, altDownLimit: 10_000, altMode: 'scheduled', altSchedule: threeOnSunday });
  setWall(world, Date.UTC(2026, 9, 25, 0, 59, 40));
  world.clock.run(10 * SECOND);
  world.clock.run(20 * SECOND);
  expectAbout(measure(leech, 20 * SECOND), 100_000);
  setWall(world, Date.UTC(2026, 9, 25, 1, 59, 50));
  world.clock.run(20 * SECOND);
  expectAbout(measure(leech, 40 * SECOND), 10_000);
  setWall(world, Date.UTC(2026, 9, 25, 3) - 5 * SECOND);
  world.clock.run(10 * SECOND);
  expectAbout(measure(leech, 20 * SECOND), 100_000);
});
