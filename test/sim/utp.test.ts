import { expect, test } from 'vitest';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

const MIB = 1 << 20;

function download(host: SimHost, torrent: ReturnType<typeof makeTorrent>): void {
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
}

test('a swarm where TCP does not lead to some comes together by uTP, and each has everything', () => {
  const world = new World(2201);
  const torrent = makeTorrent({ x: 4 * MIB }, 64 * 1024, 2201);
  for (const host of ['20.0.0.1', '20.0.0.3', '20.0.0.4']) world.internet.withoutTcp.add(host);
  seedOn(world.host('20.0.0.1', { rate: 100_000 }), torrent);
  const leeches = ['20.0.0.2', '20.0.0.3', '20.0.0.4', '20.0.0.5'].map(name => world.host(name, { rate: 100_000 }));
  for (const leech of leeches) download(leech, torrent);
  const areDone = (): boolean => leeches.every(leech => isSeeding(leech, torrent.id)());
  const over = new Set<string>();
  const look = (): void => {
    for (const leech of leeches) for (const peer of leech.session.detail(torrent.id)?.peers ?? []) over.add(peer.transport);
    world.clock.after(500, look);
  };
  look();
  expect(world.clock.run(10 * 60_000, areDone)).toBe(true);
  for (const leech of leeches) expectAll(leech, torrent);
  expect([...over].sort()).toEqual(['tcp', 'utp']);
});

test('without it, nobody is dialled by it, and nobody let in who comes so', () => {
  const world = new World(2202);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 2202);
  world.internet.withoutTcp.add('20.0.0.1');
  const seed = world.host('20.0.0.1');
  seedOn(seed, torrent);
  seed.session.configure({ utp: false });
  const [on, off] = [world.host('20.0.0.2'), world.host('20.0.0.3')];
  off.session.configure({ utp: false });
  // The two know of the seed alone, and it does not come to them.
  world.internet.shielded.add('20.0.0.2').add('20.0.0.3');
  for (const leech of [on, off]) download(leech, torrent);
  world.clock.run(60_000);
  expect(new Set(world.internet.dialledByUtp)).toContain('20.0.0.1:6881');
  expect(world.internet.utp.get('20.0.0.1')).toBeUndefined();
  expect(seed.session.detail(torrent.id)?.peers).toEqual([]);
  // Switched on again, one comes so.
  const before = world.internet.dialledByUtp.length;
  seed.session.configure({ utp: true });
  expect(world.clock.run(10 * 60_000, isSeeding(on, torrent.id))).toBe(true);
  expect(world.internet.dialledByUtp.length).toBeGreaterThan(before);
});
