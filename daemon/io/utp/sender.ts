/**
 * What goes out over one connection: cut into packets, kept until acknowledged, and sent again where lost. As much is
 * under way as the other side has room for and the path takes.
 */
import { Ledbat } from './ledbat.ts';
import { ahead, HEADER_BYTES, type Packet, PacketType, writeHeader } from './packet.ts';
import { RoundTrip } from './round-trip.ts';

/** Packets that may be under way, far less than there are sequence numbers. */
const MOST = 2_048;
/** A packet counts as lost once so many sent after it have arrived, or so many times the one before it was acknowledged again. */
const LATER = 3;
/** The longest time between two tries whether there is room again, ms. */
const LONGEST_PROBE = 16_000;
/** With something to be acknowledged, and not a word from the other side, it is given up: ms. */
const PATIENCE = 60_000;

export type Written = (error?: Error | null) => void;

interface Sent {
  /** The whole datagram. */
  readonly bytes: Buffer;
  readonly type: PacketType;
  readonly seq: number;
  state: 'flying' | 'lost' | 'arrived';
  /** ms. */
  at: number;
  /** Counts all transmissions of the connection. */
  order: number;
  isRepeat: boolean;
}

interface Write {
  readonly bytes: Uint8Array;
  readonly written: Written | undefined;
}

export class Sender {
  /** The next sequence number. */
  next: number;
  readonly #id: number;
  readonly #payload: number;
  readonly #transmit: (datagram: Buffer) => void;
  readonly #congestion: Ledbat;
  readonly #trip = new RoundTrip();
  /** To be cut into packets, from `#firstWrite` on, of which `#cut` bytes are. */
  #writes: Write[] = [];
  #firstWrite = 0;
  #cut = 0;
  #unsent = 0;
  #acknowledged = 0;
  /** Sent and not acknowledged with all before, from `#first` on: one sequence number after another. */
  #sent: Sent[] = [];
  #first = 0;
  #flying = 0;
  #lost = 0;
  /** Payload of those that fly. */
  #flight = 0;
  #orders = 0;
  /** The latest transmission that is known to have arrived. */
  #arrived = 0;
  #repeats = 0;
  /** What was sent up to this was so before the last loss was answered. */
  #answered = 0;
  /** Bytes that the other side has room for. */
  #room = 0;
  /** When what flies is taken for lost; Infinity while nothing does. */
  #expires = Infinity;
  #probeAt = Infinity;
  #probeAfter = 0;
  /** When it was last heard of, or had nothing to answer. */
  #heardAt: number;
  #isEnding = false;
  #hasEnded = false;

  /** `id`: the receiver's number of the connection; `payload`: bytes that fit a packet; `transmit` stamps a datagram and sends it. */
  constructor(id: number, first: number, payload: number, now: number, transmit: (datagram: Buffer) => void) {
    this.#id = id;
    this.next = first;
    this.#payload = payload;
    this.#heardAt = now;
    this.#transmit = transmit;
    this.#congestion = new Ledbat(payload);
  }

  /** Bytes that were given and have not been sent once. */
  get unsent(): number {
    return this.#unsent;
  }

  /** Bytes that are known to have arrived. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** All that there was to send has been acknowledged. */
  get isDone(): boolean {
    return this.#sent.length === this.#first && this.#unsent === 0;
  }

  /** All of it, and the end of it. */
  get isOver(): boolean {
    return this.#hasEnded && this.isDone;
  }

  /** Whether who says that number in a reset can have had a packet of ours that was not acknowledged, or an acknowledgement. */
  mayHaveSent(seq: number): boolean {
    return ahead(this.next, seq) <= this.#sent.length - this.#first + 1;
  }

  write(bytes: Uint8Array, written?: Written): void {
    if (bytes.length === 0) {
      written?.();
      return;
    }
    this.#writes.push({ bytes, written });
    this.#unsent += bytes.length;
  }

  /** Nothing more is to be written: the end is told behind what was. */
  end(): void {
    this.#isEnding = true;
  }

