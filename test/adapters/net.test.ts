import { describe, expect, it } from 'vitest';
import { CloseReason, NetStatus, Op, SentStatus, Transport } from '../../daemon/wire/frames.ts';
import { DaemonNet } from '../../sw/adapters/daemon-net.ts';
import type { StreamEvents } from '../../sw/engine/ports.ts';
import { Harness, turn } from './harness.ts';

/** Writes down what a stream tells. */
function recorder(told: unknown[]): StreamEvents {
  return {
    opened: address => told.push(['opened', address]),
    received: bytes => told.push(['received', [...bytes]]),
    landed: (...args) => told.push(['landed', ...args]),
    discarded: (length, head) => told.push(['discarded', length, [...head]]),
    sent: (...args) => told.push(['sent', ...args]),
    closed: reason => told.push(['closed', reason]),
  };
}

async function connected() {
  const harness = new Harness();
  const sockets = harness.connect();
  let firstRequests = 0;
  const net = new DaemonNet(harness.link.io, () => firstRequests++);
  const told: unknown[] = [];
  const stream = net.connect('peer.example', 6881, recorder(told), 'tcp');
  await turn();
  const asked = sockets.io.sent(Op.TCP_CONNECT)[0];
  if (asked === undefined) throw new Error('no connect was sent');
  const open = (): void => {
    sockets.io.say({ op: Op.TCP_CONNECTED, id: asked.id, sock: asked.sock, status: NetStatus.OK, detail: '1.2.3.4:6881' });
    told.length = 0;
  };
  return { harness, ...sockets, net, told, stream, asked, open, firstRequests: () => firstRequests };
}

