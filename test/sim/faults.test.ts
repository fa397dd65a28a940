/** What goes wrong at an awkward moment: each of these once stopped a torrent for good, or cost what was there. */
import { expect, test } from 'vitest';
import { CLOSE_WITHIN } from '../../sw/engine/index.ts';
import { expectAll, isSeeding as seeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

const MIB = 1 << 20;

function row(host: SimHost, id: string) {
  return host.session.rows().find(candidate => candidate.id === id);
}

/** A seed and a leech that has started. */
function swarm(run: number, files: Record<string, number>, pieceLength: number, rate = 2e6) {
  const world = new World(run);
  const torrent = makeTorrent(files, pieceLength, run);
  const seed = world.host('10.0.0.1', { rate });
  seedOn(seed, torrent);
  world.clock.run(5_000, seeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  return { world, torrent, seed, leech };
}

test('hundreds of small files are fetched, and found again by a check, not fetched twice', () => {
  const files = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`photos/${index}.jpg`, 1500 + index]));
  const { world, torrent, seed, leech } = swarm(101, files, 256 * 1024);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  const sent = world.internet.sent.get(seed.name);

  // Its record is gone, the files are not.
  leech.session.remove(torrent.id, false);
  world.clock.run(3_000);
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(30_000, seeding(leech, torrent.id))).toBe(true);
  expect(world.internet.sent.get(seed.name)).toBe(sent);
});

test('pausing and resuming in the middle of a check ends in a finished check', () => {
  const { world, torrent, leech } = swarm(102, { a: 40 * MIB, b: 40 * MIB }, MIB, 50e6);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(4_000);
  for (const file of leech.disk.files.values()) file.mtime += 1000;
  leech.restart();
  leech.session.pause(torrent.id);
  leech.session.resume(torrent.id);
  world.clock.run(1);
  leech.session.pause(torrent.id);
  leech.session.resume(torrent.id);
  expect(world.clock.run(5_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('pausing right after the start is no error, whatever the disk answers then', () => {
  const { world, torrent, leech } = swarm(103, { a: MIB }, 64 * 1024);
  leech.session.pause(torrent.id);
  world.clock.run(2_000);
  expect(row(leech, torrent.id)).toMatchObject({ state: 'paused', problem: null });
  expect(leech.log.filter(line => line.startsWith('error'))).toEqual([]);
  leech.session.resume(torrent.id);
  expect(world.clock.run(20_000, seeding(leech, torrent.id))).toBe(true);
});

test('what is deselected in mid-download gives its memory back', () => {
  const { world, torrent, leech } = swarm(104, { a: 2 * MIB, b: 20 * MIB }, 256 * 1024);
  world.clock.run(3_000);
  leech.session.prioritise(torrent.id, [1], 'skip');
  expect(world.clock.run(30_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(2_000);
  const open = [...leech.store.buffers.values()].filter(({ state }) => state === 'open');
  expect(open).toEqual([]);
  leech.session.prioritise(torrent.id, [1], 'normal');
  expect(world.clock.run(60_000, () => leech.session.detail(torrent.id)?.piecesDone === 88)).toBe(true);
  expectAll(leech, torrent);
});

test('closing in a fast download records and ends, and the next engine goes on from there', () => {
  const { world, torrent, seed, leech } = swarm(105, { a: 60 * MIB }, 256 * 1024, 20e6);
  world.clock.run(1_500);
  let closed = false;
  leech.session.close(() => (closed = true));
  expect(world.clock.run(4_000, () => closed)).toBe(true);
  leech.restart();
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get(seed.name)).toBeLessThan(torrent.size * 1.2);
});

test('closing waits for a disk that is slow, and no longer than it may for one that does not answer', () => {
  const { world, torrent, leech } = swarm(1051, { a: 60 * MIB }, 256 * 1024, 20e6);
  world.clock.run(1_500);
  leech.disk.flushTime = 600_000;
  let closed = false;
  leech.session.close(() => (closed = true));
  expect(world.clock.run(CLOSE_WITHIN / 2, () => closed)).toBe(false);
  expect(world.clock.run(CLOSE_WITHIN / 2, () => closed)).toBe(true);
  leech.disk.flushTime = 0;
  leech.restart();
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('two who have everything leave each other alone', () => {
  const { world, torrent, seed, leech } = swarm(106, { a: MIB }, 64 * 1024);
  expect(world.clock.run(30_000, seeding(leech, torrent.id))).toBe(true);
  const before = leech.log.length + seed.log.length;
  world.clock.run(3600_000);
  expect(leech.log.length + seed.log.length - before).toBeLessThan(10);
});

test('a .torrent for a magnet that was started and paused gives it its files', () => {
  const world = new World(107);
  const torrent = makeTorrent({ a: MIB }, 64 * 1024, 107);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` });
  leech.session.start(torrent.id, null, ROOT);
  leech.session.pause(torrent.id);
  expect(leech.session.add({ kind: 'file', bytes: torrent.bytes })).toEqual({
    id: torrent.id,
    already: true,
    brought: true,
    isBack: false,
  });
  leech.session.resume(torrent.id);
  expect(world.clock.run(30_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  leech.restart();
  expect(world.clock.run(5_000, seeding(leech, torrent.id))).toBe(true);
});

test('removing in the middle of a flush leaves no record behind', () => {
  const { world, torrent, leech } = swarm(108, { a: 8 * MIB }, 64 * 1024);
  const ofTorrents = (): number => [...leech.records.keys()].filter(key => key.includes(torrent.id)).length;
  for (let at = 0; at < 3_000; at += 100) {
    world.clock.run(100);
    if (ofTorrents() === 2) break;
  }
  world.clock.run(1_003);
  leech.session.remove(torrent.id, true);
  world.clock.run(5_000);
  expect(ofTorrents()).toBe(0);
  expect([...leech.disk.files.keys()]).toEqual([]);
});

test('removing with the files takes ours alone: not a stranger of the same name, nor what was never wanted', () => {
  const world = new World(109);
  const torrent = makeTorrent({ a: MIB, b: MIB, c: MIB }, 64 * 1024, 109);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  const stranger = { bytes: new Uint8Array(3 * MIB).fill(7), size: 3 * MIB, mtime: 1 };
  leech.disk.files.set(`${ROOT}/folder/b`, stranger);
  leech.disk.files.set(`${ROOT}/folder/c`, { bytes: new Uint8Array(10), size: 10, mtime: 1 });
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['normal', 'normal', 'skip'], ROOT);
  world.clock.run(3_000);
  expect(row(leech, torrent.id)).toMatchObject({ state: 'error', problem: { code: 'file-conflict' } });
  leech.session.prioritise(torrent.id, [1], 'skip');
  leech.session.resume(torrent.id);
  expect(world.clock.run(30_000, seeding(leech, torrent.id))).toBe(true);
  leech.session.remove(torrent.id, true);
  world.clock.run(2_000);
  expect([...leech.disk.files.keys()].sort()).toEqual([`${ROOT}/folder/b`, `${ROOT}/folder/c`]);
  expect(stranger.bytes.every(byte => byte === 7)).toBe(true);
});
