import { familyOf, hostPort } from '../../sw/engine/codec/address.ts';
import { Rc4 } from '../../daemon/io/rc4.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { RateDirection } from '../../daemon/wire/frames.ts';
import type { FileProblem, Run, Span } from '../../sw/engine/events.ts';
import type { StreamCipher } from '../../sw/engine/model/keystream.ts';
import type { Transport } from '../../sw/engine/effects.ts';
import type { Net, Stream, StreamEvents } from '../../sw/engine/ports.ts';
import type { SimStore } from './store.ts';
import { Arrivals, Grants } from './limited.ts';
import { HeldEvents } from './held.ts';
import { addressOf } from './internet.ts';
import type { Accept, Line, SimInternet } from './internet.ts';
import { Landings } from './landings.ts';

/** The Net port of one host, landing included, so that the engine meets the same frames as at the daemon. */
export class SimNet implements Net {
  private readonly streams = new Set<SimStream>();
  /** Streams with payload to send, which take turns: the line sends one block at a time. */
  private readonly turns: SimStream[] = [];
  private sending = false;
  private readonly listening = new Set<string>();
  private lastPort = 49_151;
  /** Keeps to the limits as the io-daemon does. */
  readonly throttle: Throttle;

  constructor(
    readonly internet: SimInternet,
    readonly host: string,
    readonly line: Line,
    readonly store: SimStore,
  ) {
    internet.nets.add(this);
    const { clock } = internet;
    this.throttle = new Throttle({ now: () => clock.time, after: (ms, run) => clock.after(ms, run) });
  }

  limit(group: number, parent: number, direction: 'down' | 'up', rate: number): void {
    const towards = direction === 'down' ? RateDirection.READ : RateDirection.SEND;
    this.throttle.set({ id: 0, group, parent, direction: towards, rate });
  }

  unlimit(group: number): void {
    this.throttle.drop({ id: 0, group });
  }

  connect(host: string, port: number, events: StreamEvents, transport: Transport): Stream {
    const { clock, listeners, dialled, shielded, withoutTcp } = this.internet;
    const near = new SimStream(this, events);
    this.streams.add(near);
    if (transport === 'utp') {
      this.callByUtp(near, host, port, events);
      return near;
    }
    const from = addressOf(this.host, this.line, familyOf(host));
    const to = hostPort({ host, port });
    dialled.push(to);
    clock.after(this.line.latency * 2, () => {
      const accept = from === '' ? undefined : listeners.get(to);
      if (near.dead || shielded.has(host) || withoutTcp.has(host)) return;
      if (!accept || !this.internet.joined(this.host, host)) return near.fail('refused');
      // Each connection comes from a port of its own, as the system gives them out.
      this.lastPort = this.lastPort < 65_535 ? this.lastPort + 1 : 49_152;
      join(near, accept, hostPort({ host: from, port: this.lastPort }), 'tcp');
      events.opened(to);
    });
    return near;
  }

  /** Both ends of a connection that neither host dialled, and what cuts it; `over` is told once it is gone. */
  meet(far: SimNet, over: () => void): { readonly near: Take; readonly far: Take; cut(): void } {
    const ends = [this, far].map(net => {
      const events = new HeldEvents();
      const stream = new SimStream(net, events);
      net.streams.add(stream);
      stream.over = over;
      const take: Take = target => {
        events.target = target;
        return stream;
      };
      return { stream, take };
    }) as [{ stream: SimStream; take: Take }, { stream: SimStream; take: Take }];
    [ends[0].stream.other, ends[1].stream.other] = [ends[1].stream, ends[0].stream];
    return { near: ends[0].take, far: ends[1].take, cut: () => ends.forEach(({ stream }) => stream.fail('cut')) };
  }

  /** What nobody answers is said again; where nobody is, nobody says so. */
  private callByUtp(near: SimStream, host: string, port: number, events: StreamEvents): void {
    const { clock, listeners, utp, shielded, punched, dialledByUtp } = this.internet;
    const from = addressOf(this.host, this.line, familyOf(host));
    const to = hostPort({ host, port });
    dialledByUtp.push(to);
    const ownPort = utp.get(from) ?? 0;
    if (ownPort === 0) return void clock.after(1, () => near.fail('unreachable'));
    punched.add(`${from} ${host}`);
    const call = (again: number): void =>
      void clock.after(this.line.latency * 2, () => {
        if (near.dead) return;
        const accept = utp.get(host) === port ? listeners.get(to) : undefined;
        const isLetIn = !shielded.has(host) || punched.has(`${host} ${from}`);
        if (accept && isLetIn && this.internet.joined(this.host, host)) {
          join(near, accept, hostPort({ host: from, port: ownPort }), 'utp');
          events.opened(to);
        } else if (again < 8_000) clock.after(again, () => call(again * 2));
      });
    call(1_000);
  }

