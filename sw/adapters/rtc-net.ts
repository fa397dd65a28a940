/**
 * Rtc by a window that lends itself: it makes the connections and carries their bytes, which become streams of the net that the
 * engine in question has. Its going is the end of its connections, and no more.
 */
import * as v from 'valibot';
import { LENT_WINDOW, MAX_DESCRIPTION, MAX_LENT_BYTES, TOLD_BYTES, TOLD_MESSAGES } from '../lending.ts';
import type { FromLender, ToLender } from '../lending.ts';
import type { Rtc, RtcHandle, RtcHandleEvents } from '../engine/ports.ts';
import type { Relay, RelayNet } from './relay.ts';

/** Connections of one engine at once, those in the making included; one more never comes about. */
const MAX_LINKS = 64;
const GONE = 'The window that carried it has gone.';

const MISUSED = 'The window that carries it said what it may not.';

const link = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** Of whatever else a message says, the connection that it says it of. */
const ofLink = v.object({ link });
type Data = Extract<FromLender, { type: 'data' }>;
/** All but those that carry bytes, which are looked at by hand: they are many. */
const fromLender: v.GenericSchema<unknown, Exclude<FromLender, Data>> = v.variant('type', [
  v.strictObject({ type: v.literal('described'), link, sdp: v.pipe(v.string(), v.maxLength(MAX_DESCRIPTION)) }),
  v.strictObject({ type: v.literal('opened'), link, address: v.pipe(v.string(), v.regex(/^[0-9A-Fa-f.:]{0,45}$/)) }),
  v.strictObject({ type: v.literal('taken'), link, bytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31)) }),
  v.strictObject({ type: v.literal('closed'), link, reason: v.pipe(v.string(), v.maxLength(200)) }),
]);

interface Lender {
  readonly port: MessagePort;
  readonly client: string;
}

interface Link {
  readonly port: LentPort;
  readonly events: RtcHandleEvents;
  relay: Relay | null;
  /** To be posted at the end of this turn. */
  outgoing: Uint8Array[];
  outgoingBytes: number;
  /** Bytes posted by the window and not taken yet, and those of each message of which some are not. */
  untaken: number;
  readonly untakenOf: number[];
  /** Taken, and not told yet. */
  untold: { bytes: number; messages: number };
}

function isData(message: unknown): message is Data {
  if (typeof message !== 'object' || message === null) return false;
  const { type, link: number, bytes } = message as Record<string, unknown>;
  if (type !== 'data' || !Number.isSafeInteger(number) || (number as number) < 1) return false;
  return bytes instanceof Uint8Array && bytes.length > 0 && bytes.length <= MAX_LENT_BYTES;
}

/** The window that lends itself, for every engine of this worker: each has a port, and the numbers of connections are this one's. */
export class LentRtc {
  private lender: Lender | null = null;
  private readonly links = new Map<number, Link>();
  private readonly ports = new Set<LentPort>();
  private lastLink = 0;

  get isOpen(): boolean {
    return this.lender !== null;
  }

  /** For an engine whose streams are those of `net`. */
  port(net: RelayNet): Rtc {
    const port = new LentPort(this, net);
    this.ports.add(port);
    return port;
  }

  /** Its engine has ended: it has no connection any more, and hears nothing. */
  forget(port: Rtc): void {
    if (!(port instanceof LentPort)) return;
    this.ports.delete(port);
    port.changed = () => undefined;
    this.closeAll(port);
  }

