/** Addresses remembered a torrent; past it, new ones are ignored until old ones are given up. */
const MAX_KNOWN = 2000;
/** Failures in a row after which an address is forgotten until someone names it again. */
const MAX_FAILURES = 3;
/** Ms until a peer that failed is tried again, doubled with each failure; and after a connection that worked. */
const RETRY_AFTER = 15_000;
const RECONNECT_AFTER = 5_000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** To be tried without encryption, unless that is required. */
  readonly plain: boolean;
}

interface Known {
  readonly host: string;
  readonly port: number;
  failures: number;
  /** Connections in a row that brought nothing either way. */
  fruitless: number;
  isSeed: boolean;
  /** It did not speak the encryption when it was last tried with it. */
  plain: boolean;
  /** Monotonic ms. */
  nextTry: number;
  busy: boolean;
}

/** The addresses of a torrent's peers: whom to connect to next, and whom not to. */
export class Swarm {
  private readonly known = new Map<string, Known>();
  private readonly banned = new Set<string>();

  get size(): number {
    return this.known.size;
  }

  /** True if the address is new. */
  add(host: string, port: number): boolean {
    if (port < 1 || port > 65535 || host === '' || this.banned.has(host)) return false;
    const key = keyOf(host, port);
    if (this.known.has(key) || this.known.size >= MAX_KNOWN) return false;
    this.known.set(key, { host, port, failures: 0, fruitless: 0, isSeed: false, plain: false, nextTry: 0, busy: false });
    return true;
  }

  /** The next peer to connect to (`noSeeds`: none that is known to have everything), which counts as busy from now on; null if none may be tried now. */
  next(now: number, noSeeds = false): Endpoint | null {
    for (const [key, peer] of this.known) {
      if (peer.busy || peer.nextTry > now || (noSeeds && peer.isSeed)) continue;
      peer.busy = true;
      // Behind all others: the next call need not step over it.
      this.known.delete(key);
      this.known.set(key, peer);
      return { host: peer.host, port: peer.port, plain: peer.plain };
    }
    return null;
  }

  /** A connection ended. `worked`: the handshake was through; `fruitful`: payload went over it. */
  ended(host: string, port: number, how: { worked: boolean; fruitful: boolean; isSeed: boolean }, now: number): void {
    const key = keyOf(host, port);
    const peer = this.known.get(key);
    if (!peer) return;
    peer.busy = false;
    if (how.worked) {
      peer.failures = 0;
      peer.isSeed = how.isSeed;
      peer.fruitless = how.fruitful ? 0 : Math.min(peer.fruitless + 1, 8);
      peer.nextTry = now + RECONNECT_AFTER * 2 ** peer.fruitless;
      return;
    }
    peer.plain = false;
    peer.failures += 1;
    if (peer.failures >= MAX_FAILURES) this.known.delete(key);
    else peer.nextTry = now + RETRY_AFTER * 2 ** peer.failures;
  }

  /** It ended while its encryption was agreed on: to be tried at once without. */
  retryPlain(host: string, port: number): void {
    const peer = this.known.get(keyOf(host, port));
    if (!peer) return;
    peer.busy = false;
    peer.plain = true;
    peer.nextTry = 0;
  }

  /** Never to be tried again, such as an address that turned out to be our own. */
  giveUp(host: string, port: number): void {
    this.known.delete(keyOf(host, port));
  }

  /** Not the peers' fault: all of them may be tried at once. */
  refresh(): void {
    for (const peer of this.known.values()) {
      peer.busy = false;
      peer.nextTry = 0;
      peer.plain = false;
      peer.failures = 0;
      peer.fruitless = 0;
    }
  }

  ban(host: string): void {
    this.banned.add(host);
    for (const [key, peer] of this.known) if (peer.host === host) this.known.delete(key);
  }

  isBanned(host: string): boolean {
    return this.banned.has(host);
  }
}

function keyOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
