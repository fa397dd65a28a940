/** Files that are read again because a person wants to know. */
import { expect, test } from 'vitest';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

const MIB = 1 << 20;

function worldWith(files: Readonly<Record<string, number>>) {
  const world = new World(401);
  const torrent = makeTorrent(files, 64 * 1024, 401);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(4_000);
  return { world, torrent, seed, leech };
}

function stateOf(host: SimHost, id: string): string | undefined {
  return host.session.rows().find(row => row.id === id)?.state;
}

/** As a disk does it that forgets: no time tells. */
function damage(host: SimHost, path: string, at: number): void {
  const entry = [...host.disk.files].find(([name]) => name.endsWith(path))?.[1];
  if (!entry) throw new Error(`no file ${path}`);
  entry.bytes[at] = (entry.bytes[at] ?? 0) ^ 1;
}

test('what was damaged behind our back is found and fetched again, and nothing else is', () => {
  const { world, torrent, seed, leech } = worldWith({ x: 3 * MIB, y: MIB });
  damage(leech, 'x', 100_000);
  const sent = world.internet.sent.get(seed.name) ?? 0;
  const read = leech.disk.verifiedBytes;
  leech.session.recheck(torrent.id);
  expect(stateOf(leech, torrent.id)).toBe('checking');
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.disk.verifiedBytes - read).toBe(4 * MIB);
  expect((world.internet.sent.get(seed.name) ?? 0) - sent).toBe(64 * 1024);
});

test('one that is paused is paused after it, with what was found', () => {
  const { world, torrent, leech } = worldWith({ x: 3 * MIB, y: MIB });
  leech.session.pause(torrent.id);
  world.clock.run(4_000);
  damage(leech, 'y', 5);
  leech.session.recheck(torrent.id);
  expect(stateOf(leech, torrent.id)).toBe('checking');
  world.clock.run(10_000);
  expect(stateOf(leech, torrent.id)).toBe('paused');
  expect(leech.session.rows()[0]?.done).toBe(4 * MIB - 64 * 1024);
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('resumed in the middle of it, it goes on after it', () => {
  const { world, torrent, leech } = worldWith({ x: 3 * MIB });
  leech.session.pause(torrent.id);
  world.clock.run(4_000);
  leech.session.recheck(torrent.id);
  leech.session.resume(torrent.id);
  expect(world.clock.run(10_000, isSeeding(leech, torrent.id))).toBe(true);
});

test('an engine that ends in the middle of it reads everything again, and fetches nothing', () => {
  const { world, torrent, seed, leech } = worldWith({ x: 40 * MIB });
  const sent = world.internet.sent.get(seed.name) ?? 0;
  leech.session.recheck(torrent.id);
  world.clock.run(1);
  leech.restart();
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get(seed.name) ?? 0).toBe(sent);
});

test('one that is paused is paused after an engine that ends in the middle of it', () => {
  const { world, torrent, leech } = worldWith({ x: 8 * MIB });
  leech.session.pause(torrent.id);
  world.clock.run(4_000);
  leech.session.recheck(torrent.id);
  world.clock.run(2);
  leech.restart();
  world.clock.run(20_000);
  expect(stateOf(leech, torrent.id)).toBe('paused');
  // What was not read again yet is read once it goes on.
  const read = leech.disk.verifiedBytes;
  leech.session.resume(torrent.id);
  expect(world.clock.run(20_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.disk.verifiedBytes).toBeGreaterThan(read);
});

test('that one at rest is to be read again is recorded as soon as that can be', () => {
  const { world, torrent, leech } = worldWith({ x: 3 * MIB });
  const row = () => leech.session.rows()[0];
  leech.session.pause(torrent.id);
  world.clock.run(4_000);
  leech.stateProblem = 'the disk is full';
  leech.session.recheck(torrent.id);
  world.clock.run(10);
  leech.session.pause(torrent.id);
  world.clock.run(3_000);
  expect(row()).toMatchObject({ state: 'paused', done: 0, problem: { code: 'state-not-saved' } });
  leech.stateProblem = '';
  expect(world.clock.run(10_000, () => row()?.problem === null)).toBe(true);
  world.clock.run(10_000);
  leech.restart();
  const read = leech.disk.verifiedBytes;
  leech.session.resume(torrent.id);
  expect(world.clock.run(10_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.disk.verifiedBytes - read).toBe(3 * MIB);
});

test('without a store it says what is missing', () => {
  const { torrent, leech } = worldWith({ x: MIB });
  leech.session.detach();
  expect(() => leech.session.recheck(torrent.id)).toThrow('while the helper is away');
});