  /** A window lends itself over `port`, in place of any other; `client` tells windows apart. */
  lend(port: MessagePort, client: string): void {
    if (this.lender) this.leave(this.lender);
    const lender: Lender = { port, client };
    this.lender = lender;
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.lender === lender) this.hear(lender, data);
    };
    port.addEventListener('close', () => this.leave(lender));
    this.tell();
  }

  /** The window is gone, unless it is among these. */
  keepOnly(clients: ReadonlySet<string>): void {
    if (this.lender && !clients.has(this.lender.client)) this.leave(this.lender);
  }

  begin(port: LentPort, events: RtcHandleEvents, message: (number: number) => ToLender): RtcHandle {
    if (!this.lender || this.numbersOf(port).length >= MAX_LINKS) {
      queueMicrotask(() => events.ended());
      return { answered: () => undefined, close: () => undefined };
    }
    const number = ++this.lastLink;
    const untold = { bytes: 0, messages: 0 };
    this.links.set(number, { port, events, relay: null, outgoing: [], outgoingBytes: 0, untaken: 0, untakenOf: [], untold });
    this.post(message(number));
    return {
      answered: sdp => {
        if (this.links.has(number)) this.post({ type: 'answered', link: number, sdp });
      },
      close: () => this.close(number),
    };
  }

  closeAll(port: LentPort): void {
    for (const number of this.numbersOf(port)) this.close(number);
  }

  private numbersOf(port: LentPort): number[] {
    return [...this.links].filter(([, link]) => link.port === port).map(([number]) => number);
  }

  private tell(): void {
    for (const port of this.ports) port.changed();
  }

  private hear(lender: Lender, data: unknown): void {
    if (isData(data)) return this.receive(data);
    const parsed = v.safeParse(fromLender, data);
    if (!parsed.success) {
      // What a stranger can bring about over one connection ends that one alone. Without any, this is no window of ours.
      const about = v.safeParse(ofLink, data);
      return about.success ? this.refuse(about.output.link) : this.leave(lender);
    }
    const message = parsed.output;
    const known = this.links.get(message.link);
    if (!known) return;
    switch (message.type) {
      case 'described':
        return known.events.described(message.sdp);
      case 'opened':
        return this.opened(message.link, known, message.address);
      case 'taken':
        return known.relay?.taken(message.bytes);
      case 'closed':
        return this.end(message.link, message.reason);
      default:
        message satisfies never;
    }
  }

  private receive({ link: number, bytes }: Data): void {
    const known = this.links.get(number);
    if (!known) return;
    known.untaken += bytes.length;
    known.untakenOf.push(bytes.length);
    if (known.untaken > LENT_WINDOW) return this.refuse(number);
    known.relay?.receive(bytes);
  }

  private taken(number: number, known: Link, bytes: number): void {
    const { untold, untakenOf } = known;
    known.untaken -= bytes;
    untold.bytes += bytes;
    let left = bytes;
    for (let [first] = untakenOf; first !== undefined && first <= left; [first] = untakenOf) {
      left -= first;
      untakenOf.shift();
      untold.messages += 1;
    }
    if (left > 0) untakenOf[0]! -= left;
    if ((untold.bytes < TOLD_BYTES && untold.messages < TOLD_MESSAGES) || this.links.get(number) !== known) return;
    known.untold = { bytes: 0, messages: 0 };
    this.post({ type: 'taken', link: number, ...untold });
  }

  private opened(number: number, known: Link, address: string): void {
    if (known.relay) return;
    known.events.opened(address, events => {
      known.relay = known.port.net.relay(
        {
          send: bytes => this.send(number, known, bytes),
          taken: bytes => this.taken(number, known, bytes),
          closed: () => this.over(number),
        },
        events,
      );
      return known.relay.stream;
    });
    if (!known.relay) this.over(number);
  }

  /** What one turn brings leaves as one message, or few: a message for each part of a block would cost more than its bytes. */
  private send(number: number, known: Link, bytes: Uint8Array): void {
    if (known.outgoing.length === 0) queueMicrotask(() => this.flush(number, known));
    for (let at = 0; at < bytes.length; at += MAX_LENT_BYTES) {
      const part = bytes.subarray(at, at + MAX_LENT_BYTES);
      if (known.outgoingBytes + part.length > MAX_LENT_BYTES) this.flush(number, known);
      known.outgoing.push(part);
      known.outgoingBytes += part.length;
    }
  }

  /**
   * At the cost of one copy: what was read is also for whoever asks for its neighbour (local/spans.ts), so that its memory is not ours to give
   * away, and without that a browser copies as well, of a part of some memory all of it.
   */
  private flush(number: number, known: Link): void {
    const parts = known.outgoing;
    if (parts.length === 0) return;
    const bytes = new Uint8Array(known.outgoingBytes);
    known.outgoing = [];
    known.outgoingBytes = 0;
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    if (this.links.get(number) === known) this.post({ type: 'data', link: number, bytes }, [bytes.buffer]);
  }

  /** It is closed from this side: the window is told, and the engine that its place is free. */
  private over(number: number): void {
    const known = this.links.get(number);
    if (!this.links.delete(number)) return;
    this.post({ type: 'close', link: number });
    known?.events.ended();
  }

  /** The engine wants it no more. */
  private close(number: number): void {
    const relay = this.links.get(number)?.relay;
    if (!this.links.delete(number)) return;
    this.post({ type: 'close', link: number });
    relay?.end('Closed.');
  }

  /** What the window said of it may not be. */
  private refuse(number: number): void {
    if (!this.links.has(number)) return;
    this.post({ type: 'close', link: number });
    this.end(number, MISUSED);
  }

  /** It is gone. */
  private end(number: number, reason: string): void {
    const known = this.links.get(number);
    if (!this.links.delete(number)) return;
    known?.relay?.end(reason || 'The other side closed the connection.');
    known?.events.ended();
  }

  private leave(lender: Lender): void {
    if (this.lender !== lender) return;
    this.lender = null;
    lender.port.onmessage = null;
    lender.port.close();
    for (const number of [...this.links.keys()]) this.end(number, GONE);
    this.tell();
  }

  private post(message: ToLender, transfer: Transferable[] = []): void {
    this.lender?.port.postMessage(message, transfer);
  }
}

/** What one engine has of it. */
class LentPort implements Rtc {
  changed: () => void = () => undefined;

  constructor(
    private readonly lent: LentRtc,
    readonly net: RelayNet,
  ) {}

  get isOpen(): boolean {
    return this.lent.isOpen;
  }

  watch(changed: () => void): void {
    this.lent.closeAll(this);
    this.changed = changed;
  }

  offer(servers: readonly string[], events: RtcHandleEvents): RtcHandle {
    return this.lent.begin(this, events, link => ({ type: 'offer', link, servers }));
  }

  answer(servers: readonly string[], sdp: string, events: RtcHandleEvents): RtcHandle {
    return this.lent.begin(this, events, link => ({ type: 'answer', link, servers, sdp }));
  }
}
