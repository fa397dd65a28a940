/** Engines, daemons and computers that end while files are on their way: nothing is lost or fetched again. */
import { describe, expect, test } from 'vitest';
import { seeded } from './clock.ts';
import { atTimes } from './crowd.ts';
import { isSeeding, ROOT, stateOf } from './host.ts';
import { filesOf, OTHER, paths, swarm } from './moving.ts';
import { seeds } from './seeds.ts';

describe('whatever ends', () => {
  test.each(seeds(931, 932, 933, 934, 935, 936))('every file is whole in one place, and none comes again (seed %i)', run => {
    const chance = seeded(run);
    const sizes = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `${'abc'[index % 3] ?? ''}/f${index}`,
        Math.floor(chance() * chance() * 400_000) + (index % 7 === 0 ? 0 : 1),
      ]),
    );
    const { world, torrent, source, leech } = swarm(run, sizes, 800_000);
    const wanted = Object.keys(sizes).map((_, index) => (index % 5 === 0 ? ('skip' as const) : ('normal' as const)));
    leech.session.start(torrent.id, wanted, ROOT);
    world.clock.run(10);
    const settled = (): boolean => ['downloading', 'seeding', 'done', 'paused'].includes(stateOf(leech, torrent.id));
    let allowed = torrent.size;
    for (let turn = 0; turn < 10; turn++) {
      world.clock.run(Math.floor(chance() * 1_500));
      if (settled()) {
        if (turn % 4 === 3) leech.session.pause(torrent.id);
        if (turn % 3 === 2) leech.session.rename(torrent.id, [filesOf(leech, torrent.id)[0]?.split('/')[0] ?? ''], `top ${turn}`);
        else leech.session.relocate(torrent.id, [ROOT, OTHER, 'third'][Math.floor(chance() * 3)] ?? ROOT);
      }
      // Until the record of the wish is written it never was one.
      world.clock.run(5);
      for (let ends = Math.floor(chance() * 4); ends > 0; ends--) {
        world.clock.run(Math.floor(chance() * 1_300));
        // What was not recorded may have to come again: what is on its way, and blocks of pieces that were not whole.
        allowed += 3_000_000;
        const how = Math.floor(chance() * 3);
        if (how === 0) leech.restart();
        else if (how === 1) leech.crashDaemon();
        else leech.powerCut(chance);
      }
      expect(world.clock.run(60_000, atTimes(world, settled)), stateOf(leech, torrent.id)).toBe(true);
    }
    leech.session.resume(torrent.id);
    const files = (): string[] => filesOf(leech, torrent.id);
    leech.session.prioritise(
      torrent.id,
      Object.keys(sizes).map((_, index) => index),
      'normal',
    );
    expect(
      world.clock.run(
        300_000,
        atTimes(world, () => leech.session.rows()[0]?.done === torrent.size),
      ),
    ).toBe(true);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(5_000);
    const root = leech.session.rows()[0]?.root ?? '';
    const where = Object.fromEntries([...torrent.contents.keys()].map((own, index) => [own, `${root}/${files()[index] ?? ''}`]));
    for (const [own, path] of Object.entries(where)) {
      const file = leech.disk.files.get(path);
      const there = file?.bytes.subarray(0, file.size) ?? new Uint8Array(1);
      expect(Buffer.compare(there, torrent.contents.get(own) ?? new Uint8Array(0)), path).toBe(0);
    }
    expect(world.internet.sent.get(source.name)).toBeLessThan(allowed);
  });

  test.each(seeds(941, 942, 943, 944))('what is complete is neither lost, read again nor fetched again (seed %i)', run => {
    const chance = seeded(run);
    const sizes = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, 1 + Math.floor(chance() * 30_000)]));
    const { world, torrent, source, leech } = swarm(run, sizes);
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    world.clock.run(3_000);
    const [read, sent] = [leech.disk.verifiedBytes, world.internet.sent.get(source.name)];
    const under = new Set([...torrent.contents.keys()].map(path => path.replace('folder/', '')));
    let [root, folder] = [ROOT, 'folder'];
    for (let turn = 0; turn < 8; turn++) {
      if (chance() < 0.5) leech.session.relocate(torrent.id, (root = root === ROOT ? OTHER : ROOT));
      else {
        const to = `name ${turn}`;
        leech.session.rename(torrent.id, [folder], to);
        folder = to;
      }
      world.clock.run(5);
      for (let ends = 0; ends < 3; ends++) {
        world.clock.run(Math.floor(chance() * 900));
        if (chance() < 0.5) leech.restart();
        else leech.crashDaemon();
      }
      expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
      expect(paths(leech)).toEqual([...under].map(path => `${root}/${folder}/${path}`).sort());
    }
    expect([leech.disk.verifiedBytes, world.internet.sent.get(source.name)]).toEqual([read, sent]);
  });
});
