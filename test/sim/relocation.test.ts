/** Files on their way to another root or another name, and what may stand in their way. */
import { describe, expect, test } from 'vitest';
import { decodeTorrentRecord } from '../../sw/engine/resume.ts';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { isSeeding, ROOT, stateOf } from './host.ts';
import { allUnder, expectAt, filesOf, OTHER, paths, problemOf, SIZES, swarm } from './moving.ts';

/** Bytes that have to be free beside those of its files. */
const SPARE = 64 << 20;

describe('a torrent whose files are moved', () => {
  test('goes on seeding from there, with nothing read or fetched again', () => {
    const { world, torrent, source, leech } = swarm(901, SIZES);
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(3_000);
    const users = (): number[] => [ROOT, OTHER].map(root => leech.session.roots.usersOf(root).all);
    expect(users()).toEqual([1, 0]);
    const [read, sent, announces] = [leech.disk.verifiedBytes, world.internet.sent.get(source.name), world.announces];
    leech.session.relocate(torrent.id, OTHER);
    expect(stateOf(leech, torrent.id)).toBe('moving');
    expect(problemOf(leech)).toMatchObject({ code: 'moving', of: 4 });
    expect(users()).toEqual([1, 1]);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, allUnder(OTHER));
    expect(users()).toEqual([0, 1]);
    // It is there again before a tracker had to hear of it.
    expect(world.announces).toBe(announces);
    expect(world.tracker.has(leech.name)).toBe(true);
    leech.restart();
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expect(leech.session.rows()[0]?.root).toBe(OTHER);
    expect([leech.disk.verifiedBytes, world.internet.sent.get(source.name)]).toEqual([read, sent]);
    source.vanish();
    const other = world.host('10.0.0.3');
    other.session.add({ kind: 'file', bytes: torrent.bytes });
    other.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(60_000, isSeeding(other, torrent.id))).toBe(true);
  });

  test('half-way in its download it goes on there, and what it had does not come again', () => {
    const { world, torrent, source, leech } = swarm(902, SIZES, 200_000);
    leech.session.start(torrent.id, ['skip', 'normal', 'normal', 'normal'], ROOT);
    const done = (): number => leech.session.detail(torrent.id)?.piecesDone ?? 0;
    expect(world.clock.run(60_000, () => done() >= 4)).toBe(true);
    leech.session.relocate(torrent.id, OTHER);
    const before = done();
    expect(world.clock.run(60_000, () => stateOf(leech, torrent.id) === 'downloading')).toBe(true);
    // The parts of the file that is not wanted have come along.
    expect(paths(leech).every(path => path.startsWith(`${OTHER}/`))).toBe(true);
    expect(done()).toBeGreaterThanOrEqual(before);
    leech.session.prioritise(torrent.id, [0], 'normal');
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(5_000);
    expectAt(leech, torrent, allUnder(OTHER));
    // What was in flight when it began to move.
    expect(world.internet.sent.get(source.name)).toBeLessThan(torrent.size + 400_000);
  });

  test('that rests can be moved, and rests after it, whatever ends meanwhile', () => {
    const { world, torrent, leech } = swarm(903, SIZES);
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(3_000);
    leech.session.pause(torrent.id);
    world.clock.run(3_000);
    leech.session.relocate(torrent.id, OTHER);
    // Until it is recorded that this is to be.
    world.clock.run(5);
    leech.restart();
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'done')).toBe(true);
    expectAt(leech, torrent, allUnder(OTHER));
    leech.session.relocate(torrent.id, ROOT);
    world.clock.run(30);
    leech.crashDaemon();
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'done')).toBe(true);
    expectAt(leech, torrent, allUnder(ROOT));
    leech.restart();
    world.clock.run(3_000);
    expect(stateOf(leech, torrent.id)).toBe('done');
  });

  test('waits for what it is to be recorded, not for the record of its files', () => {
    const { world, torrent, leech } = swarm(904, SIZES);
    leech.refuses = '/info';
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(3_000);
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, allUnder(OTHER));
  });

  test('can be paused meanwhile, and is at rest once they are there', () => {
    const { world, torrent, leech } = swarm(904, SIZES);
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.session.relocate(torrent.id, OTHER);
    leech.session.pause(torrent.id);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'done')).toBe(true);
    world.clock.run(100);
    expect(world.tracker.has(leech.name)).toBe(false);
    expectAt(leech, torrent, allUnder(OTHER));
    leech.session.resume(torrent.id);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  });

  test('whose metadata is not known yet has them in the other place', () => {
    const { world, torrent, leech } = swarm(905, SIZES);
    leech.session.remove(torrent.id, false);
    leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&tr=http://tracker/announce` });
    leech.session.start(torrent.id, null, ROOT);
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(3_000);
    expectAt(leech, torrent, allUnder(OTHER));
  });
});

