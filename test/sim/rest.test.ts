/** Torrents that do nothing: what they let go of, and that they come back with everything. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { seeded } from './clock.ts';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import { seeds } from './seeds.ts';

const PIECE = 32_768;
const FILES = { 'a.bin': 300_000, 'b.bin': 200_000, 'c.bin': 100_000 };
const [only = 1] = seeds(951);

function inside(host: SimHost, id: string): Torrent['substance'] {
  const { torrents } = host.session as unknown as { readonly torrents: { get(id: string): Torrent } };
  return torrents.get(id).substance;
}

function atRest(host: SimHost, id: string): boolean {
  const { atRest: kept, content, meta, pieceHashes } = inside(host, id);
  if (kept) expect([content, meta, pieceHashes]).toEqual([null, null, null]);
  return kept !== null;
}

/** All that is shown of it, but for what tells how long ago something was. */
function shown({ session }: SimHost, id: string) {
  const detail = session.detail(id);
  return {
    rows: session.rows(),
    ...detail,
    trackers: detail?.trackers.map(tracker => ({ ...tracker, ago: null, failed: null })),
  };
}

/** A leech that has some of it, paused and at rest, and a seed that is away until it is asked for. */
function resting(run = only, rate = 40_000) {
  const world = new World(run);
  const torrent = makeTorrent(FILES, PIECE, run);
  const seed = world.host('10.0.0.1', { rate });
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(6_000);
  leech.session.pause(torrent.id);
  expect(world.clock.run(5_000, () => atRest(leech, torrent.id))).toBe(true);
  const { id } = torrent;
  return { world, torrent, leech, id, detail: () => leech.session.detail(id), row: () => leech.session.rows()[0] };
}

test.each(seeds(951, 952))(
  'a paused torrent lets go once all is recorded, looks as before, and goes on from there (seed %i)',
  run => {
    const world = new World(run);
    const torrent = makeTorrent(FILES, PIECE, run);
    const seed = world.host('10.0.0.1', { rate: 40_000 });
    seedOn(seed, torrent);
    const leech = world.host('10.0.0.2');
    leech.session.add({ kind: 'file', bytes: torrent.bytes });
    leech.session.start(torrent.id, ['normal', 'skip', 'high'], ROOT);
    world.clock.run(5_000);
    leech.session.pause(torrent.id);
    expect(atRest(leech, torrent.id)).toBe(false);
    const before = shown(leech, torrent.id);
    expect(leech.session.detail(torrent.id)?.piecesDone).toBeGreaterThan(2);
    world.clock.run(5_000);
    expect(atRest(leech, torrent.id)).toBe(true);
    expect(shown(leech, torrent.id)).toEqual(before);
    const sent = world.internet.sent.get(seed.name) ?? 0;
    leech.session.resume(torrent.id);
    expect(stateOf(leech, torrent.id)).toBe('checking');
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    const again = (world.internet.sent.get(seed.name) ?? 0) - sent;
    expect(again).toBeLessThan(torrent.size - before.rows[0]!.done + 100_000);
  },
);

test('a torrent that waits for its turn lets go as well, after a start too, and has what it needs when it comes', () => {
  const world = new World(only);
  const torrents = [1, 2].map(n => makeTorrent({ [`${n}.bin`]: 300_000 }, PIECE, n));
  const seed = world.host('10.0.0.1', { rate: 100_000 });
  for (const torrent of torrents) seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.configure({ maxActiveDownloads: 1 });
  for (const { bytes } of torrents) leech.session.start(leech.session.add({ kind: 'file', bytes }).id, null, ROOT);
  const [first, second] = torrents.map(({ id }) => id);
  world.clock.run(1_000);
  expect([atRest(leech, first!), atRest(leech, second!)]).toEqual([false, true]);
  leech.restart();
  world.clock.run(1_000);
  expect([atRest(leech, first!), atRest(leech, second!)]).toEqual([false, true]);
  expect(leech.session.detail(second!)?.files).toMatchObject([{ path: ['2.bin'], size: 300_000, done: 0 }]);
  for (const torrent of torrents) {
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  }
});

