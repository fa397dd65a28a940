import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { HashPool } from '../../daemon/io/hash-pool.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { OpenPorts } from '../../daemon/io/open-ports.ts';
import { Tcp } from '../../daemon/io/tcp.ts';
import { Utp } from '../../daemon/io/utp/utp.ts';
import { PROCESS_TIME } from '../../daemon/io/process-time.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { CloseReason, FIRST_ACCEPTED_SOCK, type Frame, NetStatus, Op, Transport } from '../../daemon/wire/frames.ts';
import { connected } from './fixture.ts';
import type { IoProcess } from './io-process.ts';
import { type IoClient } from './io-process.ts';
import { framed, Peer, PeerServer } from './peer.ts';
import { useClient } from './setup.ts';

let io: IoProcess;
let server: PeerServer;
let client: IoClient;

useClient(started => ({ io, client } = started));

beforeEach(async () => {
  server = await PeerServer.listen();
});

afterEach(() => server.close());

const dial = (sock: number, host: string, port: number) =>
  client.ask({ op: Op.TCP_CONNECT, sock, transport: Transport.TCP, host, port }, Op.TCP_CONNECTED);

const credit = (sock: number, bytes: number) => client.send({ op: Op.STREAM_CREDIT, id: 0, sock, bytes });

/** Bytes that a socket was told, until there are so many. */
async function received(sock: number, count: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < count) {
    const frame = await client.next(Op.TCP_RECV, ({ sock: from }) => from === sock);
    bytes = Buffer.concat([bytes, frame.bytes]);
  }
  return bytes;
}