describe('names', () => {
  test('of a file, of a folder in it and of its own folder are those that were given', () => {
    const { world, torrent, source, leech } = swarm(906, SIZES);
    leech.session.start(torrent.id, null, ROOT);
    leech.session.rename(torrent.id, ['folder', 'two'], 'zwei: groß');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.session.rename(torrent.id, ['folder', 'a'], 'Ä');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.session.rename(torrent.id, ['folder'], 'elsewhere');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, {
      'folder/a/one': `${ROOT}/elsewhere/Ä/one`,
      'folder/two': `${ROOT}/elsewhere/zwei_ groß`,
      'folder/a/b/three': `${ROOT}/elsewhere/Ä/b/three`,
      'folder/empty': `${ROOT}/elsewhere/empty`,
    });
    expect(filesOf(leech, torrent.id)).toEqual([
      'elsewhere/Ä/one',
      'elsewhere/zwei_ groß',
      'elsewhere/Ä/b/three',
      'elsewhere/empty',
    ]);
    leech.restart();
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expect(world.internet.sent.get(source.name)).toBe(torrent.size);
    // Back to its own, of which nothing is recorded.
    leech.session.rename(torrent.id, ['elsewhere'], 'folder');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    const record = decodeTorrentRecord(leech.records.get(`t/${torrent.id}/torrent`) ?? new Uint8Array(0));
    expect(record).toMatchObject({ folder: '', strays: [] });
    world.clock.run(3_000);
    leech.session.remove(torrent.id, true);
    world.clock.run(2_000);
    expect(paths(leech)).toEqual([]);
  });

  test('of a torrent of one file are its name', () => {
    const { world, torrent, leech } = swarm(907, { 'one.bin': 200_000 });
    leech.session.start(torrent.id, null, ROOT);
    leech.session.rename(torrent.id, ['one.bin'], 'ONE.bin');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, { 'one.bin': `${ROOT}/ONE.bin` });
  });

  test('that are taken, unsafe or of nothing are refused with a reason, and change nothing', () => {
    const { torrent, leech } = swarm(908, SIZES);
    const rename = (path: string, to: string) => () => leech.session.rename(torrent.id, path.split('/'), to);
    expect(rename('folder/two', 'x')).toThrow(/Start it first/);
    expect(() => leech.session.relocate(torrent.id, OTHER)).toThrow(/Start it first/);
    leech.session.start(torrent.id, null, ROOT);
    for (const taken of ['EMPTY', 'a']) expect(rename('folder/two', taken), taken).toThrow(/has that name/);
    for (const bad of ['', ' ', '.', '..', 'a/b', 'a\\b']) expect(rename('folder/two', bad), bad).toThrow(/name/);
    expect(rename('folder/none', 'x')).toThrow(/no such file/);
    expect(rename('other', 'x')).toThrow(/no such file/);
    expect(filesOf(leech, torrent.id)).toEqual(Object.keys(SIZES).map(path => `folder/${path}`));
  });
});

