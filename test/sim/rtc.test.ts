/** Peers over WebRTC in a virtual world, which a WebSocket tracker introduces to each other. */
import bencode from 'bencode';
import { expect, test } from 'vitest';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { SimWsTracker } from './ws-tracker.ts';

const TRACKER = 'wss://tracker.example/';

function torrentWith(tiers: string[][], seed: number, size = 3_000_000, more: object = {}) {
  const torrent = makeTorrent({ 'a.bin': size }, 65_536, seed, more);
  const { info } = bencode.decode(torrent.bytes) as { info: unknown };
  return { ...torrent, bytes: Uint8Array.from(bencode.encode({ 'announce-list': tiers, info })) };
}

function withTracker(seed: number): { world: World; tracker: SimWsTracker } {
  const world = new World(seed);
  const tracker = new SimWsTracker(TRACKER);
  world.wsTrackers.set(TRACKER, tracker);
  return { world, tracker };
}

function leech(host: SimHost, torrent: ReturnType<typeof torrentWith>): void {
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
}

const peersOf = (host: SimHost, id: string) => host.session.detail(id)?.peers ?? [];

test('a torrent comes over WebRTC alone, whoever of the two was there first', () => {
  for (const [seed, seedFirst] of [
    [41, true],
    [42, false],
  ] as const) {
    const { world } = withTracker(seed);
    const torrent = torrentWith([[TRACKER]], seed, 40_000_000);
    const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
    for (const host of [one, two]) host.rtc.lend();
    const begin = [() => seedOn(one, torrent), () => leech(two, torrent)];
    for (const act of seedFirst ? begin : begin.reverse()) {
      act();
      world.clock.run(3_000);
    }
    const seen = new Set<string>();
    const done = world.clock.run(600_000, () => {
      for (const peer of peersOf(two, torrent.id)) seen.add(`${peer.transport} ${peer.encryption} ${peer.address}`);
      return isSeeding(two, torrent.id)();
    });
    expect(done).toBe(true);
    expectAll(two, torrent);
    expect(seen).toEqual(new Set(['webrtc full ']));
    expect(world.internet.dialled).toEqual([]);
  }
});

test('one that is in both swarms brings together those of WebRTC and those of TCP, and names neither to the other', () => {
  const { world } = withTracker(43);
  const [http, both, rtc] = [[['http://tracker/announce']], [[TRACKER], ['http://tracker/announce']], [[TRACKER]]];
  const seed = world.host('10.0.0.1');
  const bridge = world.host('10.0.0.2');
  const others = ['10.0.0.3', '10.0.0.4', '10.0.0.5'].map(name => world.host(name));
  seedOn(seed, torrentWith(http, 43));
  for (const host of [bridge, ...others]) host.rtc.lend();
  leech(bridge, torrentWith(both, 43));
  for (const host of others) leech(host, torrentWith(rtc, 43));
  const torrent = torrentWith(http, 43);
  const done = world.clock.run(1_800_000, () => [bridge, ...others].every(host => isSeeding(host, torrent.id)()));
  expect(done).toBe(true);
  for (const host of [bridge, ...others]) expectAll(host, torrent);
  // Nobody was dialled but those that the HTTP tracker named.
  expect(world.internet.dialled.filter(address => !/^10\.0\.0\.[12]:/.test(address))).toEqual([]);
});

