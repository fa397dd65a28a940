import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { UDP_UNREAD } from '../../daemon/io/limits.ts';
import { OpenPorts } from '../../daemon/io/open-ports.ts';
import { systemHasRoute, Udp } from '../../daemon/io/udp.ts';
import { Utp } from '../../daemon/io/utp/utp.ts';
import { ErrorCode, type Frame, IpFamily, NetStatus, Op } from '../../daemon/wire/frames.ts';
import type { IoClient, IoProcess } from './io-process.ts';
import { useClient } from './setup.ts';

let io: IoProcess;
let client: IoClient;
let far: Socket;
let farPort = 0;
let heard: { text: string; port: number }[] = [];

useClient(started => ({ io, client } = started));

beforeEach(async () => {
  heard = [];
  far = createSocket('udp4', (bytes, { port }) => heard.push({ text: bytes.toString(), port }));
  await new Promise<void>(resolve => far.bind(0, '127.0.0.1', resolve));
  farPort = far.address().port;
});

afterEach(() => far.close());

const bind = (udp: number, port = 0, family: IpFamily = IpFamily.V4) =>
  client.ask({ op: Op.UDP_BIND, udp, family, port }, Op.UDP_BOUND);

const send = (udp: number, text: string, port: number, host = '127.0.0.1') =>
  client.send({ op: Op.UDP_SEND, id: 0, udp, port, host, bytes: Buffer.from(text) });

/** Sends until the far side has heard it: a datagram may get lost on a busy machine. */
async function sendUntilHeard(udp: number, text: string): Promise<{ text: string; port: number }> {
  for (;;) {
    send(udp, text, farPort);
    await new Promise(resolve => setTimeout(resolve, 20));
    const found = heard.find(datagram => datagram.text === text);
    if (found) return found;
  }
}

describe('UDP', () => {
  it('sends from the port that it is bound to, and tells where an answer comes from', async () => {
    const bound = await bind(1);
    expect(bound).toMatchObject({ udp: 1, status: NetStatus.OK });
    expect((await sendUntilHeard(1, 'hello')).port).toBe(bound.port);
    const answer = client.next(Op.UDP_RECV);
    const again = setInterval(() => far.send('answer', bound.port, '127.0.0.1'), 20);
    const { udp, host, port, bytes } = await answer;
    clearInterval(again);
    expect({ udp, host, port, text: Buffer.from(bytes).toString() }).toEqual({
      udp: 1,
      host: '127.0.0.1',
      port: farPort,
      text: 'answer',
    });
  });

  it('says so where a port is taken, and gives it back with UDP_CLOSE', async () => {
    const { port } = await bind(1);
    expect(await bind(2, port)).toMatchObject({ udp: 2, status: NetStatus.IN_USE, port: 0 });
    expect(await bind(1)).toMatchObject({ udp: 1, status: NetStatus.FAILED });
    client.send({ op: Op.UDP_CLOSE, id: 0, udp: 1 });
    expect(await bind(2, port)).toMatchObject({ udp: 2, status: NetStatus.OK, port });
  });

  it('holds sixteen sockets, and none longer than the connection', async () => {
    const ports: number[] = [];
    for (let udp = 1; udp <= 16; udp++) ports.push((await bind(udp)).port);
    expect(ports.every(port => port > 0)).toBe(true);
    expect(await bind(17)).toMatchObject({ status: NetStatus.LIMIT, port: 0 });
    await client.close();
    client = await io.connect();
    expect(await bind(1, ports[0])).toMatchObject({ status: NetStatus.OK, port: ports[0] });
  });

  it('sends to no address that the guard refuses, no name, no other family, and not to itself', async () => {
    const { port: mine } = await bind(1);
    const { port: other } = await bind(2);
    await bind(6, 0, IpFamily.V6);
    send(1, 'a name', farPort, 'localhost');
    send(6, 'another family', farPort);
    send(1, 'multicast', 5353, '224.0.0.251');
    send(1, 'everyone', farPort, '255.255.255.255');
    send(1, 'any', farPort, '0.0.0.0');
    send(1, 'port 0', 0);
    send(1, 'myself', mine);
    send(1, 'my own other socket', other);
    await sendUntilHeard(1, 'the last');
    await client.sync();
    expect(new Set(heard.map(({ text }) => text))).toEqual(new Set(['the last']));
    expect(client.inbox.filter(({ op }) => op === Op.UDP_RECV)).toEqual([]);
  });

  it('joins the groups of local discovery and no others', async () => {
    await bind(1, 6771);
    client.request({ op: Op.UDP_JOIN, udp: 1, group: '239.192.152.143' });
    client.request({ op: Op.UDP_LEAVE, udp: 1, group: '239.192.152.143' });
    const refused = client.request({ op: Op.UDP_JOIN, udp: 1, group: '224.0.0.251' });
    expect(await client.next(Op.ERROR, ({ id }) => id === refused)).toMatchObject({ code: ErrorCode.BAD_STATE });
    const unknown = client.request({ op: Op.UDP_JOIN, udp: 9, group: '239.192.152.143' });
    expect(await client.next(Op.ERROR, ({ id }) => id === unknown)).toMatchObject({ code: ErrorCode.NO_SUCH_SOCK });
    // The port of a group is shared, as other programs listen to it too.
    const neighbour = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>(resolve => neighbour.bind(6771, resolve));
    neighbour.close();
  });
});

