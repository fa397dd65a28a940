/** What wanted pieces hold of files that are not is kept aside, and moves into the files once they are wanted. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Parts } from '../../sw/engine/parts.ts';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { seeded } from './clock.ts';
import { atTimes } from './crowd.ts';
import { isSeeding, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';

const KIB = 1024;
const PIECE = 64 * KIB;
type Torrent = ReturnType<typeof makeTorrent>;

function swarm(seed: number, sizes: readonly number[], rate = 1e6) {
  const world = new World(seed);
  const torrent = makeTorrent(Object.fromEntries(sizes.map((size, index) => [`f${index}`, size])), PIECE, seed);
  const source = world.host('10.0.0.1', { rate });
  seedOn(source, torrent);
  world.clock.run(5_000, isSeeding(source, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  return { world, torrent, source, leech };
}

function onDisk(host: SimHost): string[] {
  return [...host.disk.files.keys()].map(path => path.replace(`${ROOT}/`, '').replace('folder/', '')).sort();
}

function partsOf(torrent: Torrent): string {
  return `.starling-${torrent.id}.parts`;
}

function isRight(host: SimHost, torrent: Torrent, index: number): boolean {
  const [there, content] = [host.file(`folder/f${index}`), torrent.contents.get(`folder/f${index}`)];
  return there !== undefined && content !== undefined && Buffer.compare(there, content) === 0;
}

/** Pieces whose bytes, where the record says that they are, are not what it vouches for. */
function wronglyClaimed(host: SimHost, torrent: Torrent): number[] {
  const value = host.records.get(`t/${torrent.id}/progress`);
  const record = value ? decodeProgressRecord(value) : null;
  if (!record) return [];
  const { layout, pieceHashes } = parseTorrent(torrent.bytes);
  const parts = new Parts(layout, torrent.id, () => true, record.parts);
  return Array.from({ length: layout.pieceCount }, (_, piece) => piece).filter(piece => {
    if ((((record.have[piece >> 3] ?? 0) >> (7 - (piece & 7))) & 1) === 0) return false;
    const bytes = parts.spans(piece).map(({ file, offset, length }) => {
      const path = file === parts.index ? parts.path : (layout.files[file]?.path ?? []);
      const there = host.disk.files.get([ROOT, ...path].join('/'))?.bytes;
      return there?.subarray(offset, offset + length) ?? new Uint8Array(0);
    });
    const hash = createHash('sha1').update(Buffer.concat(bytes)).digest();
    return Buffer.compare(hash, pieceHashes.subarray(piece * 20, piece * 20 + 20)) !== 0;
  });
}

