/** Files that are read while they come: what lies ahead of a reader is there by the time that it gets there. */
import { expect, test } from 'vitest';
import { isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECE = 256 * KIB;

function refusal(open: () => unknown): string {
  try {
    open();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Seeds of these speeds, and one who fetches a file of that size and others. */
function swarm(seed: number, rates: readonly number[], size = 40 * MIB, more: Readonly<Record<string, number>> = {}) {
  const world = new World(seed);
  const torrent = makeTorrent({ film: size, ...more }, PIECE, seed);
  for (const [index, rate] of rates.entries()) seedOn(world.host(`10.0.0.${index + 1}`, { rate }), torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  const film = [...torrent.contents.values()][0]!;
  const play = (rate: number, from = 0) => leech.readers.play(torrent.id, 0, rate, film, from);
  return { world, torrent, leech, film, play };
}

test('who plays at two thirds of what the swarm can bring never waits, and the rest of it comes as well', () => {
  const { world, leech, torrent, film, play } = swarm(301, Array<number>(8).fill(187_500), 40 * MIB, { other: 16 * MIB });
  world.clock.run(3_000);
  const reader = play(1e6);
  expect(world.clock.run(60_000, () => reader.played >= film.length * 0.75)).toBe(true);
  // A third of the bandwidth is for what nobody waits for.
  expect(leech.session.detail(torrent.id)?.files[1]?.done).toBeGreaterThan(2 * MIB);
  expect(world.clock.run(120_000, () => reader.isDone)).toBe(true);
  expect(reader.startedAfter).toBeLessThan(8_000);
  expect(reader.starved).toBe(0);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
});

test('a seek into the middle is served within seconds, and what lay ahead before is urgent no more', () => {
  const { world, play } = swarm(302, Array<number>(8).fill(187_500));
  world.clock.run(3_000);
  const first = play(1e6);
  expect(world.clock.run(10_000, () => first.played > 2 * MIB)).toBe(true);
  first.leave();
  const second = play(1e6, 28 * MIB);
  expect(world.clock.run(15_000, () => second.startedAfter < Infinity)).toBe(true);
  expect(second.startedAfter).toBeLessThan(8_000);
  expect(world.clock.run(60_000, () => second.isDone)).toBe(true);
  expect(second.starved).toBe(0);
});

test('what is on the line when it is called off for a reader is kept, and not fetched again', () => {
  const { world, torrent, leech, play } = swarm(312, [10e6], 16 * MIB);
  const sent = (): number => world.internet.sent.get('10.0.0.1') ?? 0;
  // It was asked for a megabyte, and nobody knows yet how fast it is.
  expect(world.clock.run(20_000, () => sent() > 0)).toBe(true);
  const reader = play(1e6, 12 * MIB);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(reader.startedAfter).toBeLessThan(2_000);
  expect(sent()).toBe(torrent.size);
});

test('the end of a file, which some players read first, comes first then', () => {
  const { world, play } = swarm(303, [500_000, 500_000, 500_000]);
  world.clock.run(1_000);
  const tail = play(1e6, 40 * MIB - 100_000);
  expect(world.clock.run(6_000, () => tail.isDone)).toBe(true);
});

test('a slow peer that holds the piece in front keeps nobody waiting', () => {
  const { world, play } = swarm(304, [4_000, 700_000, 700_000]);
  // The slow one is asked for blocks before anybody reads.
  world.clock.run(6_000);
  const reader = play(700_000);
  expect(world.clock.run(120_000, () => reader.isDone)).toBe(true);
  expect(reader.startedAfter).toBeLessThan(8_000);
  expect(reader.starved).toBeLessThan(2_000);
});

test('in order, a slow peer that holds the front does not keep what stands behind it waiting for long', () => {
  const world = new World(305);
  const torrent = makeTorrent({ film: 16 * MIB }, PIECE, 305);
  for (const [index, rate] of [3_000, 500_000, 500_000].entries()) seedOn(world.host(`10.0.0.${index + 1}`, { rate }), torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  leech.session.set(torrent.id, { sequential: true });
  world.clock.run(14_000);
  const film = torrent.contents.get('film')!;
  const there = leech.file('film')!;
  const isThere = (piece: number) =>
    there[piece * PIECE] === film[piece * PIECE] && there[piece * PIECE + 1] === film[piece * PIECE + 1];
  const pieces = Array.from({ length: film.length / PIECE }, (_, piece) => isThere(piece));
  const front = pieces.indexOf(false);
  const count = pieces.filter(Boolean).length;
  expect(count).toBeGreaterThan(24);
  // All but the last few in the making.
  expect(front).toBeGreaterThan(count - 16);
});

test('who reads faster than the swarm is slowed by it alone, and gets every byte', () => {
  const { world, leech, torrent, film, play } = swarm(306, [300_000, 300_000], 12 * MIB, { other: 4 * MIB });
  world.clock.run(2_000);
  const reader = play(100e6);
  expect(world.clock.run(120_000, () => reader.isDone)).toBe(true);
  expect(reader.at).toBe(film.length);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
});

test('ends with the torrent at rest, with its file not chosen, and is not begun then', () => {
  const { world, leech, torrent, play } = swarm(307, [100_000], 8 * MIB, { other: MIB });
  world.clock.run(2_000);
  const [first, second] = [play(1e6), play(1e6, 4 * MIB)];
  world.clock.run(2_000);
  leech.session.prioritise(torrent.id, [0], 'skip');
  world.clock.run(1_000);
  expect([first.isRefused, second.isRefused]).toEqual([true, true]);
  expect(() => play(1e6)).toThrow('not chosen');
  leech.session.prioritise(torrent.id, [0], 'normal');
  const third = play(1e6);
  world.clock.run(1_000);
  expect(third.isRefused).toBe(false);
  leech.session.pause(torrent.id);
  world.clock.run(1_000);
  expect(third.isRefused).toBe(true);
  expect(world.clock.run(5_000, () => refusal(() => play(1e6)).includes('paused'))).toBe(true);
  leech.session.resume(torrent.id);
  world.clock.run(2_000);
  const fourth = play(1e6);
  expect(world.clock.run(200_000, () => fourth.isDone)).toBe(true);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
});

test('a file that is all there is read while its torrent rests, or waits for its turn, which then lets go of everything again', () => {
  const { world, leech, torrent, play } = swarm(310, [2e6], 4 * MIB, { other: 6 * MIB });
  leech.session.prioritise(torrent.id, [0], 'high');
  expect(world.clock.run(60_000, () => leech.session.detail(torrent.id)?.files[0]?.done === 4 * MIB)).toBe(true);
  const sent = () => world.internet.sent.get('10.0.0.1');
  const state = () => leech.session.rows().find(({ id }) => id === torrent.id)?.state;
  leech.session.pause(torrent.id);
  world.clock.run(10_000);
  const before = sent();
  for (const from of [0, 2 * MIB]) {
    expect(refusal(() => play(1e6, from))).toContain('in a moment');
    world.clock.run(500);
    const reader = play(1e6, from);
    expect(world.clock.run(20_000, () => reader.isDone)).toBe(true);
    expect(refusal(() => leech.readers.play(torrent.id, 1, 1e6, [...torrent.contents.values()][1]!))).toContain('not all there');
    expect([state(), sent()]).toEqual(['paused', before]);
    expect(leech.store.openCount).toBe(1);
    expect(world.clock.run(60_000, () => leech.store.openCount === 0)).toBe(true);
  }
  const other = makeTorrent({ another: 1 * MIB }, PIECE, 311);
  leech.session.configure({ maxActiveDownloads: 1 });
  leech.session.start(leech.session.add({ kind: 'file', bytes: other.bytes }).id, null, ROOT);
  leech.session.move([other.id], 'top');
  leech.session.resume(torrent.id);
  world.clock.run(5_000);
  expect(state()).toBe('queued');
  expect(refusal(() => play(1e6))).toContain('in a moment');
  world.clock.run(500);
  const reader = play(1e6);
  expect(world.clock.run(20_000, () => reader.isDone)).toBe(true);
});

test('more readers than a torrent takes are turned away', () => {
  const { world, play } = swarm(308, [50_000], 8 * MIB);
  world.clock.run(2_000);
  const readers = Array.from({ length: 40 }, (_, at) => play(1e6, at * 100_000));
  world.clock.run(500);
  expect(readers.filter(({ isRefused }) => isRefused).length).toBe(8);
});

test('reads on after the daemon was gone, once it is opened anew', () => {
  const { world, leech, play } = swarm(309, [500_000, 500_000], 12 * MIB);
  world.clock.run(2_000);
  const before = play(500_000);
  world.clock.run(4_000);
  leech.crashDaemon();
  world.clock.run(100, () => false);
  before.leave();
  expect(world.clock.run(20_000, () => leech.session.rows()[0]?.state === 'downloading')).toBe(true);
  const after = play(500_000, before.at);
  expect(world.clock.run(60_000, () => after.isDone)).toBe(true);
});

test('who reads slowly is not cut off, however many other files are opened meanwhile', () => {
  const names = Array.from({ length: 1_000 }, (_, at) => `other ${at}`);
  const others = Object.fromEntries(names.map(name => [name, 32 * KIB]));
  const { world, leech, torrent, play } = swarm(310, [1e6, 1e6], 48 * MIB, others);
  const rest = names.map((_, at) => at + 1);
  leech.session.prioritise(torrent.id, rest, 'high');
  world.clock.run(1_000);
  const reader = play(100_000);
  world.clock.run(40_000);
  const isThere = (at: number): boolean => leech.session.detail(torrent.id)?.files[at]?.done === 32 * KIB;
  expect(rest.every(isThere)).toBe(true);
  expect(reader.isRefused).toBe(false);
  expect(reader.isDone).toBe(false);
});