  listen(ports: readonly number[], bound: (port: number) => void, accept: Accept): void {
    const port = ports[0] ?? 0;
    owners.set(accept, this);
    for (const family of [4, 6] as const) {
      const host = addressOf(this.host, this.line, family);
      if (host !== '') this.listening.add(hostPort({ host, port }));
    }
    for (const address of this.listening) this.internet.listeners.set(address, accept);
    bound(port);
  }

  /** The host loses its network: every stream ends, on both sides. */
  drop(): void {
    for (const address of this.listening) this.internet.listeners.delete(address);
    this.listening.clear();
    for (const stream of [...this.streams]) {
      stream.other?.fail('the other side vanished');
      stream.dead = true;
    }
    this.streams.clear();
    this.throttle.end();
    this.internet.nets.delete(this);
  }

  /** Ends the streams to hosts that are out of reach. */
  cut(): void {
    for (const stream of this.streams) {
      const far = stream.other?.host;
      if (far !== undefined && !this.internet.joined(this.host, far)) stream.fail('out of reach');
    }
  }

  keep(stream: SimStream): void {
    this.streams.add(stream);
  }

  forget(stream: SimStream): void {
    this.streams.delete(stream);
    stream.over();
  }

  /** The stream has payload to send where it had none. */
  queue(stream: SimStream): void {
    this.turns.push(stream);
    if (!this.sending) this.sendNext();
  }

  private sendNext(): void {
    for (let stream = this.turns.shift(); stream; stream = this.turns.shift()) {
      const sender = stream;
      const next = sender.takePayload();
      if (!next) continue;
      if (sender.hasPayload) this.turns.push(sender);
      this.sending = true;
      this.internet.clock.after((next.bytes.length * 1000) / this.line.rate, () => {
        this.sending = false;
        sender.departed(next);
        this.sendNext();
      });
      return;
    }
  }
}

/** The other side takes a connection in, or not. */
function join(near: SimStream, accept: Accept, from: string, transport: Transport): void {
  const open = (events: StreamEvents): Stream => {
    const owner = ownerOf(accept);
    const far = new SimStream(owner, events);
    owner.keep(far);
    near.other = far;
    far.other = near;
    return far;
  };
  accept(from, open, transport);
}

const owners = new WeakMap<Accept, SimNet>();

function ownerOf(accept: Accept): SimNet {
  const net = owners.get(accept);
  if (!net) throw new Error('nobody listens with this');
  return net;
}

interface Payload {
  readonly send: number;
  readonly bytes: Uint8Array;
}

/** Length word, id, piece and offset. */
const PIECE_HEADER = 13;

type Take = (events: StreamEvents) => Stream;

class SimStream implements Stream {
  other: SimStream | null = null;
  /** It has closed. */
  over: () => void = () => undefined;
  dead = false;
  private allowed = 0;
  private framing = false;
  private ciphers: { readonly receive: Rc4; readonly send: Rc4 } | null = null;
  private readonly inbox: Uint8Array[] = [];
  private readonly landings: Landings;
  /** Not begun to be sent. */
  private readonly payloads: Payload[] = [];
  private lastArrival = 0;
  private readonly arrivals: Arrivals;
  private readonly grants: Grants;

  constructor(
    private readonly net: SimNet,
    private readonly events: StreamEvents,
  ) {
    this.landings = new Landings(net.internet.clock, net.store, events, () => this.dead);
    this.arrivals = new Arrivals(net.throttle, bytes => {
      this.inbox.push(bytes);
      this.deliver();
    });
    this.grants = new Grants(
      net.throttle,
      () => (this.dead ? 0 : (this.payloads[0]?.bytes.length ?? 0)),
      () => this.net.queue(this),
    );
  }

  join(group: number): void {
    const way = this.net.throttle.directionOf(group) === RateDirection.READ ? this.arrivals : this.grants;
    way.flow.join(group);
  }

  get host(): string {
    return this.net.host;
  }

  send(bytes: Uint8Array): void {
    this.transmit(bytes.slice(), 0);
  }

  sendSpans(send: number, header: Uint8Array, spans: readonly Span[]): void {
    const problem = this.net.store.readProblem;
    const payload = this.net.store.read(spans);
    if (problem || !payload) {
      this.answer(send, false, problem ?? 'gone');
      return;
    }
    this.net.line.corrupt?.(payload);
    const bytes = new Uint8Array(header.length + payload.length);
    bytes.set(header);
    bytes.set(payload, header.length);
    this.payloads.push({ send, bytes });
    if (this.grants.isLimited) this.grants.ask();
    else if (this.payloads.length === 1) this.net.queue(this);
  }

