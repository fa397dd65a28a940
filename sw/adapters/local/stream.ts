/** A connection whose bytes are framed, landed and sent here: what the io-daemon is to others, over whatever carries it. */
import { RateDirection, RELAY_WINDOW } from '../../../daemon/wire/frames.ts';
import { Rules } from '../../../daemon/wire/rules.ts';
import type { Flow, Throttle } from '../../../daemon/wire/throttle.ts';
import type { Run, Span } from '../../engine/events.ts';
import type { Stream, StreamEvents } from '../../engine/ports.ts';
import type { Carrier, Relay } from '../relay.ts';
import type { BlockSink, SpanSource } from './blocks.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';

/** Frames that are half-way in, over all connections; the one that would exceed it is closed, bytes. */
const ASSEMBLY = 32 << 20;
const NOTHING = new Uint8Array(0);

/** What all connections share. */
export interface Shared {
  readonly sink: BlockSink;
  readonly source: SpanSource;
  readonly throttle: Throttle;
  /** Bytes of frames that are half-way in. */
  readonly assembly: { bytes: number };
  /** How many there are. */
  readonly count: () => number;
}

export class LocalStream implements Stream, Relay {
  readonly stream: Stream = this;
  private readonly rules = new Rules();
  private readonly inbound: Inbound;
  private readonly outbound: Outbound;
  private readonly down: Flow;
  private isOpen = true;
  /** Bytes that the engine gave back: they were told as taken before. */
  private back = 0;
  /** Landed and not told: neighbours are told together. */
  private landed: { readonly buffer: number; readonly offset: number; length: number } | null = null;

  constructor(
    private readonly shared: Shared,
    private readonly carrier: Carrier,
    private readonly events: StreamEvents,
  ) {
    this.inbound = new Inbound(this.rules, shared.sink, {
      received: bytes => {
        this.tellLanded();
        if (this.isOpen) events.received(bytes);
      },
      landed: (buffer, offset, length) => this.onLanded(buffer, offset, length),
      discarded: (length, head) => {
        this.tellLanded();
        if (this.isOpen) events.discarded(length, head);
      },
      failed: reason => this.end(reason === 'too-long' ? 'A message longer than is allowed.' : 'Too many long messages at once.'),
      reserve: bytes => {
        if (bytes > 0 && shared.assembly.bytes + bytes > ASSEMBLY) return false;
        shared.assembly.bytes += bytes;
        return true;
      },
      resumed: () => {
        this.tellLanded();
        this.pump();
      },
    });
    this.down = shared.throttle.flow(bytes => this.work(bytes));
    this.outbound = new Outbound(shared.source, shared.throttle, shared.count, {
      hand: bytes => carrier.send(bytes),
      sent: (sends, ok, problem) => events.sent(sends, ok, problem),
      overflow: () => this.end('The other side does not read what it is sent.'),
    });
  }

  send(bytes: Uint8Array): void {
    if (this.isOpen) this.outbound.send(bytes);
  }

  credit(bytes: number): void {
    this.inbound.credit(bytes);
    this.pump();
  }

  /** Nobody asks for it: what carries these connections has its own cipher, beneath. */
  cipher(): void {
    this.end('It is enciphered already.');
  }

  framed(maxFrame: number, back: Uint8Array): void {
    this.back += back.length;
    this.inbound.framed(maxFrame, back);
    this.pump();
  }

  expect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    this.rules.add(prefix, buffer, runs, candidate => this.shared.sink.land(candidate, 0, NOTHING) !== 'gone');
  }

  unexpect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    this.rules.withdraw(prefix, buffer, runs);
  }

  discard(prefix: Uint8Array): void {
    this.rules.add(prefix, 0, [], () => true);
  }

  sendSpans(send: number, header: Uint8Array, spans: readonly Span[]): void {
    if (this.isOpen) this.outbound.sendSpans(send, header, spans);
  }

  cancelSend(send: number): void {
    this.outbound.cancel(send);
  }

  join(group: number): void {
    const { throttle } = this.shared;
    const direction = throttle.directionOf(group);
    if (!this.isOpen || direction === null) return;
    throttle.join(direction === RateDirection.READ ? this.down : this.outbound.flow, group);
    this.pump();
  }

  close(): void {
    if (this.isOpen) this.leave();
  }

  receive(bytes: Uint8Array): void {
    if (this.inbound.queued + bytes.length > RELAY_WINDOW + this.back) return this.end('More was under way than there may be.');
    this.inbound.receive(bytes);
    this.pump();
  }

  taken(bytes: number): void {
    if (this.isOpen) this.outbound.taken(bytes);
  }

  end(reason: string): void {
    if (!this.isOpen) return;
    this.tellLanded();
    this.leave();
    this.events.closed(reason);
  }

  private leave(): void {
    this.isOpen = false;
    this.inbound.end();
    this.outbound.end();
    this.down.leave();
    this.carrier.closed();
  }

  /** Works off what came, in its turns where its rate is limited. */
  private pump(): void {
    if (!this.inbound.wantsTurn) return;
    if (this.down.isLimited) this.down.want(this.inbound.queued);
    else this.work(Infinity);
  }

  private work(most: number): void {
    const done = this.inbound.work(most);
    this.tellLanded();
    const told = Math.max(0, done - this.back);
    this.back = Math.max(0, this.back - done);
    if (told > 0 && this.isOpen) this.carrier.taken(told);
    if (most < Infinity) this.pump();
  }

  private onLanded(buffer: number, offset: number, length: number): void {
    const { landed } = this;
    if (landed?.buffer === buffer && landed.offset + landed.length === offset) landed.length += length;
    else {
      this.tellLanded();
      this.landed = { buffer, offset, length };
    }
  }

  private tellLanded(): void {
    const { landed } = this;
    this.landed = null;
    if (landed && this.isOpen) this.events.landed(landed.buffer, landed.offset, landed.length, false);
  }
}