test('restarts keep it at rest, and what it has', () => {
  const { world, torrent, leech, id, detail, row } = resting();
  const seen = () => [row(), detail()?.files, detail()?.pieces, detail()?.piecesDone, detail()?.hasMetadata];
  const before = seen();
  leech.restart();
  expect(atRest(leech, id)).toBe(true);
  expect(seen()).toEqual(before);
  leech.crashDaemon();
  leech.session.resume(id);
  world.clock.run(3);
  leech.restart();
  leech.powerCut(() => 0);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  expectAll(leech, torrent);
});

test('at every moment of coming back it may be paused, or end in any way', () => {
  for (let turn = 0; turn < 12; turn++) {
    const { world, torrent, leech, id } = resting(only + turn);
    leech.session.resume(id);
    world.clock.run(turn % 4);
    if (turn < 4) leech.restart();
    else if (turn < 8) leech.crashDaemon();
    else {
      leech.session.pause(id);
      leech.session.resume(id);
      leech.session.pause(id);
      world.clock.run(5_000);
      expect(atRest(leech, id)).toBe(true);
      leech.session.resume(id);
    }
    // The wish to go on may not have been recorded before the end.
    leech.session.resume(id);
    expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
    expectAll(leech, torrent);
  }
});

test('a record that cannot be read is asked for until it can, and says so; a pause ends that', () => {
  const { world, leech, id, row } = resting();
  leech.stateProblem = 'the disk is away';
  leech.session.resume(id);
  world.clock.run(12_000);
  expect(row()).toMatchObject({ state: 'checking', problem: { code: 'state-not-read', text: 'the disk is away' } });
  leech.session.pause(id);
  expect(row()).toMatchObject({ state: 'paused', problem: { code: 'state-not-saved' } });
  leech.session.resume(id);
  leech.stateProblem = '';
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
});

test.each([
  ['is not there', (): null => null],
  ['is of another torrent', (): Uint8Array => otherInfo()],
  ['is torn', (): Uint8Array => Uint8Array.of(0x64, 0x34)],
])('where the record of its files %s they are fetched anew, and nothing that it has is lost', (_, value) => {
  const { world, torrent, leech, id, row, detail } = resting();
  const done = row()?.done ?? 0;
  const bytes = value();
  if (bytes) leech.records.set(`t/${id}/info`, bytes);
  else leech.records.delete(`t/${id}/info`);
  leech.session.resume(id);
  world.clock.run(10);
  expect(row()).toMatchObject({ state: 'metadata', problem: { code: 'record-lost' } });
  expect(world.clock.run(60_000, () => (row()?.done ?? 0) >= done && detail()?.hasMetadata === true)).toBe(true);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.disk.verifiedBytes).toBeLessThan(torrent.size);
});

function otherInfo(): Uint8Array {
  const world = new World(1);
  const host = world.host('10.9.9.9');
  const other = makeTorrent({ 'other.bin': 50_000 }, PIECE, 99);
  seedOn(host, other);
  world.clock.run(3_000);
  return host.records.get(`t/${other.id}/info`) ?? new Uint8Array(0);
}

test('files are chosen while it rests, without its record, and that is kept', () => {
  const { world, leech, id, row, detail } = resting();
  const info = leech.records.get(`t/${id}/info`)!;
  leech.records.delete(`t/${id}/info`);
  const files = detail()?.files ?? [];
  leech.session.prioritise(id, [1, 2], 'skip');
  expect(row()).toMatchObject({ size: 300_000, done: files[0]?.done });
  leech.session.prioritise(id, [2], 'first');
  expect(row()).toMatchObject({ size: 400_000, done: (files[0]?.done ?? 0) + (files[2]?.done ?? 0) });
  expect(atRest(leech, id)).toBe(true);
  world.clock.run(2_000);
  leech.records.set(`t/${id}/info`, info);
  leech.restart();
  expect(detail()?.files.map(({ priority }) => priority)).toEqual(['normal', 'skip', 'first']);
});

