import { createSocket } from 'node:dgram';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IpFamily, NetStatus, Op } from '../../daemon/wire/frames.ts';
import { DaemonDatagrams } from '../../sw/adapters/daemon-udp.ts';
import { buildIo, pairedToken, RealLink, startDaemon, type Daemon } from './daemon.ts';
import { Harness, turn } from './harness.ts';

describe('datagrams over /io', () => {
  it('say the port that was bound, 0 where none was, and 0 while the daemon is away', async () => {
    const harness = new Harness();
    const { io } = harness.connect();
    const datagrams = new DaemonDatagrams(harness.link.io);
    const ports: number[] = [];
    datagrams.bind(
      4,
      6881,
      port => ports.push(port),
      () => undefined,
    );
    datagrams.bind(
      6,
      0,
      port => ports.push(port),
      () => undefined,
    );
    await turn();
    const [first, second] = io.sent(Op.UDP_BIND);
    expect(first).toMatchObject({ family: IpFamily.V4, port: 6881 });
    expect(second).toMatchObject({ family: IpFamily.V6, port: 0 });
    io.say({ op: Op.UDP_BOUND, id: first!.id, udp: first!.udp, status: NetStatus.OK, port: 6881 });
    io.say({ op: Op.UDP_BOUND, id: second!.id, udp: second!.udp, status: NetStatus.FAILED, port: 0 });
    expect(ports).toEqual([6881, 0]);
  });

  it('tell nothing after a socket was closed, and nothing of its own to the daemon then', async () => {
    const harness = new Harness();
    const { io } = harness.connect();
    const datagrams = new DaemonDatagrams(harness.link.io);
    const told: unknown[] = [];
    const socket = datagrams.bind(
      4,
      0,
      port => told.push(port),
      (...args) => told.push(args),
    );
    await turn();
    const [bind] = io.sent(Op.UDP_BIND);
    const { udp } = bind!;
    io.say({ op: Op.UDP_BOUND, id: bind!.id, udp, status: NetStatus.OK, port: 7000 });
    io.say({ op: Op.UDP_RECV, id: 0, udp, host: '10.0.0.1', port: 1, bytes: Uint8Array.of(1) });
    expect(told).toEqual([7000, ['10.0.0.1', 1, Uint8Array.of(1)]]);
    socket.close();
    socket.send('10.0.0.1', 1, Uint8Array.of(2));
    socket.join('239.192.152.143');
    await turn();
    io.say({ op: Op.UDP_RECV, id: 0, udp, host: '10.0.0.1', port: 1, bytes: Uint8Array.of(3) });
    expect(told).toHaveLength(2);
    expect(io.sent(Op.UDP_CLOSE)).toHaveLength(1);
    expect([...io.sent(Op.UDP_SEND), ...io.sent(Op.UDP_JOIN)]).toEqual([]);
  });
});

const INSTALL = 'an-install-of-sixteen-characters';

describe('datagrams through the real daemon', () => {
  let program = '';
  let daemon: Daemon;
  let link: RealLink;

  beforeAll(async () => {
    program = await buildIo();
    daemon = await startDaemon(program);
    link = new RealLink(daemon);
    link.link.pair({ token: await pairedToken(daemon, INSTALL), installId: INSTALL, port: daemon.host.port });
    await link.until('linked');
  });

  afterAll(async () => {
    await daemon.close();
    rmSync(program, { recursive: true, force: true });
  });

  it('go both ways, and names are looked up behind the guard', async () => {
    const datagrams = new DaemonDatagrams(link.io);
    const heard: string[] = [];
    let port = 0;
    const socket = datagrams.bind(
      4,
      0,
      bound => (port = bound),
      (host, from, bytes) => heard.push(`${host}:${from} ${Buffer.from(bytes).toString()}`),
    );
    await expect.poll(() => port).toBeGreaterThan(0);
    const far = createSocket('udp4', (bytes, from) => far.send(`${bytes.toString()} back`, from.port, from.address));
    await new Promise<void>(resolve => far.bind(0, '127.0.0.1', resolve));
    const again = setInterval(() => socket.send('127.0.0.1', far.address().port, Buffer.from('there and')), 20);
    await expect.poll(() => heard).toContain(`127.0.0.1:${far.address().port} there and back`);
    clearInterval(again);
    far.close();
    socket.close();

    const lookup = (host: string) =>
      new Promise(resolve => datagrams.lookup(host, 80, (problem, addresses) => resolve({ problem, addresses })));
    expect(await lookup('127.0.0.1')).toEqual({ problem: '', addresses: ['127.0.0.1'] });
    expect(await lookup('169.254.169.254')).toEqual({
      problem: 'the address is not to be reached from here',
      addresses: [],
    });
    expect(await lookup('nowhere.invalid')).toEqual({ problem: 'The name is not known.', addresses: [] });
  });
});