const hasNetwork = Object.values(networkInterfaces()).some(list => list?.some(own => !own.internal && own.family === 'IPv4'));

it.skipIf(!hasNetwork)(`tells a group something, and hears it${hasNetwork ? '' : ' (needs a network)'}`, async () => {
  const neighbour = createSocket({ type: 'udp4', reuseAddr: true });
  const said: string[] = [];
  neighbour.on('message', bytes => said.push(bytes.toString()));
  await new Promise<void>(resolve => neighbour.bind(6771, resolve));
  for (const list of Object.values(networkInterfaces())) {
    for (const own of list ?? [])
      if (!own.internal && own.family === 'IPv4') neighbour.addMembership('239.192.152.143', own.address);
  }
  await bind(1, 6771);
  client.send({ op: Op.UDP_JOIN, id: 0, udp: 1, group: '239.192.152.143' });
  const text = `group ${process.pid}`;
  const again = setInterval(() => send(1, text, 6771, '239.192.152.143'), 20);
  await expect.poll(() => said).toContain(text);
  // It comes back to who sent it, and another program is heard.
  await client.next(Op.UDP_RECV, ({ bytes }) => Buffer.from(bytes).toString() === text);
  clearInterval(again);
  const other = setInterval(() => neighbour.send(`other ${text}`, 6771, '239.192.152.143'), 20);
  await client.next(Op.UDP_RECV, ({ bytes }) => Buffer.from(bytes).toString() === `other ${text}`);
  clearInterval(other);
  neighbour.close();
});

