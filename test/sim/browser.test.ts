/** An engine without sockets of a computer: peers over WebRTC and web seeds are all that it has. */
import bencode from 'bencode';
import { expect, test } from 'vitest';
import { expectAll, isSeeding, leechOn, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { SimServer, withSeeds } from './web.ts';
import { SimWsTracker } from './ws-tracker.ts';

const TRACKER = 'wss://tracker.example/';
const MIXED = [['http://tracker/announce', 'udp://tracker:80', TRACKER], ['https://other.example/announce']];

function torrentWith(tiers: string[][], seed: number, more: object = {}) {
  const torrent = makeTorrent({ 'a.bin': 6_000_000 }, 65_536, seed, more);
  const { info } = bencode.decode(torrent.bytes) as { info: unknown };
  return { ...torrent, bytes: Uint8Array.from(bencode.encode({ 'announce-list': tiers, info })) };
}

function withTracker(seed: number): World {
  const world = new World(seed);
  world.wsTrackers.set(TRACKER, new SimWsTracker(TRACKER));
  return world;
}

/** It went nowhere, and nobody was asked to lead anyone to it. */
function expectQuiet(world: World, host: SimHost): void {
  expect(world.internet.dialled).toEqual([]);
  expect(world.internet.dialledByUtp).toEqual([]);
  expect([...world.internet.listeners.keys()].filter(address => address.startsWith(`${host.name}:`))).toEqual([]);
  expect(world.announced.filter(({ host: who }) => who === host.name)).toEqual([]);
  expect(host.mapped).toEqual([]);
  expect(host.log.filter(line => /^(warn|error)/.test(line))).toEqual([]);
}

test('a torrent comes over WebRTC to a browser by itself, and goes on from it to another, beside trackers that it cannot ask', () => {
  const world = withTracker(91);
  const torrent = torrentWith(MIXED, 91);
  const [seed, one, two] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(name => world.browser(name)) as [SimHost, SimHost, SimHost];
  seedOn(seed, torrent);
  leechOn(one, torrent);
  expect(world.clock.run(600_000, isSeeding(one, torrent.id))).toBe(true);
  seed.vanish();
  leechOn(two, torrent);
  expect(world.clock.run(600_000, isSeeding(two, torrent.id))).toBe(true);
  expectAll(two, torrent);
  const detail = two.session.detail(torrent.id);
  const beyond = detail?.trackers.filter(({ url }) => url !== TRACKER) ?? [];
  expect(beyond.map(({ state, text, next }) => [state, text, next])).toEqual(Array(3).fill(['out-of-reach', '', -1]));
  expect([detail?.dht?.state, detail?.lsd?.state]).toEqual(['off', 'off']);
  for (const host of [one, two]) expectQuiet(world, host);
});

test('a magnet comes to one over WebRTC; its TCP peers are known, not gone to, and told as out of reach', () => {
  const world = withTracker(92);
  const torrent = torrentWith([[TRACKER]], 92);
  const [seed, leech] = [world.browser('10.0.0.1'), world.browser('10.0.0.2')];
  seedOn(seed, torrent);
  const peers = ['10.9.9.1:6881', '10.9.9.2:6881'].map(peer => `&x.pe=${peer}`).join('');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&tr=${encodeURIComponent(TRACKER)}${peers}` });
  leech.session.start(torrent.id, null, ROOT);
  expect(leech.session.detail(torrent.id)?.outOfReach).toBe(2);
  expect(() => leech.session.addPeer(torrent.id, '10.9.9.3', 6881)).toThrow('The helper can');
  expect(world.clock.run(600_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expectQuiet(world, leech);
});

test('a web seed alone brings a torrent to one, and again to the engine after it', () => {
  const world = new World(93);
  const torrent = withSeeds(makeTorrent({ 'a.bin': 6_000_000 }, 65_536, 93), ['http://web.example/f/']);
  world.web.set('web.example', new SimServer(new Map([['/f/a.bin', torrent.contents.get('a.bin') ?? new Uint8Array(0)]]), 1e6));
  const leech = world.browser('10.0.0.2');
  leechOn(leech, torrent);
  expect(world.clock.run(60_000, () => (leech.session.rows()[0]?.done ?? 0) > 2_000_000)).toBe(true);
  leech.restart();
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expectQuiet(world, leech);
});

test('after 20 s without anybody it says what is known and out of reach, from facts alone', () => {
  const world = withTracker(94);
  const torrent = torrentWith(MIXED, 94);
  const leech = world.browser('10.0.0.2');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&x.pe=10.9.9.1:6881&tr=udp%3A%2F%2Ftracker%3A80` });
  leech.session.start(torrent.id, null, ROOT);
  const problem = () => leech.session.rows()[0]?.problem;
  world.clock.run(19_000);
  expect(problem()).toBe(null);
  world.clock.run(3_000);
  expect(problem()).toEqual({ code: 'out-of-reach', trackers: 1, peers: 1 });
  leech.session.configure({ lsd: false, portMapping: false, utp: false });
  leech.session.configure({ lsd: true, portMapping: true, utp: true });
  world.clock.run(1_000);
  expectQuiet(world, leech);
  leech.session.editTrackers(torrent.id, [[TRACKER]]);
  seedOn(world.browser('10.0.0.1'), torrent);
  expect(world.clock.run(600_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(problem()).toBe(null);
});