describe('what stands in the way', () => {
  function complete(seed: number) {
    const all = swarm(seed, SIZES);
    all.leech.session.start(all.torrent.id, null, ROOT);
    expect(all.world.clock.run(30_000, isSeeding(all.leech, all.torrent.id))).toBe(true);
    all.world.clock.run(3_000);
    return all;
  }
  const foreign = { bytes: new Uint8Array(9).fill(7), size: 9, mtime: 3 };

  /** One file cannot follow; a person pauses it after that, or before. */
  function leftBehind(seed: number, pauses: 'before' | 'after') {
    const all = complete(seed);
    const { world, torrent, leech } = all;
    leech.disk.files.set(`${OTHER}/folder/two`, { ...foreign });
    leech.session.relocate(torrent.id, OTHER);
    if (pauses === 'before') leech.session.pause(torrent.id);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    if (pauses === 'after') leech.session.pause(torrent.id);
    leech.disk.files.delete(`${OTHER}/folder/two`);
    return all;
  }

  test('paused with a file left behind and resumed, it goes on once that has followed', () => {
    const { world, torrent, leech } = leftBehind(921, 'after');
    leech.session.resume(torrent.id);
    expect(stateOf(leech, torrent.id)).toBe('moving');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, allUnder(OTHER));
  });

  test.each(['before', 'after'] as const)('checked with a file left behind, it rests as before (paused %s that)', pauses => {
    const { world, torrent, leech } = leftBehind(922, pauses);
    const read = leech.disk.verifiedBytes;
    leech.session.recheck(torrent.id);
    expect(stateOf(leech, torrent.id)).toBe('moving');
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'done')).toBe(true);
    expect(leech.disk.verifiedBytes - read).toBe(torrent.size);
    expectAt(leech, torrent, allUnder(OTHER));
    world.clock.run(5_000);
    leech.restart();
    world.clock.run(5_000);
    expect(stateOf(leech, torrent.id)).toBe('done');
  });

  test('another file of that name stops it, is left alone, and the rest follows once it is gone', () => {
    const { world, torrent, leech } = complete(911);
    leech.disk.files.set(`${OTHER}/folder/two`, { ...foreign });
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(problemOf(leech)).toEqual({ code: 'not-moved', why: 'file-conflict', left: 1, needed: 150_000 + SPARE, from: ROOT });
    expect(leech.disk.files.get(`${OTHER}/folder/two`)).toEqual(foreign);
    leech.restart();
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.disk.files.delete(`${OTHER}/folder/two`);
    leech.session.resume(torrent.id);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, allUnder(OTHER));
  });

  test('it can be moved back, and given another name', () => {
    const { world, torrent, leech } = complete(912);
    leech.disk.files.set(`${OTHER}/folder/two`, { ...foreign });
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.session.relocate(torrent.id, ROOT);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.disk.files.delete(`${OTHER}/folder/two`);
    expectAt(leech, torrent, allUnder(ROOT));
    leech.disk.files.set(`${OTHER}/folder/two`, { ...foreign });
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    leech.session.rename(torrent.id, ['folder', 'two'], 'second');
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.disk.files.delete(`${OTHER}/folder/two`);
    expectAt(leech, torrent, { ...allUnder(OTHER), 'folder/two': `${OTHER}/folder/second` });
  });

  test('a name that a file left behind still has is not given to another', () => {
    const { world, torrent, leech } = complete(913);
    leech.disk.files.set(`${ROOT}/folder/new`, { ...foreign });
    leech.session.rename(torrent.id, ['folder', 'two'], 'new');
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(() => leech.session.rename(torrent.id, ['folder', 'empty'], 'two')).toThrow(/has that name/);
    expect(() => leech.session.rename(torrent.id, ['folder', 'new'], 'two')).not.toThrow();
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
  });

  test('a full disk stops it, with all files whole in one of both places', () => {
    const { world, torrent, leech } = complete(914);
    leech.session.relocate(torrent.id, OTHER);
    leech.disk.problem = 'full';
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(problemOf(leech)).toMatchObject({ code: 'not-moved', why: 'disk-full', from: ROOT });
    leech.disk.problem = null;
    leech.session.resume(torrent.id);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, allUnder(OTHER));
  });

  test('a file that is gone is said to be, and fetched anew on the way on', () => {
    const { world, torrent, leech } = complete(915);
    leech.disk.files.delete(`${ROOT}/folder/two`);
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(problemOf(leech)).toEqual({ code: 'not-moved', why: 'file-gone', left: 1, needed: 150_000 + SPARE, from: ROOT });
    leech.session.resume(torrent.id);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(3_000);
    expectAt(leech, torrent, allUnder(OTHER));
  });

  test('a file that is there but is not the one that was moved is nobody we know', () => {
    const { world, torrent, leech } = complete(916);
    leech.disk.files.delete(`${ROOT}/folder/two`);
    leech.disk.files.set(`${OTHER}/folder/two`, { ...foreign });
    leech.session.relocate(torrent.id, OTHER);
    expect(world.clock.run(30_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(problemOf(leech)).toMatchObject({ code: 'not-moved', why: 'file-conflict' });
    expect(leech.disk.files.get(`${OTHER}/folder/two`)).toEqual(foreign);
  });

  test('what others have open is waited for, and not for ever', () => {
    const { world, torrent, leech } = complete(917);
    leech.store.openFile(999_999, ROOT, ['folder', 'two'], 1e9, false, false, () => undefined);
    leech.session.relocate(torrent.id, OTHER);
    world.clock.run(20_000);
    expect(problemOf(leech)).toEqual({ code: 'moving', moved: 3, of: 4 });
    leech.store.closeFile(999_999);
    expect(world.clock.run(10_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.store.openFile(999_999, OTHER, ['folder', 'two'], 1e9, false, false, () => undefined);
    leech.session.relocate(torrent.id, ROOT);
    expect(world.clock.run(120_000, () => stateOf(leech, torrent.id) === 'error')).toBe(true);
    expect(problemOf(leech)).toMatchObject({ why: 'file-busy', left: 1 });
  });

  test('no wish is taken while they are on their way, and one at most while the helper is away', () => {
    const { world, torrent, leech } = complete(918);
    leech.session.relocate(torrent.id, OTHER);
    expect(() => leech.session.relocate(torrent.id, ROOT)).toThrow(/being moved/);
    expect(() => leech.session.rename(torrent.id, ['folder'], 'x')).toThrow(/being moved/);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    leech.session.detach();
    leech.session.relocate(torrent.id, ROOT);
    expect(() => leech.session.relocate(torrent.id, 'third')).toThrow(/helper is away/);
    expect(() => leech.session.relocate(torrent.id, ROOT)).not.toThrow();
    world.clock.run(5_000);
    expect(stateOf(leech, torrent.id)).toBe('waiting');
    leech.session.attach([]);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAt(leech, torrent, allUnder(ROOT));
    leech.session.pause(torrent.id);
    leech.session.detach();
    leech.session.rename(torrent.id, ['folder'], 'other');
    expect(stateOf(leech, torrent.id)).toBe('done');
    leech.session.attach([]);
    world.clock.run(10_000);
    expectAt(leech, torrent, allUnder(ROOT, 'other'));
    expect(stateOf(leech, torrent.id)).toBe('done');
  });

  test('a check that is asked for meanwhile comes after it', () => {
    const { world, torrent, leech } = complete(919);
    leech.session.relocate(torrent.id, OTHER);
    leech.session.recheck(torrent.id);
    const read = leech.disk.verifiedBytes;
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expect(leech.disk.verifiedBytes - read).toBe(torrent.size);
    expectAt(leech, torrent, allUnder(OTHER));
  });

  test.each([0, 1, 700, 1_200, 1_230, 5_000])('its data is deleted wherever it is by then (after %i ms)', after => {
    const { world, torrent, leech } = complete(920);
    leech.session.relocate(torrent.id, OTHER);
    world.clock.run(after);
    leech.session.remove(torrent.id, true);
    world.clock.run(10_000);
    expect(paths(leech)).toEqual([]);
    expect([...leech.records.keys()].filter(key => key.startsWith('t/'))).toEqual([]);
  });

  test('removed on the way, what only has the name of one of its files is left alone', () => {
    const { world, torrent, leech } = complete(923);
    leech.disk.files.delete(`${ROOT}/folder/empty`);
    leech.disk.files.set(`${OTHER}/folder/empty`, { ...foreign });
    leech.session.relocate(torrent.id, OTHER);
    const { torrents } = leech.session as unknown as { readonly torrents: { get(id: string): Torrent } };
    const { relocation } = torrents.get(torrent.id);
    const isOnItsWay = (): boolean => [0, 1, 2, 3].every(index => relocation.isCarrying(index));
    expect(world.clock.run(10_000, isOnItsWay)).toBe(true);
    leech.session.remove(torrent.id, true);
    world.clock.run(10_000);
    expect(paths(leech)).toEqual([`${OTHER}/folder/empty`]);
    expect(leech.disk.files.get(`${OTHER}/folder/empty`)).toEqual(foreign);
  });
});