test('what is wanted no more at rest makes it complete, and what is wanted again does not', () => {
  const { world, torrent, leech, id } = resting();
  leech.session.prioritise(id, [0, 1, 2], 'skip');
  expect(stateOf(leech, id)).toBe('done');
  leech.session.prioritise(id, [2], 'normal');
  expect(stateOf(leech, id)).toBe('paused');
  leech.session.resume(id);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  world.clock.run(3_000);
  expect(leech.file('folder/c.bin')).toEqual(torrent.contents.get('folder/c.bin'));
});

test('a check at rest reads all that may be there, also after a restart in its middle, and goes back to rest', () => {
  const { world, leech, id, row, detail } = resting();
  const done = row()?.done;
  const read = leech.disk.verifiedBytes;
  leech.session.recheck(id);
  expect(detail()?.piecesDone).toBe(0);
  expect(world.clock.run(10_000, () => stateOf(leech, id) === 'paused' && atRest(leech, id))).toBe(true);
  expect(row()?.done).toBe(done);
  expect(leech.disk.verifiedBytes - read).toBeGreaterThanOrEqual(done ?? 0);
  leech.session.recheck(id);
  world.clock.run(3);
  leech.restart();
  leech.session.resume(id);
  world.clock.run(1_000);
  expect(row()?.done).toBeGreaterThanOrEqual(done ?? 0);
  expect(leech.disk.verifiedBytes - read).toBeGreaterThanOrEqual(2 * (done ?? 0));
});

test('removed at rest, it leaves no record; its files stay, or go with it as they would have from work', () => {
  for (const withData of [false, true]) {
    const { world, leech, id } = resting();
    leech.disk.files.set(`${ROOT}/folder/mine.txt`, { bytes: new Uint8Array(3), size: 3, mtime: 1 });
    leech.session.remove(id, withData);
    world.clock.run(3_000);
    expect([...leech.records.keys()].filter(key => key.startsWith('t/'))).toEqual([]);
    expect(leech.disk.files.has(`${ROOT}/folder/mine.txt`)).toBe(true);
    expect(leech.disk.files.has(`${ROOT}/folder/a.bin`)).toBe(!withData);
  }
});

test('removed while its record is being read, it stays removed', () => {
  const { world, leech, id } = resting();
  leech.session.resume(id);
  leech.session.remove(id, true);
  world.clock.run(10_000);
  expect(leech.session.rows()).toEqual([]);
  expect([...leech.disk.files.keys()].filter(path => path.startsWith(ROOT))).toEqual([]);
});

test('parts that are aside come through it, and their file goes with the torrent', () => {
  const world = new World(only);
  const torrent = makeTorrent({ 'a.bin': 50_000, 'b.bin': 90_000, 'c.bin': 60_000 }, PIECE, only);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['skip', 'normal', 'skip'], ROOT);
  expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  leech.session.pause(torrent.id);
  expect(world.clock.run(5_000, () => atRest(leech, torrent.id))).toBe(true);
  const parts = `${ROOT}/.starling-${torrent.id}.parts`;
  expect(leech.disk.files.has(parts)).toBe(true);
  const copy = world.host('10.0.0.3');
  for (const [path, file] of leech.disk.files) copy.disk.files.set(path, { ...file, bytes: file.bytes.slice() });
  for (const [key, value] of leech.records) copy.records.set(key, value);
  copy.restart();
  expect(atRest(copy, torrent.id)).toBe(true);
  copy.session.remove(torrent.id, true);
  world.clock.run(1_000);
  expect([...copy.disk.files.keys()]).toEqual([]);
  leech.session.prioritise(torrent.id, [0, 2], 'normal');
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(5_000);
  expectAll(leech, torrent);
  expect(leech.disk.files.has(parts)).toBe(false);
});

