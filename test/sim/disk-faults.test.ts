/** Disks that fill up, fall silent or go away: the torrent says so and waits, and goes on by itself once that can work. */
import { describe, expect, test } from 'vitest';
import type { FileProblem } from '../../sw/engine/events.ts';
import { decodeNews, NEWS_KEY } from '../../sw/engine/news.ts';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';
import { expectAll, isSeeding, leechOn, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';

const MIB = 1 << 20;
const HOUR = 3_600_000;

const rowOf = (host: SimHost) => host.session.rows()[0];
const codeOf = (host: SimHost) => rowOf(host)?.problem?.code;
const stops = (host: SimHost) => host.log.filter(line => line.includes(': stopped: ')).length;

/** A seed, and a leech that has some of it. */
function halfway(run: number, pieceLength = 256 * 1024) {
  const world = new World(run);
  const torrent = makeTorrent({ x: 5 * MIB, y: 3 * MIB }, pieceLength, run);
  const seed = world.host('10.0.0.1', { rate: 2e6 });
  seedOn(seed, torrent);
  world.clock.run(5_000, isSeeding(seed, torrent.id));
  const leech = world.host('10.0.0.2');
  leechOn(leech, torrent);
  expect(world.clock.run(20_000, () => (rowOf(leech)?.done ?? 0) > 2 * MIB)).toBe(true);
  const sent = () => world.internet.sent.get(seed.name) ?? 0;
  return { world, torrent, seed, leech, sent };
}

const CODES = {
  full: 'disk-full',
  quota: 'disk-quota',
  'read-only': 'read-only',
  denied: 'denied',
  'no-such-root': 'folder-gone',
  io: 'io',
  busy: 'file-busy',
  limit: 'limit',
  'too-many-files': 'limit',
} as const satisfies Partial<Record<FileProblem, string>>;

describe('a disk that fails', () => {
  test.each(Object.entries(CODES))(
    '%s stops the torrent with its reason, and it goes on by itself once mended',
    (problem, code) => {
      const { world, torrent, leech, sent } = halfway(701);
      leech.disk.problem = problem as FileProblem;
      expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
      expect(codeOf(leech)).toBe(code);
      const done = rowOf(leech)?.done ?? 0;
      expect(done).toBeGreaterThan(2 * MIB - 256 * 1024);
      leech.disk.problem = null;
      expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
      expectAll(leech, torrent);
      // What was there stayed; what was on its way came twice.
      expect(sent()).toBeLessThan(torrent.size * 1.5);
    },
  );

  test('is no news any more once the torrent goes on', () => {
    const { world, torrent, leech } = halfway(713);
    leech.isUnwatched = true;
    leech.restart();
    leech.disk.problem = 'io';
    const news = () => decodeNews(leech.records.get(NEWS_KEY) ?? new Uint8Array()).map(({ what }) => what);
    expect(world.clock.run(60_000, () => news().includes('failed'))).toBe(true);
    leech.disk.problem = null;
    expect(world.clock.run(120_000, () => stateOf(leech, torrent.id) === 'downloading')).toBe(true);
    world.clock.run(100);
    expect(news()).toEqual([]);
  });

  test('is tried ever more seldom, and costs next to nothing meanwhile', () => {
    const { world, torrent, leech, sent } = halfway(702);
    leech.disk.problem = 'full';
    world.clock.run(5_000);
    const before = sent();
    world.clock.run(HOUR);
    expect(stops(leech)).toBeGreaterThan(8);
    expect(stops(leech)).toBeLessThan(14);
    expect(sent() - before).toBeLessThan(14 * 4 * MIB);
    leech.disk.problem = null;
    leech.session.resume(torrent.id);
    expect(world.clock.run(1_000, () => stateOf(leech, torrent.id) === 'downloading')).toBe(true);
    expect(world.clock.run(1_800_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test('is tried ever more seldom where it takes nothing more and flushes what it has', () => {
    const { world, torrent, leech } = halfway(707);
    leech.disk.writing = 'io';
    world.clock.run(HOUR);
    expect(stops(leech)).toBeGreaterThan(8);
    expect(stops(leech)).toBeLessThan(14);
    leech.disk.writing = null;
    expect(world.clock.run(1_800_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test.each([
    ['full', { free: 100_000, problem: '', trash: false }],
    ['read-only', { free: 5e9, problem: 'The folder cannot be written to.', trash: false }],
    ['no-such-root', { free: -1, problem: 'The folder is missing.', trash: false }],
  ] as const)('%s is not tried while that is known to be useless, and at once when it is not', (problem, root) => {
    const { world, torrent, leech, sent } = halfway(703);
    leech.disk.problem = problem;
    expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.session.roots.tell([{ token: ROOT, ...root }]);
    // What was on its way.
    world.clock.run(1_000);
    const before = sent();
    const tries = stops(leech);
    world.clock.run(HOUR);
    expect(sent()).toBe(before);
    expect(stops(leech)).toBe(tries);
    leech.disk.problem = null;
    leech.session.roots.tell([{ token: ROOT, free: 5e9, problem: '', trash: false }]);
    expect(world.clock.run(1_000, () => stateOf(leech, torrent.id) === 'downloading')).toBe(true);
    expect(world.clock.run(1_800_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test('leaves one that a person has paused meanwhile paused', () => {
    const { world, torrent, leech } = halfway(704);
    leech.disk.problem = 'full';
    expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.session.pause(torrent.id);
    leech.disk.problem = null;
    world.clock.run(HOUR);
    expect(stateOf(leech, torrent.id)).toBe('paused');
  });

  test('is waited for across an engine that ends and a daemon that ends', () => {
    const { world, torrent, leech } = halfway(705);
    leech.disk.problem = 'full';
    expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.crashDaemon();
    world.clock.run(30_000);
    expect(codeOf(leech)).toBe('disk-full');
    leech.restart();
    expect(world.clock.run(20_000, () => codeOf(leech) === 'disk-full')).toBe(true);
    leech.disk.problem = null;
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test('a file of somebody else in the way, or one that is gone, is a person’s to decide', () => {
    const { world, torrent, leech } = halfway(706);
    leech.session.pause(torrent.id);
    world.clock.run(3_000);
    const file = leech.disk.files.get(`${ROOT}/folder/x`);
    leech.disk.files.delete(`${ROOT}/folder/x`);
    leech.session.resume(torrent.id);
    world.clock.run(HOUR);
    expect(codeOf(leech)).toBe('file-gone');
    expect(stops(leech)).toBe(1);
    leech.disk.files.set(`${ROOT}/folder/x`, { bytes: new Uint8Array(9 * MIB), size: 9 * MIB, mtime: 1 });
    leech.session.resume(torrent.id);
    world.clock.run(HOUR);
    expect(codeOf(leech)).toBe('file-conflict');
    expect(stops(leech)).toBe(2);
    if (file) leech.disk.files.set(`${ROOT}/folder/x`, file);
    leech.session.resume(torrent.id);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });
});

describe('a disk that is read-only', () => {
  test('a whole seed on it is checked, played and given, and nothing of it stops', () => {
    const world = new World(708);
    const torrent = makeTorrent({ x: 5 * MIB, empty: 0, y: 3 * MIB }, 256 * 1024, 708);
    const seed = world.host('10.0.0.1', { rate: 2e6 });
    seed.disk.problem = 'read-only';
    seedOn(seed, torrent);
    world.clock.run(5_000, isSeeding(seed, torrent.id));
    expect(rowOf(seed)).toMatchObject({ state: 'seeding', done: torrent.size });
    world.clock.run(4_000);
    seed.session.recheck(torrent.id);
    world.clock.run(10_000);
    expect(rowOf(seed)).toMatchObject({ state: 'seeding', done: torrent.size });
    const x = torrent.contents.get('folder/x') ?? new Uint8Array(0);
    const player = seed.readers.play(torrent.id, 0, 2e6, x);
    expect(world.clock.run(20_000, () => player.isDone)).toBe(true);
    const leech = world.host('10.0.0.2');
    leechOn(leech, torrent);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(stops(seed)).toBe(0);
  });

  test('what was checked or given on it is written once it is writable, whatever was open to be read', () => {
    const { world, torrent, leech } = halfway(709);
    leech.disk.problem = 'read-only';
    expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.session.recheck(torrent.id);
    world.clock.run(4_000);
    leech.disk.problem = null;
    leech.session.resume(torrent.id);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });
});

describe('a disk that cannot be read', () => {
  test('stops a seed with its reason, and it gives again once that is mended', () => {
    const { world, torrent, seed, leech } = halfway(710);
    seed.disk.reading = 'io';
    expect(world.clock.run(5_000, () => stateOf(seed, torrent.id) === 'error')).toBe(true);
    expect(codeOf(seed)).toBe('io');
    seed.disk.reading = null;
    expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(rowOf(seed)).toMatchObject({ state: 'seeding', done: torrent.size });
  });

  test('a seed whose file was deleted says which, and gives the others', () => {
    const { world, torrent, seed, leech } = halfway(711);
    // What was asked for before is read already: somebody else asks anew.
    leech.vanish();
    seed.disk.files.delete(`${ROOT}/folder/y`);
    const late = world.host('10.0.0.3');
    leechOn(late, torrent);
    expect(world.clock.run(60_000, () => stateOf(seed, torrent.id) === 'error')).toBe(true);
    expect(codeOf(seed)).toBe('file-gone');
    expect(seed.log.some(line => line.includes('stopped: gone folder/y'))).toBe(true);
    expect(stateOf(late, torrent.id)).toBe('downloading');
  });

  test('costs nothing that is on it when files are checked', () => {
    const { world, torrent, leech, sent } = halfway(712);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(4_000);
    const before = sent();
    leech.disk.reading = 'io';
    // It cannot be written to either: nothing is to be fetched in place of what is there.
    leech.disk.problem = 'io';
    leech.session.recheck(torrent.id);
    expect(world.clock.run(20_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    const fetched = sent() - before;
    leech.disk.reading = null;
    leech.disk.problem = null;
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(sent() - before - fetched).toBe(0);
  });
});

describe('a flush that fails', () => {
  test('makes nothing durable: what the system has dropped is read again, found missing and fetched again', () => {
    const { world, torrent, leech } = halfway(720);
    expect(world.clock.run(3_000, () => leech.records.has(`t/${torrent.id}/progress`))).toBe(true);
    leech.disk.flushing = 'io';
    expect(world.clock.run(5_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(codeOf(leech)).toBe('io');
    const recorded = () => {
      const value = leech.records.get(`t/${torrent.id}/progress`);
      if (!value) throw new Error('no record');
      const record = decodeProgressRecord(value);
      if (!record) throw new Error('a damaged record');
      return record;
    };
    world.clock.run(4_000);
    const pieces = [...recorded().have]
      .flatMap((byte, at) => Array.from({ length: 8 }, (_, bit) => ((byte >> (7 - bit)) & 1 ? at * 8 + bit : -1)))
      .filter(piece => piece >= 0);
    const all = Buffer.concat([...torrent.contents.values()]);
    const there = Buffer.concat([
      leech.disk.files.get(`${ROOT}/folder/x`)?.bytes ?? new Uint8Array(0),
      leech.disk.files.get(`${ROOT}/folder/y`)?.bytes ?? new Uint8Array(3 * MIB),
    ]);
    for (const piece of pieces) {
      const span = [piece * 256 * 1024, (piece + 1) * 256 * 1024] as const;
      expect(there.subarray(...span).equals(all.subarray(...span))).toBe(true);
    }
    leech.disk.flushing = null;
    expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });
});

test('a piece that a check finds before its buffer says that it is written counts once', () => {
  const { world, torrent, leech } = halfway(725);
  const { store } = leech;
  const commit = store.commit.bind(store);
  store.commit = (...args) => world.clock.after(500, () => commit(...args));
  leech.restart();
  leech.session.roots.tell([{ token: ROOT, free: 5e9, problem: '', trash: true }]);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(rowOf(leech)?.done).toBe(torrent.size);
  world.clock.run(4_000);
  leech.session.remove(torrent.id, true);
  world.clock.run(1_000);
  expect(leech.disk.trashed.sort()).toEqual([`${ROOT}/folder/x`, `${ROOT}/folder/y`]);
});

describe('files at rest', () => {
  test('a file cut short while nobody looked is read, and what it lacks is fetched', () => {
    const { world, torrent, leech, sent } = halfway(730);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(4_000);
    const file = leech.disk.files.get(`${ROOT}/folder/x`);
    if (!file) throw new Error('no file');
    // Its time stays: a tool that restores it does that.
    file.bytes.fill(0, 4 * MIB);
    file.size = 4 * MIB;
    const before = sent();
    leech.restart();
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(sent() - before).toBe(MIB);
  });
});

test('no record claims a piece that was not flushed before', () => {
  const world = new World(740);
  const length = 16 * 1024;
  const torrent = makeTorrent({ x: 40 * MIB }, length, 740);
  const seed = world.host('10.0.0.1', { rate: 10e6 });
  seedOn(seed, torrent);
  world.clock.run(5_000, isSeeding(seed, torrent.id));
  const leech = world.host('10.0.0.2', { rate: 20e6 });
  leech.disk.flushTime = 50;
  leechOn(leech, torrent);
  const all = torrent.contents.get('x') ?? new Uint8Array(0);
  const key = `t/${torrent.id}/progress`;
  const seen = new Set<Uint8Array>();
  let claimed = 0;
  const compare = (): boolean => {
    const value = leech.records.get(key);
    if (value && !seen.has(value)) {
      seen.add(value);
      const have = decodeProgressRecord(value)?.have ?? new Uint8Array(0);
      const flushed = leech.disk.flushed.get(`${ROOT}/x`)?.bytes ?? new Uint8Array(0);
      for (let piece = 0; piece * length < all.length; piece++) {
        if (((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) === 0) continue;
        claimed += 1;
        const [from, to] = [piece * length, (piece + 1) * length];
        if (Buffer.compare(flushed.subarray(from, to), all.subarray(from, to)) !== 0)
          throw new Error(`piece ${piece} is not flushed`);
      }
    }
    return stateOf(leech, torrent.id) === 'seeding';
  };
  expect(world.clock.run(60_000, compare)).toBe(true);
  expect(seen.size).toBeGreaterThan(2);
  expect(claimed).toBeGreaterThan(1_000);
});
