/** The UDP sockets of one client, and the look-up of names for them. They live no longer than its connection. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { WireError } from '../wire/bytes.ts';
import { ErrorCode, type Frame, type FrameOf, NetStatus, Op } from '../wire/frames.ts';
import { errnoOf } from './errno.ts';
import type { Address, Guard } from './guard.ts';
import { ADDRESSES, LIMITS, LOOKUPS, UDP_QUEUE, UDP_UNREAD } from './limits.ts';
import type { OpenPorts } from './open-ports.ts';
import type { Counters } from './services.ts';
import type { Utp } from './utp/utp.ts';

/** The most that fits a datagram. */
const MAX_DATAGRAM = 65_507;

/** Groups that may be joined and sent to, and the one port of each: local discovery (BEP 14) and UPnP's. */
const GROUPS: ReadonlyMap<string, number> = new Map([
  ['239.192.152.143', 6771],
  ['ff15::efc0:988f', 6771],
  ['239.255.255.250', 1900],
  ['ff02::c', 1900],
  ['ff05::c', 1900],
]);
/** Every program on a machine that listens to a group binds the group's port. */
const SHARED_PORTS: ReadonlySet<number> = new Set(GROUPS.values());

const BIND_STATUS: Readonly<Record<string, NetStatus>> = { EADDRINUSE: NetStatus.IN_USE, EACCES: NetStatus.REFUSED };

interface Bound {
  readonly socket: Socket;
  readonly family: 4 | 6;
  /** 0 until it is bound, which takes no time. */
  port: number;
  /** The groups that it is in. */
  readonly groups: Set<string>;
}

/** Whether packets to that address leave this machine, as far as it knows itself. Nothing is sent. */
export async function systemHasRoute({ host, family }: Address, port: number): Promise<boolean> {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    lookup: (name, _options, done) => done(null, name, family),
  });
  try {
    return await new Promise(resolve => {
      socket.on('error', () => resolve(false));
      socket.on('connect', () => resolve(true));
      socket.connect(port, host);
    });
  } finally {
    socket.close();
  }
}

export class Udp {
  readonly #guard: Guard;
  readonly #openPorts: OpenPorts;
  readonly #counters: Counters;
  readonly #push: (frame: Frame) => void;
  readonly #unread: () => number;
  readonly #utp: Utp;
  readonly #hasRoute: typeof systemHasRoute;
  readonly #sockets = new Map<number, Bound>();
  #lookups = 0;

  /** `unread`: bytes that the client has been sent and has not taken. */
  constructor(
    guard: Guard,
    openPorts: OpenPorts,
    counters: Counters,
    push: (frame: Frame) => void,
    unread: () => number,
    utp: Utp,
    hasRoute = systemHasRoute,
  ) {
    this.#utp = utp;
    this.#hasRoute = hasRoute;
    this.#guard = guard;
    this.#openPorts = openPorts;
    this.#counters = counters;
    this.#push = push;
    this.#unread = unread;
  }

  get count(): number {
    return this.#sockets.size;
  }

