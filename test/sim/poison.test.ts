import { expect, test } from 'vitest';
import { bannedBy, expectAll, isSeeding, leechOn, makeTorrent, seedOn, World } from './host.ts';
import { seeded } from './clock.ts';
import { seeds } from './seeds.ts';
import { makeTreeTorrent } from './trees.ts';

const MIB = 1 << 20;

type Make = (size: number, run: number) => Pick<ReturnType<typeof makeTorrent>, 'bytes' | 'id' | 'contents'>;
const v1: Make = (size, run) => makeTorrent({ x: size }, 256 * 1024, run);
const v2: Make = (size, run) => makeTreeTorrent({ x: size }, 256 * 1024, run);
const hybrid: Make = (size, run) => makeTreeTorrent({ x: size }, 256 * 1024, run, { hybrid: true });

/** One poisons some of its blocks, or all of them, where so many give what is right. */
const crowds: readonly (readonly [what: string, make: Make, honest: number, share: number, runs: readonly number[]])[] = [
  ['v1, four beside it', v1, 4, 0.1, [201, 202, 203, 204]],
  ['v1, one beside it, all wrong', v1, 1, 1, [205]],
  ['v2, one beside it, all wrong', v2, 1, 1, [206]],
  ['v2, four beside it', v2, 4, 0.1, [207]],
  ['a hybrid, four beside it', hybrid, 4, 0.1, [208]],
];
const cases = crowds.flatMap(([what, make, honest, share, runs]) =>
  seeds(...runs).map(run => [what, run, make, honest, share] as const),
);

test.each(cases)('a poisoner is found and banned, and nobody else: %s (seed %i)', (_, run, make, count, share) => {
  const world = new World(run);
  const torrent = make(24 * MIB, run);
  const chance = seeded(run);
  const corrupt = (bytes: Uint8Array): void => {
    if (chance() < share) bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  };
  const honest = Array.from({ length: count }, (__, n) => world.host(`10.0.0.${n + 1}`, { rate: 1e6 }));
  const poisoner = world.host('10.0.0.9', { rate: 1e6, corrupt });
  for (const host of [...honest, poisoner]) seedOn(host, torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leechOn(leech, torrent);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(bannedBy(leech)).toEqual(['10.0.0.9']);
});

test.each(seeds(211, 212))('a poisoner that comes back under the same address stays out (seed %i)', run => {
  const world = new World(run);
  const torrent = makeTorrent({ x: 8 * MIB }, 256 * 1024, run);
  const good = world.host('10.0.0.1', { rate: 1e6 });
  const bad = world.host('10.0.0.9', { rate: 1e6, corrupt: bytes => (bytes[0] = (bytes[0] ?? 0) ^ 1) });
  seedOn(good, torrent);
  seedOn(bad, torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leechOn(leech, torrent);
  expect(world.clock.run(60_000, () => leech.log.some(line => line.includes('dropped: banned')))).toBe(true);
  const sent = world.internet.sent.get(bad.name) ?? 0;
  bad.restart();
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  // What was on its way when it was found out may still have left; no more was asked for.
  expect((world.internet.sent.get(bad.name) ?? 0) - sent).toBeLessThan(2 * MIB);
});

test.each(seeds(221, 222, 223))('nobody is blamed for what a poisoner sent just before it was banned (seed %i)', run => {
  const world = new World(run);
  const torrent = makeTorrent({ x: 16 * MIB }, 1024 * 1024, run);
  const chance = seeded(run);
  const corrupt = (bytes: Uint8Array): void => {
    if (chance() < 0.5) bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  };
  // So fast that much of what it sent has landed, and not been told, when it is found out.
  const poisoner = world.host('10.0.0.9', { rate: 20e6, corrupt });
  const honest = [1, 2, 3, 4].map(n => world.host(`10.0.0.${n}`, { rate: 1e6 }));
  for (const host of [...honest, poisoner]) seedOn(host, torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leechOn(leech, torrent);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(bannedBy(leech)).toEqual(['10.0.0.9']);
});
