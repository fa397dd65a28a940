/** The connections of one client to peers, over TCP and uTP, and its TCP listeners. They live no longer than the client's own. */
import { createConnection, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  CloseReason,
  FIRST_ACCEPTED_SOCK,
  type Frame,
  type FrameOf,
  NetStatus,
  Op,
  type SocketStats,
  Transport,
} from '../wire/frames.ts';
import type { Channel, Reading } from './channel.ts';
import { errnoOf } from './errno.ts';
import type { Address, Guard } from './guard.ts';
import { CONNECT_QUEUE, CONNECT_TIMEOUT, DIALLED, FRAMED_READ, LIMITED_READ, LIMITS, RAW_READ } from './limits.ts';
import type { OpenPorts } from './open-ports.ts';
import { PeerSocket, type Shared } from './peer-socket.ts';
import type { UtpStream } from './utp/stream.ts';
import type { Utp } from './utp/utp.ts';

/** Reading is synchronous from the system call to the last use, so all sockets read into the same memory. */
const RAW_BUFFER = Buffer.allocUnsafeSlow(RAW_READ);
const FRAMED_BUFFER = Buffer.allocUnsafeSlow(FRAMED_READ);
const LIMITED_BUFFER = FRAMED_BUFFER.subarray(0, LIMITED_READ);

type Problem = Exclude<NetStatus, typeof NetStatus.OK>;

const CONNECT_STATUS: Readonly<Record<string, Problem>> = {
  ECONNREFUSED: NetStatus.REFUSED,
  ECONNRESET: NetStatus.REFUSED,
  ENETUNREACH: NetStatus.UNREACHABLE,
  EHOSTUNREACH: NetStatus.UNREACHABLE,
  ETIMEDOUT: NetStatus.TIMEOUT,
};

type Connect = FrameOf<typeof Op.TCP_CONNECT>;

/** A connection, or why there is none. */
type Attempt = { readonly socket: Channel } | { readonly socket: null; readonly status: Problem; readonly detail: string };

interface Listener {
  readonly server: Server;
  /** Peers reach it at whatever is used of this machine's addresses. */
  readonly isOpen: boolean;
  port: number;
}

export class Tcp {
  readonly #guard: Guard;
  readonly #openPorts: OpenPorts;
  readonly #shared: Shared;
  readonly #onEnded: (sock: number) => void;
  readonly #utp: Pick<Utp, 'connect'>;
  readonly #sockets = new Map<number, PeerSocket>();
  /** Those that are connected or being so. */
  readonly #active = new Set<PeerSocket>();
  readonly #listeners = new Map<number, Listener>();
  /** What is being connected for whom. */
  readonly #dialling = new Map<PeerSocket, Channel>();
  /** Connects that wait for their turn. */
  #queue: { readonly frame: Connect; readonly peer: PeerSocket }[] = [];
  #turns = LIMITS.connectsPerSecond;
  /** Runs while there are fewer turns than there may be. */
  #refill: NodeJS.Timeout | null = null;
  #nextAccepted = FIRST_ACCEPTED_SOCK;
  #isClosed = false;

  /** `ended` is told the number of every socket that closes. */
  constructor(guard: Guard, openPorts: OpenPorts, shared: Shared, utp: Pick<Utp, 'connect'>, ended: (sock: number) => void) {
    this.#utp = utp;
    this.#guard = guard;
    this.#openPorts = openPorts;
    this.#shared = shared;
    this.#onEnded = ended;
  }