  cancelSend(send: number): void {
    const index = this.payloads.findIndex(payload => payload.send === send);
    if (index < 0) return;
    this.payloads.splice(index, 1);
    this.answer(send, false, null);
  }

  get hasPayload(): boolean {
    const [next] = this.payloads;
    return next !== undefined && !this.dead && this.grants.covers(next.bytes.length);
  }

  takePayload(): Payload | undefined {
    if (!this.hasPayload) {
      this.grants.ask();
      return undefined;
    }
    const next = this.payloads.shift();
    this.grants.use(next?.bytes.length ?? 0);
    return next;
  }

  departed({ send, bytes }: Payload): void {
    if (this.dead) return;
    const { sent } = this.net.internet;
    sent.set(this.net.host, (sent.get(this.net.host) ?? 0) + bytes.length - PIECE_HEADER);
    const stall = this.net.line.stall?.() ?? 0;
    if (stall < Infinity) this.transmit(bytes, stall);
    this.events.sent([send], true, null);
  }

  private answer(send: number, ok: boolean, problem: FileProblem | null): void {
    this.net.internet.clock.after(1, () => {
      if (!this.dead) this.events.sent([send], ok, problem);
    });
  }

  credit(bytes: number): void {
    this.allowed += bytes;
    this.deliver();
  }

  cipher({ receive, send }: StreamCipher, back: Uint8Array): void {
    if (this.allowed > 0 || this.framing || this.ciphers) throw new Error('too late, or too early, for a cipher');
    this.ciphers = { receive: Rc4.at(receive), send: Rc4.at(send) };
    const held = Uint8Array.from(Buffer.concat([back, ...this.inbox]));
    this.ciphers.receive.apply(held);
    this.inbox.splice(0, this.inbox.length, ...(held.length > 0 ? [held] : []));
    this.arrivals.each(bytes => this.ciphers?.receive.apply(bytes));
  }

  framed(_maxFrame: number, back: Uint8Array): void {
    this.framing = true;
    if (back.length > 0) this.inbox.unshift(back);
    this.deliver();
  }

  expect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    this.landings.expect(buffer, prefix, runs);
  }

  unexpect(_buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    this.landings.unexpect(prefix, runs);
  }

  discard(prefix: Uint8Array): void {
    this.landings.discard(prefix);
  }

  close(): void {
    if (this.dead) return;
    this.dead = true;
    this.leave();
    this.net.forget(this);
    const { other } = this;
    this.net.internet.clock.after(this.net.line.latency, () => other?.fail('closed by the other side'));
  }

  private leave(): void {
    this.arrivals.flow.leave();
    this.grants.flow.leave();
  }

  fail(reason: string): void {
    this.landings.tell();
    if (this.dead) return;
    this.dead = true;
    this.leave();
    this.net.forget(this);
    this.events.closed(reason);
  }

  private transmit(bytes: Uint8Array, stall: number): void {
    const { other } = this;
    if (!other || this.dead) return;
    this.ciphers?.send.apply(bytes);
    // Frames of one stream arrive in order, whatever their size.
    this.lastArrival = Math.max(this.lastArrival, this.net.internet.clock.time + stall + this.net.line.latency);
    this.net.internet.clock.at(this.lastArrival, () => {
      this.net.internet.tap?.(bytes);
      other.ciphers?.receive.apply(bytes);
      other.arrivals.arrive(bytes);
    });
  }
  private deliver(): void {
    while (!this.dead && this.inbox.length > 0) {
      const bytes = this.inbox[0];
      if (!bytes) return;
      if (!this.framing) {
        if (this.allowed === 0) return;
        const part = bytes.subarray(0, this.allowed);
        this.allowed -= part.length;
        if (part.length === bytes.length) this.inbox.shift();
        else this.inbox[0] = bytes.subarray(part.length);
        this.events.received(part);
        continue;
      }
      const whole = this.inbox.length === 1 ? bytes : Uint8Array.from(Buffer.concat(this.inbox));
      this.inbox.splice(0, this.inbox.length, whole);
      if (whole.length < 4) return;
      const length = new DataView(whole.buffer, whole.byteOffset).getUint32(0);
      if (whole.length < 4 + length) return;
      const frame = whole.subarray(4, 4 + length);
      if (!this.landings.take(frame)) {
        if (this.allowed <= 0) return;
        this.allowed -= length + 4;
        this.take(whole, length);
        this.landings.tell();
        this.events.received(frame);
      } else {
        this.take(whole, length);
      }
    }
  }

  private take(whole: Uint8Array, length: number): void {
    this.inbox.splice(0, 1);
    if (whole.length > 4 + length) this.inbox.unshift(whole.subarray(4 + length));
  }
}
