/** Pieces that are half-fetched when their torrent rests. */
import { expect, test } from 'vitest';
import { readTag } from '../../sw/engine/piece-tag.ts';
import type { PartialRecord } from '../../sw/engine/partials.ts';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { seeds } from './seeds.ts';

const [only = 1] = seeds(961);

function atRest(host: SimHost, id: string): Torrent['substance']['atRest'] {
  const { torrents } = host.session as unknown as { readonly torrents: { get(id: string): Torrent } };
  return torrents.get(id).substance.atRest;
}

function sorted(partials: readonly PartialRecord[]): PartialRecord[] {
  return partials.toSorted(([a = 0], [b = 0]) => a - b);
}

/** A leech that is paused with pieces of a megabyte half-fetched, and at rest. */
function halfDone(run: number) {
  const world = new World(run);
  const torrent = makeTorrent({ 'a.bin': 3 << 20, 'b.bin': 1 << 20 }, 1 << 20, run);
  const seed = world.host('10.0.0.1', { rate: 200_000 });
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(9_500);
  leech.session.pause(torrent.id);
  expect(world.clock.run(5_000, () => atRest(leech, torrent.id) !== null)).toBe(true);
  const sent = () => world.internet.sent.get(seed.name) ?? 0;
  const partials = atRest(leech, torrent.id)?.saved?.partials ?? [];
  expect(partials.length).toBeGreaterThan(0);
  return { world, torrent, leech, partials, sent, buffers: () => leech.store.buffers.size };
}

test.each(seeds(961, 962))('half-fetched pieces outlive a pause, and a restart in it, with no buffer kept (seed %i)', run => {
  const { world, torrent, leech, sent, buffers } = halfDone(run);
  expect(buffers()).toBe(0);
  leech.restart();
  world.clock.run(3_000);
  leech.session.resume(torrent.id);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  // Nothing but what was under way at the pause comes twice.
  expect(sent()).toBeLessThan(torrent.size * 1.02 + 200_000);
});

test('a half-fetched piece whose bytes were changed meanwhile is fetched anew, and nobody is blamed for it', () => {
  const { world, torrent, leech, partials } = halfDone(only);
  for (const [path, { bytes }] of leech.disk.files) {
    const start = path.endsWith('b.bin') ? 3 : 0;
    for (const [piece = 0, offset = 0] of partials) {
      const at = ((piece - start) << 20) + offset;
      if (at >= 0) bytes.fill(0xee, at, at + 9);
    }
  }
  leech.session.resume(torrent.id);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a half-fetched piece on a boundary keeps the place of what is aside of it, however long it takes to the disk', () => {
  const world = new World(only);
  const torrent = makeTorrent({ 'a.bin': 1_500_000, 'b.bin': 500_000 }, 1 << 20, only);
  const seed = world.host('10.0.0.1', { rate: 200_000 });
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['normal', 'skip'], ROOT);
  const { torrents } = leech.session as unknown as { readonly torrents: { get(id: string): Torrent } };
  const boundary = () => torrents.get(torrent.id).content?.downloader.active.get(1);
  expect(world.clock.run(20_000, () => (boundary()?.landed.length ?? 0) > 0)).toBe(true);
  // The record is written meanwhile.
  leech.store.parkTime = 4_000;
  leech.session.pause(torrent.id);
  expect(world.clock.run(10_000, () => atRest(leech, torrent.id) !== null)).toBe(true);
  const saved = atRest(leech, torrent.id)?.saved;
  expect(saved?.partials.map(([piece]) => piece)).toContain(1);
  expect(saved?.parts.map(([piece]) => piece)).toEqual([1]);
  leech.session.resume(torrent.id);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  const came = world.internet.sent.get(seed.name) ?? 0;
  expect(came).toBeLessThan(torrent.size * 1.02 + 200_000);
});

test.each(seeds(963, 964))('a piece that goes to the disk as it comes keeps what is there when that is full (seed %i)', run => {
  const world = new World(run);
  const torrent = makeTorrent({ 'a.bin': 2 << 20 }, 1 << 20, run);
  const seed = world.host('10.0.0.1', { rate: 100_000 });
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.store.backed = 256 * 1024;
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  const state = () => leech.session.rows()[0]?.state;
  world.clock.run(9_000);
  leech.disk.writing = 'full';
  expect(world.clock.run(5_000, () => state() === 'error')).toBe(true);
  expect(leech.session.rows()[0]?.problem?.code).toBe('disk-full');
  expect(leech.session.rows()[0]?.done).toBe(0);
  world.clock.run(3_000);
  leech.restart();
  leech.store.backed = 256 * 1024;
  leech.disk.writing = null;
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get(seed.name) ?? 0).toBeLessThan(torrent.size + 150_000);
});

test.each(seeds(965, 966))(
  'a piece that the store has begun to write at a pause is found after it, not fetched (seed %i)',
  run => {
    const world = new World(run);
    const torrent = makeTorrent({ 'a.bin': 3 << 20 }, 256 * 1024, run);
    const seed = world.host('10.0.0.1', { rate: 200_000 });
    seedOn(seed, torrent);
    const leech = world.host('10.0.0.2');
    leech.session.add({ kind: 'file', bytes: torrent.bytes });
    leech.session.start(torrent.id, null, ROOT);
    const { torrents } = leech.session as unknown as { readonly torrents: { get(id: string): Torrent } };
    const active = () => torrents.get(torrent.id).content?.downloader.active;
    /** The store has it whole, and has not told so. */
    const begun = () => [...leech.store.buffers].find(([, { state }]) => state === 'committing')?.[0] ?? 0;
    world.clock.run(3_000);
    expect(world.clock.run(5_000, () => active()?.ofBuffer(begun())?.stage === 'open')).toBe(true);
    const piece = active()?.ofBuffer(begun())?.index;
    const opened: (number | undefined)[] = [];
    const begin = leech.store.begin.bind(leech.store);
    leech.store.begin = (...args) => {
      opened.push(readTag(args[2])?.piece);
      begin(...args);
    };
    leech.session.pause(torrent.id);
    expect(world.clock.run(5_000, () => atRest(leech, torrent.id) !== null)).toBe(true);
    expect(leech.store.buffers.size).toBe(0);
    leech.session.resume(torrent.id);
    expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(opened.length).toBeGreaterThan(0);
    expect(opened).not.toContain(piece);
  },
);

test('half-fetched pieces outlive a pause that comes before the store has refused to go on with them', () => {
  const { world, torrent, leech, partials, sent, buffers } = halfDone(only);
  const before = sent();
  leech.store.isFull = true;
  leech.session.resume(torrent.id);
  expect(world.clock.run(20_000, () => leech.store.refusals > 0)).toBe(true);
  leech.session.pause(torrent.id);
  expect(world.clock.run(5_000, () => atRest(leech, torrent.id) !== null)).toBe(true);
  expect(sorted(atRest(leech, torrent.id)?.saved?.partials ?? [])).toEqual(sorted(partials));
  expect(buffers()).toBe(0);
  leech.store.isFull = false;
  leech.session.resume(torrent.id);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(sent() - before).toBeLessThan(torrent.size);
});
