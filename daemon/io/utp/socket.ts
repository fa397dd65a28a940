/**
 * All uTP connections of one UDP socket: told apart by address and number, opened within limits, and driven by one clock.
 */
import ipaddr from 'ipaddr.js';
import { Connection, type ConnectionEvents, type End } from './connection.ts';
import { emptyPacket, HEADER_BYTES, looksLikePacket, PacketType, readPacket, stamp, writeHeader } from './packet.ts';
import type { Held } from './receiver.ts';
import { UtpStream } from './stream.ts';

/** Payload of a packet: its datagram fits a path of 1,420 bytes (a tunnel's, often), over IPv6 the 1,280 that each path has. */
const PAYLOAD = { 4: 1420 - 28 - HEADER_BYTES, 6: 1280 - 48 - HEADER_BYTES } as const;
/**
 * Connections, in all and those that were asked for and said nothing yet, of them from one address, over IPv6 from one /64,
 * which one house has. Anybody can ask in the names of others, so the oldest of those goes when there is one too many.
 */
const MOST = 1_000;
const MOST_ASKED = 128;
const MOST_ASKED_OF_ONE = 8;
/** Resets in a second to those who speak of what is not here. */
const RESETS = 20;
/** Ms between two looks at the time. */
export const TICK = 50;

/** What a UDP socket does for uTP. */
export interface Underlay {
  readonly family: 4 | 6;
  /** Monotonic ms, with a fraction. */
  now(): number;
  /** 16 bits at random. */
  random(): number;
  send(datagram: Buffer, port: number, host: string): void;
  /** Calls back once, when what has arrived by now has been told. */
  soon(run: () => void): void;
  /** Whether one from there may be answered. */
  permits(host: string, port: number): boolean;
  /** Somebody has connected, and said something. */
  accept(stream: UtpStream, host: string, port: number): void;
}

interface Entry {
  readonly connection: Connection;
  readonly stream: UtpStream;
  readonly host: string;
  readonly port: number;
  /** It waits for the end of the turn. */
  isDue: boolean;
}

export class UtpSocket {
  readonly #underlay: Underlay;
  readonly #held: Held;
  /** By the number that packets to us bear. */
  readonly #entries = new Map<number, Entry[]>();
  readonly #all = new Set<Entry>();
  readonly #packet = emptyPacket();
  #due: Entry[] = [];
  #isSoon = false;
  /** Those that were asked for, and that nothing has come over, the oldest first. */
  readonly #asked = new Set<Entry>();
  readonly #askedOf = new Map<string, number>();
  #resets = RESETS;
  #resetsSince = 0;
  /** It takes in who comes. */
  isOpen = true;