  bind({ id, udp, family, port }: FrameOf<typeof Op.UDP_BIND>): void {
    const answer = (status: NetStatus, bound: number) => this.#push({ op: Op.UDP_BOUND, id, udp, status, port: bound });
    if (this.#sockets.size >= LIMITS.udpSockets) return answer(NetStatus.LIMIT, 0);
    if (this.#sockets.has(udp) || !this.#guard.from.speaks(family)) return answer(NetStatus.FAILED, 0);
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      ipv6Only: family === 6,
      reuseAddr: SHARED_PORTS.has(port),
      // Only literals come this far: nothing is looked up behind the guard.
      lookup: (host, _options, done) => done(null, host, family),
    });
    const bound: Bound = { socket, family, port: 0, groups: new Set() };
    this.#sockets.set(udp, bound);
    socket.on('error', error => {
      // Once bound, an error is about a datagram that got lost.
      if (bound.port !== 0) return;
      this.#sockets.delete(udp);
      socket.close();
      answer(BIND_STATUS[errnoOf(error)] ?? NetStatus.FAILED, 0);
    });
    socket.on('listening', () => {
      bound.port = socket.address().port;
      if (!SHARED_PORTS.has(bound.port)) {
        this.#guard.own(bound.port);
        this.#openPorts.opened('udp', bound.port);
      }
      answer(NetStatus.OK, bound.port);
    });
    socket.on('message', (bytes, from) => this.#received(udp, bytes, from));
    // What is sent to a group comes to sockets that are bound to no address.
    const own = SHARED_PORTS.has(port) ? '' : this.#guard.from.host;
    socket.bind({ port, address: own || (family === 4 ? '0.0.0.0' : '::'), exclusive: true });
  }

  /** What cannot be sent is dropped, as the network would. */
  send({ udp, host, port, bytes }: FrameOf<typeof Op.UDP_SEND>): void {
    const bound = this.#sockets.get(udp);
    if (bound === undefined || bytes.length > MAX_DATAGRAM) return;
    if (host.includes(':') !== (bound.family === 6) || !this.#permits(host, port)) return;
    if (bound.socket.getSendQueueSize() + bytes.length > UDP_QUEUE) return;
    this.#counters.netOut += bytes.length;
    // The view is of a message that is not written to again.
    const send = () => bound.socket.send(bytes, port, host, () => undefined);
    if (bound.groups.has(host)) this.#onEachNetwork(bound, host, send);
    else send();
  }

  close(udp: number): void {
    const bound = this.#sockets.get(udp);
    if (bound === undefined) return;
    this.#sockets.delete(udp);
    if (bound.port !== 0 && !SHARED_PORTS.has(bound.port)) {
      this.#guard.disown(bound.port);
      this.#openPorts.closed('udp', bound.port);
    }
    this.#utp.closing(udp);
    bound.socket.close();
  }

  /** uTP on a socket, from now on or no more; what is connected stays. @throws {WireError} NO_SUCH_SOCK */
  utp({ id, udp, on }: FrameOf<typeof Op.UDP_UTP>): void {
    const bound = this.#sockets.get(udp);
    if (bound === undefined) throw new WireError(ErrorCode.NO_SUCH_SOCK, `no UDP socket ${udp}`, id);
    this.#utp.set(udp, bound.socket, bound.family, on);
  }

  /** @throws {WireError} BAD_STATE for a group that is none of ours, or that the system will not let us into */
  join({ id, udp, group }: FrameOf<typeof Op.UDP_JOIN>): void {
    this.#member(id, udp, group, bound => {
      bound.groups.add(group);
      const isAnywhere = this.#onEachNetwork(bound, group, () => undefined);
      if (!isAnywhere && this.#guard.from.host === '') bound.socket.addMembership(group);
    });
  }

  /** @throws {WireError} as {@link join} */
  leave({ id, udp, group }: FrameOf<typeof Op.UDP_LEAVE>): void {
    this.#member(id, udp, group, ({ socket, family, groups }) => {
      groups.delete(group);
      let left = false;
      for (const network of networksOf(family, this.#guard.from.host))
        left = attempt(() => socket.dropMembership(group, network)) || left;
      if (!left) socket.dropMembership(group);
    });
  }

  async resolve({ id, host, port }: FrameOf<typeof Op.RESOLVE>): Promise<void> {
    if (this.#lookups >= LOOKUPS) {
      this.#push({ op: Op.RESOLVED, id, status: NetStatus.LIMIT, detail: 'too many names at once', addresses: [] });
      return;
    }
    this.#lookups++;
    const resolved = await this.#guard.resolve(host, port, 'peer');
    if (resolved.status !== NetStatus.OK) this.#push({ op: Op.RESOLVED, id, ...resolved, addresses: [] });
    else {
      const addresses = (await this.#routable(resolved.addresses, port)).slice(0, ADDRESSES).map(address => address.host);
      this.#push({ op: Op.RESOLVED, id, status: NetStatus.OK, detail: '', addresses });
    }
    this.#lookups--;
  }

  end(): void {
    for (const udp of [...this.#sockets.keys()]) this.close(udp);
  }

  /** Without the addresses of a family that no packet would leave for, unless it is so for both. */
  async #routable(addresses: readonly Address[], port: number): Promise<readonly Address[]> {
    const first = ([4, 6] as const).flatMap(family => addresses.find(address => address.family === family) ?? []);
    if (first.length < 2) return addresses;
    const routes = await Promise.all(first.map(address => this.#hasRoute(address, port)));
    const [only, ...others] = first.filter((_, index) => routes[index]);
    return only && others.length === 0 ? addresses.filter(({ family }) => family === only.family) : addresses;
  }

  #permits(host: string, port: number): boolean {
    return GROUPS.get(host) === port || (port > 0 && this.#guard.permits(host, port, 'peer'));
  }

  #received(udp: number, bytes: Buffer, { address, port }: RemoteInfo): void {
    // A zone is the business of this machine's interfaces.
    const host = address.includes('%') ? address.slice(0, address.indexOf('%')) : address;
    // What a connection brings is counted where it is read.
    if (this.#utp.receive(udp, bytes, host, port)) return;
    this.#counters.netIn += bytes.length;
    if (this.#unread() > UDP_UNREAD) return;
    this.#push({ op: Op.UDP_RECV, id: 0, udp, port, host, bytes });
  }

  /**
   * Goes through the networks of this machine that are used, as they are now: on each the socket is made a member of the group, and
   * what it sends to it while `act` runs goes there. False where there is none.
   */
  #onEachNetwork({ socket, family }: Bound, group: string, act: () => void): boolean {
    let reached = false;
    for (const network of networksOf(family, this.#guard.from.host)) {
      // Fails where it is a member already.
      attempt(() => socket.addMembership(group, network));
      if (!attempt(() => socket.setMulticastInterface(network))) continue;
      act();
      reached = true;
    }
    return reached;
  }

  #member(id: number, udp: number, group: string, change: (bound: Bound) => void): void {
    const bound = this.#sockets.get(udp);
    if (bound === undefined) throw new WireError(ErrorCode.NO_SUCH_SOCK, `no UDP socket ${udp}`, id);
    if (!GROUPS.has(group)) throw new WireError(ErrorCode.BAD_STATE, 'not a group that may be joined', id);
    try {
      change(bound);
    } catch (error) {
      throw new WireError(ErrorCode.BAD_STATE, `${group}: ${errnoOf(error) || 'not possible'}`, id);
    }
  }
}

/**
 * What each interface but loopback is called where groups are joined: by its address, or in IPv6 by its zone. Where one address of this
 * machine is used, the interface that has it alone.
 */
function networksOf(family: 4 | 6, own: string): string[] {
  const networks: string[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (own !== '' && addresses?.some(({ address }) => address === own) !== true) continue;
    for (const { internal, family: its, address, ...more } of addresses ?? []) {
      const zone = 'scopeid' in more ? more.scopeid : 0;
      if (internal || its !== `IPv${family}` || (family === 6 && zone === 0)) continue;
      // Windows numbers its zones, other systems name them.
      networks.push(family === 4 ? address : `::%${process.platform === 'win32' ? zone : name}`);
      break;
    }
  }
  return networks;
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
