/** Pieces that are half-fetched when their torrent rests. */
import { expect, test } from 'vitest';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { seeds } from './seeds.ts';

const [only = 1] = seeds(961);

function atRest(host: SimHost, id: string): Torrent['substance']['atRest'] {
  const { torrents } = host.session as unknown as { readonly torrents: { get(id: string): Torrent } };
  return torrents.get(id).substance.atRest;
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
