/** The hours of a schedule in which nothing is transferred. */
import { expect, test } from 'vitest';
import { allSeeding, crowd, join } from './crowd.ts';
import { expectAll, ROOT, stateOf } from './host.ts';
import type { SimHost, World } from './host.ts';
import { seeds } from './seeds.ts';

const SECOND = 1_000;
/** From ten to eleven on Monday evening. */
const PAUSE = { altMode: 'scheduled', altSchedule: [0, 0, 0, 0, 0, 0, 0], pauseSchedule: [1 << 22, 0, 0, 0, 0, 0, 0] } as const;
const TEN = Date.UTC(2026, 10, 16, 22);
const ELEVEN = TEN + 3_600 * SECOND;

function setWall(world: World, wall: number): void {
  world.wallJump += wall - world.wall;
}

const moved = (host: SimHost): number =>
  host.session.rows().reduce((sum, { uploaded, downloaded }) => sum + uploaded + downloaded, 0);

test.each(seeds(951, 952))(
  'nothing moves in the hours of a pause but what is forced, through restarts, and all goes on after it (seed %i)',
  run => {
    const { world, torrent } = crowd(run, 24 << 20, 64 * 1024, { rate: 5e6 });
    const leech = join(world, torrent, '10.1.0.1', { rate: 5e6 });
    const other = join(world, torrent, '10.1.0.2', { rate: 5e6 });
    leech.session.configure({ ...PAUSE, downLimit: 100_000 });
    setWall(world, TEN - 20 * SECOND);
    world.clock.run(15 * SECOND);
    expect(stateOf(leech, torrent.id)).toBe('downloading');
    expect(moved(leech)).toBeGreaterThan(0);
    leech.session.takeChanges();
    world.clock.run(10 * SECOND);
    const scheduled = { state: 'queued', problem: { code: 'scheduled', until: ELEVEN }, peers: 0, down: 0, up: 0 };
    expect(leech.session.takeChanges().rows).toMatchObject([scheduled]);
    const still = (): void => {
      const before = moved(leech);
      world.clock.run(60 * SECOND);
      expect(leech.session.rows()).toMatchObject([scheduled]);
      expect(moved(leech)).toBe(before);
    };
    for (const interrupt of [() => undefined, () => leech.crashDaemon(), () => leech.restart()]) {
      interrupt();
      world.clock.run(5 * SECOND);
      still();
    }
    leech.session.set(torrent.id, { forceStart: true });
    const before = moved(leech);
    world.clock.run(20 * SECOND);
    expect(stateOf(leech, torrent.id)).toBe('downloading');
    expect(moved(leech)).toBeGreaterThan(before);
    leech.session.set(torrent.id, { forceStart: false });
    world.clock.run(SECOND);
    still();
    // Others go on.
    expect(world.clock.run(120 * SECOND, allSeeding(world, [other], torrent))).toBe(true);
    leech.session.configure({ downLimit: 0 });
    still();
    setWall(world, ELEVEN - 5 * SECOND);
    world.clock.run(2 * SECOND);
    expect(leech.session.rows()).toMatchObject([scheduled]);
    expect(world.clock.run(120 * SECOND, allSeeding(world, [leech], torrent))).toBe(true);
    expectAll(leech, torrent);
  },
);

test.each(seeds(961))('what is added in a pause that began while nothing was to be done waits for its end (seed %i)', run => {
  const { world, torrent } = crowd(run, 1 << 20, 64 * 1024, { rate: 5e6 });
  const host = world.host('10.1.0.1', { rate: 5e6 });
  host.session.configure(PAUSE);
  setWall(world, TEN - 60 * SECOND);
  world.clock.run(120 * SECOND);
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
  world.clock.run(60 * SECOND);
  expect(host.session.rows()).toMatchObject([{ state: 'queued', problem: { code: 'scheduled', until: ELEVEN }, downloaded: 0 }]);
  setWall(world, ELEVEN - SECOND);
  expect(world.clock.run(120 * SECOND, allSeeding(world, [host], torrent))).toBe(true);
});

test.each(seeds(971))('a schedule that is changed or switched off lets go at once (seed %i)', run => {
  const { world, torrent } = crowd(run, 4 << 20, 64 * 1024, { rate: 5e6 });
  const host = join(world, torrent, '10.1.0.1', { rate: 5e6 });
  setWall(world, TEN);
  host.session.configure({ ...PAUSE, pauseSchedule: PAUSE.pauseSchedule.map(() => 0xffffff) });
  world.clock.run(5 * SECOND);
  expect(host.session.rows()).toMatchObject([{ problem: { code: 'scheduled', until: null } }]);
  host.session.configure(PAUSE);
  expect(host.session.rows()).toMatchObject([{ problem: { code: 'scheduled', until: ELEVEN } }]);
  host.session.configure({ altMode: 'off' });
  expect(host.session.rows()[0]?.problem?.code).not.toBe('scheduled');
  expect(world.clock.run(120 * SECOND, allSeeding(world, [host], torrent))).toBe(true);
});