test('the window that lends goes in the middle: what it carried is lost, and it goes on with the next window', () => {
  const { world, tracker } = withTracker(44);
  const torrent = torrentWith([[TRACKER]], 44, 20_000_000);
  const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
  for (const host of [one, two]) host.rtc.lend();
  seedOn(one, torrent);
  leech(two, torrent);
  const done = () => two.session.rows()[0]?.done ?? 0;
  expect(world.clock.run(600_000, () => done() > 4_000_000)).toBe(true);
  two.rtc.leave();
  world.clock.run(5_000);
  expect(peersOf(two, torrent.id)).toEqual([]);
  expect(one.rtc.count).toBeLessThanOrEqual(5);
  const kept = done();
  world.clock.run(300_000);
  expect(done()).toBe(kept);
  expect(two.session.detail(torrent.id)?.trackers[0]?.state).toBe('counted');
  expect([...tracker.swarms.values()].map(({ size }) => size)).toEqual([1]);
  two.rtc.lend();
  expect(world.clock.run(600_000, isSeeding(two, torrent.id))).toBe(true);
  expectAll(two, torrent);
  expect(two.log.filter(line => line.startsWith('error'))).toEqual([]);
});

test('the daemon crashes, and the engine starts anew: connections over WebRTC come back', () => {
  const { world } = withTracker(45);
  const torrent = torrentWith([[TRACKER]], 45, 20_000_000);
  const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
  for (const host of [one, two]) host.rtc.lend();
  seedOn(one, torrent);
  leech(two, torrent);
  const done = () => two.session.rows()[0]?.done ?? 0;
  expect(world.clock.run(600_000, () => done() > 2_000_000)).toBe(true);
  two.crashDaemon();
  expect(world.clock.run(600_000, () => done() > 8_000_000)).toBe(true);
  two.restart();
  expect(world.clock.run(600_000, isSeeding(two, torrent.id))).toBe(true);
  expectAll(two, torrent);
});

test('where encryption is required WebRTC is good enough, and a private torrent takes whom its own tracker introduces', () => {
  const { world } = withTracker(46);
  const torrent = torrentWith([[TRACKER]], 46, 1_000_000, { private: 1 });
  const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
  for (const host of [one, two]) {
    host.rtc.lend();
    host.session.configure({ encryption: 'require' });
  }
  seedOn(one, torrent);
  leech(two, torrent);
  expect(world.clock.run(600_000, isSeeding(two, torrent.id))).toBe(true);
  expectAll(two, torrent);
});

test('limits hold for peers over TCP and over WebRTC together', () => {
  const { world } = withTracker(47);
  const size = 4_000_000;
  const [tcp, rtc, both] = [[['http://tracker/announce']], [[TRACKER]], [[TRACKER], ['http://tracker/announce']]].map(tiers =>
    torrentWith(tiers, 47, size),
  );
  const [one, two, three] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(name => world.host(name));
  for (const host of [two, three]) host!.rtc.lend();
  seedOn(one!, tcp!);
  seedOn(two!, rtc!);
  world.clock.run(2_000);
  three!.session.configure({ downLimit: 100_000 });
  leech(three!, both!);
  const transports = new Set<string>();
  world.clock.run(20_000, () => {
    for (const peer of peersOf(three!, both!.id)) if (peer.down > 0) transports.add(peer.transport);
    return false;
  });
  expect(transports).toEqual(new Set(['tcp', 'webrtc']));
  expect(three!.session.rows()[0]?.done).toBeLessThan(100_000 * 22);
});

test('a peer whose pieces are bad is banned over WebRTC too, and the torrent completed from another', () => {
  const { world } = withTracker(48);
  const torrent = torrentWith([[TRACKER]], 48, 2_000_000);
  const bad = world.host('10.0.0.1', { corrupt: bytes => (bytes[0]! ^= 1) });
  const [good, two] = [world.host('10.0.0.2'), world.host('10.0.0.3')];
  for (const host of [bad, good, two]) host.rtc.lend();
  seedOn(bad, torrent);
  seedOn(good, torrent);
  leech(two, torrent);
  expect(world.clock.run(1_800_000, isSeeding(two, torrent.id))).toBe(true);
  expectAll(two, torrent);
  expect(two.log.some(line => line.includes('banned'))).toBe(true);
});

