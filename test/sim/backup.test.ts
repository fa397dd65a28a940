/** Torrents that are taken out of one engine and into another, as they were. */
import { createHash } from 'node:crypto';
import bencode from 'bencode';
import { expect, test } from 'vitest';
import { Refusal } from '../../sw/engine/index.ts';
import type { ExportedViews, Returning } from '../../sw/engine/index.ts';
import { isSeeding, makeTorrent, ROOT, seedOn, type SimHost, World } from './host.ts';

const FILES = { a: 300_000, b: 1 << 20, c: 200_000 };
const PIECE = 65_536;

function running(run = 981) {
  const world = new World(run);
  const torrent = makeTorrent(FILES, PIECE, run);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['normal', 'skip', 'high'], ROOT);
  leech.session.set(torrent.id, { labels: ['films'], sequential: true });
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  leech.session.rename(torrent.id, ['folder', 'a'], 'first');
  world.clock.run(5_000);
  return { world, torrent, leech };
}

function exported(world: World, { session }: SimHost, ids: readonly string[], withFiles = true): ExportedViews {
  const answers: (ExportedViews | Refusal)[] = [];
  session.exporting.take(ids, withFiles, answer => answers.push(answer));
  world.clock.run(1_000, () => answers.length > 0);
  const [answer] = answers;
  if (answer === undefined || answer instanceof Refusal) throw answer ?? new Error('no answer');
  return answer;
}

const OPTIONS = { labels: ['films'], forceStart: false, stopRatio: null, stopSeedingTime: null, sequential: true };
const LIMITS = { firstLast: false, downLimit: 0, upLimit: 0, superSeeding: false, banned: [] };

function returning(from: ExportedViews, isPaused: boolean): Returning {
  const [view] = from.torrents;
  if (view === undefined) throw new Error('nothing was exported');
  const { magnet, torrent, choices } = view;
  return { magnet, torrent, choices, root: ROOT, isPaused, options: { ...OPTIONS, ...LIMITS } };
}

test.each([true, false])('one comes back with what was chosen of its files, by its .torrent file or its link: %s', withFiles => {
  const { world, torrent, leech } = running();
  const view = exported(world, leech, [torrent.id], withFiles);
  expect(view.torrents[0]?.torrent !== null).toBe(withFiles);
  const other = world.host('10.0.0.3');
  expect(other.session.restoring.take(returning(view, false))).toMatchObject({ id: torrent.id, already: false });
  expect(world.clock.run(60_000, isSeeding(other, torrent.id))).toBe(true);
  expect([...other.disk.files.keys()].filter(path => !path.includes('.parts')).sort()).toEqual([
    `${ROOT}/folder/c`,
    `${ROOT}/folder/first`,
  ]);
  expect(other.session.rows()[0]).toMatchObject({ options: { labels: ['films'], sequential: true }, size: 500_000 });
  const priorities = other.session.detail(torrent.id)?.files.map(({ priority }) => priority);
  expect(priorities).toEqual(['normal', 'skip', 'high']);
  other.restart();
  expect(world.clock.run(60_000, isSeeding(other, torrent.id))).toBe(true);
});

test('one that rests comes in at rest: nobody is asked for it', () => {
  const { world, torrent, leech } = running();
  const view = exported(world, leech, [torrent.id], false);
  const other = world.host('10.0.0.3');
  other.session.restoring.take(returning(view, true));
  world.clock.run(20_000);
  expect(other.session.rows()[0]?.state).toBe('paused');
  expect(world.announced.filter(({ host }) => host === '10.0.0.3')).toEqual([]);
  other.session.resume(torrent.id);
  expect(world.clock.run(60_000, isSeeding(other, torrent.id))).toBe(true);
});

test('one at rest is read from its record, and one that is leaving is not in the list', () => {
  const { world, torrent, leech } = running();
  leech.session.pause(torrent.id);
  world.clock.run(60_000);
  const { torrents } = exported(world, leech, ['0'.repeat(40), torrent.id]);
  const info = (bencode.decode(torrents[0]?.torrent as Uint8Array) as { info: object }).info;
  expect(createHash('sha1').update(bencode.encode(info)).digest('hex')).toBe(torrent.id);
  leech.stateDelay = () => {
    throw new Error('The disk is gone.');
  };
  expect(() => exported(world, leech, [torrent.id])).toThrow();
  leech.stateDelay = () => 2;
  leech.session.departures.dismiss([torrent.id], false);
  expect(exported(world, leech, [torrent.id])).toEqual({ torrents: [], looked: [torrent.id] });
});

test('one that is there gets what it lacks and stays as it is, and one that was just removed is back', () => {
  const { world, torrent, leech } = running();
  const view = exported(world, leech, [torrent.id]);
  leech.session.label(torrent.id, [], ['films']);
  leech.session.departures.dismiss([torrent.id], true);
  expect(leech.session.restoring.take(returning(view, true))).toMatchObject({ already: true, isBack: true });
  world.clock.run(15_000);
  expect(leech.session.rows()[0]).toMatchObject({ state: 'seeding', options: { labels: ['films'] } });
});

test('a link and a file of two torrents are none, and names that lead elsewhere are left out', () => {
  const { world, torrent, leech } = running();
  const view = returning(exported(world, leech, [torrent.id]), false);
  const other = world.host('10.0.0.3');
  const { bytes } = makeTorrent({ d: 1_000 }, PIECE, 7);
  expect(() => other.session.restoring.take({ ...view, torrent: bytes })).toThrow(/different torrents/);
  expect(() => other.session.restoring.take({ ...view, torrent: bytes.subarray(9) })).toThrow(Refusal);
  expect(other.session.rows()).toEqual([]);
  const renames = [
    { file: 0, path: ['..', '..', 'etc'] },
    { file: 2, path: ['first'] },
    { file: 99, path: ['none'] },
  ];
  other.session.restoring.take({ ...view, choices: { ...view.choices, folder: '../up', renames } });
  expect(other.session.detail(torrent.id)?.files.map(({ path }) => path.join('/'))).toEqual([
    'folder/a',
    'folder/b',
    'folder/first',
  ]);
});
