import bencode from 'bencode';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { expectAll, isSeeding, leechOn, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

type Made = ReturnType<typeof makeTorrent>;

/** The torrent without trackers, but with nodes to begin at. */
function withNodes(torrent: Made, nodes: readonly string[], isPrivate = false): Made {
  const { info } = bencode.decode(torrent.bytes) as { info: Record<string, unknown> };
  const changed = isPrivate ? { ...info, private: 1 } : info;
  const bytes = Uint8Array.from(bencode.encode({ info: changed, nodes: nodes.map(host => [host, 6881]) }));
  return { ...torrent, bytes, id: createHash('sha1').update(bencode.encode(changed)).digest('hex') };
}

const dhtOf = (host: SimHost, torrent: Made) => host.session.detail(torrent.id)?.dht;

test('a torrent without a tracker finds its peers by the nodes it names, and so does a magnet on a table that was kept', () => {
  const world = new World(1);
  const other = withNodes(makeTorrent({ 'other.bin': 20_000 }, 16_384, 1), ['10.0.0.1']);
  const torrent = withNodes(makeTorrent({ 'film.mkv': 300_000 }, 16_384, 2), ['10.0.0.1']);
  world.host('10.0.0.1');
  const seed = world.host('10.0.0.2');
  seedOn(seed, torrent);
  world.clock.run(20_000);
  expect(dhtOf(seed, torrent)).toMatchObject({ state: 'ok', peers: 0, nodes: 1 });

  const leech = world.host('10.0.0.3');
  leechOn(leech, torrent);
  leech.session.add({ kind: 'file', bytes: other.bytes });
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(dhtOf(leech, torrent)).toMatchObject({ peers: 1, seeds: 1 });
  expect(world.announces).toBe(0);
  world.clock.run(90_000);
  expect(leech.records.has('dht')).toBe(true);

  const later = world.host('10.0.0.4');
  later.records.set('dht', leech.records.get('dht')!);
  later.restart();
  later.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` });
  later.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(60_000, isSeeding(later, torrent.id))).toBe(true);
  expectAll(later, torrent);
});

test('by a node of IPv6 that it names, before there is a socket for that, it finds its peers over IPv6', () => {
  const world = new World(4);
  const torrent = withNodes(makeTorrent({ 'film.mkv': 300_000 }, 16_384, 4), ['2001:db8:1::1']);
  world.host('10.0.0.1', { host6: '2001:db8:1::1' });
  const seed = world.host('10.0.0.2', { host6: '2001:db8:2::1' });
  seedOn(seed, torrent);
  world.clock.run(20_000);
  const leech = world.host('10.0.0.3', { host6: '2001:db8:3::1' });
  leechOn(leech, torrent);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.internet.dialled).toContain('[2001:db8:2::1]:6881');
});

test('peers of one torrent tell each other of their nodes, by which another torrent is found', () => {
  const world = new World(2);
  const shared = withNodes(makeTorrent({ 'shared.bin': 2_000_000 }, 16_384, 1), []);
  const hidden = withNodes(makeTorrent({ 'hidden.bin': 100_000 }, 16_384, 2), []);
  const seed = world.host('10.0.0.1', { rate: 50_000 });
  seedOn(seed, shared);
  seedOn(seed, hidden);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${shared.id}&x.pe=10.0.0.1:6881` });
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${hidden.id}` });
  expect(world.clock.run(60_000, () => leech.session.detail(hidden.id)?.hasMetadata === true)).toBe(true);
  expect(dhtOf(leech, hidden)).toMatchObject({ nodes: 1 });
});

test('a private torrent is no business of the DHT: not looked up, not announced, its nodes and its peers’ not asked', () => {
  const world = new World(3);
  const torrent = withNodes(makeTorrent({ 'secret.bin': 100_000 }, 16_384, 1), ['10.0.0.1'], true);
  const bystander = world.host('10.0.0.1');
  const seed = world.host('10.0.0.2');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.3');
  leechOn(leech, torrent);
  world.clock.run(20_000);
  expect(dhtOf(leech, torrent)).toBeNull();
  expect(leech.session.detail(torrent.id)?.peers).toEqual([]);
  world.clock.run(120_000);
  for (const host of [bystander, seed, leech]) expect(host.records.has('dht')).toBe(false);
});
