import { expect, test } from 'vitest';
import type { PortMappings, PortWish } from '../../sw/engine/events.ts';
import { makeTorrent, ROOT, World } from './host.ts';

const opened =
  (externalPort: (wish: PortWish) => number) =>
  (wishes: readonly PortWish[]): PortMappings => ({
    state: 'open',
    via: 'upnp',
    externalAddress: '80.0.0.1',
    problem: '',
    pinholes: { state: 'none', via: '', address: '' },
    mappings: wishes.map(wish => ({ ...wish, externalPort: externalPort(wish) })),
  });

test('the router is asked for the TCP and the UDP port, and told when it is to forget them', () => {
  const world = new World(77);
  const host = world.host('10.0.0.1');
  world.clock.run(1_000);
  const wishes: PortWish[] = [
    { protocol: 'tcp', port: 6881 },
    { protocol: 'udp', port: 6881 },
  ];
  expect(host.mapped).toEqual([wishes]);
  expect(host.session.mapping.state?.problem).toBe('no-router');
  host.session.configure({ encryption: 'off' });
  expect(host.mapped).toHaveLength(1);
  host.session.configure({ portMapping: false });
  expect(host.mapped.at(-1)).toEqual([]);
  host.session.configure({ portMapping: true });
  expect(host.mapped.at(-1)).toEqual(wishes);
  host.session.detach();
  expect(host.session.mapping.state).toBeNull();
});

test('trackers and peers hear the port outside, as soon as it is another than ours', () => {
  const world = new World(78);
  const torrent = makeTorrent({ x: 100_000 }, 16_384, 78);
  const host = world.host('80.0.0.1');
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
  const told = () => [...world.tracker.values()].map(({ port }) => port);
  world.clock.run(5_000);
  expect(told()).toEqual([6881]);
  host.router = opened(({ port }) => port + 20_000);
  host.session.configure({ portMapping: true });
  // A tracker is asked again no sooner than it allows.
  world.clock.run(3_600_000, () => told()[0] === 26_881);
  expect(told()).toEqual([26_881]);
});

test('one port of several may be refused: ours goes on to be told', () => {
  const world = new World(79);
  const torrent = makeTorrent({ x: 100_000 }, 16_384, 79);
  const host = world.host('80.0.0.1');
  host.router = opened(({ protocol, port }) => (protocol === 'tcp' ? 0 : port));
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
  world.clock.run(60_000);
  expect([...world.tracker.values()].map(({ port }) => port)).toEqual([6881]);
});