describe('TCP', () => {
  it('connects, sends, receives and closes', async () => {
    expect(await dial(1, '127.0.0.1', server.port)).toMatchObject({ status: NetStatus.OK, detail: `127.0.0.1:${server.port}` });
    const peer = await server.next();
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('hello ') });
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('peer') });
    expect((await peer.take(10)).toString()).toBe('hello peer');
    credit(1, 100);
    await peer.send(Buffer.from('hello you'));
    expect((await received(1, 9)).toString()).toBe('hello you');
    client.send({ op: Op.TCP_CLOSE, id: 0, sock: 1, reason: CloseReason.REQUESTED, detail: '' });
    await peer.gone();
  });

  it('sends what it was given before it was connected, and before it was closed', async () => {
    client.send(
      { op: Op.TCP_CONNECT, id: 1, sock: 1, transport: Transport.TCP, host: '127.0.0.1', port: server.port },
      { op: Op.TCP_SEND, id: 0, sock: 1, bytes: Buffer.from('early') },
    );
    const peer = await server.next();
    expect((await peer.take(5)).toString()).toBe('early');
    await client.next(Op.TCP_CONNECTED);
    const much = Buffer.alloc(3 << 20, 5);
    client.send(
      { op: Op.TCP_SEND, id: 0, sock: 1, bytes: much },
      { op: Op.TCP_CLOSE, id: 0, sock: 1, reason: CloseReason.REQUESTED, detail: '' },
    );
    expect((await peer.take(much.length)).equals(much)).toBe(true);
    await peer.gone();
  });

  it('tells why a connect failed', async () => {
    const closed = await PeerServer.listen();
    const { port } = closed;
    closed.close();
    expect(await dial(1, '127.0.0.1', port)).toMatchObject({ status: NetStatus.REFUSED });
    expect(await dial(1, '169.254.169.254', 80)).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    expect(await dial(1, '::1', server.port)).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    expect(await dial(1, '127.0.0.1', io.port)).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    expect(await dial(FIRST_ACCEPTED_SOCK, '127.0.0.1', server.port)).toMatchObject({ status: NetStatus.FAILED });
    expect(await dial(1, '127.0.0.1', server.port)).toMatchObject({ status: NetStatus.OK });
    expect(await dial(1, '127.0.0.1', server.port)).toMatchObject({ status: NetStatus.FAILED });
  });

  it('tries the next address of a name where one does not answer', async () => {
    const told: Frame[] = [];
    const landing = new Landing(new HashPool(), new MemoryPool());
    const push = (frame: Frame) => void told.push(frame);
    const shared = {
      landing,
      push,
      later: (tell: () => void) => tell(),
      counters: { netIn: 0, netOut: 0 },
      throttle: new Throttle(PROCESS_TIME),
      assembly: { bytes: 0 },
    };
    const names = new Guard(['127.0.0.0/8'], () => Promise.resolve(['127.0.0.2', '127.0.0.1']));
    const utp = new Utp(names, () => undefined);
    const tcp = new Tcp(names, new OpenPorts(), shared, utp, () => undefined);
    tcp.connect({ op: Op.TCP_CONNECT, id: 1, sock: 1, transport: Transport.TCP, host: 'two.example', port: server.port });
    tcp.get(1)?.write(Buffer.from('early'));
    const peer = await server.next();
    expect((await peer.take(5)).toString()).toBe('early');
    expect(told).toMatchObject([{ op: Op.TCP_CONNECTED, status: NetStatus.OK, detail: `127.0.0.1:${server.port}` }]);
    tcp.end();
    await peer.gone();
  });

  it('hands on no raw byte beyond the credit', async () => {
    const peer = await connected(client, server, 1, false);
    await peer.send(Buffer.alloc(100_000, 1));
    await client.sync();
    expect(client.inbox.filter(({ op }) => op === Op.TCP_RECV)).toEqual([]);
    for (const bytes of [1, 68, 5_000, 30_000]) {
      credit(1, bytes);
      expect((await received(1, bytes)).length).toBe(bytes);
      await client.sync();
      expect(client.inbox.filter(({ op }) => op === Op.TCP_RECV)).toEqual([]);
    }
    credit(1, 100_000);
    await received(1, 100_000 - 35_069);
    await peer.send(Buffer.from('on'));
    expect((await received(1, 2)).toString()).toBe('on');
  });

  it('goes over to frames with what was read too far, and lets one whole frame through on any credit', async () => {
    const peer = await connected(client, server, 1, false);
    const frames = [framed(Buffer.from('first')), framed(Buffer.alloc(60_000, 2)), framed(Buffer.from('third'))];
    await peer.send(Buffer.concat([Buffer.from('handshake'), ...frames]));
    credit(1, 12);
    const raw = await received(1, 12);
    client.send({ op: Op.STREAM_FRAMED, id: 0, sock: 1, maxFrame: 100_000, back: raw.subarray(9) });
    await client.sync();
    expect(client.inbox.filter(({ op }) => op === Op.TCP_RECV)).toEqual([]);
    credit(1, 10);
    expect(await received(1, 60_013)).toEqual(Buffer.concat([frames[0] as Buffer, frames[1] as Buffer]));
    credit(1, 60_000);
    await client.sync();
    expect(client.inbox.filter(({ op }) => op === Op.TCP_RECV)).toEqual([]);
    credit(1, 100);
    expect(await received(1, 9)).toEqual(frames[2]);
  });

  it('closes on a frame longer than allowed', async () => {
    const peer = await connected(client, server, 1);
    await peer.send(framed(Buffer.alloc((1 << 20) + 1)).subarray(0, 1000));
    expect(await client.next(Op.TCP_CLOSE)).toMatchObject({ sock: 1, reason: CloseReason.FRAME_TOO_LONG });
    await peer.gone();
  });

  it('closes a peer that reads nothing, before what waits for it is much', async () => {
    const peer = await connected(client, server, 1, false);
    peer.socket.pause();
    const bytes = new Uint8Array(1 << 20);
    let isClosed = false;
    const closing = client.next(Op.TCP_CLOSE).then(frame => {
      isClosed = true;
      return frame;
    });
    for (let i = 0; i < 64 && !isClosed; i++) {
      client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes });
      await client.sync();
    }
    expect(await closing).toMatchObject({ sock: 1, reason: CloseReason.SEND_OVERFLOW });
  });

  it('keeps one socket without credit from holding up another', async () => {
    const stuck = await connected(client, server, 1, false);
    stuck.socket.write(Buffer.alloc(8 << 20));
    const lively = await connected(client, server, 2, false);
    credit(2, 10);
    await lively.send(Buffer.from('through'));
    expect((await received(2, 7)).toString()).toBe('through');
    stuck.socket.destroy();
  });

  it('listens, accepts, and stops', async () => {
    const listening = await client.ask({ op: Op.TCP_LISTEN, listener: 3, port: 0, host: '' }, Op.TCP_LISTEN_RESULT);
    expect(listening).toMatchObject({ listener: 3, status: NetStatus.OK });
    const peer = await Peer.dial(listening.port);
    const accepted = await client.next(Op.TCP_ACCEPT);
    expect(accepted).toMatchObject({ listener: 3, host: '127.0.0.1', port: peer.socket.localPort });
    expect(accepted.sock).toBeGreaterThanOrEqual(FIRST_ACCEPTED_SOCK);
    await peer.send(Buffer.from('knock'));
    credit(accepted.sock, 3);
    expect((await received(accepted.sock, 3)).toString()).toBe('kno');
    client.send({
      op: Op.STREAM_FRAMED,
      id: 0,
      sock: accepted.sock,
      maxFrame: 100,
      back: framed(Buffer.from('ck')).subarray(0, 4),
    });
    credit(accepted.sock, 100);
    expect((await received(accepted.sock, 6)).subarray(4).toString()).toBe('ck');
    const taken = await client.ask({ op: Op.TCP_LISTEN, listener: 4, port: listening.port, host: '' }, Op.TCP_LISTEN_RESULT);
    expect(taken.status).toBe(NetStatus.IN_USE);
    expect(await dial(1, '127.0.0.1', listening.port)).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    client.send({ op: Op.TCP_STOP_LISTEN, id: 0, listener: 3 });
    await client.sync();
    const refused = connect({ port: listening.port, host: '127.0.0.1' });
    await new Promise(resolve => refused.once('error', resolve));
    peer.socket.end();
    expect(await client.next(Op.TCP_CLOSE)).toMatchObject({ sock: accepted.sock, reason: CloseReason.REMOTE });
  });

  it('listens at addresses alone: no name is looked up for it', async () => {
    const frame = { op: Op.TCP_LISTEN, listener: 1, port: 0, host: 'localhost' } as const;
    expect(await client.ask(frame, Op.TCP_LISTEN_RESULT)).toMatchObject({ status: NetStatus.FAILED, port: 0 });
    expect(await client.ask({ ...frame, host: '127.0.0.1' }, Op.TCP_LISTEN_RESULT)).toMatchObject({ status: NetStatus.OK });
  });

  it('listens at most eight times', async () => {
    for (let listener = 1; listener <= 9; listener++) {
      const frame = { op: Op.TCP_LISTEN, listener, port: 0, host: '127.0.0.1' } as const;
      const { status } = await client.ask(frame, Op.TCP_LISTEN_RESULT);
      expect(status).toBe(listener <= 8 ? NetStatus.OK : NetStatus.LIMIT);
    }
  });

  it('lets a thousand connects wait, refuses the rest, and calls off those that are closed', async () => {
    const ids: number[] = [];
    for (let sock = 1; sock <= 1_100; sock++) {
      ids.push(client.request({ op: Op.TCP_CONNECT, sock, transport: Transport.TCP, host: '169.254.1.1', port: 80 }));
    }
    await client.sync();
    const answers = () => client.inbox.filter(frame => frame.op === Op.TCP_CONNECTED);
    const limited = answers().filter(({ status }) => status === NetStatus.LIMIT);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited.length).toBeLessThanOrEqual(100);
    const waiting = ids.length - answers().length;
    for (let sock = 1; sock <= 1_100; sock++) {
      client.send({ op: Op.TCP_CLOSE, id: 0, sock, reason: CloseReason.REQUESTED, detail: '' });
    }
    await client.sync();
    expect(waiting).toBeGreaterThan(500);
    const { status } = await dial(2_000, '127.0.0.1', server.port);
    expect(status).toBe(NetStatus.OK);
    expect(answers()).toHaveLength(ids.length);
  });
});
