/** One connection to a peer: what is read goes through Inbound, what is written has a limit, reading rests when it must. */
import { CloseReason, type Frame, Op, RateDirection, type SocketStats } from '../wire/frames.ts';
import { type Channel, takenOf } from './channel.ts';
import { Inbound, type InboundEvents } from './inbound.ts';
import type { Landing } from './landing.ts';
import { ASSEMBLY, LIMITS, LINGER, SEND_AHEAD } from './limits.ts';
import type { Rc4 } from './rc4.ts';
import { Rules } from '../wire/rules.ts';
import { Outward } from './outward.ts';
import type { Flow, Throttle } from '../wire/throttle.ts';

const NOTHING = Buffer.alloc(0);

type State = 'waiting' | 'connecting' | 'open' | 'closed';

interface LandedRange {
  readonly buffer: number;
  offset: number;
  length: number;
}

/** What all sockets of a client share. */
export interface Shared {
  readonly landing: Landing;
  readonly throttle: Throttle;
  push(frame: Frame): void;
  /** Calls `tell` before the next message leaves, soon at the latest. */
  later(tell: () => void): void;
  readonly counters: { netIn: number; netOut: number };
  /** Bytes of frames that are being put together, over all sockets. */
  readonly assembly: { bytes: number };
}

export class PeerSocket {
  readonly id: number;
  readonly rules = new Rules();
  readonly #inbound: Inbound;
  readonly #shared: Shared;
  readonly #ended: () => void;
  #state: State = 'waiting';
  #socket: Channel | null = null;
  #isReading = false;
  #isCorked = false;
  #cipher: { readonly receive: Rc4; readonly send: Rc4 } | null = null;
  /** Sent before there was a socket. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #received: Buffer[] = [];
  #landed: LandedRange[] = [];
  /** Blocks that landed and were not told. */
  #untold = 0;
  /** What it reads, as its limits see it. */
  readonly #down: Flow;
  readonly #outward: Outward;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Of frames that are being put together, or wait for credit. */
  #assembling = 0;
  /** Read, and to be let through in its turns. Nothing more is read meanwhile. */
  #unread = NOTHING;

