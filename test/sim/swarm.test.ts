import { expect, test } from 'vitest';
import { expectAll, isSeeding as seeding, makeTorrent, ROOT, seedOn, stateOf as state, World } from './host.ts';

const MIB = 1 << 20;

test('a .torrent with several files comes over whole, by way of a tracker', () => {
  const world = new World(1);
  const torrent = makeTorrent({ 'a.bin': 3 * MIB + 17, 'deep/b.bin': 700_001, 'empty.txt': 0, 'c.bin': 5 }, 256 * 1024, 1);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  expect(world.clock.run(10_000, seeding(seed, torrent.id))).toBe(true);

  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  expect(state(leech, torrent.id)).toBe('adding');
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get('10.0.0.1')).toBe(torrent.size);
  expect(leech.file('folder/empty.txt')?.length).toBe(0);
});

test('a magnet gets its metadata from a peer before anyone starts it', () => {
  const world = new World(2);
  const torrent = makeTorrent({ 'film.mkv': 2 * MIB }, 16 * 1024, 2);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(5_000, seeding(seed, torrent.id));

  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&x.pe=10.0.0.1:6881` });
  expect(world.clock.run(10_000, () => leech.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  expect(leech.session.detail(torrent.id)?.files[0]?.path).toEqual(['film.mkv']);
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('an engine killed again and again fetches next to nothing twice', () => {
  const world = new World(3);
  const torrent = makeTorrent({ 'big.bin': 24 * MIB }, 256 * 1024, 3);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(5_000, seeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  for (let kill = 0; kill < 3; kill++) {
    expect(world.clock.run(2_700, seeding(leech, torrent.id))).toBe(false);
    leech.restart();
  }
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get('10.0.0.1')).toBeLessThan(torrent.size * 1.15);
});

test('a daemon that dies costs what was in flight, and what it had written is verified, not fetched', () => {
  const world = new World(4);
  const torrent = makeTorrent({ 'big.bin': 24 * MIB }, 256 * 1024, 4);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(5_000, seeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(5_700, seeding(leech, torrent.id))).toBe(false);
  leech.crashDaemon();
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get('10.0.0.1')).toBeLessThan(torrent.size * 1.3);
  expect(leech.disk.verifiedBytes).toBeLessThan(torrent.size / 2);
});

test('a power cut loses nothing that was recorded, and nothing is recorded that a power cut loses', () => {
  const world = new World(5);
  const torrent = makeTorrent({ 'big.bin': 24 * MIB }, 256 * 1024, 5);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(5_000, seeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(6_300);
  leech.disk.powerCut();
  leech.store.buffers.clear();
  leech.restart();
  const before = leech.disk.verifiedBytes;
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.disk.verifiedBytes - before).toBeLessThan(torrent.size);
});

test('a complete torrent starts again without a byte read or fetched', () => {
  const world = new World(6);
  const torrent = makeTorrent({ a: 4 * MIB, 'b/c': 77 }, 64 * 1024, 6);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(4_000);
  leech.restart();
  expect(world.clock.run(1_000, seeding(leech, torrent.id))).toBe(true);
  expect(leech.disk.verifiedBytes).toBe(0);
});

test('a file edited while nobody looked is verified and mended; a vanished one stops the torrent until a person says go on', () => {
  const world = new World(7);
  const torrent = makeTorrent({ a: 2 * MIB, b: 2 * MIB }, 64 * 1024, 7);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(4_000);

  const file = leech.disk.files.get(`${ROOT}/folder/a`);
  if (!file) throw new Error('no file');
  file.bytes.fill(0, 100_000, 100_100);
  file.mtime += 60_000;
  leech.restart();
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(leech.disk.verifiedBytes).toBe(2 * MIB);
  world.clock.run(4_000);

  leech.disk.files.delete(`${ROOT}/folder/b`);
  leech.restart();
  world.clock.run(2_000);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'error', problem: { code: 'file-gone' } });
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a full disk stops the torrent with its reason, and it goes on when there is room', () => {
  const world = new World(9);
  const torrent = makeTorrent({ x: 8 * MIB }, 256 * 1024, 9);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(3_000);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(2_000);
  leech.disk.problem = 'full';
  world.clock.run(4_000);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'error', problem: { code: 'disk-full' } });
  const sent = world.internet.sent.get('10.0.0.1');
  world.clock.run(60_000);
  expect(world.internet.sent.get('10.0.0.1')).toBe(sent);
  leech.disk.problem = null;
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a torrent that a full disk stopped goes on by itself once there is room', () => {
  const world = new World(9);
  const torrent = makeTorrent({ x: 8 * MIB }, 256 * 1024, 9);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(3_000);
  const leech = world.host('10.0.0.2');
  leech.session.roots.tell([{ token: ROOT, free: 1e9, problem: '', trash: false }]);
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(2_000);
  leech.disk.problem = 'full';
  world.clock.run(4_000);
  leech.session.roots.tell([{ token: ROOT, free: 0, problem: '', trash: false }]);
  world.clock.run(60_000);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'error', problem: { code: 'disk-full' } });
  leech.disk.problem = null;
  leech.session.roots.tell([{ token: ROOT, free: 1e9, problem: '', trash: false }]);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('files that are not wanted are left out, and can be wanted later', () => {
  const world = new World(10);
  const torrent = makeTorrent({ a: MIB, b: MIB, c: MIB }, 64 * 1024, 10);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(3_000);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['skip', 'normal', 'skip'], ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expect(leech.session.rows()[0]).toMatchObject({ size: MIB, done: MIB });
  expect(leech.file('folder/a')).toBeUndefined();
  leech.session.prioritise(torrent.id, [0, 1, 2], 'normal');
  expect(world.clock.run(60_000, () => leech.session.detail(torrent.id)?.piecesDone === 48)).toBe(true);
  expectAll(leech, torrent);
});

test.each([11, 12, 13])('twenty leechers share what one slow seed gives (seed %i)', run => {
  const world = new World(run);
  const torrent = makeTorrent({ x: 4 * MIB }, 64 * 1024, run);
  const seed = world.host('10.0.0.1', { rate: 1e6 });
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const leechers = Array.from({ length: 20 }, (_, index) => world.host(`10.0.1.${index}`, { rate: 2e6, latency: 5 + index }));
  for (const leech of leechers) {
    leech.session.add({ kind: 'file', bytes: torrent.bytes });
    leech.session.start(torrent.id, null, ROOT);
  }
  const all = (): boolean => leechers.every(leech => state(leech, torrent.id) === 'seeding');
  expect(world.clock.run(300_000, all)).toBe(true);
  for (const leech of leechers) expectAll(leech, torrent);
  expect(world.internet.sent.get('10.0.0.1')).toBeLessThan(torrent.size * 8);
});

test('an idle torrent asks nothing of the clock and the tracker hears no storm', () => {
  const world = new World(14);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 14);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  world.clock.run(4 * 3600_000);
  expect(world.announces).toBeLessThanOrEqual(10);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'downloading', problem: { code: 'no-peers' } });
});

test('padding is neither asked for nor written nor shown', () => {
  const world = new World(15);
  const torrent = makeTorrent({ a: 100_000, '.pad/1': 162_144, b: 50_000, '.pad/2': 212_144, c: 300_000 }, 262_144, 15);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['normal', 'skip', 'high'], ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  expect(leech.session.detail(torrent.id)?.files.map(({ path, priority }) => [path.at(-1), priority])).toEqual([
    ['a', 'normal'],
    ['b', 'skip'],
    ['c', 'high'],
  ]);
  leech.session.prioritise(torrent.id, [0, 1, 2], 'normal');
  expect(world.clock.run(60_000, () => leech.session.detail(torrent.id)?.piecesDone === 4)).toBe(true);
  expectAll(leech, torrent);
  expect([...leech.disk.files.keys()].some(path => path.includes('.pad'))).toBe(false);
  // Blocks that hold some of a file come whole; those of padding alone are left out.
  expect(world.internet.sent.get('10.0.0.1')).toBeLessThan(450_000 + 6 * 16_384);
});

test('settings that cannot be saved are in force until the next start, and whoever set them is told why', () => {
  const world = new World(17);
  const host = world.host('10.0.0.1');
  const told: unknown[] = [];
  host.session.configure({ maxConnections: 90 }, error => told.push(error));
  world.clock.run(100);
  host.stateProblem = 'the disk is full';
  host.session.configure({ maxConnections: 70 }, error => told.push(error));
  world.clock.run(100);
  expect(told).toEqual([null, expect.objectContaining({ code: 'settings-not-saved' })]);
  expect(String(told[1])).toContain('the disk is full');
  expect(host.session.settings.maxConnections).toBe(70);
  host.restart();
  expect(host.session.settings.maxConnections).toBe(90);
});

test('a record that could not be written is written later, and one that could not be erased is erased later', () => {
  const world = new World(16);
  const torrent = makeTorrent({ x: 2 * MIB }, 64 * 1024, 16);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.stateProblem = 'the disk is full';
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, seeding(leech, torrent.id))).toBe(true);
  world.clock.run(10_000);
  expect(leech.session.rows()[0]?.problem).toEqual({ code: 'state-not-saved', text: 'the disk is full' });
  expect(leech.records.size).toBe(0);
  leech.stateProblem = '';
  world.clock.run(12_000);
  expect([...leech.records.keys()].sort()).toEqual([
    `t/${torrent.id}/info`,
    `t/${torrent.id}/progress`,
    `t/${torrent.id}/torrent`,
  ]);
  expect(leech.session.rows()[0]?.problem).toBeNull();

  leech.stateProblem = 'the disk is full';
  leech.session.remove(torrent.id, false);
  world.clock.run(1_000);
  leech.stateProblem = '';
  leech.crashDaemon();
  world.clock.run(1_000);
  expect([...leech.records.keys()].filter(key => key.startsWith('t/'))).toEqual([]);
  leech.restart();
  expect(leech.session.rows()).toEqual([]);
});
