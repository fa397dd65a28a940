/** Engines, daemons and whole computers that end at any moment, on a disk that keeps of unflushed writes what it likes. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';
import { allSeeding, crowd, join } from './crowd.ts';
import type { Torrent } from './crowd.ts';
import { expectAll, ROOT } from './host.ts';
import type { SimHost } from './host.ts';
import { seeded } from './clock.ts';
import { seeds } from './seeds.ts';

const PIECE = 64 * 1024;

/** The pieces that its record claims. */
function recorded(host: SimHost, torrent: Torrent): number[] {
  const record = host.records.get(`t/${torrent.id}/progress`);
  const have = (record && decodeProgressRecord(record)?.have) ?? new Uint8Array(0);
  return Array.from({ length: have.length * 8 }, (_, piece) => piece).filter(
    piece => ((have[piece >> 3] ?? 0) >> (7 - (piece & 7))) & 1,
  );
}

function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

test.each(seeds(501, 502, 503, 504))('nothing durable is lost and nothing is claimed that is not (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 12 << 20, PIECE, { rate: 1e6 });
  const chance = seeded(run);
  const leech = join(world, torrent, '10.1.0.1');
  const content = torrent.contents.get('x') ?? new Uint8Array(0);
  const piecesDone = (): number => leech.session.detail(torrent.id)?.piecesDone ?? 0;
  let allowed = torrent.size;
  for (let turn = 0; turn < 12; turn++) {
    if (world.clock.run(200 + Math.floor(chance() * 2_500), allSeeding(world, [leech], torrent))) break;
    const before = recorded(leech, torrent);
    // What was not recorded may have to come again: all since then, and what is on its way.
    allowed += (piecesDone() - before.length) * PIECE + 4_000_000;
    const how = Math.floor(chance() * 3);
    if (how === 0) leech.restart();
    else if (how === 1) leech.crashDaemon();
    else leech.powerCut(chance);
    const onDisk = leech.disk.files.get(`${ROOT}/x`)?.bytes ?? new Uint8Array(0);
    for (const piece of before) {
      const [from, to] = [piece * PIECE, (piece + 1) * PIECE];
      expect(sha1(onDisk.subarray(from, to)), `piece ${piece} is claimed`).toBe(sha1(content.subarray(from, to)));
    }
    world.clock.run(100);
    expect(piecesDone()).toBeGreaterThanOrEqual(before.length);
  }
  expect(world.clock.run(120_000, allSeeding(world, [leech], torrent))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get(seed.name)).toBeLessThan(allowed);
});

test.each(seeds(511, 512, 513))('a torn record of its progress costs a check, not the download (seed %i)', run => {
  const { world, torrent, seed } = crowd(run, 8 << 20, PIECE, { rate: 1e6 });
  const chance = seeded(run);
  const leech = join(world, torrent, '10.1.0.1');
  world.clock.run(4_000);
  const key = `t/${torrent.id}/progress`;
  const whole = leech.records.get(key) ?? new Uint8Array(0);
  expect(whole.length).toBeGreaterThan(0);
  leech.records.set(key, whole.slice(0, Math.floor(chance() * whole.length)));
  leech.restart();
  expect(world.clock.run(60_000, allSeeding(world, [leech], torrent))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.sent.get(seed.name)).toBeLessThan(torrent.size * 1.3);
});