  /** `ended` is called once, whoever closes it. */
  constructor(id: number, shared: Shared, ended: () => void) {
    this.id = id;
    this.#shared = shared;
    this.#ended = ended;
    const events: InboundEvents = {
      received: bytes => {
        this.#tellLanded();
        this.#received.push(bytes);
      },
      landed: (buffer, offset, length) => this.#onLanded(buffer, offset, length),
      discarded: (length, head) => this.#onDiscarded(length, head),
      failed: (reason, length) => this.#onFailed(reason, length),
      reserve: bytes => {
        if (bytes > 0 && shared.assembly.bytes + bytes > ASSEMBLY) return false;
        shared.assembly.bytes += bytes;
        this.#assembling += bytes;
        return true;
      },
    };
    this.#inbound = new Inbound(this.rules, shared.landing, events);
    this.#down = shared.throttle.flow(bytes => this.#letThrough(bytes));
    this.#outward = new Outward(shared.throttle, (parts, written) => this.#put(parts, written));
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  get isFramed(): boolean {
    return this.#inbound.isFramed;
  }

  /** Bytes that it was given to send and has not sent. */
  get unsent(): number {
    return (this.#socket?.writableLength ?? this.#earlyBytes) + this.#outward.bytes;
  }

  /** It was given more than the other side takes. */
  get isBehind(): boolean {
    return (this.#socket?.writableLength ?? 0) > 0;
  }

  /** Bytes that the other side has taken. */
  get taken(): number {
    return this.#socket === null ? 0 : takenOf(this.#socket, this.#bytesOut);
  }

  get stats(): SocketStats {
    const held = this.#assembling + this.#unread.length;
    return { sock: this.id, received: this.#bytesIn, sent: this.#bytesOut, unsent: this.unsent, held };
  }

  get isReadLimited(): boolean {
    return this.#down.isLimited;
  }

  /** Whether payload may be handed to it now: one send at a time where they wait for turns, so that the others can be called off. */
  get takesPayload(): boolean {
    return this.isOpen && !this.#outward.isBusy && this.unsent < SEND_AHEAD;
  }

  flow(direction: RateDirection): Flow {
    return direction === RateDirection.READ ? this.#down : this.#outward.flow;
  }

  /** The socket that is being connected; it has to be paused. */
  attach(socket: Channel): void {
    this.#socket = socket;
    this.#state = 'connecting';
    socket.on('error', error => this.close(CloseReason.ERROR, error.message));
    socket.on('end', () => this.close(CloseReason.REMOTE, ''));
    socket.on('close', () => this.close(CloseReason.REMOTE, ''));
    for (const bytes of this.#early.splice(0)) socket.write(bytes);
  }

  opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.steer();
  }

  credit(bytes: number): void {
    this.#inbound.credit(bytes);
    this.#flush();
    this.steer();
  }

  framed(maxFrame: number, back: Uint8Array): void {
    this.#inbound.framed(maxFrame, back);
    this.#flush();
    this.steer();
  }

  /** From here on all is deciphered that is read, and enciphered that is sent. False where it is too late for that. */
  cipher(receive: Rc4, send: Rc4, back: Uint8Array): boolean {
    if (this.isFramed || this.#cipher !== null) return false;
    this.#cipher = { receive, send };
    this.#inbound.cipher(bytes => receive.apply(bytes), back);
    receive.apply(this.#unread);
    this.#flush();
    this.steer();
    return true;
  }

  /** Bytes off the socket; they are the reader's again afterwards. */
  read(bytes: Buffer): void {
    if (this.#state === 'closed') return;
    this.#shared.counters.netIn += bytes.length;
    this.#bytesIn += bytes.length;
    this.#cipher?.receive.apply(bytes);
    if (this.#down.isLimited || this.#unread.length > 0) this.#unread = Buffer.concat([this.#unread, bytes]);
    else {
      this.#inbound.consume(bytes);
      this.#flush();
    }
    this.steer();
  }

  /** Takes over the bytes of a message. */
  write(bytes: Uint8Array): void {
    if (this.unsent + bytes.length > LIMITS.sendQueue) this.close(CloseReason.SEND_OVERFLOW, '');
    else this.#outward.send([bytes]);
  }

  /** Takes over payload, where {@link takesPayload}. `written` is called once: when the system has taken all of it, or never will. */
  pay(parts: readonly Uint8Array[], written: (error?: Error | null) => void): void {
    this.#outward.pay(parts, written);
  }

  /** Hands bytes to the system, and enciphers them in place. What one event has to send leaves in one go. */
  #put(parts: readonly Uint8Array[], written?: (error?: Error | null) => void): void {
    const socket = this.#socket;
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (this.#cipher !== null) for (const part of parts) this.#cipher.send.apply(part);
    if (socket === null) {
      this.#early.push(...parts);
      this.#earlyBytes += bytes;
      return;
    }
    this.#shared.counters.netOut += bytes;
    this.#bytesOut += bytes;
    this.#cork(socket);
    parts.forEach((part, index) => {
      if (index === parts.length - 1 && written !== undefined) socket.write(part, written);
      else socket.write(part);
    });
  }

  #cork(socket: Channel): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      socket.uncork();
    });
  }

  /** Reads or rests, by what is allowed just now. */
  steer(): void {
    const socket = this.#socket;
    if (socket === null || this.#state !== 'open') return;
    let wanted = this.#inbound.wantsMore && (this.rules.isEmpty || !this.#shared.landing.isFull);
    if (this.#unread.length > 0) {
      if (wanted) this.#down.want(this.#unread.length);
      wanted = false;
    }
    if (wanted === this.#isReading) return;
    this.#isReading = wanted;
    if (wanted) socket.resume();
    else socket.pause();
  }

  /** Closes it and says so, once; what is in flight to the peer is still sent, for a while, where the client asked for it. */
  close(reason: CloseReason, detail: string): void {
    if (this.#state === 'closed') return;
    this.#inbound.end();
    this.#down.leave();
    this.#unread = NOTHING;
    this.#flush();
    this.#tellLanded();
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    if (wasOpen && reason !== CloseReason.REQUESTED) {
      this.#shared.push({ op: Op.TCP_CLOSE, id: 0, sock: this.id, reason, detail: detail.slice(0, 200) });
    }
    const socket = this.#socket;
    if (socket !== null) {
      if (reason === CloseReason.REQUESTED && socket.writableLength > 0) linger(socket);
      else socket.destroy();
    }
    this.#outward.end();
    this.#ended();
  }

  /** Its turn: that much of what was read. */
  #letThrough(bytes: number): void {
    const part = this.#unread.subarray(0, bytes);
    this.#unread = this.#unread.subarray(bytes);
    this.#inbound.consume(part);
    this.#flush();
    this.steer();
  }

  #onLanded(buffer: number, offset: number, length: number): void {
    this.#flush();
    const last = this.#landed[this.#landed.length - 1];
    if (last !== undefined && last.buffer === buffer && last.offset + last.length === offset) last.length += length;
    else this.#landed.push({ buffer, offset, length });
    // Whoever asked has to hear of it before there is nothing left that the peer could send.
    if (++this.#untold >= this.rules.asked) this.#tellLanded();
    else if (this.#untold === 1) this.#shared.later(() => this.#tellLanded());
  }

  #tellLanded(): void {
    if (this.#landed.length === 0) return;
    const ranges = this.#landed;
    this.#landed = [];
    this.#untold = 0;
    this.#shared.push({ op: Op.LANDED, id: 0, sock: this.id, earlier: false, ranges });
  }

  #onDiscarded(length: number, head: Buffer): void {
    this.#flush();
    this.#tellLanded();
    this.#shared.landing.countDiscarded(length);
    this.#shared.push({ op: Op.LAND_DISCARDED, id: 0, sock: this.id, length, head });
  }

  #onFailed(reason: 'too-long' | 'no-memory', length: number): void {
    if (reason === 'too-long') this.close(CloseReason.FRAME_TOO_LONG, `a frame of ${length} bytes`);
    else this.close(CloseReason.ERROR, 'too many long frames at once');
  }

  /** What was received since the last time leaves as one TCP_RECV. */
  #flush(): void {
    if (this.#received.length === 0) return;
    const [first, ...more] = this.#received;
    this.#received = [];
    const bytes = more.length === 0 ? (first as Buffer) : Buffer.concat([first as Buffer, ...more]);
    this.#shared.push({ op: Op.TCP_RECV, id: 0, sock: this.id, bytes });
  }
}

function linger(socket: Channel): void {
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.on('close', () => clearTimeout(timer));
  socket.resume();
  socket.end();
}
