import { expect, test } from 'vitest';
import { allSeeding, crowd, join } from './crowd.ts';
import { expectAll, stateOf } from './host.ts';
import { decodeHistory, HISTORY_KEY } from '../../sw/engine/history/record.ts';
import { seeds } from './seeds.ts';

const HOUR = 3600_000;
const MINUTE = 60_000;

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

test('what bears on speed is recorded after a sleep and a clock that was set, and the engine ends in order (seed 421)', () => {
  const { world, torrent } = crowd(421, 40 << 20, 64 * 1024, { rate: 1e5 });
  const leech = join(world, torrent, '10.1.0.1');
  world.clock.run(8_000);
  world.clock.suspend(8 * HOUR);
  world.clock.run(2 * MINUTE);
  const kept = () => decodeHistory(leech.records.get(HISTORY_KEY)!)?.marks.map(({ kind }) => kind);
  expect(kept()).toContain('asleep');
  for (const jump of [HOUR, -HOUR]) {
    world.wallJump += jump;
    world.clock.run(5_000);
  }
  leech.handOver();
  world.clock.run(5_000);
  expect(kept()).toEqual(['helper', 'asleep', 'asleep', 'clock']);
  expect(leech.log.filter(line => line.startsWith('error'))).toEqual([]);
  expect(stateOf(leech, torrent.id)).toBe('downloading');
});
