/** Which files come, and in which order, by their priorities. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { atTimes } from './crowd.ts';
import { isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { shownFiles } from '../../sw/engine/priorities.ts';

const KIB = 1024;
const PRIORITIES = ['skip', 'low', 'normal', 'high', 'first'] as const;
type Torrent = ReturnType<typeof makeTorrent>;

const priority = fc.constantFrom(...PRIORITIES);
const file = fc.oneof(fc.nat(300 * KIB), fc.constantFrom(0, 1, 16 * KIB, 64 * KIB, 128 * KIB));
const change = fc.record({ after: fc.nat(1_500), file: fc.nat(7), to: priority });
const download = fc.record({
  seed: fc.nat(1e6),
  pieceLength: fc.constantFrom(16 * KIB, 64 * KIB, 256 * KIB),
  files: fc.array(file, { minLength: 2, maxLength: 8 }),
  chosen: fc.array(priority, { minLength: 8, maxLength: 8 }),
  changes: fc.array(change, { maxLength: 6 }),
});

function swarm(seed: number, sizes: readonly number[], pieceLength: number, rate: number) {
  const world = new World(seed);
  const torrent = makeTorrent(Object.fromEntries(sizes.map((size, index) => [`f${index}`, size])), pieceLength, seed);
  const source = world.host('10.0.0.1', { rate });
  source.session.configure({ encryption: 'off' });
  seedOn(source, torrent);
  world.clock.run(5_000, isSeeding(source, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.configure({ encryption: 'off' });
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  return { world, torrent, leech };
}

function filesOf(leech: SimHost, torrent: Torrent) {
  return leech.session.detail(torrent.id)?.files ?? [];
}

test('no choice of priorities, whenever it is made, leaves a wanted file without its end', () => {
  fc.assert(
    fc.property(download, ({ seed, pieceLength, files, chosen, changes }) => {
      fc.pre(files.some(size => size > 0));
      const { world, torrent, leech } = swarm(seed, files, pieceLength, 300_000);
      leech.session.start(torrent.id, chosen.slice(0, files.length), ROOT);
      for (const { after, file: index, to } of changes) {
        world.clock.run(after);
        if (index < files.length) leech.session.prioritise(torrent.id, [index], to);
      }
      const isWhole = (): boolean =>
        filesOf(leech, torrent).every(({ priority, size, done }) => priority === 'skip' || done === size);
      expect(
        world.clock.run(
          300_000,
          atTimes(world, () => isWhole() && isSeeding(leech, torrent.id)()),
        ),
      ).toBe(true);
      world.clock.run(100);
      filesOf(leech, torrent).forEach(({ priority }, index) => {
        if (priority === 'skip') return;
        const [written, content] = [leech.file(`folder/f${index}`), torrent.contents.get(`folder/f${index}`)];
        expect(written && content && Buffer.compare(written, content), `f${index}`).toBe(0);
      });
    }),
    { numRuns: 40 },
  );
});

test('what stands higher comes first, and what is skipped not at all', () => {
  const { world, torrent, leech } = swarm(121, [512 * KIB, 512 * KIB, 512 * KIB, 512 * KIB, 512 * KIB], 32 * KIB, 200_000);
  const chosen = ['low', 'first', 'skip', 'high', 'normal'] as const;
  leech.session.start(torrent.id, chosen, ROOT);
  const finished: number[] = [];
  const note = (): boolean => {
    filesOf(leech, torrent).forEach(({ size, done }, index) => {
      if (done === size && !finished.includes(index)) finished.push(index);
    });
    return isSeeding(leech, torrent.id)();
  };
  expect(world.clock.run(60_000, note)).toBe(true);
  expect(finished).toEqual([1, 3, 4, 0]);
  expect(filesOf(leech, torrent).map(({ priority }) => priority)).toEqual(chosen);
});

test('priorities outlive the engine', () => {
  const { world, torrent, leech } = swarm(122, [64 * KIB, 64 * KIB, 64 * KIB], 32 * KIB, 300_000);
  leech.session.start(torrent.id, ['low', 'normal', 'normal'], ROOT);
  leech.session.prioritise(torrent.id, [1, 2, 9], 'first');
  leech.session.prioritise(torrent.id, [2], 'skip');
  world.clock.run(100);
  leech.restart();
  expect(filesOf(leech, torrent).map(({ priority }) => priority)).toEqual(['low', 'first', 'skip']);
});

test('are numbered without the padding, which nobody sees', () => {
  const pad = { length: 1, offset: 0, path: ['.pad'], pad: true };
  const plain = { ...pad, path: ['x'], pad: false };
  expect(shownFiles([plain, pad, plain, pad, plain])).toEqual([0, 2, 4]);
});
