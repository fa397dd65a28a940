import { expect, test } from 'vitest';
import { UdpSockets } from '../../sw/engine/datagrams.ts';
import { Loop } from '../../sw/engine/loop.ts';
import { OwnEnd } from '../../sw/engine/own-end.ts';
import { VirtualClock } from '../sim/clock.ts';
import { SimDatagrams } from '../sim/datagrams.ts';
import { SimInternet } from '../sim/internet.ts';

function setUp(host6 = '') {
  const clock = new VirtualClock();
  const internet = new SimInternet(clock);
  const far = new SimDatagrams(internet, '10.0.0.2', { latency: 5 }, () => 0.5, '2001:db8::2');
  const datagrams = new SimDatagrams(internet, '10.0.0.1', { latency: 5 }, () => 0.5, host6);
  const ports = {
    clock: { now: () => clock.time },
    random: { bytes: (count: number) => new Uint8Array(count).fill(7) },
    state: { write: () => undefined },
    datagrams,
    log: () => undefined,
  } as unknown as ConstructorParameters<typeof UdpSockets>[0];
  const loop = new Loop(ports, { settled: () => undefined } as unknown as ConstructorParameters<typeof Loop>[1]);
  const heard: string[] = [];
  const own = new OwnEnd(
    () => 6881,
    () => undefined,
  );
  const sockets = new UdpSockets(
    ports,
    loop,
    (host, port, bytes) => heard.push(`${host} ${port} ${bytes.join()}`),
    own,
    () => true,
  );
  const found: unknown[] = [];
  const lookup = (name: string): void => sockets.lookup(name, 80, (problem, addresses) => found.push([problem, ...addresses]));
  return { clock, internet, far, sockets, heard, found, lookup };
}

test('a name that was asked for before there were sockets is looked up when there are', () => {
  const { clock, internet, sockets, found, lookup } = setUp();
  internet.names.set('t', ['2001:db8::2', '10.0.0.2']);
  internet.names.set('six', ['2001:db8::2']);
  lookup('t');
  lookup('six');
  clock.run(1_000);
  expect(found).toEqual([]);
  sockets.open(6881, () => undefined);
  clock.run(1_000);
  expect(found).toEqual([['', '10.0.0.2'], ['No route to it over UDP.']]);
});

test('IPv4 comes first where there are both, and each goes out by the socket of its family', () => {
  const { clock, internet, far, sockets, found, lookup } = setUp('2001:db8::1');
  internet.names.set('t', ['2001:db8::2', '10.0.0.2']);
  sockets.open(6881, () => undefined);
  lookup('t');
  clock.run(1_000);
  expect(found).toEqual([['', '10.0.0.2', '2001:db8::2']]);
  const arrived: string[] = [];
  for (const family of [4, 6] as const) {
    far.bind(
      family,
      80,
      () => undefined,
      (host, port) => arrived.push(`${host} ${port}`),
    );
  }
  sockets.send('10.0.0.2', 80, Uint8Array.of(1));
  sockets.send('2001:db8::2', 80, Uint8Array.of(1));
  clock.run(1_000);
  expect(arrived).toEqual(['10.0.0.1 6881', '2001:db8::1 6881']);
});

test('bencoded dictionaries are not for the trackers, and a closed session hears nothing', () => {
  const { clock, far, sockets, heard } = setUp();
  sockets.open(6881, () => undefined);
  clock.run(10);
  const socket = far.bind(
    4,
    80,
    () => undefined,
    () => undefined,
  );
  socket.send('10.0.0.1', 6881, new TextEncoder().encode('d1:y1:qe'));
  socket.send('10.0.0.1', 6881, Uint8Array.of(0, 1));
  clock.run(10);
  expect(heard).toEqual(['10.0.0.2 80 0,1']);
  sockets.close();
  socket.send('10.0.0.1', 6881, Uint8Array.of(0, 1));
  clock.run(10);
  expect(heard).toHaveLength(1);
});

test('names that wait for the sockets are at most 4,096', () => {
  const { clock, found, lookup } = setUp();
  for (let name = 0; name < 4097; name++) lookup(`n${name}`);
  clock.run(10);
  expect(found).toEqual([['Too many names are being looked up.']]);
});