  constructor(underlay: Underlay, held: Held) {
    this.#underlay = underlay;
    this.#held = held;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Null where there are too many. The address has to have been checked. */
  connect(host: string, port: number): UtpStream | null {
    if (this.#all.size >= MOST) return null;
    const id = this.#freeId(host, port);
    if (id < 0) return null;
    return this.#add(host, port, events =>
      Connection.dial(id, this.#underlay.random(), PAYLOAD[this.#underlay.family], this.#held, this.#underlay.now(), events),
    ).stream;
  }

  /** A datagram has come. False where it is none of uTP. It is kept where it brings something. */
  receive(datagram: Buffer, host: string, port: number): boolean {
    if (!looksLikePacket(datagram)) return false;
    const packet = this.#packet;
    if (!readPacket(datagram, packet)) return true;
    const entry = this.#find(packet.id, host, port);
    if (entry !== undefined && packet.type !== PacketType.SYN) this.#give(entry, datagram);
    else if (packet.type === PacketType.SYN) this.#hearSyn(datagram, host, port);
    else if (packet.type === PacketType.RESET) this.#hearReset(datagram, host, port);
    else this.#reset(host, port);
    return true;
  }

  /** To be called every {@link TICK} ms while there is a connection. */
  tick(): void {
    const now = this.#underlay.now();
    for (const { connection } of this.#all) connection.tick(now);
  }

  end(): void {
    this.isOpen = false;
    for (const { connection } of [...this.#all]) connection.abort();
  }

  #find(id: number, host: string, port: number): Entry | undefined {
    return this.#entries.get(id)?.find(entry => entry.port === port && entry.host === host);
  }

  #give(entry: Entry, datagram: Buffer): void {
    entry.connection.receive(this.#packet, datagram, this.#underlay.now());
    this.#schedule(entry);
  }

  #hearSyn(datagram: Buffer, host: string, port: number): void {
    const packet = this.#packet;
    const before = this.#find((packet.id + 1) & 0xffff, host, port);
    if (before !== undefined) {
      this.#give(before, datagram);
      return;
    }
    if (!this.isOpen || this.#all.size >= MOST || port === 0 || !this.#underlay.permits(host, port)) return;
    const house = this.#houseOf(host);
    const ofHouse = this.#askedOf.get(house) ?? 0;
    if (ofHouse >= MOST_ASKED_OF_ONE) return;
    this.#askedOf.set(house, ofHouse + 1);
    const entry = this.#add(host, port, events =>
      Connection.answer(
        packet,
        this.#underlay.random(),
        PAYLOAD[this.#underlay.family],
        this.#held,
        this.#underlay.now(),
        events,
      ),
    );
    this.#asked.add(entry);
    const [oldest] = this.#asked;
    if (this.#asked.size > MOST_ASKED) oldest?.connection.forget();
  }

  #houseOf(host: string): string {
    return this.#underlay.family === 4 ? host : ipaddr.IPv6.parse(host).parts.slice(0, 4).join(':');
  }

  /** One that has no state sends back the number that it was sent. */
  #hearReset(datagram: Buffer, host: string, port: number): void {
    for (const id of [this.#packet.id - 1, this.#packet.id + 1]) {
      const entry = this.#find(id & 0xffff, host, port);
      if (entry?.connection.sendId === this.#packet.id) return this.#give(entry, datagram);
    }
  }

  /** Tells one who speaks of a connection that is not here. */
  #reset(host: string, port: number): void {
    const now = this.#underlay.now();
    if (now - this.#resetsSince >= 1000) {
      this.#resetsSince = now;
      this.#resets = RESETS;
    }
    if (this.#resets === 0 || port === 0 || !this.#underlay.permits(host, port)) return;
    this.#resets--;
    const datagram = Buffer.alloc(HEADER_BYTES);
    writeHeader(datagram, PacketType.RESET, this.#packet.id, this.#underlay.random());
    stamp(datagram, Math.floor(now * 1000), 0, 0, this.#packet.seq);
    this.#underlay.send(datagram, port, host);
  }

  /** A number that no connection with that address has, nor the one beside it; −1 where chance finds none. */
  #freeId(host: string, port: number): number {
    for (let i = 0; i < 16; i++) {
      const id = this.#underlay.random();
      const isFree = [id - 1, id, id + 1].every(near => this.#find(near & 0xffff, host, port) === undefined);
      if (isFree) return id;
    }
    return -1;
  }

  #add(host: string, port: number, open: (events: ConnectionEvents) => Connection): Entry {
    const underlay = this.#underlay;
    const connection = open({
      send: datagram => underlay.send(datagram, port, host),
      opened: () => this.#opened(entry),
      readable: () => entry.stream.deliver(),
      closed: end => this.#closed(entry, end),
    });
    const stream = new UtpStream(
      connection,
      () => underlay.now(),
      () => this.#schedule(entry),
    );
    const entry: Entry = { connection, stream, host, port, isDue: false };
    this.#all.add(entry);
    this.#entries.set(connection.id, [...(this.#entries.get(connection.id) ?? []), entry]);
    return entry;
  }

  #opened(entry: Entry): void {
    if (this.#heardOf(entry)) this.#underlay.accept(entry.stream, entry.host, entry.port);
    else entry.stream.opened();
  }

  /** False where it was not asked for, or was heard of before. */
  #heardOf(entry: Entry): boolean {
    if (!this.#asked.delete(entry)) return false;
    const house = this.#houseOf(entry.host);
    const others = (this.#askedOf.get(house) ?? 1) - 1;
    if (others > 0) this.#askedOf.set(house, others);
    else this.#askedOf.delete(house);
    return true;
  }

  #closed(entry: Entry, end: End): void {
    this.#heardOf(entry);
    this.#all.delete(entry);
    const others = (this.#entries.get(entry.connection.id) ?? []).filter(other => other !== entry);
    if (others.length > 0) this.#entries.set(entry.connection.id, others);
    else this.#entries.delete(entry.connection.id);
    entry.stream.closed(end);
  }

  #schedule(entry: Entry): void {
    if (entry.isDue) return;
    entry.isDue = true;
    this.#due.push(entry);
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#underlay.soon(() => this.#settle());
  }

  #settle(): void {
    this.#isSoon = false;
    const due = this.#due;
    this.#due = [];
    const now = this.#underlay.now();
    for (const entry of due) {
      entry.isDue = false;
      entry.connection.settle(now);
    }
  }
}