test('a piece on a boundary comes whole, is given on and found again, and the file beside it is not touched', () => {
  const { world, torrent, source, leech } = swarm(131, [100_000, 30_000, 200_000]);
  leech.session.start(torrent.id, ['normal', 'skip', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  expect(onDisk(leech)).toEqual([partsOf(torrent), 'f0']);
  expect(isRight(leech, torrent, 0)).toBe(true);
  expect(leech.session.detail(torrent.id)?.piecesDone).toBe(2);

  const read = leech.disk.verifiedBytes;
  leech.restart();
  expect(world.clock.run(10_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.session.detail(torrent.id)?.piecesDone).toBe(2);
  expect(leech.disk.verifiedBytes).toBe(read);

  source.vanish();
  const other = world.host('10.0.0.3');
  other.session.add({ kind: 'file', bytes: torrent.bytes });
  other.session.start(torrent.id, ['normal', 'normal', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(other, torrent.id))).toBe(true);
  expect(isRight(other, torrent, 1)).toBe(true);
});

test('once the files are wanted the parts move there, and nothing comes a second time', () => {
  const { world, torrent, source, leech } = swarm(132, [100_000, 30_000, 200_000, 10]);
  leech.session.start(torrent.id, ['normal', 'skip', 'skip', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  leech.session.prioritise(torrent.id, [1], 'normal');
  world.clock.run(3_000);
  // All of it was there, in the one piece.
  expect(onDisk(leech)).toEqual([partsOf(torrent), 'f0', 'f1']);
  expect(isRight(leech, torrent, 1)).toBe(true);
  leech.session.prioritise(torrent.id, [2, 3], 'low');
  expect(world.clock.run(60_000, () => leech.session.detail(torrent.id)?.piecesDone === 6)).toBe(true);
  world.clock.run(3_000);
  expect(onDisk(leech)).toEqual(['f0', 'f1', 'f2', 'f3']);
  for (const index of [0, 1, 2, 3]) expect(isRight(leech, torrent, index), `f${index}`).toBe(true);
  expect(world.internet.sent.get(source.name)).toBe(torrent.size);
  leech.restart();
  expect(world.clock.run(10_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.session.detail(torrent.id)?.piecesDone).toBe(6);
});

test('a parts file that somebody deleted or changed costs its pieces, and no more', () => {
  const { world, torrent, leech } = swarm(133, [100_000, 30_000, 200_000]);
  const path = `${ROOT}/${partsOf(torrent)}`;
  leech.session.start(torrent.id, ['normal', 'skip', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  leech.disk.files.delete(path);
  leech.restart();
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  expect(wronglyClaimed(leech, torrent)).toEqual([]);
  const parts = leech.disk.files.get(path);
  parts?.bytes.fill(0);
  if (parts) parts.mtime += 10_000;
  leech.restart();
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  expect(wronglyClaimed(leech, torrent)).toEqual([]);
  expect(isRight(leech, torrent, 0)).toBe(true);
});

test('a disk that takes no more stops the torrent, and the parts are moved once it does again', () => {
  const { world, torrent, leech } = swarm(134, [100_000, 30_000]);
  leech.session.start(torrent.id, ['normal', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  leech.disk.problem = 'full';
  leech.session.prioritise(torrent.id, [1], 'normal');
  world.clock.run(3_000);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'error', problem: { code: 'disk-full' } });
  leech.disk.problem = null;
  leech.session.resume(torrent.id);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(3_000);
  expect(onDisk(leech)).toEqual(['f0', 'f1']);
  expect(isRight(leech, torrent, 1)).toBe(true);
});

test.each([true, false])('the parts file goes with the torrent (its data too: %s)', withData => {
  const { world, torrent, leech } = swarm(135, [100_000, 30_000]);
  leech.session.start(torrent.id, ['normal', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(1_500);
  leech.session.remove(torrent.id, withData);
  world.clock.run(2_000);
  expect(onDisk(leech)).toEqual(withData ? [] : ['f0']);
});

const priority = fc.constantFrom('skip' as const, 'skip' as const, 'normal' as const, 'high' as const);
const event = fc.record({
  after: fc.nat(2_500),
  what: fc.constantFrom('restart', 'crash', 'cut', 'prioritise', 'prioritise', 'prioritise'),
  file: fc.nat(6),
  to: priority,
});
const life = fc.record({
  seed: fc.nat(1e6),
  files: fc.array(fc.oneof(fc.integer({ min: 1, max: 200 * KIB }), fc.integer({ min: 1, max: 20 * KIB })), {
    minLength: 3,
    maxLength: 7,
  }),
  chosen: fc.array(priority, { minLength: 7, maxLength: 7 }),
  events: fc.array(event, { maxLength: 10 }),
});

test('nothing is lost, claimed or put where it was not asked for, whatever ends and whatever is chosen when', () => {
  fc.assert(
    fc.property(life, ({ seed, files, chosen, events }) => {
      const { world, torrent, leech } = swarm(seed, files, 200_000);
      const chance = seeded(seed);
      const wanted = new Set(files.flatMap((_, index) => (chosen[index] === 'skip' ? [] : [index])));
      leech.session.start(torrent.id, chosen.slice(0, files.length), ROOT);
      // Until it is recorded that there is such a torrent.
      world.clock.run(10);
      for (const { after, what, file, to } of events) {
        world.clock.run(after);
        if (what === 'prioritise') {
          if (file < files.length && to !== 'skip') wanted.add(file);
          leech.session.prioritise(torrent.id, [file], to);
        } else if (what === 'restart') leech.restart();
        else if (what === 'crash') leech.crashDaemon();
        else leech.powerCut(chance);
        expect(wronglyClaimed(leech, torrent)).toEqual([]);
      }
      expect(world.clock.run(300_000, atTimes(world, isSeeding(leech, torrent.id))), stateOf(leech, torrent.id)).toBe(true);
      world.clock.run(5_000);
      expect(wronglyClaimed(leech, torrent)).toEqual([]);
      for (const path of onDisk(leech)) if (path !== partsOf(torrent)) expect(wanted).toContain(Number(path.slice(1)));
      leech.session.detail(torrent.id)?.files.forEach(({ priority }, index) => {
        if (priority !== 'skip') expect(isRight(leech, torrent, index), `f${index}`).toBe(true);
      });
      leech.session.prioritise(
        torrent.id,
        files.map((_, index) => index),
        'normal',
      );
      const isWhole = (): boolean => leech.session.rows()[0]?.done === torrent.size;
      expect(world.clock.run(300_000, atTimes(world, isWhole))).toBe(true);
      world.clock.run(5_000);
      // What was deleted just before the power went may be there again.
      const cut = events.some(({ what }) => what === 'cut');
      expect(onDisk(leech).filter(path => !cut || path !== partsOf(torrent))).toEqual(files.map((_, index) => `f${index}`));
      for (const index of files.keys()) expect(isRight(leech, torrent, index), `f${index}`).toBe(true);
    }),
    { numRuns: 30 },
  );
});
