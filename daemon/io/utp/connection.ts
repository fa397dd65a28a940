/**
 * One connection of uTP (BEP 29), as a machine: datagrams, bytes and time go in, datagrams and bytes come out. It has no
 * timer and no socket. Times are ms; the clock of packets is the same one in µs, modulo 2^32.
 */
import { HEADER_BYTES, MAX_MASK, type Packet, PacketType, stamp, writeHeader, writeMask } from './packet.ts';
import { type Held, Receiver } from './receiver.ts';
import { Sender, type Written } from './sender.ts';

/**
 * dialled    asked, and not answered
 * asked      answered one who asks, who has sent nothing yet
 * connected  bytes go both ways
 * ending     we want nothing more; what was sent, and its end, are to arrive
 * closed     gone
 */
export type State = 'dialled' | 'asked' | 'connected' | 'ending' | 'closed';

const MOVES: Readonly<Record<State, readonly State[]>> = {
  dialled: ['connected', 'closed'],
  asked: ['connected', 'closed'],
  connected: ['ending', 'closed'],
  ending: ['closed'],
  closed: [],
};

/** One who asks has to send something within, ms. */
const ASKED_FOR = 5_000;
/** After its end a connection may take so long to bring over what it was given, ms. */
const ENDING_FOR = 5_000;
/** Something is said at least so often, ms: routers forget whom nobody speaks to. */
const KEEP_ALIVE = 29_000;
/** The other side is told of room anew when it is so much more than it knows of, and sooner where it knows of less than a little: bytes. */
const ROOM_WORTH_TELLING = 256 * 1024;
const LITTLE = 8 * 1024;

/** Why a connection is gone: we have ended it, the other side has closed it, or does not answer. */
export type End = 'ended' | 'reset' | 'silence';

/** What comes of it. */
export interface ConnectionEvents {
  /** A datagram for the other side. It is not to be kept. */
  send(datagram: Buffer): void;
  opened(): void;
  /** There are bytes to {@link Connection.read}, or no more will come. */
  readable(): void;
  /** It is gone. */
  closed(end: End): void;
}

export class Connection {
  /** The number in packets that come. */
  readonly id: number;
  readonly #events: ConnectionEvents;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  #state: State;
  #since: number;
  /** The moment that it was last told of; packets bear it. */
  #now: number;
  /** What we send is to be acknowledged by that number of the other side. */
  readonly #sendId: number;
  /** The arrival of the last packet less its timestamp, µs. */
  #delay = 0;
  #mustAck = false;
  #saidAt: number;
  /** Room that the other side knows of. */
  #told = 0;

  private constructor(
    state: 'dialled' | 'asked',
    id: number,
    sendId: number,
    seq: number,
    payload: number,
    held: Held,
    now: number,
    events: ConnectionEvents,
  ) {
    this.id = id;
    this.#state = state;
    this.#sendId = sendId;
    this.#events = events;
    this.#receiver = new Receiver(held);
    this.#since = this.#saidAt = now;
    this.#now = now;
    this.#sender = new Sender(sendId, seq, payload, now, datagram => this.#transmit(datagram));
  }

  /** `seq`: the first sequence number, at random; `payload`: bytes that fit a packet. */
  static dial(id: number, seq: number, payload: number, held: Held, now: number, events: ConnectionEvents): Connection {
    const connection = new Connection('dialled', id, (id + 1) & 0xffff, seq, payload, held, now, events);
    connection.#sender.open(now);
    return connection;
  }

  /** Answers a SYN. */
  static answer(syn: Packet, seq: number, payload: number, held: Held, now: number, events: ConnectionEvents): Connection {
    const connection = new Connection('asked', (syn.id + 1) & 0xffff, syn.id, seq, payload, held, now, events);
    connection.#receiver.ack = syn.seq;
    connection.#hearTime(syn, now);
    connection.#acknowledge();
    return connection;
  }

  get state(): State {
    return this.#state;
  }

  /** The number in packets that we send. */
  get sendId(): number {
    return this.#sendId;
  }

  /** Bytes that were written and have not been sent once. */
  get unsent(): number {
    return this.#sender.unsent;
  }

  /** Bytes that the other side is known to have. */
  get acknowledged(): number {
    return this.#sender.acknowledged;
  }

