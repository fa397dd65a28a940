import bencode from 'bencode';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeSearch, LSD_GROUPS, LSD_PORT } from '../../sw/engine/codec/lsd.ts';
import { SimDatagrams } from './datagrams.ts';
import { expectAll, isSeeding, leechOn, makeTorrent, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';

type Made = ReturnType<typeof makeTorrent>;

/** The torrent without trackers. */
function alone(torrent: Made, isPrivate = false): Made {
  const { info } = bencode.decode(torrent.bytes) as { info: Record<string, unknown> };
  const changed = isPrivate ? { ...info, private: 1 } : info;
  const id = createHash('sha1').update(bencode.encode(changed)).digest('hex');
  return { ...torrent, bytes: Uint8Array.from(bencode.encode({ info: changed })), id };
}

/** Hosts of the same /24 are on one network. */
function lanWorld(seed: number): World {
  const world = new World(seed);
  const network = (host: string): string => host.slice(0, host.lastIndexOf('.'));
  world.internet.neighbours = (a, b) => network(a) === network(b);
  return world;
}

const lsdOf = (host: SimHost, torrent: Made) => host.session.detail(torrent.id)?.lsd;

test('those of one network find each other with no tracker and no node, and nobody of another network', () => {
  const world = lanWorld(801);
  const torrent = alone(makeTorrent({ x: 500_000 }, 32_768, 801));
  const seed = world.host('192.168.1.2');
  seedOn(seed, torrent);
  world.clock.run(30_000);
  expect(lsdOf(seed, torrent)).toMatchObject({ state: 'ok', peers: 0 });
  const [near, far] = [world.host('192.168.1.3'), world.host('192.168.2.3')];
  const magnet = world.host('192.168.1.4');
  for (const host of [near, far]) leechOn(host, torrent);
  magnet.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` });
  expect(world.clock.run(30_000, isSeeding(near, torrent.id))).toBe(true);
  expectAll(near, torrent);
  expect(world.clock.run(30_000, () => magnet.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  world.clock.run(10 * 60_000);
  expect(stateOf(far, torrent.id)).toBe('downloading');
  expect(lsdOf(far, torrent)).toMatchObject({ state: 'ok', peers: 0 });
  expect(lsdOf(near, torrent)?.peers).toBe(2);
  expect(world.announces).toBe(0);
});

test('a private torrent is not announced, nor are its peers taken from the network', () => {
  const world = lanWorld(802);
  const torrent = alone(makeTorrent({ x: 100_000 }, 32_768, 802), true);
  const [seed, leech] = [world.host('192.168.1.2'), world.host('192.168.1.3')];
  seedOn(seed, torrent);
  leechOn(leech, torrent);
  let heard = 0;
  const ear = new SimDatagrams(world.internet, '192.168.1.9', { latency: 1 }, () => 0.5);
  const socket = ear.bind(
    4,
    LSD_PORT,
    () => undefined,
    () => (heard += 1),
  );
  socket.join(LSD_GROUPS[4]);
  world.clock.run(20 * 60_000);
  expect(heard).toBe(0);
  expect(lsdOf(leech, torrent)).toBeNull();
  socket.send(LSD_GROUPS[4], LSD_PORT, encodeSearch(4, { port: 6881, infoHashes: [torrent.id], cookie: '' }));
  world.clock.run(60_000);
  expect(world.internet.dialled).toEqual([]);
});

test('the setting closes the sockets, and opens them again', () => {
  const world = lanWorld(803);
  const torrent = alone(makeTorrent({ x: 100_000 }, 32_768, 803));
  const [seed, leech] = [world.host('192.168.1.2'), world.host('192.168.1.3')];
  seed.session.configure({ lsd: false });
  seedOn(seed, torrent);
  leechOn(leech, torrent);
  world.clock.run(20 * 60_000);
  expect(stateOf(leech, torrent.id)).toBe('downloading');
  expect(lsdOf(seed, torrent)).toMatchObject({ state: 'off', next: -1 });
  // It is kept over a restart.
  seed.restart();
  world.clock.run(10 * 60_000);
  expect(lsdOf(seed, torrent)).toMatchObject({ state: 'off' });
  seed.session.configure({ lsd: true });
  expect(world.clock.run(10_000, isSeeding(leech, torrent.id))).toBe(true);
});

test('a machine that names thousands of peers under false addresses has 200 of them tried at most', () => {
  const world = lanWorld(804);
  const torrent = alone(makeTorrent({ x: 100_000 }, 32_768, 804));
  leechOn(world.host('192.168.1.2'), torrent);
  world.clock.run(2_000);
  for (let index = 0; index < 3000; index++) {
    const liar = new SimDatagrams(world.internet, `192.168.1.${100 + (index % 100)}`, { latency: 1 }, () => 0.5);
    const socket = liar.bind(
      4,
      0,
      () => undefined,
      () => undefined,
    );
    socket.send('192.168.1.2', LSD_PORT, encodeSearch(4, { port: 1 + index, infoHashes: [torrent.id], cookie: '' }));
    socket.close();
    world.clock.run(100);
  }
  world.clock.run(60_000);
  const tried = new Set(world.internet.dialled);
  expect(tried.size).toBeGreaterThan(50);
  expect(tried.size).toBeLessThanOrEqual(200);
});