describe('a stream', () => {
  it('opens at the address that was dialled', async () => {
    const { io, asked, told } = await connected();
    expect(asked).toMatchObject({ host: 'peer.example', port: 6881 });
    io.say({ op: Op.TCP_CONNECTED, id: asked.id, sock: asked.sock, status: NetStatus.OK, detail: '1.2.3.4:6881' });
    expect(told).toEqual([['opened', '1.2.3.4:6881']]);
  });

  it('closes where the connect fails, and where the daemon refuses it', async () => {
    const first = await connected();
    first.io.say({ op: Op.TCP_CONNECTED, id: first.asked.id, sock: first.asked.sock, status: NetStatus.TIMEOUT, detail: '' });
    expect(first.told).toEqual([['closed', 'No answer in time.']]);
    const second = await connected();
    second.io.say({ op: Op.ERROR, id: second.asked.id, code: 7, text: 'too many' });
    expect(second.told).toEqual([['closed', 'too many']]);
  });

  it('gives raw bytes as they come, then whole frames without their length', async () => {
    const { io, told, stream, open, asked } = await connected();
    open();
    io.say({ op: Op.TCP_RECV, id: 0, sock: asked.sock, bytes: Uint8Array.of(9, 9) });
    stream.framed(1024, Uint8Array.of(7));
    const frames = Uint8Array.of(0, 0, 0, 2, 5, 6, 0, 0, 0, 0, 0, 0, 0, 1, 8);
    io.say({ op: Op.TCP_RECV, id: 0, sock: asked.sock, bytes: frames });
    expect(told).toEqual([
      ['received', [9, 9]],
      ['received', [5, 6]],
      ['received', []],
      ['received', [8]],
    ]);
    await turn();
    expect(io.sent(Op.STREAM_FRAMED)[0]).toMatchObject({ sock: asked.sock, maxFrame: 1024, back: Uint8Array.of(7) });
  });

  it('hands its cipher to the daemon, before frames', async () => {
    const { io, stream, open, asked } = await connected();
    open();
    const cipher = { receive: { key: Uint8Array.of(1), position: 1038 }, send: { key: Uint8Array.of(2), position: 1100 } };
    stream.cipher(cipher, Uint8Array.of(7));
    stream.framed(1024, new Uint8Array(0));
    await turn();
    expect(io.sent(Op.STREAM_CIPHER)[0]).toMatchObject({ sock: asked.sock, ...cipher, back: Uint8Array.of(7) });
    expect(io.sent(Op.STREAM_FRAMED)).toHaveLength(1);
  });

  it.each([
    ['half a length', [0, 0, 0]],
    ['half a frame', [0, 0, 0, 3, 1]],
  ])('closes on %s', async (_name, bytes) => {
    const { io, told, stream, open, asked } = await connected();
    open();
    stream.framed(1024, new Uint8Array(0));
    io.say({ op: Op.TCP_RECV, id: 0, sock: asked.sock, bytes: Uint8Array.from(bytes) });
    expect(told).toEqual([['closed', 'The daemon sent half a frame.']]);
    await turn();
    expect(io.sent(Op.TCP_CLOSE)).toHaveLength(1);
  });

  it('tells no more once it was closed, not even of the frames after', async () => {
    const { io, told, net, asked } = await connected();
    const inner: unknown[] = [];
    const stream = net.connect('b', 1, { ...recorder(inner), received: () => (inner.push('received'), stream.close()) }, 'tcp');
    await turn();
    const other = io.sent(Op.TCP_CONNECT)[1];
    if (other === undefined) throw new Error('no connect was sent');
    expect(other.sock).not.toBe(asked.sock);
    io.say({ op: Op.TCP_CONNECTED, id: other.id, sock: other.sock, status: NetStatus.OK, detail: 'b' });
    stream.framed(10, new Uint8Array(0));
    io.say({ op: Op.TCP_RECV, id: 0, sock: other.sock, bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0) });
    io.say({ op: Op.TCP_CLOSE, id: 0, sock: other.sock, reason: CloseReason.REMOTE, detail: '' });
    expect(inner).toEqual([['opened', 'b'], 'received']);
    expect(told).toEqual([]);
  });

  it('tells what landed, what was thrown away and what was sent', async () => {
    const { io, told, stream, open, asked, firstRequests } = await connected();
    open();
    const { sock } = asked;
    const prefix = Uint8Array.of(7, 0, 0, 0, 1);
    const runs = [{ offset: 0, length: 32768, block: 16384 }];
    stream.discard(Uint8Array.of(7));
    stream.expect(4, prefix, runs);
    stream.expect(5, prefix, runs);
    stream.unexpect(4, prefix, runs);
    stream.sendSpans(1, Uint8Array.of(1), [{ file: 1, offset: 2, length: 3 }]);
    await turn();
    expect(io.sent(Op.LAND_RULE).map(({ buffer, withdraw }) => [buffer, withdraw])).toEqual([
      [0, false],
      [4, false],
      [5, false],
      [4, true],
    ]);
    expect(firstRequests()).toBe(1);
    const ranges = [
      { buffer: 4, offset: 0, length: 16384 },
      { buffer: 5, offset: 16384, length: 16384 },
    ];
    io.say({ op: Op.LANDED, id: 0, sock, earlier: false, ranges });
    io.say({ op: Op.LANDED, id: 0, sock, earlier: true, ranges: ranges.slice(1) });
    io.say({ op: Op.LAND_DISCARDED, id: 0, sock, length: 100, head: Uint8Array.of(7, 1) });
    io.say({ op: Op.SENT, id: 0, sock, sends: [1, 3], status: SentStatus.SENT, file: 0 });
    io.say({ op: Op.SENT, id: 0, sock, sends: [2], status: SentStatus.ERROR, file: 9 });
    io.say({ op: Op.TCP_CLOSE, id: 0, sock, reason: CloseReason.FRAME_TOO_LONG, detail: '' });
    expect(told).toEqual([
      ['landed', 4, 0, 16384, false],
      ['landed', 5, 16384, 16384, false],
      ['landed', 5, 16384, 16384, true],
      ['discarded', 100, [7, 1]],
      ['sent', [1, 3], true, null],
      ['sent', [2], false, 'io'],
      ['closed', 'A message longer than is allowed.'],
    ]);
  });

  it('closes with the connection, and at once where there is none', async () => {
    const { harness, io, told, net, open, stream } = await connected();
    open();
    io.drop();
    expect(told).toEqual([['closed', 'The daemon is away.']]);
    stream.send(Uint8Array.of(1));
    stream.close();
    const later: unknown[] = [];
    net.connect('c', 1, recorder(later), 'tcp');
    expect(later).toEqual([]);
    await turn();
    expect(later).toEqual([['closed', 'The daemon is away.']]);
    expect(harness.link.state).toBe('welcomed');
  });
});

