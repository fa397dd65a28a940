/** What an engine tells of what it did, and of its ways to the network. */
import { expect, test } from 'vitest';
import { HISTORY_KEY } from '../../sw/engine/history/record.ts';
import type { PortMappings, PortWish } from '../../sw/engine/events.ts';
import { allSeeding, crowd, join } from './crowd.ts';
import { makeTorrent, ROOT, seedOn, World } from './host.ts';

const PIECE = 64 * 1024;
const LEECH = '10.1.0.1';
const MINUTE = 60_000;

const sum = (rates: readonly number[]): number => rates.reduce((all, rate) => all + Math.max(0, rate), 0);

test('what came is in the rates of each second, of all and of the torrent, and goes on from engine to engine', () => {
  const { world, torrent } = crowd(4301, 3_000_000, PIECE, { rate: 1e5 });
  const leech = join(world, torrent, LEECH);
  world.clock.run(10_000);
  leech.handOver();
  world.clock.run(5_000);
  const after = leech.session.activity.history('minutes', null);
  expect(after.down.filter(rate => rate < 0).length).toBeGreaterThan(580);
  expect(Math.max(...after.down)).toBeGreaterThan(50_000);
  expect(world.clock.run(5 * MINUTE, allSeeding(world, [leech], torrent))).toBe(true);
  world.clock.run(3_000);
  const all = leech.session.activity.history('minutes', null);
  const { downloaded = 0 } = leech.session.rows()[0] ?? {};
  expect(Math.abs(sum(all.down) - downloaded)).toBeLessThan(downloaded / 50);
  expect(all.totals).toMatchObject({ session: { down: downloaded }, ever: { down: downloaded } });
  // Its own ring is not kept: it is that of the engine at work.
  expect(sum(leech.session.activity.history('minutes', torrent.id).down)).toBeLessThan(downloaded);
  expect(leech.session.activity.history('minutes', torrent.id).down.at(-1)).toBe(0);
});

test('an engine that is killed loses a minute at most, as a gap', () => {
  const { world, torrent } = crowd(4302, 60_000_000, PIECE, { rate: 1e5 });
  const leech = join(world, torrent, LEECH);
  world.clock.run(100_000);
  const before = leech.session.activity.history('minutes', null).totals.ever.down;
  const kept = leech.records.get(HISTORY_KEY);
  leech.restart();
  world.clock.run(10_000);
  const { down, totals } = leech.session.activity.history('minutes', null);
  expect(leech.records.get(HISTORY_KEY)).toEqual(kept);
  expect(totals.ever.down).toBeGreaterThan(before / 2);
  const lost = down.slice(-110).filter(rate => rate < 0);
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThanOrEqual(62);
});

test('the helper that is joined first and lost for a while is marked, a browser by itself knows none', () => {
  const { world, torrent } = crowd(4303, 3_000_000, PIECE, { rate: 1e5 });
  const leech = join(world, torrent, LEECH);
  world.clock.run(5_000);
  leech.handOver();
  world.clock.run(3_000);
  leech.crashDaemon();
  world.clock.run(3_000);
  const marks = () => leech.session.activity.history('day', null).marks.filter(({ kind }) => kind === 'helper');
  expect(marks()).toMatchObject([{ isThere: true }]);
  leech.session.detach();
  world.clock.run(20_000);
  expect(marks()).toMatchObject([{ isThere: true }, { isThere: false }]);
  const browser = world.browser('10.2.0.1');
  world.clock.run(2_000);
  expect(browser.session.activity.history('day', null).marks).toEqual([]);
  // With nothing to do nothing moves, and that is measured.
  world.clock.run(30_000);
  expect(browser.session.activity.history('minutes', null).down.filter(rate => rate === 0).length).toBeGreaterThan(29);
});

const opened = (wishes: readonly PortWish[]): PortMappings => ({
  state: 'open',
  via: 'upnp',
  externalAddress: '80.0.0.1',
  problem: '',
  pinholes: { state: 'none', via: '', address: '' },
  mappings: wishes.map(wish => ({ ...wish, externalPort: wish.port })),
});

test('a port is tried by a way out and in again, and a peer that comes by itself is told', () => {
  const world = new World(4304);
  const torrent = makeTorrent({ x: 400_000 }, 65_536, 4304);
  const host = world.host('80.0.0.1');
  const port = () => host.session.activity.vitals().port;
  world.clock.run(1_000);
  expect(port()).toMatchObject({ tcp: 6881, test: { state: 'none', ago: -1 }, came: { tcp: 0, last: -1 } });
  host.session.activity.testPort();
  expect(port()?.test.state).toBe('no-address');
  host.router = opened;
  host.session.activity.testPort();
  world.clock.run(1_000);
  host.session.activity.testPort();
  expect(port()?.test.state).toBe('running');
  world.clock.run(3_000);
  expect(port()).toMatchObject({ address: '80.0.0.1', outside: 6881, test: { state: 'returned' }, came: { tcp: 0 } });
  expect(host.mapped.length).toBeGreaterThan(1);
  // Whoever is behind that address, it is not this computer.
  host.router = wishes => ({ ...opened(wishes), externalAddress: '80.9.9.9' });
  host.session.activity.testPort();
  world.clock.run(500);
  host.session.activity.testPort();
  world.clock.run(20_000);
  expect(port()?.test).toMatchObject({ state: 'lost' });
  seedOn(host, torrent);
  const peer = world.host('81.0.0.1');
  peer.session.add({ kind: 'file', bytes: torrent.bytes });
  peer.session.start(torrent.id, null, ROOT);
  world.clock.run(60_000);
  expect(port()?.came.tcp).toBeGreaterThan(0);
  expect(host.session.activity.vitals()).toMatchObject({
    trackers: [{ working: 1, failing: 0 }],
    moreTrackers: 0,
    connections: { most: 200 },
  });
});

test('the test of a port goes to a public address alone, once at a time, and ends by itself', () => {
  const world = new World(4306);
  const host = world.host('80.0.0.1');
  const state = () => host.session.activity.vitals().port?.test.state;
  const dialled = () => world.internet.dialled.length;
  const tellRouter = (externalAddress: string): void => {
    host.router = wishes => ({ ...opened(wishes), externalAddress });
    host.session.activity.testPort();
    world.clock.run(1_000);
  };
  world.clock.run(1_000);
  // Whoever tells our address may be a router that somebody else has.
  for (const address of ['192.168.0.1', '127.0.0.1', '169.254.0.1', '224.0.0.1', 'fd00::1', 'router.example', '']) {
    tellRouter(address);
    host.session.activity.testPort();
    expect(state()).toBe('no-address');
  }
  expect(dialled()).toBe(0);
  tellRouter('80.9.9.9');
  for (let press = 0; press < 50; press++) host.session.activity.testPort();
  expect([state(), dialled()]).toEqual(['running', 1]);
  world.clock.run(11_000);
  expect(state()).toBe('lost');
});

test('a browser by itself has neither a port nor a place in the DHT, and tries none', () => {
  const world = new World(4305);
  const browser = world.browser('10.2.0.1');
  browser.session.activity.testPort();
  world.clock.run(2_000);
  expect(browser.session.activity.vitals()).toMatchObject({ dht: null, port: null });
  expect(world.internet.dialled).toEqual([]);
});
