/** In which order pieces come where a person wants another than the rarest first. */
import { expect, test } from 'vitest';
import { atTimes } from './crowd.ts';
import { isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

const KIB = 1024;
const PIECE = 32 * KIB;
type Torrent = ReturnType<typeof makeTorrent>;

/** Seeds of these speeds, and one who fetches; tells the pieces in the order in which they came. */
function download(
  seed: number,
  rates: readonly number[],
  sizes: readonly number[],
  options: Parameters<SimHost['session']['set']>[1],
) {
  const world = new World(seed);
  const torrent = makeTorrent(Object.fromEntries(sizes.map((size, index) => [`f${index}`, size])), PIECE, seed);
  for (const [index, rate] of rates.entries()) seedOn(world.host(`10.0.0.${index + 1}`, { rate }), torrent);
  world.clock.run(5_000);
  const leech = world.host('10.0.1.1');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  leech.session.set(torrent.id, options);
  const came: number[] = [];
  const note = atTimes(world, () => {
    const known = new Set(came);
    for (const piece of written(leech, torrent)) if (!known.has(piece)) came.push(piece);
    return isSeeding(leech, torrent.id)();
  });
  return { world, torrent, leech, came, note };
}

/** The pieces that are on its disk. */
function written(host: SimHost, torrent: Torrent): number[] {
  const pieces = new Set<number>();
  let at = 0;
  for (const [path, content] of torrent.contents) {
    const there = host.disk.files.get(`${ROOT}/${path}`)?.bytes ?? new Uint8Array(0);
    for (let piece = Math.ceil(at / PIECE); (piece + 1) * PIECE <= at + content.length; piece++) {
      const from = piece * PIECE - at;
      if (Buffer.compare(there.subarray(from, from + 64), content.subarray(from, from + 64)) === 0) pieces.add(piece);
    }
    at += content.length;
  }
  return [...pieces];
}

/** How far on average a piece came from its place. */
function disorder(came: readonly number[]): number {
  return came.reduce((sum, piece, at) => sum + Math.abs(piece - at), 0) / came.length;
}

test('in the order of the torrent, also over a restart', () => {
  const { world, torrent, leech, came, note } = download(141, [1e6], [6 << 20], { sequential: true });
  expect(world.clock.run(3_000, note)).toBe(false);
  expect(came.length).toBeGreaterThan(20);
  leech.restart();
  expect(leech.session.rows()[0]?.options.sequential).toBe(true);
  expect(world.clock.run(60_000, note)).toBe(true);
  expect(came.length).toBe(torrent.size / PIECE);
  expect(disorder(came)).toBeLessThan(4);
});

test('otherwise by chance and rarity, until it is switched on in mid-download', () => {
  const { world, torrent, leech, came, note } = download(142, [1e6], [16 << 20], { sequential: false });
  expect(world.clock.run(2_000, note)).toBe(false);
  const before = came.length;
  expect(before).toBeGreaterThan(20);
  expect(disorder(came)).toBeGreaterThan(30);
  leech.session.set(torrent.id, { sequential: true });
  expect(world.clock.run(60_000, note)).toBe(true);
  // What was asked for already comes yet.
  const rest = came.slice(before + 200);
  const sorted = [...rest].sort((a, b) => a - b);
  expect(disorder(rest.map(piece => sorted.indexOf(piece)))).toBeLessThan(16);
});

test('in order from several peers, as far as what each was asked for ahead allows', () => {
  const { world, torrent, came, note } = download(144, [300_000, 500_000], [16 << 20], { sequential: true });
  const half = torrent.size / PIECE / 2;
  expect(world.clock.run(60_000, () => note() || came.length >= half)).toBe(true);
  // Between the first that is missing and the last that came lie a few seconds of their rates.
  expect(came.filter(piece => piece < half).length).toBeGreaterThan(half - 150);
  expect(Math.max(...came)).toBeLessThan(half + 150);
});

test('the ends of each file first', () => {
  const sizes = [2 << 20, 1 << 20, 3 << 20];
  const { world, came, note } = download(143, [200_000, 300_000, 500_000], sizes, { firstLast: true });
  expect(world.clock.run(60_000, note)).toBe(true);
  const ends = [0, 63, 64, 95, 96, 191];
  const places = ends.map(piece => came.indexOf(piece));
  expect(Math.max(...places)).toBeLessThan(40);
});
