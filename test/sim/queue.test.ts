/** A thousand torrents and limits: never more at work than allowed, in order, and all of them in the end. */
import { expect, test } from 'vitest';
import { makeTorrent, seedOn, ROOT, World } from './host.ts';
import type { SimHost } from './host.ts';
import { seeds } from './seeds.ts';

const COUNT = 1000;
const DOWNLOADS = 20;
const SEEDS = 10;
const ALL = 60;

function torrents(count: number): ReturnType<typeof makeTorrent>[] {
  return Array.from({ length: count }, (_, index) => makeTorrent({ [`file ${index}`]: 20_000 }, 16_384, 7000 + index));
}

function states(host: SimHost): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state } of host.session.rows()) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** Rows that a window would hold if it took the changes alone. */
class Window {
  readonly rows = new Map<string, ReturnType<SimHost['session']['rows']>[number]>();

  look(host: SimHost): void {
    const { rows, removed } = host.session.takeChanges();
    for (const row of rows) this.rows.set(row.id, row);
    for (const id of removed) this.rows.delete(id);
  }
}

test.each(seeds(611))(
  'a thousand torrents are downloaded a few at a time, through restarts (seed %i)',
  run => {
    const world = new World(run);
    const seed = world.host('10.0.0.1');
    seed.session.configure({ maxActiveDownloads: 0, maxActiveSeeds: 0, maxActive: 0 });
    const all = torrents(COUNT);
    for (const torrent of all) seedOn(seed, torrent);
    world.clock.run(3_000);
    const leech = world.host('10.1.0.1');
    leech.session.configure({ maxActiveDownloads: DOWNLOADS, maxActiveSeeds: SEEDS, maxActive: ALL });
    for (const { bytes, id } of all) {
      leech.session.add({ kind: 'file', bytes });
      leech.session.start(id, null, ROOT);
    }
    const index = new Map(all.map(({ id }, at) => [id, at]));
    const finished = new Set<number>();
    const begun = new Set<number>();
    let window = new Window();
    let restarts = 0;
    for (let turn = 0; turn < 1_000 && finished.size < COUNT; turn++) {
      world.clock.run(3_000);
      window.look(leech);
      const rows = leech.session.rows();
      rows.sort((a, b) => (index.get(a.id) ?? 0) - (index.get(b.id) ?? 0));
      rows.forEach((row, at) => {
        if (row.size > 0 && row.done === row.size) finished.add(at);
      });
      // They begin in the order that they were added.
      rows.forEach((row, at) => row.state !== 'queued' && begun.add(at));
      for (const at of finished) begun.add(at);
      expect(Math.max(...begun)).toBe(begun.size - 1);
      const atWork = rows.filter(({ state }) => state === 'downloading' || state === 'seeding' || state === 'checking');
      expect(atWork.length).toBeLessThanOrEqual(ALL);
      expect(rows.filter(({ state, size, done }) => state !== 'queued' && done < size).length).toBeLessThanOrEqual(DOWNLOADS);
      // Those who wait do so behind those who do not.
      const waiting = rows.filter(({ state, size, done }) => state === 'queued' && done < size);
      expect(waiting.map(({ problem }) => (problem?.code === 'queued' ? problem.ahead : -1))).toEqual([...waiting.keys()]);
      for (const row of rows) if (row.state === 'queued') expect(window.rows.get(row.id)?.problem).toEqual(row.problem);
      if (finished.size > (restarts + 1) * 300 && restarts < 3) {
        restarts += 1;
        leech.restart();
        window = new Window();
        for (const row of leech.session.rows()) window.rows.set(row.id, row);
      }
    }
    expect(restarts).toBe(3);
    expect(finished.size).toBe(COUNT);
    expect(states(leech).get('seeding')).toBeLessThanOrEqual(ALL);
  },
  180_000,
);

test('what nobody has gives way to what can be had, and has its turn again', () => {
  const world = new World(621);
  const all = torrents(12);
  const dead = all.slice(0, 8);
  const seed = world.host('10.0.0.1');
  for (const torrent of all.slice(8)) seedOn(seed, torrent);
  const leech = world.host('10.1.0.1');
  leech.session.configure({ maxActiveDownloads: 2, maxActiveSeeds: 0, maxActive: 4 });
  for (const { bytes, id } of all) {
    leech.session.add({ kind: 'file', bytes });
    leech.session.start(id, null, ROOT);
  }
  const worked = new Map<string, number>();
  for (let minute = 0; minute < 60; minute++) {
    world.clock.run(60_000);
    const rows = leech.session.rows().filter(({ state }) => state !== 'queued');
    expect(rows.length).toBeLessThanOrEqual(4);
    for (const { id } of rows) worked.set(id, (worked.get(id) ?? 0) + 1);
  }
  for (const { id } of dead) expect(worked.get(id) ?? 0).toBeGreaterThanOrEqual(5);
  const rows = new Map(leech.session.rows().map(row => [row.id, row]));
  for (const { id } of all.slice(8)) expect(rows.get(id)?.done).toBe(rows.get(id)?.size);
});

test('who is moved to the top goes to work, who is moved to the bottom waits, and both stay there', () => {
  const world = new World(631);
  const all = torrents(5);
  const leech = world.host('10.1.0.1');
  leech.session.configure({ maxActiveDownloads: 1 });
  for (const { bytes, id } of all) {
    leech.session.add({ kind: 'file', bytes });
    leech.session.start(id, null, ROOT);
  }
  const ids = all.map(({ id }) => id);
  const states = (): string[] => leech.session.rows().map(({ state }) => (state === 'queued' ? '-' : 'x'));
  world.clock.run(2_000);
  expect(states()).toEqual(['x', '-', '-', '-', '-']);
  leech.session.move([ids[3]!], 'top');
  world.clock.run(2_000);
  expect(states()).toEqual(['-', '-', '-', 'x', '-']);
  leech.restart();
  world.clock.run(2_000);
  const byId = new Map(leech.session.rows().map(row => [row.id, row.state]));
  expect(ids.map(id => byId.get(id) !== 'queued')).toEqual([false, false, false, true, false]);
  leech.session.set(ids[4]!, { forceStart: true });
  leech.session.pause(ids[3]!);
  world.clock.run(2_000);
  const after = new Map(leech.session.rows().map(row => [row.id, row.state]));
  expect(ids.map(id => after.get(id))).toEqual(['downloading', 'queued', 'queued', 'paused', 'downloading']);
});