describe('RESOLVE', () => {
  const resolve = (host: string, port = 6969) => client.ask({ op: Op.RESOLVE, port, host }, Op.RESOLVED);

  it('gives the addresses of names and literals that may be reached', async () => {
    expect(await resolve('127.0.0.1')).toMatchObject({ status: NetStatus.OK, addresses: ['127.0.0.1'] });
    expect(await resolve('[2606:2800:0220:0001:0000:0000:0000:0001]')).toMatchObject({
      status: NetStatus.OK,
      addresses: ['2606:2800:220:1::1'],
    });
  });

  it('refuses what may not, and what is neither name nor address', async () => {
    for (const host of ['169.254.169.254', '::1', '0.0.0.0', '0x7f.1', 'a b']) {
      expect(await resolve(host), host).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD, addresses: [] });
    }
    expect((await resolve('127.0.0.1', 0)).status).toBe(NetStatus.REFUSED_BY_GUARD);
    expect((await resolve('nowhere.invalid')).status).toBe(NetStatus.NAME_NOT_FOUND);
  });

  it.each([
    { routes: [4, 6], given: ['10.0.0.1', '10.0.0.2', '2001:4860::1'] },
    { routes: [4], given: ['10.0.0.1', '10.0.0.2'] },
    { routes: [6], given: ['2001:4860::1'] },
    { routes: [], given: ['10.0.0.1', '10.0.0.2', '2001:4860::1'] },
  ])('leaves out a family that has no route, where the other has one: $routes', async ({ routes, given }) => {
    const told: Frame[] = [];
    const udp = new Udp(
      new Guard([], () => Promise.resolve(['10.0.0.1', '10.0.0.2', '2001:4860::1'])),
      new OpenPorts(),
      { netIn: 0, netOut: 0, ioIn: 0, ioOut: 0 },
      frame => told.push(frame),
      () => 0,
      new Utp(new Guard([]), () => undefined),
      ({ family }) => Promise.resolve(routes.includes(family)),
    );
    await udp.resolve({ op: Op.RESOLVE, id: 1, host: 'both.example', port: 1 });
    expect(told).toEqual([{ op: Op.RESOLVED, id: 1, status: NetStatus.OK, detail: '', addresses: given }]);
  });

  it('knows of a route by asking the system', async () => {
    const at = (host: string, family: 4 | 6) => systemHasRoute({ host, family }, 9);
    expect(await at('127.0.0.1', 4)).toBe(true);
    // A socket that may not broadcast has no way there.
    expect(await at('255.255.255.255', 4)).toBe(false);
  });

  it('looks up 256 names at once and no more', async () => {
    const told: Frame[] = [];
    const guard = new Guard([], () => new Promise(() => undefined));
    const udp = new Udp(
      guard,
      new OpenPorts(),
      { netIn: 0, netOut: 0, ioIn: 0, ioOut: 0 },
      frame => told.push(frame),
      () => 0,
      new Utp(guard, () => undefined),
    );
    for (let id = 1; id <= 257; id++) void udp.resolve({ op: Op.RESOLVE, id, host: 'slow.example', port: 1 });
    await Promise.resolve();
    expect(told).toEqual([expect.objectContaining({ op: Op.RESOLVED, id: 257, status: NetStatus.LIMIT })]);
  });
});

it('drops what arrives while too much is unread', async () => {
  const told: Frame[] = [];
  const counters = { netIn: 0, netOut: 0, ioIn: 0, ioOut: 0 };
  let unread = UDP_UNREAD + 1;
  const guard = new Guard(['127.0.0.0/8']);
  const udp = new Udp(
    guard,
    new OpenPorts(),
    counters,
    frame => told.push(frame),
    () => unread,
    new Utp(guard, () => undefined),
  );
  udp.bind({ op: Op.UDP_BIND, id: 1, udp: 1, family: IpFamily.V4, port: 0 });
  await expect.poll(() => told.length).toBe(1);
  const [bound] = told.splice(0);
  const port = bound?.op === Op.UDP_BOUND ? bound.port : 0;
  const sender = createSocket('udp4');
  sender.send('dropped', port, '127.0.0.1');
  await expect.poll(() => counters.netIn).toBeGreaterThan(0);
  unread = 0;
  const again = setInterval(() => sender.send('heard', port, '127.0.0.1'), 20);
  await expect.poll(() => told.length).toBeGreaterThan(0);
  clearInterval(again);
  expect(told.map(frame => (frame.op === Op.UDP_RECV ? Buffer.from(frame.bytes).toString() : frame.op))).not.toContain('dropped');
  sender.close();
  udp.end();
});

it('tells the host which ports it has open, each once, and when they are not', async () => {
  const before = io.told.length;
  const told = () => io.told.slice(before).flatMap(message => (message.type === 'ports' ? [message] : []));
  const { port } = await bind(1);
  await bind(2, port, IpFamily.V6);
  // Local discovery's is not ours alone.
  await bind(3, 6771);
  const listen = async (listener: number, host: string) =>
    (await client.ask({ op: Op.TCP_LISTEN, listener, port: 0, host }, Op.TCP_LISTEN_RESULT)).port;
  const tcp = await listen(1, '');
  await listen(2, '127.0.0.1');
  await expect.poll(told).toEqual([
    { type: 'ports', tcp: [], udp: [port] },
    { type: 'ports', tcp: [tcp], udp: [port] },
  ]);
  await client.close();
  await expect.poll(() => told().at(-1)).toEqual({ type: 'ports', tcp: [], udp: [] });
});
