import bencode from 'bencode';
import { expect, test } from 'vitest';
import { leechOn, makeTorrent, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { SimUdpTracker } from './udp-tracker.ts';

/** A world where the name of a tracker has addresses of both families, and a torrent that has it alone. */
function setUp(url: string, seed: number) {
  const world = new World(seed);
  for (const name of ['tracker', 'udp.example']) world.internet.names.set(name, ['10.9.9.9', '2001:db8::9']);
  const made = makeTorrent({ 'film.mkv': 1 << 20 }, 64 * 1024, seed);
  const { info } = bencode.decode(made.bytes) as { info: unknown };
  const torrent = { ...made, bytes: Uint8Array.from(bencode.encode({ announce: url, info })) };
  const seeder = world.host('10.0.0.1', { host6: '2001:db8::1' });
  const leech = (name: string): SimHost => {
    const host = world.host(name);
    leechOn(host, torrent);
    return host;
  };
  return { world, torrent, seeder, leech };
}

const trackerOf = (host: SimHost, id: string) => host.session.detail(id)?.trackers[0];

test.each(['http://tracker/announce', 'udp://udp.example:80/'])(
  'peers that have one family alone meet who has both, by way of %s',
  url => {
    const { world, torrent, seeder, leech } = setUp(url, 91);
    const udp = new SimUdpTracker(world.internet, '10.9.9.9', 80, 0, '2001:db8::9');
    seedOn(seeder, torrent);
    const leeches = [leech('10.0.0.2'), leech('2001:db8::2')];
    const isThere = (host: SimHost) => host.session.rows()[0]?.state === 'seeding';
    expect(world.clock.run(120_000, () => leeches.every(isThere))).toBe(true);
    world.clock.run(5_000);
    for (const host of [seeder, ...leeches]) expect(trackerOf(host, torrent.id)).toMatchObject({ state: 'ok', text: '' });

    const hosts = ['10.0.0.1', '2001:db8::1'];
    const known = (): string[] => [...world.tracker.keys()].filter(host => hosts.includes(host));
    const heard = (event: string): string[] => hosts.filter(host => udp.events.includes(`${host} ${event}`));
    expect(url.startsWith('http') ? known() : heard('started')).toEqual(hosts);
    seeder.session.pause(torrent.id);
    world.clock.run(10_000);
    expect(known()).toEqual([]);
    if (url.startsWith('udp')) expect(heard('stopped')).toEqual(hosts);
  },
);

test.each(['http://tracker/announce', 'udp://udp.example:80/'])(
  'a family that leads nowhere shows in no row, delays nothing and is seldom tried: %s',
  url => {
    const { world, torrent, seeder, leech } = setUp(url, 92);
    new SimUdpTracker(world.internet, '10.9.9.9', 80);
    world.brokenFamily = 6;
    seedOn(seeder, torrent);
    const other = leech('10.0.0.2');
    const started = world.clock.time;
    expect(world.clock.run(5_000, () => trackerOf(other, torrent.id)?.state === 'ok')).toBe(true);
    expect(world.clock.time - started).toBeLessThan(2_000);
    for (let minute = 0; minute < 120; minute++) {
      world.clock.run(60_000);
      for (const host of [seeder, other]) expect(trackerOf(host, torrent.id)).toMatchObject({ state: 'ok', text: '' });
    }
  },
);
