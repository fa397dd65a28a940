import { expect, test } from 'vitest';
import { makeTorrent, seedOn, World } from './host.ts';
import { Stranger } from './stranger.ts';

const COUNT = 50;

test('of fifty that want something of the only seed each has its turn', () => {
  const world = new World(940);
  const torrent = makeTorrent({ x: 1 << 20 }, 64 * 1024, 940);
  const seed = world.host('10.0.0.1', { rate: 1e6 });
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const leeches = Array.from({ length: COUNT }, (_, index) => {
    // Without the Fast extension nobody is let in while choked.
    const leech = new Stranger(world, `10.1.0.${index + 1}`, torrent.id, { fast: false });
    leech.call('10.0.0.1');
    return leech;
  });
  world.clock.run(1_000);
  for (const leech of leeches) leech.say({ type: 'interested' });
  const served = new Set<Stranger>();
  // One turn is a minute, and seven of eight places are given by turns.
  for (let minute = 0; minute < Math.ceil(COUNT / 7) + 1; minute++) {
    for (let second = 0; second < 60; second += 5) {
      world.clock.run(5_000);
      for (const leech of leeches) {
        const isIn = leech.heard.findLast(({ type }) => type === 'choke' || type === 'unchoke')?.type === 'unchoke';
        if (isIn && !served.has(leech)) leech.say({ type: 'request', piece: 3, begin: 0, length: 16_384 });
        if (leech.heard.some(({ type }) => type === 'piece')) served.add(leech);
      }
    }
    for (const leech of leeches) leech.say({ type: 'keepAlive' });
  }
  expect(leeches.every(({ isOpen }) => isOpen)).toBe(true);
  expect(served.size).toBe(COUNT);
});
