import type { Transport } from './effects.ts';
import { hostPort, ipBytes, parseHostPort } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';
import { DialQueue } from './dial-queue.ts';
import type { Candidate } from './dial-queue.ts';

/** Addresses remembered a torrent; past it, new ones are ignored until old ones are given up. */
const MAX_KNOWN = 2000;
/** Of these, how many may come from where anybody can name them, and how many one peer may have named. */
const MAX_BY_HEARSAY = 1000;
const MAX_BY_ONE = 200;
/** Ports of one host: more would be a way to have us knock at a stranger's door all day. */
const MAX_PORTS = 8;
/** Hosts kept out, and hosts whose breaches are counted; the oldest is forgotten first. */
const MAX_BANNED = 4000;
/** Breaches of the protocol until a host is banned. */
const MAX_BREACHES = 3;
/** Failures in a row after which an address is forgotten until someone names it again. */
const MAX_FAILURES = 3;
/** Ms until a peer that failed is tried again, doubled with each failure; and after a connection that worked. */
const RETRY_AFTER = 15_000;
const RECONNECT_AFTER = 5_000;

/** Who named an address. */
/** `person`: in a magnet, or by hand. */
export type PeerSource = 'tracker' | 'person' | 'pex' | 'dht' | 'lsd';

/** What the next engine is told of an address. */
export interface PassedPeer {
  readonly host: string;
  readonly port: number;
  readonly source: PeerSource;
  readonly isSeed: boolean;
  readonly plain: boolean;
  readonly v2: boolean;
  readonly transport: Transport;
}

/** What was said of an address by who named it. */
interface Said {
  readonly isSeed: boolean;
  /** What it is to be tried over first. */
  readonly transport: Transport;
}

const NOTHING_SAID: Said = { isSeed: false, transport: 'tcp' };

/** An address to connect to. */
export interface Endpoint extends PeerAddress {
  /** To be tried without encryption, unless that is required. */
  readonly plain: boolean;
  /** Known to be in the v2 swarm of a hybrid (BEP 52). */
  readonly v2: boolean;
  readonly transport: Transport;
}

interface Known extends PeerAddress, Candidate {
  source: PeerSource;
  /** Who named it, of one by hearsay. */
  readonly by: string;
  failures: number;
  fruitless: number;
  isSeed: boolean;
  /** It did not speak the encryption when it was last tried with it. */
  plain: boolean;
  v2: boolean;
  /** What it is tried over next. */
  transport: Transport;
  nextTry: number;
  busy: boolean;
}

/** The addresses of a torrent's peers: whom to connect to next, and whom not to. */
export class Swarm {
  private readonly known = new Map<string, Known>();
  /** Addresses of those who came to us, whether anybody named them or not. */
  private readonly here = new Set<string>();
  private readonly banned = new Set<string>();
  private readonly breaches = new Map<string, number>();
  private readonly ports = new Counter();
  private readonly namedBy = new Counter();
  private hearsay = 0;
  private hasGivenUp = false;
  /** With some of them there was a connection, since all of them could be tried. */
  wasReached = false;
  private readonly queue: DialQueue<Known>;

  /** `rank`: how well a connection with that address ranks, higher first. `isBarred`: a person wants none with that host. */
  constructor(
    rank: (address: PeerAddress) => number,
    private readonly isBarred: (host: string) => boolean = () => false,
  ) {
    this.queue = new DialQueue(this.known, MAX_KNOWN, rank);
  }

  /** Peers were named. */
  get isNamed(): boolean {
    return this.known.size > 0 || this.hasGivenUp;
  }

  get size(): number {
    return this.known.size;
  }

  /** True if the address is new. `by` is the host that named it, `said` what it said of it. */
  add(address: PeerAddress, source: PeerSource, by = '', said: Said = NOTHING_SAID): boolean {
    const { host, port } = address;
    if (port < 1 || port > 65535 || host === '' || this.isBanned(host)) return false;
    const key = hostPort(address);
    const before = this.known.get(key);
    if (before && (source === 'tracker' || (isHearsay(before.source) && !isHearsay(source)))) this.vouch(before, source);
    if (before || this.known.size >= MAX_KNOWN || this.ports.of(host) >= MAX_PORTS) return false;
    if (isHearsay(source) && (this.hearsay >= MAX_BY_HEARSAY || this.namedBy.of(by) >= MAX_BY_ONE)) return false;
    const peer: Known = {
      host,
      port,
      source,
      by,
      failures: 0,
      fruitless: 0,
      isSeed: said.isSeed,
      plain: false,
      v2: false,
      transport: said.transport,
      nextTry: 0,
      busy: this.here.has(key),
      move: 0,
    };
    this.known.set(key, peer);
    this.ports.up(host);
    if (isHearsay(source)) {
      this.hearsay += 1;
      this.namedBy.up(by);
    }
    if (!peer.busy) this.queue.pushReady(peer);
    return true;
  }