  /** Takes over the bytes. `written` is called once: when all of them have been sent, or never will be. */
  write(bytes: Uint8Array, written?: Written): void {
    if (this.#state === 'ending' || this.#state === 'closed') written?.(new Error('the connection is closed'));
    else this.#sender.write(bytes, written);
  }

  /** Moves bytes that have come into a buffer. @returns how many */
  read(buffer: Buffer): number {
    return this.#receiver.readInto(buffer);
  }

  get hasBytes(): boolean {
    return this.#receiver.hasBytes;
  }

  /** The other side sends no more, and all of it was read. */
  get isAtEnd(): boolean {
    return this.#receiver.isComplete && !this.#receiver.hasBytes;
  }

  /** A datagram for this connection. It keeps the payload. {@link settle} is to be called after one or several of them. */
  receive(packet: Packet, datagram: Buffer, now: number): void {
    this.#now = now;
    switch (this.#state) {
      case 'dialled':
        if (packet.type === PacketType.RESET) this.#reset(packet);
        else if (packet.type === PacketType.STATE) this.#openedBy(packet, now);
        else if (packet.type === PacketType.FIN && packet.ack === this.#last) this.#close('reset');
        return;
      case 'asked':
        if (packet.type === PacketType.SYN) this.#acknowledge();
        else if (packet.type === PacketType.RESET) this.#reset(packet);
        else if (packet.type === PacketType.DATA && packet.ack === this.#last) {
          this.#move('connected', now);
          this.#events.opened();
          if (this.#isUp) this.#take(packet, datagram, now);
        }
        return;
      case 'connected':
      case 'ending':
        if (packet.type === PacketType.RESET) this.#reset(packet);
        else if (packet.type === PacketType.SYN) this.#mustAck = true;
        else this.#take(packet, datagram, now);
        return;
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  /** Sends what is to be sent: acknowledgements of what has come, and what was written. */
  settle(now: number): void {
    this.#now = now;
    if (this.#state !== 'connected' && this.#state !== 'ending') return;
    if (this.#state === 'connected' && (this.#receiver.hasBytes || this.#receiver.isComplete)) this.#events.readable();
    if (this.#state === 'ending') this.#receiver.skip();
    if (!this.#isUp) return;
    this.#sender.pump(now);
    if (this.#mustAck || this.#hasRoomToTell) this.#acknowledge();
    if (this.#state === 'ending' && this.#sender.isOver) this.#close('ended');
  }

  /** Time has passed: to be called every few dozen ms. */
  tick(now: number): void {
    this.#now = now;
    if (this.#state === 'closed') return;
    if (!this.#sender.tick(now)) this.#close('silence');
    else if (this.#state === 'asked' && now - this.#since >= ASKED_FOR) this.#close('ended');
    else if (this.#state === 'ending' && now - this.#since >= ENDING_FOR) this.abort();
    else if (!this.#isUp) return;
    else if (!this.#receiver.tick(now)) this.abort('silence');
    // Who has sent all may be gone, and would say so: what is here is still to be read. Room may come by what others read.
    else if (!this.#receiver.isComplete && (this.#hasRoomToTell || now - this.#saidAt >= KEEP_ALIVE)) this.#acknowledge();
  }

  /** Nothing is read or written any more: what was written is brought over, and then the end of it. */
  end(now: number): void {
    if (this.#state === 'dialled' || this.#state === 'asked') this.abort();
    if (this.#state !== 'connected') return;
    this.#sender.end();
    this.#receiver.skip();
    this.#move('ending', now);
  }

  /** The same, and what was not sent once is not brought over. */
  drop(now: number): void {
    this.#sender.drop();
    this.end(now);
  }

  /** At once, and the other side is told. */
  abort(end: End = 'ended'): void {
    if (this.#state === 'closed') return;
    const reset = Buffer.allocUnsafe(HEADER_BYTES);
    writeHeader(reset, PacketType.RESET, this.#sendId, this.#sender.next);
    this.#transmit(reset);
    this.#close(end);
  }

  /** At once, and nobody is told. */
  forget(): void {
    if (this.#state !== 'closed') this.#close('ended');
  }

  /** The number of what was sent last. */
  get #last(): number {
    return (this.#sender.next - 1) & 0xffff;
  }

  get #isUp(): boolean {
    return this.#state === 'connected' || this.#state === 'ending';
  }

  get #hasRoomToTell(): boolean {
    if (this.#receiver.isComplete) return false;
    const worth = this.#receiver.window - this.#told;
    return worth >= ROOM_WORTH_TELLING || (worth >= LITTLE && this.#told < LITTLE);
  }

  #openedBy(packet: Packet, now: number): void {
    if (packet.ack !== this.#last) return;
    // A packet without payload bears the number of the next one that has some.
    this.#receiver.ack = (packet.seq - 1) & 0xffff;
    this.#hearTime(packet, now);
    this.#sender.heard(packet, true, now);
    this.#move('connected', now);
    this.#events.opened();
  }

  #take(packet: Packet, datagram: Buffer, now: number): void {
    const isEmpty = packet.type === PacketType.STATE;
    if (!this.#sender.heard(packet, isEmpty, now)) return;
    this.#hearTime(packet, now);
    if (isEmpty) return;
    this.#mustAck = true;
    this.#receiver.take(packet.seq, datagram.subarray(packet.payload), packet.type === PacketType.FIN);
  }

  #hearTime(packet: Packet, now: number): void {
    this.#delay = (Math.floor(now * 1000) - packet.timestamp) >>> 0;
  }

  /** Anybody may send one: it has to speak of something that is under way, or of the next. */
  #reset(packet: Packet): void {
    if (this.#sender.mayHaveSent(packet.ack)) this.#close('reset');
  }

  #acknowledge(): void {
    const mask = this.#receiver.mask();
    writeHeader(ACKNOWLEDGEMENT, PacketType.STATE, this.#sendId, this.#sender.next);
    const length = mask === null ? HEADER_BYTES : writeMask(ACKNOWLEDGEMENT, mask);
    this.#transmit(Buffer.from(ACKNOWLEDGEMENT.subarray(0, length)));
    this.#mustAck = false;
  }

  #transmit(datagram: Buffer): void {
    const { window, ack, hasGap } = this.#receiver;
    stamp(datagram, Math.floor(this.#now * 1000), this.#delay, window, ack);
    this.#told = window;
    this.#saidAt = this.#now;
    // What is here behind a gap is told by no packet with a payload.
    if (!hasGap) this.#mustAck = false;
    this.#events.send(datagram);
  }

  #close(end: End): void {
    this.#move('closed', this.#now);
    this.#sender.drop();
    this.#receiver.end();
    this.#events.closed(end);
  }

  #move(to: State, now: number): void {
    if (!MOVES[this.#state].includes(to)) throw new Error(`no way from ${this.#state} to ${to}`);
    this.#state = to;
    this.#since = now;
  }
}

const ACKNOWLEDGEMENT = Buffer.alloc(HEADER_BYTES + 2 + MAX_MASK);
