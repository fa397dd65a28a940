import { afterEach, describe, expect, it } from 'vitest';
import { NetStatus, Op } from '../../daemon/wire/frames.ts';
import { DaemonNet } from '../../sw/adapters/daemon-net.ts';
import { LentRtc } from '../../sw/adapters/rtc-net.ts';
import type { Carrier } from '../../sw/adapters/relay.ts';
import type { RtcHandleEvents, Stream, StreamEvents } from '../../sw/engine/ports.ts';
import { LENT_WINDOW, MAX_DESCRIPTION, MAX_LENT_BYTES, TOLD_BYTES, TOLD_MESSAGES } from '../../sw/lending.ts';
import type { FromLender, ToLender } from '../../sw/lending.ts';
import { until } from '../peers/wait.ts';
import { Harness, turn } from './harness.ts';

/** The far end of a port, in the hands of a test. */
class Window {
  readonly heard: ToLender[] = [];
  readonly given: MessagePort;
  isClosed = false;
  readonly #port: MessagePort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.given = port2;
    port1.onmessage = ({ data }: MessageEvent<ToLender>) => this.heard.push(data);
    port1.addEventListener('close', () => (this.isClosed = true));
  }

  say(message: FromLender): void {
    this.#port.postMessage(message);
  }

  sayAnything(message: unknown): void {
    this.#port.postMessage(message);
  }

  of<T extends ToLender['type']>(type: T): Extract<ToLender, { type: T }>[] {
    return this.heard.filter(message => message.type === type) as Extract<ToLender, { type: T }>[];
  }

  close(): void {
    this.#port.close();
  }
}

const windows: Window[] = [];
afterEach(() => {
  for (const window of windows.splice(0)) window.close();
});

async function lent() {
  const harness = new Harness();
  const { io } = harness.connect();
  const net = new DaemonNet(harness.link.io, () => undefined);
  const lender = new LentRtc();
  const rtc = lender.port(net);
  const changes: boolean[] = [];
  rtc.watch(() => changes.push(rtc.isOpen));
  const window = new Window();
  windows.push(window);
  lender.lend(window.given, 'w1');
  const told: unknown[] = [];
  let stream: Stream | null = null;
  const events: RtcHandleEvents = {
    described: sdp => told.push(['described', sdp]),
    opened: (address, take) => {
      told.push(['opened', address]);
      stream = take({
        opened: () => told.push('stream opened'),
        received: bytes => told.push(['received', [...bytes]]),
        landed: () => told.push('landed'),
        discarded: () => told.push('discarded'),
        sent: () => told.push('sent'),
        closed: reason => told.push(['closed', reason]),
      });
    },
    ended: () => told.push('ended'),
  };
  const handle = rtc.offer(['stun:a:1'], events);
  await until('the offer', () => window.heard.length > 0);
  /** Up to a stream that the daemon relays. */
  const open = async () => {
    window.say({ type: 'opened', link: 1, address: '192.0.2.1' });
    await until('the stream', () => stream !== null);
    await turn();
    const asked = io.sent(Op.RELAY_OPEN)[0];
    if (asked === undefined || stream === null) throw new Error('no relay was asked for');
    io.say({ op: Op.TCP_CONNECTED, id: asked.id, sock: asked.sock, status: NetStatus.OK, detail: '' });
    told.length = 0;
    return { sock: asked.sock, stream: stream };
  };
  return { harness, io, lender, rtc, changes, window, told, events, handle, open };
}

