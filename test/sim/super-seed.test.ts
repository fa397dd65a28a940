/** A first seed that shows its pieces one by one (BEP 16). */
import { expect, test } from 'vitest';
import { allSeeding, atTimes, crowd, join } from './crowd.ts';
import { expectAll, stateOf } from './host.ts';
import type { SimHost } from './host.ts';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';

const PIECE = 64 * 1024;
const SIZE = 8 << 20;

/** What the seed has sent, in copies of the torrent, by the time that its leechers have all of it between them. */
function firstCopy(run: number, superSeeding: boolean): number {
  const { world, torrent, seed } = crowd(run, SIZE, PIECE, { rate: 500_000 });
  seed.session.set(torrent.id, { superSeeding });
  const leechers = Array.from({ length: 10 }, (_, index) => join(world, torrent, `10.1.0.${index + 1}`, { rate: 1e6 }));
  const whole = atTimes(world, () => piecesOf(leechers, torrent.id).size === SIZE / PIECE);
  expect(world.clock.run(600_000, whole)).toBe(true);
  const copies = (world.internet.sent.get(seed.name) ?? 0) / torrent.size;
  expect(world.clock.run(600_000, allSeeding(world, leechers, torrent))).toBe(true);
  for (const leech of leechers) expectAll(leech, torrent);
  return copies;
}

/** The pieces that one of them recorded. */
function piecesOf(hosts: readonly SimHost[], id: string): Set<number> {
  const pieces = new Set<number>();
  for (const host of hosts) {
    const value = host.records.get(`t/${id}/progress`);
    const have = value ? decodeProgressRecord(value)?.have : null;
    have?.forEach((byte, at) => {
      for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) pieces.add(at * 8 + bit);
    });
  }
  return pieces;
}

test.each([151, 152])(
  'sends hardly more than one copy until the swarm has a whole one, and less than otherwise (seed %i)',
  run => {
    const shown = firstCopy(run, true);
    expect(shown).toBeLessThan(1.25);
    expect(shown).toBeLessThan(firstCopy(run, false));
  },
);

test('serves a peer that is alone without waiting for others', () => {
  const { world, torrent, seed } = crowd(153, SIZE / 4, PIECE, { rate: 500_000 });
  seed.session.set(torrent.id, { superSeeding: true });
  const leech = join(world, torrent, '10.1.0.1');
  expect(world.clock.run(60_000, allSeeding(world, [leech], torrent))).toBe(true);
  expectAll(leech, torrent);
});

test('is switched on and off while peers are connected', () => {
  const { world, torrent, seed } = crowd(154, SIZE, PIECE, { rate: 500_000 });
  const leechers = [1, 2, 3].map(index => join(world, torrent, `10.1.0.${index}`));
  world.clock.run(3_000);
  seed.session.set(torrent.id, { superSeeding: true });
  world.clock.run(12_000);
  const told = leechers.map(leech =>
    leech.session.detail(torrent.id)?.peers.find(({ address }) => address.startsWith(seed.name)),
  );
  for (const peer of told) expect(peer?.progress ?? 0).toBeLessThan(1);
  seed.session.set(torrent.id, { superSeeding: false });
  expect(world.clock.run(120_000, allSeeding(world, leechers, torrent))).toBe(true);
  seed.restart();
  expect(world.clock.run(20_000, () => stateOf(seed, torrent.id) === 'seeding')).toBe(true);
});