  /** An address that the engine before knew: none of its failures. */
  takeOver({ source, plain, v2, isSeed, transport, ...address }: PassedPeer): void {
    if (!this.add(address, source, '', { isSeed, transport })) return;
    const peer = this.known.get(hostPort(address));
    if (peer) Object.assign(peer, { plain, v2 });
  }

  /** What the next engine is told of these, and of others that may be tried, up to `most` in all. */
  passOn(first: readonly PeerAddress[], most: number): PassedPeer[] {
    const passed = new Map<string, PassedPeer>();
    const others = this.known.values();
    const chosen = first.map(address => this.known.get(hostPort(address)));
    for (let looked = 0; passed.size < most && looked < chosen.length + most; looked++) {
      const peer = looked < chosen.length ? chosen[looked] : others.next().value;
      if (!peer || peer.failures > 0 || ipBytes(peer.host) === null) continue;
      const { host, port, source, isSeed, plain, v2, transport } = peer;
      passed.set(hostPort(peer), { host, port, source, isSeed, plain, v2, transport });
    }
    return [...passed.values()];
  }

  /** The next peer to connect to (`noSeeds`: none that is known to have everything), which counts as busy from now on; null if none may be tried now. */
  next(now: number, noSeeds = false): Endpoint | null {
    const peer = this.queue.first(now, noSeeds);
    if (!peer) return null;
    this.hold(peer);
    return endpointOf(peer);
  }

  /** That peer, out of turn: it counts as busy from now on; null where it is not known, or busy already. */
  take(address: PeerAddress): Endpoint | null {
    const peer = this.known.get(hostPort(address));
    if (!peer || peer.busy) return null;
    this.hold(peer);
    return endpointOf(peer);
  }

  /** It was found under the v2 hash, or went by it. */
  speaksV2(address: PeerAddress): void {
    const peer = this.known.get(hostPort(address));
    if (peer) peer.v2 = true;
  }

  /** Whoever accepts connections at that address has connected to us: it is busy until that has {@link ended}. */
  occupy(address: PeerAddress, transport: Transport): void {
    const key = hostPort(address);
    const peer = this.known.get(key);
    this.here.add(key);
    if (!peer) return;
    this.hold(peer);
    peer.transport = transport;
  }

  /** Whether there is one to connect to. */
  hasNext(now: number, noSeeds: boolean): boolean {
    return this.queue.first(now, noSeeds) !== null;
  }

  /** A connection ended. `worked`: the handshake was through; `fruitful`: payload went over it. */
  ended(address: PeerAddress, how: { worked: boolean; fruitful: boolean; isSeed: boolean }, now: number): void {
    const key = hostPort(address);
    const peer = this.known.get(key);
    this.here.delete(key);
    this.wasReached ||= how.worked;
    if (!peer?.busy) return;
    peer.busy = false;
    if (how.worked) {
      peer.failures = 0;
      peer.isSeed = how.isSeed;
      peer.fruitless = how.fruitful ? 0 : Math.min(peer.fruitless + 1, 8);
      peer.nextTry = now + RECONNECT_AFTER * 2 ** peer.fruitless;
    } else {
      peer.plain = false;
      peer.transport = 'tcp';
      peer.failures += 1;
      if (peer.failures >= MAX_FAILURES) {
        this.hasGivenUp = true;
        this.forget(peer);
        return;
      }
      peer.nextTry = now + RETRY_AFTER * 2 ** peer.failures;
    }
    this.queue.pushLater(peer);
  }

  /** It ended while its encryption was agreed on: to be tried at once without. */
  retryPlain(address: PeerAddress): void {
    const peer = this.known.get(hostPort(address));
    if (!peer?.busy) return;
    peer.busy = false;
    peer.plain = true;
    peer.nextTry = 0;
    this.queue.pushLater(peer);
  }