test('a window that comes just after the start is made use of at once', () => {
  for (const wait of [0, 5, 15, 25, 35, 45]) {
    const { world } = withTracker(49);
    const torrent = torrentWith([[TRACKER]], 49, 500_000);
    const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
    one.rtc.lend();
    seedOn(one, torrent);
    world.clock.run(2_000);
    leech(two, torrent);
    world.clock.run(wait);
    two.rtc.lend();
    expect(world.clock.run(20_000, isSeeding(two, torrent.id))).toBe(true);
  }
});

test('a magnet gets its metadata over WebRTC', () => {
  const { world } = withTracker(50);
  const torrent = torrentWith([[TRACKER]], 50);
  const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
  for (const host of [one, two]) host.rtc.lend();
  seedOn(one, torrent);
  two.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&tr=${encodeURIComponent(TRACKER)}` });
  expect(world.clock.run(60_000, () => two.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  two.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(600_000, isSeeding(two, torrent.id))).toBe(true);
  expectAll(two, torrent);
});

test('nobody is reached over WebRTC while it is switched off', () => {
  const { world, tracker } = withTracker(51);
  const torrent = torrentWith([[TRACKER]], 51, 20_000_000);
  const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
  for (const host of [one, two]) host.rtc.lend();
  two.session.configure({ webrtc: false });
  seedOn(one, torrent);
  leech(two, torrent);
  world.clock.run(300_000);
  expect(two.rtc.count).toBe(0);
  expect(tracker.heard.filter(line => line.startsWith('10.0.0.2'))).not.toContain('10.0.0.2 announce started');
  two.session.configure({ webrtc: true });
  const done = () => two.session.rows()[0]?.done ?? 0;
  expect(world.clock.run(60_000, () => done() > 1_000_000)).toBe(true);
  two.session.configure({ webrtc: false });
  world.clock.run(5_000);
  expect(peersOf(two, torrent.id)).toEqual([]);
  two.session.configure({ webrtc: true });
  expect(world.clock.run(600_000, isSeeding(two, torrent.id))).toBe(true);
});

test('who is met over TCP is not met over WebRTC as well', () => {
  const { world } = withTracker(52);
  const torrent = torrentWith([['http://tracker/announce'], [TRACKER]], 52, 100_000_000);
  const [one, two] = [world.host('10.0.0.1'), world.host('10.0.0.2')];
  seedOn(one, torrent);
  world.clock.run(3_000);
  leech(two, torrent);
  world.clock.run(3_000);
  for (const host of [one, two]) host.rtc.lend();
  const transports = new Set<string>();
  for (let at = 0; at < 60; at++) {
    world.clock.run(500);
    for (const peer of peersOf(two, torrent.id)) transports.add(peer.transport);
  }
  expect(transports).toEqual(new Set(['tcp']));
  expect([one, two].map(host => host.log.filter(line => line.includes('connected to it already')).length)).toEqual([0, 0]);
});

test.each(['whose files are on their way elsewhere', 'with all the connections there may be'])(
  'offers are not answered for a torrent %s',
  why => {
    const { world, tracker } = withTracker(53);
    const http = ['http://tracker/announce'];
    const { id } = torrentWith([http], 53);
    const [one, two, three] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(name => world.host(name)) as [SimHost, SimHost, SimHost];
    for (const host of [one, two]) host.rtc.lend();
    one.session.configure({ maxConnections: 1 });
    leech(one, torrentWith([[TRACKER], http], 53));
    if (why.startsWith('with')) leech(three, torrentWith([http], 53));
    // By now its own offers have aged.
    world.clock.run(60_000);
    expect(one.rtc.count).toBe(0);
    expect(peersOf(one, id)).toHaveLength(why.startsWith('with') ? 1 : 0);
    if (why.startsWith('whose')) {
      one.store.moveFile = () => undefined;
      one.session.relocate(id, 'other');
    }
    leech(two, torrentWith([[TRACKER]], 53));
    expect(world.clock.run(10_000, () => tracker.relayed > 0)).toBe(true);
    expect(world.clock.run(5_000, () => one.rtc.count > 0)).toBe(false);
  },
);