  get count(): number {
    return this.#active.size;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Those that are connected or being so. */
  *stats(): Iterable<SocketStats> {
    for (const peer of this.#active) yield peer.stats;
  }

  get(sock: number): PeerSocket | undefined {
    return this.#sockets.get(sock);
  }

  connect(frame: Connect): void {
    const { sock, id } = frame;
    if (this.#sockets.has(sock) || sock >= FIRST_ACCEPTED_SOCK) {
      this.#answer(id, sock, NetStatus.FAILED, 'the number is taken');
    } else if (this.#queue.length >= CONNECT_QUEUE) {
      this.#answer(id, sock, NetStatus.LIMIT, 'too many connects wait');
    } else {
      const peer = this.#add(sock);
      this.#queue.push({ frame, peer });
      if (this.#turns > 0) this.#takeTurn();
    }
  }

  /** Takes in a connection that stands already; null where its number is taken, or there are too many. */
  adopt(sock: number, socket: Duplex): PeerSocket | null {
    if (this.#sockets.has(sock) || sock >= FIRST_ACCEPTED_SOCK || this.count >= LIMITS.sockets) return null;
    const peer = this.#add(sock);
    this.#active.add(peer);
    peer.attach(socket);
    socket.on('data', (bytes: Buffer) => peer.read(bytes));
    socket.pause();
    peer.opened();
    return peer;
  }

  close(sock: number): void {
    this.#sockets.get(sock)?.close(CloseReason.REQUESTED, '');
  }

  listen({ id, listener, port, host }: FrameOf<typeof Op.TCP_LISTEN>): void {
    const answer = (status: NetStatus, bound: number) =>
      this.#shared.push({ op: Op.TCP_LISTEN_RESULT, id, listener, status, port: bound });
    if (this.#listeners.size >= LIMITS.listeners) {
      answer(NetStatus.LIMIT, 0);
      return;
    }
    // A name would be looked up behind the guard.
    if (this.#listeners.has(listener) || (host !== '' && isIP(host) === 0)) {
      answer(NetStatus.FAILED, 0);
      return;
    }
    const server = createServer({ pauseOnConnect: true, noDelay: true }, socket => this.#accept(listener, socket));
    const entry: Listener = { server, isOpen: host === '', port: 0 };
    this.#listeners.set(listener, entry);
    const address = host === '' ? this.#guard.from.host : host;
    let isAny = address === '';
    server.on('error', error => {
      // A machine without IPv6 listens on IPv4 alone.
      if (isAny && ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(errnoOf(error))) {
        isAny = false;
        server.listen({ port, host: '0.0.0.0' });
        return;
      }
      this.stopListening(listener);
      answer(errnoOf(error) === 'EADDRINUSE' ? NetStatus.IN_USE : NetStatus.FAILED, 0);
    });
    server.on('listening', () => {
      const bound = server.address();
      entry.port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      this.#guard.own(entry.port);
      if (entry.isOpen) this.#openPorts.opened('tcp', entry.port);
      answer(NetStatus.OK, entry.port);
    });
    server.listen({ port, host: isAny ? '::' : address });
  }

  stopListening(listener: number): void {
    const entry = this.#listeners.get(listener);
    if (entry === undefined) return;
    this.#listeners.delete(listener);
    if (entry.port !== 0) {
      this.#guard.disown(entry.port);
      if (entry.isOpen) this.#openPorts.closed('tcp', entry.port);
    }
    entry.server.close();
  }

  /** The pressure on memory has changed. */
  steer(): void {
    for (const peer of this.#sockets.values()) peer.steer();
  }

  end(): void {
    this.#isClosed = true;
    this.#stopRefill();
    for (const listener of [...this.#listeners.keys()]) this.stopListening(listener);
    for (const peer of [...this.#sockets.values()]) peer.close(CloseReason.REQUESTED, '');
    this.#queue = [];
  }

  #add(sock: number): PeerSocket {
    const peer: PeerSocket = new PeerSocket(sock, this.#shared, () => {
      this.#sockets.delete(sock);
      this.#active.delete(peer);
      this.#dialling.get(peer)?.destroy();
      this.#onEnded(sock);
    });
    this.#sockets.set(sock, peer);
    return peer;
  }

  #nextTurn(): void {
    this.#turns++;
    if (this.#queue.length > 0) this.#takeTurn();
    if (this.#turns >= LIMITS.connectsPerSecond) this.#stopRefill();
  }

  #stopRefill(): void {
    if (this.#refill !== null) clearInterval(this.#refill);
    this.#refill = null;
  }

  #takeTurn(): void {
    let next = this.#queue.shift();
    for (; next?.peer.isClosed === true; next = this.#queue.shift()) {
      this.#answer(next.frame.id, next.frame.sock, NetStatus.CANCELLED, '');
    }
    if (next === undefined) return;
    const { frame, peer } = next;
    this.#turns--;
    this.#refill ??= setInterval(() => this.#nextTurn(), 1000 / LIMITS.connectsPerSecond);
    if (this.count >= LIMITS.sockets) this.#failed(frame, peer, NetStatus.LIMIT, 'too many connections');
    else {
      this.#active.add(peer);
      this.#dial(frame, peer).catch((error: unknown) => this.#failed(frame, peer, NetStatus.FAILED, String(error)));
    }
  }

  async #dial(frame: Connect, peer: PeerSocket): Promise<void> {
    const resolved = await this.#guard.resolve(frame.host, frame.port, 'peer');
    if (this.#isClosed) return;
    if (peer.isClosed) this.#answer(frame.id, frame.sock, NetStatus.CANCELLED, '');
    else if (resolved.status !== NetStatus.OK) this.#failed(frame, peer, resolved.status, resolved.detail);
    else await this.#dialFirst(frame, peer, resolved.addresses.slice(0, DIALLED));
  }

  /** The first of the addresses that answers; each has an equal part of the time that is left. */
  async #dialFirst(frame: Connect, peer: PeerSocket, addresses: readonly Address[]): Promise<void> {
    const { id, sock, port } = frame;
    const deadline = performance.now() + CONNECT_TIMEOUT;
    let last: Attempt = { socket: null, status: NetStatus.FAILED, detail: '' };
    for (const [index, address] of addresses.entries()) {
      last = await this.#attempt(frame, peer, address, (deadline - performance.now()) / (addresses.length - index));
      if (peer.isClosed) {
        last.socket?.destroy();
        this.#answer(id, sock, NetStatus.CANCELLED, '');
        return;
      }
      if (last.socket === null) continue;
      peer.attach(last.socket);
      this.#answer(id, sock, NetStatus.OK, address.family === 6 ? `[${address.host}]:${port}` : `${address.host}:${port}`);
      peer.opened();
      return;
    }
    if (last.socket === null) this.#failed(frame, peer, last.status, last.detail);
  }

  #attempt({ transport, port }: Connect, peer: PeerSocket, address: Address, patience: number): Promise<Attempt> {
    const socket = this.#open(transport, address, port, readingOf(peer));
    if (socket === null) return Promise.resolve({ socket, status: NetStatus.UNREACHABLE, detail: 'no uTP to that family' });
    this.#dialling.set(peer, socket);
    return new Promise(resolve => {
      const settle = (attempt: Attempt) => {
        clearTimeout(timer);
        if (this.#dialling.get(peer) === socket) this.#dialling.delete(peer);
        resolve(attempt);
      };
      const failed = (status: Problem, detail: string) => settle({ socket: null, status, detail });
      const timer = setTimeout(() => {
        failed(NetStatus.TIMEOUT, '');
        socket.destroy();
      }, patience);
      socket.on('error', error => failed(CONNECT_STATUS[errnoOf(error)] ?? NetStatus.FAILED, error.message.slice(0, 200)));
      socket.on('close', () => failed(NetStatus.CANCELLED, ''));
      socket.on('connect', () => settle({ socket }));
    });
  }

  #open(transport: Transport, address: Address, port: number, reading: Reading): Channel | null {
    if (transport === Transport.UTP) {
      const stream = this.#utp.connect(address, port);
      if (stream !== null) stream.reading = reading;
      return stream;
    }
    const callback = (count: number, bytes: Uint8Array): boolean => {
      reading.callback(count, bytes as Buffer);
      return true;
    };
    const onread = { buffer: () => reading.buffer(), callback };
    const { host, family } = address;
    const socket = createConnection({ host, port, family, ...this.#guard.from.local, noDelay: true, onread });
    return socket.pause();
  }

  /** Somebody has connected by uTP, to that UDP socket. */
  acceptUtp(udp: number, stream: UtpStream, host: string, port: number): void {
    const peer = this.#take(stream, { listener: udp, transport: Transport.UTP, host, port });
    if (peer !== null) stream.reading = readingOf(peer);
    peer?.opened();
  }

  #accept(listener: number, socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const host = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress;
    const peer = this.#take(socket, { listener, transport: Transport.TCP, host, port: remotePort });
    if (peer !== null) socket.on('data', (bytes: Buffer) => peer.read(bytes));
    socket.pause();
    peer?.opened();
  }

  /** Gives a connection that came to us a number, and tells of it; null where there is no room. */
  #take(
    socket: Channel,
    from: Pick<FrameOf<typeof Op.TCP_ACCEPT>, 'listener' | 'transport' | 'host' | 'port'>,
  ): PeerSocket | null {
    if (this.#isClosed || this.count >= LIMITS.sockets) {
      socket.destroy();
      return null;
    }
    const sock = this.#nextAccepted;
    this.#nextAccepted = sock === 0xffffffff ? FIRST_ACCEPTED_SOCK : sock + 1;
    const peer = this.#add(sock);
    this.#shared.push({ op: Op.TCP_ACCEPT, id: 0, sock, ...from });
    this.#active.add(peer);
    peer.attach(socket);
    return peer;
  }

  #failed(frame: Connect, peer: PeerSocket, status: NetStatus, detail: string): void {
    peer.close(CloseReason.REQUESTED, '');
    this.#answer(frame.id, frame.sock, status, detail);
  }

  #answer(id: number, sock: number, status: NetStatus, detail: string): void {
    const frame: Frame = { op: Op.TCP_CONNECTED, id, sock, status, detail };
    this.#shared.push(frame);
  }
}

/** As much at once as the stream may take just now. */
function readingOf(peer: PeerSocket): Reading {
  return {
    buffer: () => (!peer.isFramed ? RAW_BUFFER : peer.isReadLimited ? LIMITED_BUFFER : FRAMED_BUFFER),
    callback: (count, bytes) => peer.read(bytes.subarray(0, count)),
  };
}