test('its files are renamed and moved at rest, and it is at rest after that, whatever is asked meanwhile', () => {
  for (let turn = 0; turn < 6; turn++) {
    const { world, leech, id, detail } = resting(only + turn);
    leech.session.rename(id, ['folder', 'a.bin'], 'z.bin');
    expect(detail()?.files.map(({ path }) => path.join('/'))).toEqual(['folder/z.bin', 'folder/b.bin', 'folder/c.bin']);
    world.clock.run(turn);
    if (turn === 1) leech.crashDaemon();
    if (turn === 2) leech.session.resume(id);
    if (turn === 3) leech.session.recheck(id);
    if (turn === 4) {
      leech.session.resume(id);
      leech.session.pause(id);
    }
    // A wish that was not recorded is none.
    if (turn === 5) leech.restart();
    const isDone = (): boolean => leech.disk.files.has(`${ROOT}/folder/z.bin`) && stateOf(leech, id) !== 'moving';
    expect(world.clock.run(20_000, isDone)).toBe(true);
    expect(leech.disk.files.has(`${ROOT}/folder/a.bin`)).toBe(false);
    if (turn !== 2) expect(world.clock.run(20_000, () => atRest(leech, id))).toBe(true);
    leech.session.resume(id);
    expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
    leech.session.pause(id);
    expect(world.clock.run(5_000, () => atRest(leech, id))).toBe(true);
    leech.session.remove(id, true);
    world.clock.run(1_000);
    expect([...leech.disk.files.keys()]).toEqual([]);
  }
});

test('a magnet without its files has nothing to let go of, and goes on', () => {
  const world = new World(only);
  const torrent = makeTorrent(FILES, PIECE, only);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&tr=http%3A%2F%2Ftracker%2Fannounce` });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(2_000);
  leech.session.pause(torrent.id);
  world.clock.run(5_000);
  expect(atRest(leech, torrent.id)).toBe(false);
  leech.restart();
  seedOn(world.host('10.0.0.1'), torrent);
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('its .torrent, added again at rest, changes nothing', () => {
  const { world, torrent, leech, id, row } = resting();
  const before = row();
  expect(leech.session.add({ kind: 'file', bytes: torrent.bytes })).toEqual({ id, already: true, brought: false, isBack: false });
  world.clock.run(2_000);
  expect(row()).toEqual(before);
  expect(atRest(leech, id)).toBe(true);
});

test.each(seeds(961, 962, 963))(
  'through rest and any end nothing durable is lost and nothing is claimed that is not (seed %i)',
  run => {
    const { world, torrent, leech, id } = resting(run, 400_000);
    const chance = seeded(run);
    const all = Buffer.concat([...torrent.contents.values()]);
    for (let turn = 0; turn < 15 && stateOf(leech, id) !== 'seeding'; turn++) {
      const how = Math.floor(chance() * 6);
      if (how === 0) leech.restart();
      else if (how === 1) leech.crashDaemon();
      else if (how === 2) leech.powerCut(chance);
      else if (how === 3) leech.session.pause(id);
      else leech.session.resume(id);
      const record = leech.records.get(`t/${id}/progress`);
      const have = (record && decodeProgressRecord(record)?.have) ?? new Uint8Array(0);
      const disk = Buffer.concat(
        [...torrent.contents.keys()].map(path => padded(leech, path, torrent.contents.get(path)!.length)),
      );
      let claimed = 0;
      for (let piece = 0; piece * PIECE < all.length; piece++) {
        if (((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) === 0) continue;
        claimed += 1;
        const [from, to] = [piece * PIECE, (piece + 1) * PIECE];
        expect(sha1(disk.subarray(from, to)), `piece ${piece} is claimed`).toBe(sha1(all.subarray(from, to)));
      }
      world.clock.run(50 + Math.floor(chance() * 3_000));
      expect(leech.session.detail(id)?.piecesDone).toBeGreaterThanOrEqual(claimed);
    }
    leech.session.resume(id);
    expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
    expectAll(leech, torrent);
  },
);

function padded(host: SimHost, path: string, length: number): Buffer {
  const whole = Buffer.alloc(length);
  whole.set((host.file(path) ?? new Uint8Array(0)).subarray(0, length));
  return whole;
}

function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}
