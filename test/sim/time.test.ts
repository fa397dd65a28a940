import { expect, test } from 'vitest';
import { allSeeding, crowd, join } from './crowd.ts';
import { expectAll, stateOf } from './host.ts';
import { seeds } from './seeds.ts';

const HOUR = 3600_000;

test.each(seeds(401))('the wall clock set a day on, and a day back, changes nothing (seed %i)', run => {
  const { world, torrent } = crowd(run, 4 << 20, 64 * 1024, { rate: 2e5 });
  const hosts = [1, 2, 3].map(n => join(world, torrent, `10.1.0.${n}`, { rate: 2e5 }));
  world.clock.run(5_000);
  const before = world.announces;
  for (const jump of [24 * HOUR, -24 * HOUR]) {
    world.wallJump += jump;
    world.clock.run(3_000);
    expect(world.announces).toBe(before);
    expect(hosts.map(host => stateOf(host, torrent.id))).toEqual(['downloading', 'downloading', 'downloading']);
  }
  expect(world.clock.run(120_000, allSeeding(world, hosts, torrent))).toBe(true);
  for (const host of hosts) expectAll(host, torrent);
});

test.each(seeds(411, 412))('eight hours of sleep end in one announce each, and the download goes on (seed %i)', run => {
  const { world, torrent } = crowd(run, 8 << 20, 64 * 1024, { rate: 2e5 });
  const hosts = [1, 2, 3].map(n => join(world, torrent, `10.1.0.${n}`, { rate: 2e5 }));
  world.clock.run(8_000);
  const before = world.announces;
  world.clock.suspend(8 * HOUR);
  world.clock.run(60_000);
  // Four hosts, one tracker: each says that it is there, and maybe that it has everything now.
  expect(world.announces - before).toBeLessThanOrEqual(8);
  expect(world.clock.run(120_000, allSeeding(world, hosts, torrent))).toBe(true);
  for (const host of hosts) expectAll(host, torrent);
});
