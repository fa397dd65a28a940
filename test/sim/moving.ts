/** A torrent of a few files on one host, and what is on that host's disk. */
import { expect } from 'vitest';
import { isSeeding, makeTorrent, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

/** A second root. */
export const OTHER = 'other';
const PIECE = 64 * 1024;
type Torrent = ReturnType<typeof makeTorrent>;

export function swarm(seed: number, sizes: Readonly<Record<string, number>>, rate = 1e6) {
  const world = new World(seed);
  const torrent = makeTorrent(sizes, PIECE, seed);
  const source = world.host('10.0.0.1', { rate });
  seedOn(source, torrent);
  world.clock.run(5_000, isSeeding(source, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  return { world, torrent, source, leech };
}

export const SIZES = { 'a/one': 300_000, two: 150_000, 'a/b/three': 500_000, empty: 0 };

export function paths(host: SimHost): string[] {
  return [...host.disk.files.keys()].sort();
}

/** The files of the torrent are exactly these, by where they now lie, byte for byte. */
export function expectAt(host: SimHost, torrent: Torrent, where: Readonly<Record<string, string>>): void {
  expect(paths(host)).toEqual(Object.values(where).sort());
  for (const [own, path] of Object.entries(where)) {
    const file = host.disk.files.get(path);
    const there = file?.bytes.subarray(0, file.size) ?? new Uint8Array(1);
    expect(Buffer.compare(there, torrent.contents.get(own) ?? new Uint8Array(0)), path).toBe(0);
  }
}

/** Where the files of {@link SIZES} lie, by their own paths. */
export const allUnder = (root: string, folder = 'folder') =>
  Object.fromEntries(Object.keys(SIZES).map(path => [`folder/${path}`, `${root}/${folder}/${path}`]));

export const filesOf = (host: SimHost, id: string): string[] =>
  host.session.detail(id)?.files.map(({ path }) => path.join('/')) ?? [];
export const problemOf = (host: SimHost) => host.session.rows()[0]?.problem;
