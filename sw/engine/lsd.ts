import { SourceLimit } from './dht/limits.ts';
import { hostPort, ipBytes } from './codec/address.ts';
import type { Family, PeerAddress } from './codec/address.ts';
import { decodeSearch, encodeSearch, MAX_SEARCHED } from './codec/lsd.ts';
import { shortHashes } from './model/ids.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';
import { scopeOf } from './model/scope.ts';

/** Ms between two announces of a torrent, and between two datagrams of ours (BEP 14). */
const ANNOUNCE_EVERY = 5 * 60_000;
const SEND_EVERY = 60_000;
/** Datagrams that are read in `WINDOW` ms, of all hosts; a limit for each host comes before it. */
const MAX_READ = 500;
const WINDOW = 10_000;
/** Peers of a torrent that are taken from the network, the sender's word being all that there is. */
const MAX_FOUND = 200;

/** A torrent that is announced on the network. */
export interface LocalFollower {
  readonly id: InfoHash;
  readonly hashes: TorrentHashes;
  foundPeers(peers: readonly PeerAddress[], under: InfoHash, now: number): void;
}

/** What a person sees of it. */
export interface LsdStatus {
  /** `ok`: the network was told. */
  readonly state: 'off' | 'waiting' | 'ok';
  /** Found so far. */
  readonly peers: number;
  /** Monotonic ms. */
  readonly nextAt: number;
}

interface Followed {
  readonly torrent: LocalFollower;
  /** −Infinity until it was announced once: those come first. */
  nextAt: number;
  readonly found: Set<string>;
  /** What others may know it by. */
  readonly hashes: Set<InfoHash>;
}

interface LsdOptions {
  /** Tells our own messages from those of others, which a group brings back: at most 16 characters that nobody guesses. */
  readonly cookie: string;
  /** Where we accept connections; 0 while there is none. */
  readonly port: () => number;
  readonly send: (family: Family, bytes: Uint8Array) => void;
}

/**
 * Peers on the same network (BEP 14): tells it by multicast which torrents are here, and hears who else has one of them.
 * Anybody on the network can say anything, so only addresses of it are believed, and few of them. Private torrents are
 * never given to it.
 */
export class LocalDiscovery {
  private readonly families = new Set<Family>();
  private readonly followed = new Map<InfoHash, Followed>();
  private readonly byHash = new Map<InfoHash, Followed>();
  private readonly limit = new SourceLimit();
  private window = { since: -Infinity, read: 0 };
  private sendAt = -Infinity;
  /** No torrent is due before it. */
  private dueAt = Infinity;

  constructor(private readonly options: LsdOptions) {}

  /** There is a socket of this family that hears its group. */
  open(family: Family): void {
    this.families.add(family);
    this.dueAt = -Infinity;
  }

  close(): void {
    this.families.clear();
  }

  /** Announces a torrent from now on, until {@link unfollow}; again, where more of its hashes became known. */
  follow(torrent: LocalFollower): void {
    const followed = this.followed.get(torrent.id) ?? { torrent, nextAt: -Infinity, found: new Set(), hashes: new Set() };
    this.followed.set(torrent.id, followed);
    for (const hash of shortHashes(torrent.hashes)) {
      followed.hashes.add(hash);
      this.byHash.set(hash, followed);
    }
    this.dueAt = Math.min(this.dueAt, followed.nextAt);
  }

  unfollow(id: InfoHash): void {
    const followed = this.followed.get(id);
    if (!followed) return;
    this.followed.delete(id);
    for (const hash of followed.hashes) this.byHash.delete(hash);
  }

  receive(host: string, bytes: Uint8Array, now: number): void {
    const ip = ipBytes(host);
    if (!ip || scopeOf(ip) !== 'local' || !this.limit.admits(host, now) || !this.admits(now)) return;
    const search = decodeSearch(bytes);
    if (!search || search.cookie === this.options.cookie) return;
    const address = { host, port: search.port };
    const key = hostPort(address);
    for (const hash of search.infoHashes) {
      const followed = this.byHash.get(hash);
      if (!followed || (followed.found.size >= MAX_FOUND && !followed.found.has(key))) continue;
      followed.found.add(key);
      followed.torrent.foundPeers([address], hash, now);
    }
  }

  /** Once a second: a datagram, where one is due. */
  tick(now: number): void {
    const port = this.options.port();
    if (now < this.dueAt || now < this.sendAt || port === 0 || this.families.size === 0) return;
    const infoHashes: InfoHash[] = [];
    for (const followed of [...this.followed.values()].sort(byTime)) {
      if (followed.nextAt > now || infoHashes.length + followed.hashes.size > MAX_SEARCHED) break;
      infoHashes.push(...followed.hashes);
      followed.nextAt = now + ANNOUNCE_EVERY;
    }
    this.dueAt = Infinity;
    for (const { nextAt } of this.followed.values()) this.dueAt = Math.min(this.dueAt, nextAt);
    if (infoHashes.length === 0) return;
    this.sendAt = now + SEND_EVERY;
    for (const family of this.families) {
      this.options.send(family, encodeSearch(family, { port, infoHashes, cookie: this.options.cookie }));
    }
  }

  status(id: InfoHash): LsdStatus {
    const followed = this.followed.get(id);
    if (!followed || this.families.size === 0) return { state: 'off', peers: 0, nextAt: Infinity };
    const { nextAt, found } = followed;
    const isTold = nextAt !== -Infinity;
    return { state: isTold ? 'ok' : 'waiting', peers: found.size, nextAt: Math.max(isTold ? nextAt : 0, this.sendAt) };
  }

  private admits(now: number): boolean {
    if (now - this.window.since > WINDOW) this.window = { since: now, read: 0 };
    this.window.read += 1;
    return this.window.read <= MAX_READ;
  }
}

function byTime(a: Followed, b: Followed): number {
  return a.nextAt === b.nextAt ? 0 : a.nextAt - b.nextAt;
}
