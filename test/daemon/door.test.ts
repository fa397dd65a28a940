import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../daemon/io/requests/routes.ts';
import { encode } from '../../daemon/wire/codec.ts';
import { ErrorCode, Op, Transport } from '../../daemon/wire/frames.ts';
import { IoClient, IoProcess, ORIGIN } from './io-process.ts';
import { Peer, PeerServer } from './peer.ts';

let io: IoProcess;

beforeAll(async () => {
  io = await IoProcess.start();
});

afterAll(() => io.stop());

/** The first line of the answer to a request written byte by byte. */
async function ask(lines: readonly string[]): Promise<string> {
  const socket = connect({ port: io.port, host: '127.0.0.1' });
  const peer = new Peer(socket);
  await peer.send(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
  await peer.until(() => peer.isClosed || peer.received.includes('\r\n'));
  socket.destroy();
  return peer.received.toString('latin1').split('\r\n')[0] ?? '';
}

const upgrade = (host: readonly string[], origin: readonly string[], path = '/io') => [
  `GET ${path} HTTP/1.1`,
  ...host.map(name => `Host: ${name}`),
  ...origin.map(name => `Origin: ${name}`),
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('the door of the io-daemon', () => {
  it('opens to the one host, origin and path, and to none that looks like them', async () => {
    await io.admit();
    const host = `127.0.0.1:${io.port}`;
    expect(await ask(upgrade([host], [ORIGIN]))).toMatch(/ 101 /);
    const strangers = [
      upgrade(['evil.com'], [ORIGIN]),
      upgrade([`127.0.0.1.evil.com:${io.port}`], [ORIGIN]),
      upgrade([`localhost:${io.port}`], [ORIGIN]),
      upgrade(['127.0.0.1'], [ORIGIN]),
      upgrade(['127.0.0.1:1'], [ORIGIN]),
      upgrade([], [ORIGIN]),
      upgrade([host, host], [ORIGIN]),
      upgrade([host, 'evil.com'], [ORIGIN]),
      upgrade([host], ['http://evil.com']),
      upgrade([host], [`${ORIGIN}.evil.com`]),
      upgrade([host], [`${ORIGIN}0`]),
      upgrade([host], ['null']),
      upgrade([host], []),
      upgrade([host], [ORIGIN, 'http://evil.com']),
      upgrade([host], [ORIGIN], '/'),
      upgrade([host], [ORIGIN], '/io?x=1'),
      upgrade([host], [ORIGIN], '/control'),
    ];
    for (const lines of strangers) expect(await ask(lines), lines.join(' | ')).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('lets no stranger hold a place, by half an ending or half a request', async () => {
    await io.admit();
    const held: Peer[] = [];
    for (let i = 0; i < 40; i++) {
      const socket = connect({ port: io.port, host: '127.0.0.1', allowHalfOpen: true });
      const peer = new Peer(socket);
      held.push(peer);
      await peer.send(Buffer.from(`${upgrade(['evil.com'], [ORIGIN]).join('\r\n')}\r\n\r\n`));
      await new Promise(resolve => socket.once('end', resolve));
      expect(peer.received.toString(), `${i}`).toMatch(/^HTTP\/1\.1 403 /);
    }
    for (const { socket } of held) socket.destroy();
    const half = await Peer.dial(io.port);
    await half.send(Buffer.from('GET /io HTTP/1.1\r\n'));
    await half.gone();
  });

  it('answers no plain request of a foreign page, nor one without the ticket', async () => {
    await io.admit();
    const host = `Host: 127.0.0.1:${io.port}`;
    expect(await ask(['GET /io HTTP/1.1', host, `Origin: ${ORIGIN}`])).toMatch(/ 404 /);
    for (const { path, methods } of ROUTES) {
      const line = `${methods.at(-1) ?? ''} ${path}${path.endsWith('/') ? '1' : ''} HTTP/1.1`;
      const plain = methods.includes('POST') ? ['Content-Type: text/plain', 'Content-Length: 0'] : [];
      for (const origin of [['Origin: http://evil.com'], ['Origin: null'], []]) {
        expect(await ask([line, host, ...origin, ...plain]), line).toMatch(/ 403 /);
      }
      expect(await ask([line, host, `Origin: ${ORIGIN}`, ...plain]), line).toMatch(/ 401 /);
      // A question that asks for a change, and the other way round.
      const other = methods.includes('POST') ? 'GET' : 'POST';
      expect(await ask([line.replace(/^\w+/, other), host, `Origin: ${ORIGIN}`, 'Content-Length: 0']), line).toMatch(/ 405 /);
    }
  });

  it('is shut before anyone was admitted', async () => {
    const fresh = await IoProcess.start();
    await expect(IoClient.open(fresh.port)).rejects.toThrow('403');
    await fresh.stop();
  });

  it('takes the newest ticket alone', async () => {
    const old = await io.admit();
    await io.admit();
    const client = await IoClient.open(io.port);
    client.send({ op: Op.AUTH, id: 5, token: old, origin: ORIGIN, installId: 'x' });
    expect(await client.next(Op.AUTH_RESULT)).toMatchObject({ id: 5, ok: false, kept: [] });
    await client.closed;
  });

  it('lets nobody stay or come once it was told to dismiss, until it admits another', async () => {
    const inside = await io.connect();
    const ticket = await io.admit();
    const waiting = await IoClient.open(io.port);
    io.tell({ type: 'dismiss' });
    await inside.closed;
    waiting.send({ op: Op.AUTH, id: 5, token: ticket, origin: ORIGIN, installId: 'x' });
    expect(await waiting.next(Op.AUTH_RESULT)).toMatchObject({ id: 5, ok: false });
    await expect(IoClient.open(io.port)).rejects.toThrow('403');
    await io.connect();
  });

  it('hears nothing before AUTH', async () => {
    await io.admit();
    const client = await IoClient.open(io.port);
    client.send({ op: Op.STATS, id: 1 });
    expect(await client.next(Op.ERROR)).toMatchObject({ code: ErrorCode.NOT_AUTHENTICATED });
    await client.closed;
  });

  it('closes on more than 4 KiB before AUTH, whole or in pieces', async () => {
    const ticket = await io.admit();
    const whole = await IoClient.open(io.port);
    whole.send({ op: Op.AUTH, id: 1, token: ticket, origin: ORIGIN, installId: 'x'.repeat(5000) });
    await whole.closed;
    expect(whole.inbox.some(frame => frame.op === Op.AUTH_RESULT && frame.ok)).toBe(false);
    const pieces = await IoClient.open(io.port);
    for (let i = 0; i < 100; i++) pieces.ws.send(new Uint8Array(100), { fin: false });
    pieces.ws.ping();
    await Promise.race([pieces.closed, new Promise(resolve => pieces.ws.once('pong', resolve))]);
    pieces.ws.send(new Uint8Array(100), { fin: true }, () => undefined);
    await pieces.closed;
    // Nobody waited for its end to say what is wrong with it.
    expect(pieces.inbox).toEqual([]);
  });

  it('closes on who says nothing for 5 s', async () => {
    await io.admit();
    const client = await IoClient.open(io.port);
    const begun = performance.now();
    await client.closed;
    expect(performance.now() - begun).toBeGreaterThan(4_000);
  });

  it('lets a newer connection take over: the older one hears why, and its sockets and listeners close', async () => {
    const first = await io.connect();
    const server = await PeerServer.listen();
    await first.ask(
      { op: Op.TCP_CONNECT, sock: 1, transport: Transport.TCP, host: '127.0.0.1', port: server.port },
      Op.TCP_CONNECTED,
    );
    const peer = await server.next();
    const { port } = await first.ask({ op: Op.TCP_LISTEN, listener: 1, port: 0, host: '127.0.0.1' }, Op.TCP_LISTEN_RESULT);
    const second = await io.connect();
    expect(await first.next(Op.ERROR)).toMatchObject({ code: ErrorCode.SUPERSEDED });
    await first.closed;
    await peer.gone();
    const again = await second.ask({ op: Op.TCP_LISTEN, listener: 1, port, host: '127.0.0.1' }, Op.TCP_LISTEN_RESULT);
    expect(again).toMatchObject({ status: 0, port });
    await second.close();
    server.close();
  });

  it('takes the same ticket again when its connection is lost', async () => {
    const ticket = await io.admit();
    const first = await io.connect(ticket);
    await first.close();
    const second = await io.connect(ticket);
    await second.sync();
    await second.close();
  });

  it('tells what it can do and what it allows', async () => {
    const client = await io.connect();
    const { hello } = await client.ask({ op: Op.CLIENT_HELLO, hello: { version: '1' } }, Op.SERVER_HELLO);
    expect(hello.version).toBe('test');
    expect(hello.limits.sockets).toBe(500);
    await client.close();
  });

  it('answers what it does not know and goes on, and closes on what is malformed', async () => {
    const client = await io.connect();
    const unknown = encode({ op: Op.STATS, id: 9 });
    unknown[1] = 0x6e;
    client.ws.send(unknown);
    expect(await client.next(Op.ERROR)).toMatchObject({ id: 9, code: ErrorCode.UNKNOWN_OPCODE });
    await client.sync();
    client.ws.send(Uint8Array.of(1, Op.TCP_CONNECT, 0, 0, 8, 0, 0, 0, 1));
    expect(await client.next(Op.ERROR)).toMatchObject({ id: 8, code: ErrorCode.MALFORMED });
    await client.closed;
    const other = await io.connect();
    other.ws.send(Uint8Array.of(2, Op.STATS, 0, 0, 7, 0, 0, 0));
    expect(await other.next(Op.ERROR)).toMatchObject({ id: 7, code: ErrorCode.UNKNOWN_VERSION });
    await other.closed;
  });

  it('closes on an envelope that is cut off, and on text', async () => {
    const ticket = await io.admit();
    for (let length = 0; length < 8; length++) {
      const client = await io.connect(ticket);
      client.ws.send(encode({ op: Op.STATS, id: 9 }).subarray(0, length));
      expect(await client.next(Op.ERROR)).toMatchObject({ code: ErrorCode.MALFORMED });
      await client.closed;
    }
    const client = await io.connect(ticket);
    client.ws.send('STATS');
    await client.closed;
    expect(client.inbox).toEqual([]);
  });

  it('takes no guess for a ticket, however many come, and who is inside does not notice', async () => {
    const inside = await io.connect();
    const guess = async (n: number) => {
      const client = await IoClient.open(io.port);
      client.send({ op: Op.AUTH, id: n, token: `guess-${n}`, origin: ORIGIN, installId: 'x' });
      expect(await client.next(Op.AUTH_RESULT)).toMatchObject({ id: n, ok: false, message: 'not admitted', kept: [] });
      // Each costs a connection.
      await client.closed;
    };
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 10 }, (_, at) => guess(10 * n + at)));
    await inside.sync();
    await inside.close();
  });

  it('closes on a message longer than any may be', async () => {
    const client = await io.connect();
    client.ws.send(new Uint8Array((4 << 20) + 1));
    // The reset that follows may overtake the reason.
    expect([1006, 1009]).toContain(await client.closed);
    const other = await io.connect();
    other.ws.send(new Uint8Array(4 << 20));
    expect(await other.next(Op.ERROR)).toMatchObject({ code: ErrorCode.UNKNOWN_VERSION });
    await other.closed;
  });

  it('keeps tickets out of its log', async () => {
    const ticket = await io.admit();
    const client = await IoClient.open(io.port);
    client.send({ op: Op.AUTH, id: 5, token: `${ticket}x`, origin: ORIGIN, installId: 'x' });
    await client.closed;
    expect(io.stderr).not.toContain(ticket);
  });
});

describe('the life of the io-daemon', () => {
  it('ends with its parent', async () => {
    const other = await IoProcess.start();
    other.child.stdin?.end();
    expect(await other.exited).toBe(0);
  });

  it('ends when told to, connected or not', async () => {
    const other = await IoProcess.start();
    const client = await other.connect();
    other.tell({ type: 'stop' });
    await client.closed;
    expect(await other.exited).toBe(0);
  });

  it('ends when it is idle, and not while someone is connected', async () => {
    const other = await IoProcess.start({ idleMs: 400 });
    const client = await other.connect();
    await new Promise(resolve => setTimeout(resolve, 1_000));
    await client.sync();
    await client.close();
    await other.heard('idle');
    expect(await other.exited).toBe(0);
  });
});
