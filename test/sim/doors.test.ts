import { expect, test } from 'vitest';
import type { Stream, StreamEvents } from '../../sw/engine/ports.ts';
import { Disk } from './disk.ts';
import { SimStore } from './store.ts';
import { makeTorrent, seedOn, World } from './host.ts';
import { SimNet } from './net.ts';
import { Stranger } from './stranger.ts';

function setUp(seed: number) {
  const world = new World(seed);
  const torrent = makeTorrent({ x: 1 << 20 }, 1 << 16, seed);
  const host = world.host('10.0.0.1', { host6: '2001:db8:1::1' });
  seedOn(host, torrent);
  world.clock.run(2_000);
  return { world, torrent, host };
}

/** Calls so often and says nothing; how many of the calls are let in. */
function callers(world: World, name: string, count: number, to = '10.0.0.1') {
  const net = new SimNet(world.internet, name, { latency: 10, rate: 10e6 }, new SimStore(world.clock, new Disk()));
  const open = new Set<Stream>();
  for (let call = 0; call < count; call++) {
    const events: StreamEvents = {
      opened: () => open.add(stream),
      received: () => undefined,
      landed: () => undefined,
      discarded: () => undefined,
      sent: () => undefined,
      closed: () => open.delete(stream),
    };
    const stream = net.connect(to, 6881, events, 'tcp');
  }
  return open;
}

test('one address has eight connections at most that have not named a torrent, and leaves the others room', () => {
  const { world, torrent } = setUp(701);
  const silent = callers(world, '10.0.0.66', 60);
  world.clock.run(1_000);
  expect(silent.size).toBe(8);
  const other = new Stranger(world, '10.0.0.7', torrent.id);
  other.call('10.0.0.1');
  world.clock.run(1_000);
  expect(other.isOpen).toBe(true);
  // They have ten seconds; then there is room for new ones.
  world.clock.run(11_000);
  expect(silent.size).toBe(0);
  const again = callers(world, '10.0.0.66', 3);
  world.clock.run(1_000);
  expect(again.size).toBe(3);
});

test('a network of IPv6 counts as one address', () => {
  const { world } = setUp(702);
  const all = Array.from({ length: 12 }, (_, index) => callers(world, `2001:db8::${index + 1}`, 1, '2001:db8:1::1'));
  world.clock.run(1_000);
  expect(all.filter(open => open.size > 0)).toHaveLength(8);
});

test('all addresses together have fifty that have not named a torrent', () => {
  const { world } = setUp(703);
  const all = Array.from({ length: 10 }, (_, index) => callers(world, `10.0.1.${index}`, 8));
  world.clock.run(1_000);
  expect(all.reduce((sum, open) => sum + open.size, 0)).toBe(50);
});

test('one host has eight connections of a torrent, whatever it says of who it is', () => {
  const { world, torrent, host } = setUp(704);
  const callsOf = (name: string): Stranger[] =>
    Array.from({ length: 12 }, (_, index) => {
      const stranger = new Stranger(world, name, torrent.id, { peerId: `-XX0000-${name}${index}`.padEnd(20, '-').slice(0, 20) });
      stranger.call('10.0.0.1');
      world.clock.run(200);
      return stranger;
    });
  const open = (strangers: readonly Stranger[]): number => strangers.filter(({ isOpen }) => isOpen).length;
  const [one, two] = [callsOf('10.0.0.66'), callsOf('10.0.0.67')];
  expect([open(one), open(two)]).toEqual([8, 8]);
  expect(host.session.detail(torrent.id)?.peers).toHaveLength(16);
});