  /** Forgets what was not sent yet. */
  drop(): void {
    const writes = this.#writes.splice(0).slice(this.#firstWrite);
    this.#firstWrite = this.#cut = this.#unsent = 0;
    for (const { written } of writes) written?.(new Error('the connection was closed'));
  }

  /** A packet that opens the connection: nothing else goes out before it has been acknowledged. */
  open(now: number): void {
    this.#send(PacketType.SYN, (this.#id - 1) & 0xffff, 0, now);
  }

  /** Sends what may be sent now. */
  pump(now: number): void {
    while (this.#lost > 0) {
      const packet = this.#nextLost();
      const length = packet.bytes.length - HEADER_BYTES;
      if (this.#flying > 0 && this.#flight + length > this.#allowed) return;
      this.#lost--;
      packet.isRepeat = true;
      this.#launch(packet, now);
    }
    while (this.#unsent > 0 && this.#sent.length - this.#first < MOST) {
      const room = this.#allowed - this.#flight;
      const length = Math.min(this.#payload, this.#unsent);
      // A part of what would make a full packet goes only where nothing is under way: else there would be ever more, ever smaller ones.
      if (room < length && (this.#flying > 0 || room <= 0)) break;
      this.#send(PacketType.DATA, this.#id, Math.min(length, room), now);
    }
    if (this.#unsent > 0 && this.#flying === 0 && this.#probeAt === Infinity) {
      this.#probeAfter = Math.min(LONGEST_PROBE, Math.max(this.#trip.timeout, this.#probeAfter * 2));
      this.#probeAt = now + this.#probeAfter;
    }
    if (this.#unsent > 0 || !this.#isEnding || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#send(PacketType.FIN, this.#id, 0, now);
  }

  /**
   * The other side tells what has arrived. `isEmpty`: it said nothing else, so that the same again says something is amiss.
   * False where it speaks of what was never sent.
   */
  heard(packet: Packet, isEmpty: boolean, now: number): boolean {
    const waiting = this.#sent.length - this.#first;
    const before = (this.next - waiting - 1) & 0xffff;
    const count = ahead(packet.ack, before);
    if (count > waiting) return count >= 0x8000;
    this.#heardAt = now;
    const flight = this.#flight;
    if (packet.delay !== 0) this.#congestion.sampled(packet.delay, now);
    const room = this.#room;
    this.#room = packet.window;
    if (packet.window > 0) this.#probeAt = Infinity;
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += this.#arrive(this.#sent[this.#first++] as Sent, now);
    if (packet.mask !== null) bytes += this.#hearMask(packet.mask, now);
    if (count > 0 || bytes > 0) {
      this.#acknowledged += bytes;
      this.#trip.progressed();
      this.#probeAfter = 0;
      this.#repeats = 0;
      if (bytes > 0) this.#congestion.acked(bytes, flight);
      this.#expires = this.#flying > 0 ? now + this.#trip.timeout : Infinity;
    } else if (isEmpty && packet.mask === null && this.#flying > 0 && room === packet.window && ++this.#repeats === LATER) {
      this.#lose(this.#sent[this.#first] as Sent);
    }
    this.#tidy();
    return true;
  }

  /** Time has passed. False where the other side is gone. */
  tick(now: number): boolean {
    if (now >= this.#expires) {
      this.#trip.timedOut();
      this.#congestion.timedOut();
      this.#answered = this.#orders;
      for (let i = this.#first; i < this.#sent.length; i++) {
        const packet = this.#sent[i] as Sent;
        if (packet.state === 'flying') this.#ground(packet);
      }
      this.#expires = Infinity;
      this.pump(now);
    }
    if (now >= this.#probeAt) {
      this.#probeAt = Infinity;
      if (this.#unsent > 0 && this.#flying === 0) this.#send(PacketType.DATA, this.#id, 1, now);
    }
    if (this.isDone) this.#heardAt = now;
    return now - this.#heardAt < PATIENCE;
  }

  get #allowed(): number {
    return Math.min(this.#congestion.window, this.#room);
  }

  #send(type: PacketType, id: number, length: number, now: number): void {
    const bytes = Buffer.allocUnsafe(HEADER_BYTES + length);
    writeHeader(bytes, type, id, this.next);
    const written = this.#fill(bytes, length);
    const packet: Sent = { bytes, type, seq: this.next, state: 'lost', at: now, order: 0, isRepeat: false };
    this.next = (this.next + 1) & 0xffff;
    this.#sent.push(packet);
    this.#launch(packet, now);
    for (const done of written) done();
  }

  /** Fills a packet with what comes next. @returns whom to tell that all of theirs is on its way */
  #fill(bytes: Buffer, length: number): readonly Written[] {
    let written: Written[] = NOBODY;
    for (let at = HEADER_BYTES; at < HEADER_BYTES + length;) {
      const write = this.#writes[this.#firstWrite] as Write;
      const count = Math.min(write.bytes.length - this.#cut, bytes.length - at);
      bytes.set(write.bytes.subarray(this.#cut, this.#cut + count), at);
      at += count;
      this.#cut += count;
      if (this.#cut < write.bytes.length) break;
      this.#cut = 0;
      this.#firstWrite++;
      if (write.written !== undefined) written = [...written, write.written];
    }
    this.#unsent -= length;
    if (this.#firstWrite > 256 || this.#unsent === 0) {
      this.#writes.splice(0, this.#firstWrite);
      this.#firstWrite = 0;
    }
    return written;
  }

  #launch(packet: Sent, now: number): void {
    packet.state = 'flying';
    packet.at = now;
    packet.order = ++this.#orders;
    this.#flying++;
    this.#flight += packet.bytes.length - HEADER_BYTES;
    if (this.#expires === Infinity) this.#expires = now + this.#trip.timeout;
    this.#transmit(packet.bytes);
  }

  /** @returns bytes that were not known to have arrived */
  #arrive(packet: Sent, now: number): number {
    const { state } = packet;
    if (state === 'arrived') return 0;
    packet.state = 'arrived';
    const length = packet.bytes.length - HEADER_BYTES;
    if (state === 'lost') this.#lost--;
    else {
      this.#flying--;
      this.#flight -= length;
      this.#arrived = Math.max(this.#arrived, packet.order);
    }
    if (!packet.isRepeat) this.#trip.sampled(now - packet.at);
    return length;
  }

  #hearMask(mask: Buffer, now: number): number {
    let bytes = 0;
    const first = this.#first + 1;
    const bits = Math.min(mask.length * 8, this.#sent.length - first);
    for (let bit = 0; bit < bits; bit++) {
      if (((mask[bit >> 3] as number) & (1 << (bit & 7))) !== 0) bytes += this.#arrive(this.#sent[first + bit] as Sent, now);
    }
    // Lost is what was sent before what has arrived, with so many behind it that have.
    let later = 0;
    for (let at = first + bits - 1; at >= this.#first; at--) {
      const packet = this.#sent[at] as Sent;
      if (packet.state === 'arrived') later++;
      else if (packet.state === 'flying' && later >= LATER && packet.order + LATER <= this.#arrived) this.#lose(packet);
    }
    return bytes;
  }

  /** Sent again, and answered once for all that were under way together. */
  #lose(packet: Sent): void {
    if (packet.state !== 'flying') return;
    const isNew = packet.order > this.#answered;
    this.#ground(packet);
    if (!isNew) return;
    this.#answered = this.#orders;
    this.#congestion.lost();
  }

  #ground(packet: Sent): void {
    packet.state = 'lost';
    this.#flying--;
    this.#lost++;
    this.#flight -= packet.bytes.length - HEADER_BYTES;
  }

  #nextLost(): Sent {
    for (let i = this.#first; ; i++) {
      const packet = this.#sent[i] as Sent;
      if (packet.state === 'lost') return packet;
    }
  }

  #tidy(): void {
    if (this.#first < this.#sent.length && this.#first < MOST) return;
    this.#sent.splice(0, this.#first);
    this.#first = 0;
  }
}

const NOBODY: Written[] = [];
