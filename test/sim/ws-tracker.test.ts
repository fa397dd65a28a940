/** WebSocket trackers in a virtual world. */
import bencode from 'bencode';
import { expect, test } from 'vitest';
import { makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { SimWsTracker } from './ws-tracker.ts';

const TRACKER = 'wss://tracker.example/';

function torrentWith(tiers: string[][], seed: number, more: object = {}) {
  const torrent = makeTorrent({ 'a.bin': 300_000 }, 65_536, seed, more);
  const { info } = bencode.decode(torrent.bytes) as { info: unknown };
  return { ...torrent, bytes: Uint8Array.from(bencode.encode({ 'announce-list': tiers, info })) };
}

function withTracker(seed: number): { world: World; tracker: SimWsTracker } {
  const world = new World(seed);
  const tracker = new SimWsTracker(TRACKER);
  world.wsTrackers.set(TRACKER, tracker);
  return { world, tracker };
}

function trackersOf(host: SimHost, id: string) {
  return host.session.detail(id)?.trackers ?? [];
}

test('without anyone to lend WebRTC a tracker is only asked for its counts, and hears of nobody', () => {
  const { world, tracker } = withTracker(21);
  // The one over UDP is another kind: it is asked beside it, not after it.
  const torrent = torrentWith([[TRACKER, 'http://tracker/announce']], 21);
  tracker.swarms.set(Buffer.from(torrent.id, 'hex').toString('latin1'), new Map());
  const host = world.host('10.0.0.1');
  seedOn(host, torrent);
  world.clock.run(5_000);
  expect(trackersOf(host, torrent.id)).toMatchObject([
    { url: TRACKER, state: 'counted', seeds: 0, leechers: 0, peers: -1 },
    { state: 'ok' },
  ]);
  world.clock.run(3_600_000);
  expect(new Set(tracker.heard)).toEqual(new Set(['10.0.0.1 scrape']));
  expect(tracker.heard.length).toBeGreaterThanOrEqual(4);
  expect(tracker.heard.length).toBeLessThanOrEqual(6);
  host.session.pause(torrent.id);
  world.clock.run(120_000);
  expect(tracker.clients.size).toBe(0);
});

test('a tracker that is away is tried less and less often, and found again when it is back', () => {
  const { world, tracker } = withTracker(22);
  tracker.stop();
  const torrents = [22, 23, 24].map(seed => torrentWith([[TRACKER]], seed));
  const host = world.host('10.0.0.1');
  for (const torrent of torrents) seedOn(host, torrent);
  world.clock.run(2 * 3600_000);
  const states = (): string[] => torrents.map(({ id }) => trackersOf(host, id)[0]?.state ?? '');
  expect(states()).toEqual(['error', 'error', 'error']);
  tracker.isUp = true;
  expect(world.clock.run(3600_000, () => states().every(state => state === 'counted'))).toBe(true);
});

test('a torrent that waits to be started is counted', () => {
  const { world, tracker } = withTracker(25);
  const torrent = torrentWith([[TRACKER]], 25);
  const host = world.host('10.0.0.1');
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  expect(world.clock.run(5_000, () => trackersOf(host, torrent.id)[0]?.seeds === 0)).toBe(true);
  expect(tracker.heard).toEqual(['10.0.0.1 scrape']);
  host.session.start(torrent.id, null, ROOT);
});

test('an engine that has ended leaves no socket open, and stops nothing at the tracker', () => {
  const { world, tracker } = withTracker(27);
  const torrent = torrentWith([[TRACKER]], 27);
  const host = world.host('10.0.0.1');
  host.rtc.lend();
  seedOn(host, torrent);
  expect(world.clock.run(10_000, () => trackersOf(host, torrent.id)[0]?.state === 'ok')).toBe(true);
  let isClosed = false;
  host.session.close(() => (isClosed = true));
  expect(world.clock.run(10_000, () => isClosed)).toBe(true);
  // Its clock is stopped by whoever made it; here it would go on.
  world.clock.run(50);
  expect(tracker.clients.size).toBe(0);
  expect(tracker.heard.some(line => line.endsWith('stopped'))).toBe(false);
});

test.each(['paused', 'removed', 'read again and paused'] as const)(
  'a torrent that is %s before its tracker ever answered leaves no socket open',
  what => {
    for (const more of [{}, { private: 1 }]) {
      const { world, tracker } = withTracker(26);
      const torrent = torrentWith([[TRACKER]], 26, more);
      const host = world.host('10.0.0.1');
      host.rtc.lend();
      tracker.isSilent = true;
      seedOn(host, torrent);
      // The announce went unanswered for 30 s, and the next one is yet to come.
      expect(world.clock.run(60_000, () => trackersOf(host, torrent.id)[0]?.state === 'error')).toBe(true);
      expect(tracker.clients.size).toBe(1);
      if (what === 'read again and paused') host.session.recheck(torrent.id);
      if (what === 'removed') host.session.remove(torrent.id, false);
      else host.session.pause(torrent.id);
      world.clock.run(120_000);
      expect(tracker.heard.slice(1)).toEqual(['10.0.0.1 announce started', '10.0.0.1 announce stopped']);
      expect(tracker.clients.size).toBe(0);
    }
  },
);
