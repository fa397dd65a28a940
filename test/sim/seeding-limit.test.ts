import { expect, test } from 'vitest';
import { crowd, join } from './crowd.ts';
import { isSeeding, stateOf } from './host.ts';
import { seeds } from './seeds.ts';

const PIECE = 64 * 1024;

test.each(seeds(641))('seeding stops at the ratio and says so, and goes on when it is started again (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 2 << 20, PIECE, { rate: 2e6 });
  const row = (): ReturnType<typeof seed.session.rows>[number] => seed.session.rows()[0]!;
  seed.session.configure({ stopRatio: 1 });
  const first = join(world, torrent, '10.1.0.1');
  expect(world.clock.run(60_000, isSeeding(first, torrent.id))).toBe(true);
  expect(world.clock.run(10_000, () => row().state === 'done')).toBe(true);
  expect(row().problem).toEqual({ code: 'stopped', by: 'ratio', limit: 1 });
  expect(row().peers).toBe(0);
  world.clock.run(100);
  seed.restart();
  world.clock.run(5_000);
  expect(row()).toMatchObject({ state: 'done', problem: { code: 'stopped', by: 'ratio', limit: 1 } });
  seed.session.resume(torrent.id);
  world.clock.run(60_000);
  expect(row()).toMatchObject({ state: 'seeding', problem: null });
  seed.restart();
  world.clock.run(5_000);
  expect(stateOf(seed, torrent.id)).toBe('seeding');
  seed.session.set(torrent.id, { stopRatio: 0.5 });
  world.clock.run(5_000);
  expect(row().problem).toEqual({ code: 'stopped', by: 'ratio', limit: 0.5 });
});

test('seeding time counts over restarts and not while it is paused or the computer sleeps', () => {
  const { world, torrent, seed } = crowd(642, 1 << 20, PIECE, { rate: 2e6 });
  const state = (): string => stateOf(seed, torrent.id);
  world.clock.run(15 * 60_000);
  seed.session.pause(torrent.id);
  world.clock.run(30 * 60_000);
  seed.restart();
  seed.session.resume(torrent.id);
  world.clock.run(5_000);
  world.clock.suspend(8 * 3600_000);
  seed.session.set(torrent.id, { stopSeedingTime: 20 });
  world.clock.run(4 * 60_000);
  expect(state()).toBe('seeding');
  world.clock.run(2 * 60_000);
  expect(state()).toBe('done');
  expect(seed.session.rows()[0]?.problem).toEqual({ code: 'stopped', by: 'time', limit: 20 });
});

test('a check of one that was stopped lifts no limit', () => {
  const { world, torrent, seed } = crowd(643, 1 << 20, PIECE, { rate: 2e6 });
  const isStopped = (): boolean => stateOf(seed, torrent.id) === 'done';
  seed.session.configure({ stopSeedingTime: 1 });
  expect(world.clock.run(90_000, isStopped)).toBe(true);
  const read = seed.disk.verifiedBytes;
  seed.session.recheck(torrent.id);
  expect(world.clock.run(10_000, isStopped)).toBe(true);
  expect(seed.disk.verifiedBytes - read).toBe(1 << 20);
  expect(seed.session.rows()[0]?.problem).toEqual({ code: 'stopped', by: 'time', limit: 1 });
});
