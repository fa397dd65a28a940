/**
 * What the engine needs of the world. session.ts alone calls these; the machines below it return effects.
 * Every call returns at once; what comes of it arrives later at the given handler. Units: bytes, ms.
 */
import type {
  CommitStatus,
  DigestSpec,
  FetchEnd,
  FilePlace,
  FileProblem,
  Place,
  PortMappings,
  PortWish,
  Range,
  Run,
  Span,
} from './events.ts';
import type { RateDirection, Transport } from './effects.ts';
import type { StreamCipher } from './model/keystream.ts';

/** Monotonic and wall time, and one wake-up at a time. */
export interface Clock {
  /** Monotonic ms; never jumps. */
  now(): number;
  /** ms since 1970; may jump. */
  wall(): number;
  /** Minutes that local time is ahead of UTC at that moment (ms since 1970), summer time included. */
  offset(wall: number): number;
  /** Calls back once at or after `at` (as of `now()`); a new call replaces the one before. */
  wake(at: number, callback: () => void): void;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

/** What a stream tells. After `closed` it tells no more. */
export interface StreamEvents {
  /** `address` is what was dialled, as IP:port. */
  opened(address: string): void;
  /** Raw bytes before `framed`, whole frames without their length word after it. */
  received(bytes: Uint8Array): void;
  /**
   * These bytes of an open piece buffer arrived and are in place. `earlier`: they were there before this stream was asked for
   * them, and who sent them is not known.
   */
  landed(buffer: number, offset: number, length: number, earlier: boolean): void;
  /** A payload frame that no one had asked for, or not any more, was thrown away. `head` is its first bytes. */
  discarded(length: number, head: Uint8Array): void;
  /** `problem`: what was wrong with a file that it was to come from. */
  sent(sends: readonly number[], ok: boolean, problem: FileProblem | null): void;
  closed(reason: string): void;
}

/** A connection to a peer. */
export interface Stream {
  send(bytes: Uint8Array): void;
  /** Allows that many more bytes to be received; landed bytes cost none. */
  credit(bytes: number): void;
  /**
   * From here on all that is sent and received is enciphered below this stream, spans included. `back` was read too far
   * and comes first, still enciphered. To be called while no credit is left, and before `framed`.
   */
  cipher(cipher: StreamCipher, back: Uint8Array): void;
  /** From here on the stream is frames with a u32 big-endian length; `back` was read too far and comes first. */
  framed(maxFrame: number, back: Uint8Array): void;
  /** Frames that start with `prefix`, then a u32 offset, then data, land in `buffer` if exactly a block of `runs`. */
  expect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void;
  unexpect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void;
  /** Frames with this prefix that nothing expects are thrown away and told as `discarded`. */
  discard(prefix: Uint8Array): void;
  /** Sends `header` and then the bytes of the spans, read from disk; answered by `sent`. */
  sendSpans(send: number, header: Uint8Array, spans: readonly Span[]): void;
  cancelSend(send: number): void;
  /** Puts it into a group, for the group's direction alone. */
  join(group: number): void;
  close(): void;
}

export interface Net {
  /** `host` may be a name or an IP literal. */
  connect(host: string, port: number, events: StreamEvents, transport: Transport): Stream;
  /** All streams in a group, and in those below it, share its bytes a second (0: no limit). Makes it, or sets its rate. */
  limit(group: number, parent: number, direction: RateDirection, rate: number): void;
  /** What is in the group is in the one above it from now on. */
  unlimit(group: number): void;
  /**
   * Takes the first free port of `ports` (0: any); tells which, or 0 where none was to be had. `accept` hears of those who come
   * there by TCP, and by uTP to any socket of {@link Datagrams} on which it is spoken.
   */
  listen(
    ports: readonly number[],
    bound: (port: number) => void,
    accept: (address: string, stream: (events: StreamEvents) => Stream, transport: Transport) => void,
  ): void;
}

/** Files and the buffers that pieces are put together in. Ids are the engine's, unique over all torrents. */
export interface Store {
  /** A longer buffer stands in its files and not in memory, bytes; Infinity as long as it is not known. */
  readonly backed: number;
  /** `create`: it is made where it is not there; `allocate`: and its space on the disk is taken first. */
  openFile(
    file: number,
    root: string,
    components: readonly string[],
    size: number,
    create: boolean,
    allocate: boolean,
    done: (problem: FileProblem | null, size: number, mtime: number) => void,
  ): void;
  closeFile(file: number): void;
  /** Flushes data and new directories; tells each file's size and mtime as they are after it. */
  sync(
    files: readonly number[],
    done: (problem: FileProblem | null, stat: ReadonlyMap<number, { size: number; mtime: number }>) => void,
  ): void;
  /** Writes a span of one open file into another at `offset`. It is not flushed. */
  copy(from: Span, to: number, offset: number, done: (problem: FileProblem | null) => void): void;
  /**
   * Takes a file of at most `size` bytes to another place, in place of nothing; may be asked again after any end. `found` is what
   * stands there then; with `gone`, a file that could have been moved there earlier, or null.
   */
  moveFile(
    from: FilePlace,
    to: FilePlace,
    size: number,
    done: (problem: FileProblem | null, found: { size: number; mtime: number } | null) => void,
  ): void;
  /**
   * Deletes the file, unless it is longer than `size`: then it is not the torrent's. `trash`: it goes to the system's trash, together
   * with the others of its folder, or nowhere.
   */
  deleteFile(
    root: string,
    components: readonly string[],
    size: number,
    trash: boolean,
    done: (problem: FileProblem | null) => void,
  ): void;
  /**
   * Opens the buffer of a piece. `tag` names it to a later engine (see `kept`). `there` stands in the spans already, unverified,
   * and counts as landed. A long one, or one of which something is there, is in its files and not in memory: what lands goes there.
   */
  begin(buffer: number, length: number, tag: Uint8Array, spans: readonly Span[], there: readonly Range[]): void;
  /**
   * Moves an open buffer out of memory into its files, and one that is there and could not be written on; tells once that is done what of it
   * stands in them, or null where it is neither: then what came of its commit, which is told as ever, says what it is.
   */
  park(buffer: number, done: (there: readonly Range[] | null) => void): void;
  /** `handler` hears of buffers that could not be opened, or take no more; `limit`: there is no room for them, or for what was put, just now. */
  onRefused(handler: (buffer: number, problem: FileProblem) => void): void;
  put(buffer: number, offset: number, bytes: Uint8Array): void;
  /**
   * As soon as every byte is there, hashes, and where every digest holds, writes. `blocks`, on a mismatch and where wanted: the leaves of the first tree among
   * the digests, 32 bytes each, or without one the SHA-1 of each 16 KiB. After `done` the buffer waits for `acknowledge` or,
   * on a mismatch, `reset` or `drop`. Nothing is told of what a store that goes away was asked.
   */
  commit(
    buffer: number,
    digests: readonly DigestSpec[],
    wantBlocks: boolean,
    done: (status: CommitStatus, problem: FileProblem | null, blocks: Uint8Array) => void,
  ): void;
  acknowledge(buffer: number): void;
  reset(buffer: number, ranges: readonly Range[]): void;
  drop(buffer: number): void;
  /** For each item: true, false, or null where it could not be read. */
  verify(
    items: readonly { spans: readonly Span[]; digest: DigestSpec }[],
    done: (verdicts: readonly (boolean | null)[]) => void,
  ): void;
  /** The SHA-256 of each 16 KiB of the spans, 16 MiB at most; nothing where they cannot be read. */
  leaves(spans: readonly Span[], done: (leaves: Uint8Array) => void): void;
}

/** Whoever reads open files over HTTP, while they come. */
export interface Readers {
  /**
   * `wanted` hears where a reader of a file stands: at its beginning and then now and again, as long as it was not told that all
   * of `length` bytes from there are readable. A length of 0: it has gone.
   */
  hear(wanted: (stream: number, file: number, offset: number, length: number) => void): void;
  /** These bytes of its file are there and right. A length of 0: no more will come. */
  readable(stream: number, offset: number, length: number): void;
}

/** The session state: opaque records under keys, kept by whoever holds the torrents. */
export interface StateStore {
  /** Resolves `done` when it is flushed; `problem` is empty then. A value of null deletes. */
  write(writes: readonly { key: string; value: Uint8Array | null }[], done: (problem: string) => void): void;
  /** One record as the writes that were answered left it, or later ones; `value` is null where there is none, or with a problem. */
  read(key: string, done: (problem: string, value: Uint8Array | null) => void): void;
}

export interface Http {
  /**
   * One GET, bounded in size and time, over that family of addresses alone (null: over either). `problem` is empty where there was an
   * answer, whatever its status.
   */
  get(
    url: string,
    family: 4 | 6 | null,
    maxBytes: number,
    timeoutMs: number,
    done: (problem: string, status: number, body: Uint8Array) => void,
  ): () => void;
}

/** What brings the bytes of web seeds. */
export interface Web {
  /**
   * One GET whose body lands in open piece buffers: it fills the places in their order. `range`: asks for the bytes from `from` of
   * a file of `total`, else the body is to be all that the places take. Given up after `silence` ms without a byte.
   * `landed` hears what is in place, and whether another brought it; `ended` is called once, after it. Gives what calls it off; nothing is told after that.
   */
  land(
    request: {
      readonly url: string;
      readonly range: { readonly from: number; readonly total: number } | null;
      readonly places: readonly Place[];
      readonly silence: number;
      /** The group of connections whose limit it keeps to (see Net.limit). */
      readonly group: number;
    },
    landed: (place: Place, earlier: boolean) => void,
    ended: (end: FetchEnd) => void,
  ): () => void;
}

/** A WebSocket for text. */
export interface TextSocket {
  /** Dropped while it is not open. */
  send(text: string): void;
  /** After this nothing is told any more. */
  close(): void;
}

export interface WebSockets {
  /** Opens one to a `wss:` address. After `closed` nothing is told any more. */
  open(url: string, events: { opened(): void; message(text: string): void; closed(): void }): TextSocket;
}

/** A connection over WebRTC in the making, or one that stands. */
export interface RtcHandle {
  /** The other side's answer to the offer that this one made. */
  answered(sdp: string): void;
  /** Ends it, and its stream, which says so; nothing else is told any more. */
  close(): void;
}

/** What it tells, `ended` last and once. */
export interface RtcHandleEvents {
  /** Our description, with every address that we can be reached at. */
  described(sdp: string): void;
  /**
   * It stands, and is a stream once `take` is called, which is before this returns or never. `address` is the other side's IP literal, empty
   * where it is not known.
   */
  opened(address: string, take: (events: StreamEvents) => Stream): void;
  /** It never came about, or its stream has closed, whoever closed it. */
  ended(): void;
}

/** What makes connections over WebRTC, where there is anything that can. `servers` are STUN addresses, `stun:host:port`. */
export interface Rtc {
  readonly isOpen: boolean;
  /** Calls back whenever {@link isOpen} is another. Whoever called this before hears no more, and has no connection left. */
  watch(changed: () => void): void;
  offer(servers: readonly string[], events: RtcHandleEvents): RtcHandle;
  answer(servers: readonly string[], sdp: string, events: RtcHandleEvents): RtcHandle;
}

export interface DatagramSocket {
  /** One datagram to an IP literal of the socket's family. It may be lost, and is where it may not be sent; nobody is told. */
  send(host: string, port: number, bytes: Uint8Array): void;
  /** Hears also what is sent to a multicast group, an IP literal. */
  join(group: string): void;
  /** Connections to peers come and go over it as well (BEP 29), from now on or no more; those that stand stay. */
  utp(on: boolean): void;
  /** After this nothing is told any more. */
  close(): void;
}

export interface Datagrams {
  /**
   * Opens a socket of one family at `port` (0: any). `bound` is told which it is, 0 where it failed; `received` gets each
   * datagram with the IP literal and the port that it came from.
   */
  bind(
    family: 4 | 6,
    port: number,
    bound: (port: number) => void,
    received: (host: string, port: number, bytes: Uint8Array) => void,
  ): DatagramSocket;
  /**
   * IP literals of a name, or of a literal, that may be sent to at `port`; none of a family that has no route, where the other has one.
   * `problem` says why there are none, else it is empty.
   */
  lookup(host: string, port: number, done: (problem: string, addresses: readonly string[]) => void): void;
}

export interface PortMapper {
  /** Has the router pass on these ports, and no others; `told` hears what comes of it, now and whenever it is another. */
  map(wishes: readonly PortWish[], told: (state: PortMappings) => void): void;
}

export interface Log {
  (level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly net: Net;
  /** Null where there are no sockets of a computer: then the net is neither dialled with nor listened on (see reach.ts). */
  readonly datagrams: Datagrams | null;
  /** Null where none may be opened. */
  readonly sockets: WebSockets | null;
  readonly rtc: Rtc;
  readonly store: Store;
  readonly readers: Readers;
  readonly state: StateStore;
  readonly http: Http;
  readonly web: Web;
  /** Null with the datagrams. */
  readonly portMapper: PortMapper | null;
  readonly log: Log;
}
