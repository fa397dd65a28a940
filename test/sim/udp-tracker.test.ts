import bencode from 'bencode';
import { expect, test } from 'vitest';
import { makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { SimUdpTracker } from './udp-tracker.ts';

const MIB = 1 << 20;

/** A torrent whose only trackers are the given tiers. */
function torrentWith(tiers: readonly (readonly string[])[], seed: number) {
  const torrent = makeTorrent({ 'film.mkv': MIB }, 64 * 1024, seed);
  const { info } = bencode.decode(torrent.bytes) as { info: unknown };
  return { ...torrent, bytes: Uint8Array.from(bencode.encode({ 'announce-list': tiers, info })) };
}

function isSeeding(host: SimHost, id: string): () => boolean {
  return () => host.session.rows().find(row => row.id === id)?.state === 'seeding';
}

function trackersOf(host: SimHost, id: string) {
  return host.session.detail(id)?.trackers ?? [];
}

test.each([0, 0.15])('peers find each other by a UDP tracker alone, with %f of the datagrams lost', loss => {
  const world = new World(11);
  world.internet.names.set('tracker.example', ['10.9.9.9']);
  const tracker = new SimUdpTracker(world.internet, '10.9.9.9', 6969, loss);
  const torrent = torrentWith([['udp://tracker.example:6969/announce']], 11);
  const seed = world.host('10.0.0.1', { loss });
  seedOn(seed, torrent);
  expect(world.clock.run(600_000, () => trackersOf(seed, torrent.id)[0]?.state === 'ok')).toBe(true);

  const leech = world.host('10.0.0.2', { loss });
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  expect(world.clock.run(600_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(world.announces).toBe(0);
  const told = (): string[] => tracker.events.filter(event => event.startsWith('10.0.0.2'));
  world.clock.run(120_000);
  expect(told()).toEqual(expect.arrayContaining(['10.0.0.2 started', '10.0.0.2 completed']));
  leech.session.pause(torrent.id);
  world.clock.run(60_000);
  expect(told()).toContain('10.0.0.2 stopped');
});

test('a tier moves on from a UDP tracker that is silent to an HTTP one, and from a name that is unknown at once', () => {
  // Of a tier the first is drawn: this is a seed with which it is the silent one.
  const world = new World(12);
  const torrent = torrentWith([['udp://silent.example:80', 'http://tracker/announce'], ['udp://nowhere.example:80']], 12);
  world.internet.names.set('silent.example', ['10.9.9.8']);
  const host = world.host('10.0.0.1');
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
  world.clock.run(5_000);
  expect(trackersOf(host, torrent.id)).toMatchObject([
    { state: 'announcing' },
    { state: 'idle' },
    { state: 'error', text: 'The name is not known.' },
  ]);
  world.clock.run(45_000);
  expect(trackersOf(host, torrent.id)).toMatchObject([{ state: 'error', text: 'No answer in time.' }, { state: 'ok' }, {}]);
});

test('a tracker that was away is found again when it is back, with all that it has forgotten', () => {
  const world = new World(13);
  const tracker = new SimUdpTracker(world.internet, '10.9.9.9', 80);
  const torrent = torrentWith([['udp://10.9.9.9:80/']], 13);
  const host = world.host('10.0.0.1');
  seedOn(host, torrent);
  expect(world.clock.run(10_000, () => trackersOf(host, torrent.id)[0]?.state === 'ok')).toBe(true);
  tracker.stop();
  expect(world.clock.run(2_000_000, () => trackersOf(host, torrent.id)[0]?.state === 'error')).toBe(true);
  tracker.start();
  const before = tracker.events.length;
  expect(world.clock.run(600_000, () => trackersOf(host, torrent.id)[0]?.state === 'ok')).toBe(true);
  expect(tracker.events.length).toBeGreaterThan(before);
});

test('another port is taken for UDP where that of TCP is not free, and another life of the daemon begins anew', () => {
  const world = new World(14);
  const tracker = new SimUdpTracker(world.internet, '10.9.9.9', 80);
  const torrent = torrentWith([['udp://10.9.9.9:80/']], 14);
  const host = world.host('10.0.0.1');
  expect(world.internet.datagrams.has('10.0.0.1 6881')).toBe(true);
  host.datagrams.drop();
  host.datagrams.bind(
    4,
    6881,
    () => undefined,
    () => undefined,
  );
  host.session.detach();
  host.session.attach([]);
  seedOn(host, torrent);
  expect(world.clock.run(10_000, () => trackersOf(host, torrent.id)[0]?.state === 'ok')).toBe(true);
  host.crashDaemon();
  expect(world.clock.run(10_000, () => tracker.events.filter(event => event.endsWith('started')).length === 2)).toBe(true);
  expect(world.clock.run(1_000, () => trackersOf(host, torrent.id)[0]?.state === 'ok')).toBe(true);
});

test('a torrent that waits to be started is counted by its trackers without joining them', () => {
  const world = new World(15);
  const tracker = new SimUdpTracker(world.internet, '10.9.9.9', 80);
  const torrent = torrentWith([['http://tracker/announce'], ['udp://10.9.9.9:80/'], ['http://tracker/else']], 15);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(5_000);
  const counted = (): unknown[] => trackersOf(leech, torrent.id).map(({ seeds, leechers }) => [seeds, leechers]);
  const [announces, events] = [world.announces, tracker.events.length];
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  world.clock.run(5_000);
  expect(counted()).toEqual([
    [1, 0],
    [0, 1],
    [-1, -1],
  ]);
  expect([world.announces, tracker.events.length]).toEqual([announces, events]);
});

test('an announce over HTTP that tells no counts is followed by a scrape', () => {
  const world = new World(16);
  const torrent = torrentWith([['http://tracker/announce']], 16);
  const host = world.host('10.0.0.1');
  seedOn(host, torrent);
  expect(world.clock.run(5_000, () => trackersOf(host, torrent.id)[0]?.seeds === 1)).toBe(true);
});