describe('listening', () => {
  it('takes the first free port', async () => {
    const { io, net } = await connected();
    const bound: number[] = [];
    net.listen(
      [6881, 6882],
      port => bound.push(port),
      () => undefined,
    );
    await turn();
    const first = io.sent(Op.TCP_LISTEN)[0];
    if (first === undefined) throw new Error('no listen was sent');
    io.say({ op: Op.TCP_LISTEN_RESULT, id: first.id, listener: first.listener, status: NetStatus.IN_USE, port: 0 });
    await turn();
    const second = io.sent(Op.TCP_LISTEN)[1];
    if (second === undefined) throw new Error('the second port was not tried');
    expect(second.port).toBe(6882);
    io.say({ op: Op.TCP_LISTEN_RESULT, id: second.id, listener: second.listener, status: NetStatus.OK, port: 6882 });
    expect(bound).toEqual([6882]);
  });

  it('tells where none is to be had, and where there is no daemon', async () => {
    const { io, net } = await connected();
    const bound: number[] = [];
    net.listen(
      [6881],
      port => bound.push(port),
      () => undefined,
    );
    await turn();
    const { id, listener } = io.sent(Op.TCP_LISTEN)[0] ?? { id: 0, listener: 0 };
    io.say({ op: Op.TCP_LISTEN_RESULT, id, listener, status: NetStatus.IN_USE, port: 0 });
    await turn();
    io.drop();
    net.listen(
      [0],
      port => bound.push(port),
      () => undefined,
    );
    await turn();
    expect(bound).toEqual([0, 0]);
  });

  it('hands over who connects, and closes who is not taken', async () => {
    const { io, net } = await connected();
    const addresses: string[] = [];
    const told: unknown[] = [];
    net.listen(
      [0],
      () => undefined,
      (address, take) => {
        addresses.push(address);
        if (address.startsWith('[')) take(recorder(told));
      },
    );
    await turn();
    const { id, listener } = io.sent(Op.TCP_LISTEN)[0] ?? { id: 0, listener: 0 };
    io.say({ op: Op.TCP_LISTEN_RESULT, id, listener, status: NetStatus.OK, port: 1000 });
    io.say({ op: Op.TCP_ACCEPT, id: 0, transport: Transport.TCP, listener, sock: 0x10000, host: '10.0.0.1', port: 5 });
    io.say({ op: Op.TCP_ACCEPT, id: 0, transport: Transport.TCP, listener, sock: 0x10001, host: 'fd00::1', port: 6 });
    io.say({ op: Op.TCP_ACCEPT, id: 0, transport: Transport.TCP, listener: 99, sock: 0x10002, host: '10.0.0.1', port: 5 });
    io.say({ op: Op.TCP_RECV, id: 0, sock: 0x10001, bytes: Uint8Array.of(1) });
    await turn();
    expect(addresses).toEqual(['10.0.0.1:5', '[fd00::1]:6']);
    expect(io.sent(Op.TCP_CLOSE).map(({ sock }) => sock)).toEqual([0x10000, 0x10002]);
    expect(told).toEqual([['received', [1]]]);
  });
});