  /** TCP has just failed to lead to it, as {@link ended} was told: uTP may, at once. */
  retryByUtp(address: PeerAddress): void {
    const peer = this.known.get(hostPort(address));
    if (!peer || peer.busy) return;
    peer.failures -= 1;
    peer.transport = 'utp';
    peer.nextTry = 0;
    this.queue.pushLater(peer);
  }

  /** To be tried now, however often it was in vain. */
  again(address: PeerAddress): void {
    const peer = this.known.get(hostPort(address));
    if (!peer || peer.busy) return;
    peer.failures = 0;
    peer.fruitless = 0;
    peer.nextTry = 0;
    this.queue.pushLater(peer);
  }

  /** Never to be tried again, such as an address that turned out to be our own. */
  giveUp(address: PeerAddress): void {
    const peer = this.known.get(hostPort(address));
    if (peer) this.forget(peer);
  }

  /** Not the peers' fault: all of them may be tried at once. */
  refresh(): void {
    this.here.clear();
    this.hasGivenUp = false;
    this.wasReached = false;
    for (const peer of this.known.values()) {
      peer.busy = false;
      peer.nextTry = 0;
      peer.plain = false;
      peer.transport = 'tcp';
      peer.failures = 0;
      peer.fruitless = 0;
    }
    this.queue.rebuild();
  }

  /** Our own address became known: what waits is put in order anew. */
  rerank(): void {
    this.queue.rebuild();
  }

  /** Forgets the addresses that no tracker named, as a private torrent must (BEP 27). */
  keepTrackersOwn(): void {
    for (const peer of [...this.known.values()]) if (peer.source !== 'tracker') this.forget(peer);
  }

  has(address: PeerAddress): boolean {
    return this.known.has(hostPort(address));
  }

  ban(host: string): void {
    this.breaches.delete(host);
    remember(this.banned, host);
    for (const peer of [...this.known.values()]) if (peer.host === host) this.forget(peer);
  }

  isBanned(host: string): boolean {
    return this.banned.has(host) || this.isBarred(host);
  }

  /** Others are barred: what is known of them goes. */
  review(): void {
    for (const peer of [...this.known.values()]) if (this.isBarred(peer.host)) this.forget(peer);
  }

  /** Who named it first; null where it is not known. */
  sourceOf(address: PeerAddress): PeerSource | null {
    return this.known.get(hostPort(address))?.source ?? null;
  }

  /** The host broke the protocol; true if it is banned for it, the third time. */
  breached(host: string): boolean {
    const count = (this.breaches.get(host) ?? 0) + 1;
    if (count >= MAX_BREACHES) {
      this.ban(host);
      return true;
    }
    this.breaches.delete(host);
    this.breaches.set(host, count);
    if (this.breaches.size > MAX_BANNED) this.breaches.delete(first(this.breaches.keys()));
    return false;
  }

  private hold(peer: Known): void {
    peer.busy = true;
    this.queue.remove(peer);
  }

  private vouch(peer: Known, source: PeerSource): void {
    this.uncount(peer);
    peer.source = source;
  }

  private forget(peer: Known): void {
    if (!this.known.delete(hostPort(peer))) return;
    this.queue.remove(peer);
    this.ports.down(peer.host);
    this.uncount(peer);
  }

  private uncount(peer: Known): void {
    if (!isHearsay(peer.source)) return;
    this.hearsay -= 1;
    this.namedBy.down(peer.by);
  }
}

/** Named by one who may say what it likes: another peer, or anybody on this network. */
function isHearsay(source: PeerSource): boolean {
  return source === 'pex' || source === 'lsd';
}

function endpointOf({ host, port, plain, v2, transport }: Known): Endpoint {
  return { host, port, plain, v2, transport };
}

/** How many there are of each; what there is none of takes no memory. */
class Counter {
  private readonly counts = new Map<string, number>();

  of(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  up(key: string): void {
    this.counts.set(key, this.of(key) + 1);
  }

  down(key: string): void {
    const count = this.of(key) - 1;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
  }
}

function remember(hosts: Set<string>, host: string): void {
  hosts.add(host);
  if (hosts.size > MAX_BANNED) hosts.delete(first(hosts));
}

function first(keys: Iterable<string>): string {
  for (const key of keys) return key;
  return '';
}

/** The host of an address as a connection tells it. */
export function hostOf(address: string): string {
  return parseHostPort(address)?.host ?? address;
}
