/** The io-daemon told to use one address of this machine alone. */
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { OwnAddress } from '../../daemon/io/own-address.ts';
import { IpFamily, NetStatus, Op, Transport } from '../../daemon/wire/frames.ts';
import { type IoClient, IoProcess } from './io-process.ts';

let io: IoProcess | null = null;
let client: IoClient;

afterEach(async () => {
  await io?.stop();
  io = null;
});

async function start(address: string): Promise<void> {
  io = await IoProcess.start({ address, allow: ['127.0.0.0/8', '::1/128'] });
  client = await io.connect();
}

/** A TCP server at a port of `host`, which tells whence it was reached. */
async function listening(host: string): Promise<{ port: number; from: Promise<string | undefined>; close: () => void }> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  const from = new Promise<string | undefined>(resolve => server.once('connection', socket => resolve(socket.remoteAddress)));
  return { port: (server.address() as AddressInfo).port, from, close: () => server.close() };
}

function reaches(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

const hasIPv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'));
const dial = (host: string, port: number, sock: number, transport: Transport = Transport.TCP) =>
  client.ask({ op: Op.TCP_CONNECT, sock, transport, host, port }, Op.TCP_CONNECTED);

describe.each([
  { own: '127.0.0.2', other: '127.0.0.1', family: IpFamily.V4, without: IpFamily.V6, stranger: '::1' },
  ...(hasIPv6 ? [{ own: '::1', other: '', family: IpFamily.V6, without: IpFamily.V4, stranger: '127.0.0.1' }] : []),
])('$own alone', ({ own, other, family, without, stranger }) => {
  it('is where peers connect to, and the port counts as open', async () => {
    await start(own);
    const { status, port } = await client.ask({ op: Op.TCP_LISTEN, listener: 1, port: 0, host: '' }, Op.TCP_LISTEN_RESULT);
    expect(status).toBe(NetStatus.OK);
    expect(await reaches(own, port)).toBe(true);
    expect((await client.next(Op.TCP_ACCEPT)).transport).toBe(Transport.TCP);
    if (other !== '') expect(await reaches(other, port)).toBe(false);
    expect((await io?.heard('ports'))?.tcp).toEqual([port]);
  });

  it('is where connections come from, and what is of the other family is out of reach', async () => {
    await start(own);
    const far = await listening(family === IpFamily.V4 ? '127.0.0.1' : '::1');
    expect(await dial(family === IpFamily.V4 ? '127.0.0.1' : '::1', far.port, 1)).toMatchObject({ status: NetStatus.OK });
    expect(await far.from).toBe(own);
    far.close();
    expect(await dial(stranger, 1, 2)).toMatchObject({ status: NetStatus.UNREACHABLE });
  });

  it('is where datagrams come from and arrive, uTP included, and the other family has no socket', async () => {
    await start(own);
    expect(await client.ask({ op: Op.UDP_BIND, udp: 2, family: without, port: 0 }, Op.UDP_BOUND)).toMatchObject({
      status: NetStatus.FAILED,
    });
    const { status, port } = await client.ask({ op: Op.UDP_BIND, udp: 1, family, port: 0 }, Op.UDP_BOUND);
    expect(status).toBe(NetStatus.OK);
    const far = createSocket(family === IpFamily.V4 ? 'udp4' : 'udp6');
    await new Promise<void>(resolve => far.bind(0, family === IpFamily.V4 ? '127.0.0.1' : '::1', resolve));
    const heard: { address: string; port: number; first: number | undefined }[] = [];
    far.on('message', (bytes, { address, port: from }) => heard.push({ address, port: from, first: bytes[0] }));
    const target = far.address();
    const said = setInterval(() => {
      client.send({ op: Op.UDP_SEND, id: 0, udp: 1, port: target.port, host: target.address, bytes: Buffer.from('hello') });
      far.send('answer', port, own);
    }, 20);
    const answer = await client.next(Op.UDP_RECV);
    expect({ host: answer.host, text: Buffer.from(answer.bytes).toString() }).toEqual({
      host: target.address,
      text: 'answer',
    });
    await expect.poll(() => heard.some(({ first }) => first === 0x68)).toBe(true);
    clearInterval(said);
    client.send({ op: Op.UDP_UTP, id: 0, udp: 1, on: true });
    client.send({ op: Op.TCP_CONNECT, id: 77, sock: 3, transport: Transport.UTP, host: target.address, port: target.port });
    // A SYN of uTP, version 1.
    await expect.poll(() => heard.some(({ first }) => first === 0x41)).toBe(true);
    expect(new Set(heard.map(({ address, port: from }) => `${address} ${from}`))).toEqual(new Set([`${own} ${port}`]));
    far.close();
  });

  it('is where HTTP is asked from', async () => {
    await start(own);
    const seen: (string | undefined)[] = [];
    const server = createHttpServer((request, response) => {
      seen.push(request.socket.remoteAddress);
      response.end('here');
    });
    const host = family === IpFamily.V4 ? '127.0.0.1' : '::1';
    await new Promise<void>(resolve => server.listen(0, host, resolve));
    const url = `http://${family === IpFamily.V4 ? host : `[${host}]`}:${(server.address() as AddressInfo).port}/`;
    const request = { url, family: 0 as const, headers: {}, maxBytes: 1_000, timeoutMs: 10_000 };
    const answer = await client.ask({ op: Op.HTTP_GET, request }, Op.HTTP_RESULT);
    expect(answer).toMatchObject({ net: NetStatus.OK });
    expect(seen).toEqual([own]);
    server.close();
    server.closeAllConnections();
  });
});

describe('one address of this machine', () => {
  it('that it does not have lets nobody in, and says so', async () => {
    await start('192.0.2.7');
    expect(await client.ask({ op: Op.TCP_LISTEN, listener: 1, port: 0, host: '' }, Op.TCP_LISTEN_RESULT)).toMatchObject({
      status: NetStatus.FAILED,
      port: 0,
    });
    expect(await client.ask({ op: Op.UDP_BIND, udp: 1, family: IpFamily.V4, port: 0 }, Op.UDP_BOUND)).toMatchObject({
      status: NetStatus.FAILED,
    });
  });

  it('leaves of a name the addresses that it leads to', async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(['192.0.2.1', '2001:db8:1::1']);
    const guard = (own: string): Guard => new Guard(['192.0.2.0/24', '2001:db8::/32'], resolve, undefined, new OwnAddress(own));
    expect(await guard('10.0.0.1').resolve('a.example', 1, 'peer')).toMatchObject({ addresses: [{ family: 4 }] });
    expect(await guard('fd00::1').resolve('a.example', 1, 'peer')).toMatchObject({ addresses: [{ family: 6 }] });
    expect(await guard('').resolve('a.example', 1, 'peer')).toMatchObject({ addresses: [{ family: 4 }, { family: 6 }] });
    expect(await guard('fd00::1').resolve('192.0.2.1', 1, 'peer')).toMatchObject({ status: NetStatus.UNREACHABLE });
  });

  it.each(['localhost', '127.0.0.1:80', '[::1]', '127.1'])('is no name and has no port: %s', text => {
    expect(() => new OwnAddress(text)).toThrow();
  });
});