describe('WebRTC by a window that lends itself', () => {
  it('makes offers and answers there', async () => {
    const { rtc, window, told, events, handle, changes } = await lent();
    expect(changes).toEqual([true]);
    rtc.answer([], 'theirs', events);
    window.say({ type: 'described', link: 1, sdp: 'ours' });
    await until('its description', () => told.length > 0);
    handle.answered('an answer');
    handle.close();
    handle.answered('too late');
    await until('all of it', () => window.heard.length >= 4);
    await turn();
    expect(told).toEqual([['described', 'ours']]);
    expect(window.heard).toEqual([
      { type: 'offer', link: 1, servers: ['stun:a:1'] },
      { type: 'answer', link: 2, servers: [], sdp: 'theirs' },
      { type: 'answered', link: 1, sdp: 'an answer' },
      { type: 'close', link: 1 },
    ]);
  });

  it('carries what comes to the daemon and what leaves to the window, several frames as one message', async () => {
    const { io, window, told, open } = await lent();
    const { sock, stream } = await open();
    window.say({ type: 'data', link: 1, bytes: Uint8Array.of(1, 2, 3) });
    await until('it to be relayed', () => io.sent(Op.RELAY_DATA).length > 0);
    expect(io.sent(Op.RELAY_DATA)[0]).toMatchObject({ sock, bytes: Uint8Array.of(1, 2, 3) });
    io.say({ op: Op.RELAY_TAKEN, id: 0, sock, bytes: 3 });
    io.say({ op: Op.RELAY_DATA, id: 0, sock, bytes: Uint8Array.of(4) });
    io.say({ op: Op.RELAY_DATA, id: 0, sock, bytes: Uint8Array.of(5, 6) });
    await until('it to be carried', () => window.of('data').length > 0);
    expect(window.of('data').map(({ bytes }) => [...bytes])).toEqual([[4, 5, 6]]);
    window.say({ type: 'taken', link: 1, bytes: 3 });
    await until('that to be told', () => io.sent(Op.RELAY_TAKEN).length > 0);
    io.say({ op: Op.TCP_RECV, id: 0, sock, bytes: Uint8Array.of(9) });
    expect(told).toEqual([['received', [9]]]);
    stream.close();
    await until('the end', () => window.of('close').length > 0);
    expect(told.at(-1)).toBe('ended');
    expect(io.sent(Op.TCP_CLOSE)).toHaveLength(1);
  });

  it('tells what was taken after so many bytes or whole messages, those of several together', async () => {
    const { io, window, open } = await lent();
    const { sock } = await open();
    const taken = (bytes: number) => io.say({ op: Op.RELAY_TAKEN, id: 0, sock, bytes });
    for (let count = 1; count <= TOLD_MESSAGES + 2; count++) window.say({ type: 'data', link: 1, bytes: new Uint8Array(10) });
    await until('it to be relayed', () => io.sent(Op.RELAY_DATA).length > TOLD_MESSAGES + 1);
    taken(10 * TOLD_MESSAGES - 1);
    taken(2);
    window.say({ type: 'data', link: 1, bytes: new Uint8Array(TOLD_BYTES) });
    await until('it to be relayed', () => io.sent(Op.RELAY_DATA).length > TOLD_MESSAGES + 2);
    taken(19 + TOLD_BYTES);
    io.say({ op: Op.RELAY_DATA, id: 0, sock, bytes: Uint8Array.of(1) });
    await until('what follows', () => window.of('data').length > 0);
    expect(window.of('taken')).toEqual([
      { type: 'taken', link: 1, bytes: 10 * TOLD_MESSAGES + 1, messages: TOLD_MESSAGES },
      { type: 'taken', link: 1, bytes: TOLD_BYTES + 19, messages: 3 },
    ]);
  });

  it('ends a stream with its connection, on both sides', async () => {
    const { io, window, told, open } = await lent();
    const { sock } = await open();
    window.say({ type: 'closed', link: 1, reason: 'It is gone.' });
    await until('the end', () => told.includes('ended'));
    expect(told).toEqual([['closed', 'It is gone.'], 'ended']);
    await turn();
    expect(io.sent(Op.TCP_CLOSE)).toMatchObject([{ sock }]);
    expect(window.of('close')).toEqual([]);
  });

  it('ends a connection whose relay the daemon refuses, and all of them when the daemon goes', async () => {
    const first = await lent();
    first.window.say({ type: 'opened', link: 1, address: '' });
    await until('the relay', () => first.io.sent(Op.RELAY_OPEN).length > 0);
    const [asked] = first.io.sent(Op.RELAY_OPEN);
    first.io.say({ op: Op.TCP_CONNECTED, id: asked!.id, sock: asked!.sock, status: NetStatus.LIMIT, detail: 'too many' });
    await until('its close', () => first.window.of('close').length > 0);
    expect(first.told).toContain('ended');
    const second = await lent();
    await second.open();
    second.io.drop();
    await until('its close', () => second.window.of('close').length > 0);
    expect(second.told).toContain('ended');
  });

  it('loses its connections with the window, and no more: the next window takes its place', async () => {
    const { lender, rtc, window, told, changes, events, open } = await lent();
    await open();
    window.close();
    await until('its going', () => !rtc.isOpen);
    expect(told).toEqual([['closed', 'The window that carried it has gone.'], 'ended']);
    let isEnded = false;
    rtc.offer([], { ...events, ended: () => (isEnded = true) });
    await turn();
    expect(isEnded).toBe(true);
    const next = new Window();
    windows.push(next);
    lender.lend(next.given, 'w2');
    rtc.offer([], events);
    await until('the offer', () => next.of('offer').length > 0);
    expect(changes).toEqual([true, false, true]);
    lender.keepOnly(new Set(['w2']));
    expect(rtc.isOpen).toBe(true);
    lender.keepOnly(new Set(['w1']));
    expect(rtc.isOpen).toBe(false);
  });

  it.each([
    ['nothing', null],
    ['a message of no connection', { type: 'closed', reason: '' }],
  ])('leaves a window that says %s', async (_what, message) => {
    const { rtc, window } = await lent();
    window.sayAnything(message);
    await until('it to be left', () => !rtc.isOpen);
    await until('its port to be closed', () => window.isClosed);
  });

  it.each([
    ['another type', { type: 'offer', link: 1, servers: [] }],
    ['a long description', { type: 'described', link: 1, sdp: 'x'.repeat(MAX_DESCRIPTION + 1) }],
    ['an address that is none', { type: 'opened', link: 1, address: 'a name' }],
    ['bytes that are none', { type: 'data', link: 1, bytes: 'text' }],
    ['no bytes', { type: 'data', link: 1, bytes: new Uint8Array(0) }],
    ['a negative count', { type: 'taken', link: 1, bytes: -1 }],
  ])('ends a connection of which a window says %s, and keeps the others', async (_what, message) => {
    const { io, rtc, window, told, events, open } = await lent();
    const { sock } = await open();
    let others = 0;
    rtc.answer([], 'theirs', { ...events, described: () => others++, ended: () => others-- });
    window.sayAnything(message);
    window.say({ type: 'described', link: 2, sdp: 'ours' });
    await until('the other one to go on', () => others === 1);
    expect(told).toEqual([['closed', 'The window that carries it said what it may not.'], 'ended']);
    expect(rtc.isOpen).toBe(true);
    await until('its close', () => window.of('close').length > 0);
    expect(window.of('close')).toEqual([{ type: 'close', link: 1 }]);
    await until('the close of its stream', () => io.sent(Op.TCP_CLOSE).length > 0);
    expect(io.sent(Op.TCP_CLOSE)).toMatchObject([{ sock }]);
  });

  it('ends a connection that has more under way than there may be', async () => {
    const { rtc, window, told, open } = await lent();
    await open();
    for (let sent = 0; sent <= LENT_WINDOW; sent += 256 << 10)
      window.say({ type: 'data', link: 1, bytes: new Uint8Array(256 << 10) });
    await until('its end', () => told.includes('ended'));
    expect(rtc.isOpen).toBe(true);
  });

  it('cuts what is longer than a message may be', async () => {
    const { io, window, open } = await lent();
    const { sock } = await open();
    const bytes = Uint8Array.from({ length: 2 * MAX_LENT_BYTES + 1 }, (_, index) => index % 251);
    io.say({ op: Op.RELAY_DATA, id: 0, sock, bytes });
    await until('all of it', () => window.of('data').length > 2);
    const parts = window.of('data').map(part => part.bytes);
    expect(parts.map(({ length }) => length)).toEqual([MAX_LENT_BYTES, MAX_LENT_BYTES, 1]);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  it('begins no more connections at once than it may', async () => {
    const { rtc, events, window } = await lent();
    let ended = 0;
    for (let count = 0; count < 200; count++) rtc.offer([], { ...events, ended: () => ended++ });
    await until('the last offer', () => window.of('offer').length >= 64);
    expect(ended).toBe(137);
  });

  it('starts afresh for another engine', async () => {
    const { rtc, window, told, open } = await lent();
    await open();
    rtc.watch(() => undefined);
    await until('its close', () => window.of('close').length > 0);
    expect(told).toEqual([['closed', 'Closed.']]);
    expect(rtc.isOpen).toBe(true);
  });

  it('serves two engines, each with its own net, connections and places', async () => {
    const { io, lender, rtc, window, told, events, open } = await lent();
    await open();
    const carriers: Carrier[] = [];
    const received: number[][] = [];
    const other = lender.port({
      relay: carrier => {
        carriers.push(carrier);
        return {
          stream: {} as Stream,
          receive: bytes => received.push([...bytes]),
          taken: () => undefined,
          end: () => received.push([]),
        };
      },
    });
    const changes: boolean[] = [];
    other.watch(() => changes.push(other.isOpen));
    for (let count = 0; count < 200; count++) rtc.offer([], events);
    other.offer([], { ...events, opened: (_address, take) => take({} as StreamEvents) });
    await until('the offer of the other', () => window.of('offer').length > 64);
    const { link } = window.of('offer').at(-1)!;
    told.length = 0;
    window.say({ type: 'opened', link, address: '' });
    window.say({ type: 'data', link, bytes: Uint8Array.of(1, 2) });
    await until('what came', () => received.length > 0);
    expect(received).toEqual([[1, 2]]);
    carriers[0]?.send(Uint8Array.of(3));
    await until('what leaves', () => window.of('data').length > 0);
    expect(window.of('data')).toEqual([{ type: 'data', link, bytes: Uint8Array.of(3) }]);
    expect(told).toEqual([]);
    expect(io.sent(Op.RELAY_OPEN)).toHaveLength(1);
    rtc.watch(() => undefined);
    expect(received).toEqual([[1, 2]]);
    window.close();
    await until('its going', () => changes.length > 0);
    expect(changes).toEqual([false]);
    expect(received).toEqual([[1, 2], []]);
  });

  it('forgets an engine that has ended, and ends its connections', async () => {
    const { lender, window } = await lent();
    const other = lender.port({ relay: () => ({ stream: {} as Stream, receive() {}, taken() {}, end() {} }) });
    const changes: boolean[] = [];
    other.watch(() => changes.push(other.isOpen));
    other.offer([], { described() {}, opened() {}, ended() {} });
    await until('the offer', () => window.of('offer').length > 0);
    lender.forget(other);
    await until('its end', () => window.of('close').length > 0);
    window.close();
    await until('the going of the window', () => !lender.isOpen);
    expect(changes).toEqual([]);
  });
});
