import { expect, test } from 'vitest';
import { crowd } from './crowd.ts';

test('trackers of a torrent at work are edited, and stay so', () => {
  const { world, torrent, seed } = crowd(651, 1 << 20, 64 * 1024, {});
  world.clock.run(2_000);
  expect(world.tracker.has(seed.name)).toBe(true);
  const trackers = (): unknown => seed.session.detail(torrent.id)?.trackers.map(({ url, tier }) => [url, tier]);
  seed.session.editTrackers(torrent.id, [['udp://nowhere.invalid:1/', 'udp://nowhere.invalid:2/']]);
  world.clock.run(2_000);
  expect(world.tracker.has(seed.name)).toBe(false);
  seed.session.editTrackers(torrent.id, [['udp://nowhere.invalid:1/', 'udp://nowhere.invalid:2/'], ['HTTP://Tracker/announce']]);
  world.clock.run(2_000);
  expect(world.tracker.has(seed.name)).toBe(true);
  expect(() => seed.session.editTrackers(torrent.id, [['nothing']])).toThrow(/is no address of a tracker/);
  seed.restart();
  world.clock.run(2_000);
  expect(trackers()).toEqual([
    ['udp://nowhere.invalid:1/', 0],
    ['udp://nowhere.invalid:2/', 0],
    ['http://tracker/announce', 1],
  ]);
  expect(seed.session.detail(torrent.id)?.trackers.at(-1)?.state).toBe('ok');
});
