import { familyOf, ipBytes } from '../codec/address.ts';
import type { Family, PeerAddress } from '../codec/address.ts';
import { asBytes, asDict, decode, dictGet, encode } from '../codec/bencode.ts';
import type { BDict } from '../codec/bencode.ts';
import { FILTER_BYTES, packNodes, readNodes } from '../codec/krpc.ts';
import type { NodeInfo } from '../codec/krpc.ts';
import { EngineError } from '../errors.ts';
import { estimateCount, joinFilters } from '../model/bloom.ts';
import { fromHex, ID_BYTES } from '../model/ids.ts';
import type { InfoHash } from '../model/ids.ts';
import { DhtNode } from './node.ts';

/** Ms between two announces of a torrent, and between two looks for peers where there are few. */
const ANNOUNCE_EVERY = 15 * 60_000;
const LOOK_AGAIN = 5 * 60_000;
const FIRST_LOOK_AGAIN = 15_000;
/** Connected peers below which a download looks for more. */
const FEW = 5;
/** Peers of one search that are told on. */
const MAX_FOUND = 500;
/** Ms between two records of the table, and nodes in it: as many as a start needs. */
const RECORD_EVERY = 10 * 60_000;
const FIRST_RECORD = 60_000;
const MAX_RECORDED = 200;
const RECORDED = ['id4', 'nodes4', 'id6', 'nodes6'];
/** Torrent files name nodes, and peers their own; those that come while there is no socket wait. */
const MAX_WAITING = 50;

/** A torrent that is looked up and announced. */
export interface Follower {
  readonly id: InfoHash;
  /** Nothing more is wanted of it. */
  readonly isComplete: boolean;
  readonly connected: number;
  /** The port that peers reach us at; 0 while there is none. */
  readonly listenPort: number;
  foundPeers(peers: readonly PeerAddress[], now: number): void;
}

/** What a person sees of it. `seeds`, `leechers`: −1 while nobody said. */
export interface DhtStatus {
  readonly state: 'off' | 'joining' | 'searching' | 'ok' | 'waiting';
  /** Found by the last search, or by this one so far. */
  readonly peers: number;
  readonly seeds: number;
  readonly leechers: number;
  /** Nodes that we know. */
  readonly nodes: number;
  /** Monotonic ms. */
  readonly nextAt: number;
}

interface Followed {
  readonly torrent: Follower;
  nextAt: number;
  /** Nodes of ours that are searching. */
  running: number;
  searched: boolean;
  peers: Set<string>;
  /** Searches in a row that found nobody. */
  fruitless: number;
  seeds: number;
  leechers: number;
}

export interface DhtOptions {
  readonly random: (count: number) => Uint8Array;
  /** `host` is an IP literal. */
  readonly send: (host: string, port: number, bytes: Uint8Array) => void;
  /** Tells the IP literals of a name, or of a literal. */
  readonly resolve: (host: string, port: number, done: (addresses: readonly string[]) => void) => void;
  /** To be given to {@link Dht.restore} by the next engine. */
  readonly record: (bytes: Uint8Array) => void;
  readonly own: {
    /** Our public address, an IP literal; null while it is not known. */
    address(family: Family): string | null;
    /** A witness at `host` sees us at `address`, both IP literals. */
    seenAs(witness: 'node', host: string, address: string): void;
    /** Whether that is where we ourselves accept connections. */
    isOurs(address: PeerAddress): boolean;
  };
}

/** The DHT of both address families, and the torrents that find their peers by it. Private ones are never given to it. */
export class Dht {
  /** The port that other nodes reach us at; 0 while there is none. */
  port = 0;
  private readonly nodes = new Map<Family, DhtNode>();
  private readonly followed = new Map<InfoHash, Followed>();
  private waiting: PeerAddress[] = [];
  private record: BDict | null = null;
  private resolving = 0;
  private recordAt = Infinity;
  /** No torrent is due before it. */
  private dueAt = Infinity;

  constructor(private readonly options: DhtOptions) {}

  get isOpen(): boolean {
    return this.nodes.size > 0;
  }

  /** What an earlier engine recorded; ignored where it is no such record. */
  restore(bytes: Uint8Array): void {
    try {
      const dict = asDict(decode(bytes).value);
      // What is recorded again has to be what we would record, not whatever else was there.
      const ours = RECORDED.map(key => [key, asBytes(dictGet(dict, key))] as const).filter(([, value]) => value !== null);
      this.record = Object.fromEntries(ours) as BDict;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
    }
  }

  /** There is a socket of this family, at that port. */
  open(family: Family, port: number, now: number): void {
    const id = asBytes(dictGet(this.record, `id${family}`));
    const node = new DhtNode(
      {
        family,
        id: id?.length === ID_BYTES ? id.slice() : null,
        remembered: this.remembered(family),
        random: this.options.random,
        send: this.options.send,
        address: this.options.own.address(family),
        seenAs: (host, address) => this.options.own.seenAs('node', host, address),
        resolve: (host, to, done) =>
          this.options.resolve(host, to, addresses => done(addresses.find(address => familyOf(address) === family) ?? null)),
        nearest: (of, target) => this.nodes.get(of)?.table.nearest(target, 8) ?? [],
        heardOf: (nodes, at) => {
          const other = this.nodes.get(family === 4 ? 6 : 4);
          for (const { host, port: its } of nodes.slice(0, 4)) other?.contact(host, its, at);
        },
      },
      now,
    );
    this.nodes.set(family, node);
    this.port ||= port;
    this.dueAt = now;
    if (this.recordAt === Infinity) this.recordAt = now + FIRST_RECORD;
    for (const { host, port: at } of this.waiting.splice(0)) this.contact(host, at, now);
  }

  /** Our address of this family is another from now on: what our node is called has to fit it (BEP 42). */
  moved(family: Family, now: number): void {
    const address = this.options.own.address(family);
    if (address !== null) this.nodes.get(family)?.moved(address, now);
  }

  /** The sockets are gone. */
  close(): void {
    this.keep();
    this.nodes.clear();
    this.port = 0;
    this.recordAt = Infinity;
    for (const followed of this.followed.values()) followed.running = 0;
  }

  receive(family: Family, host: string, port: number, bytes: Uint8Array, now: number): void {
    this.nodes.get(family)?.receive(host, port, bytes, now);
  }

  /** There may be a node: a torrent file or a peer names it. `host` may be a name. */
  contact(host: string, port: number, now: number): void {
    const isAddress = ipBytes(host) !== null;
    const node = isAddress ? this.nodes.get(familyOf(host)) : undefined;
    if (node) node.contact(host, port, now);
    else if (!isAddress && this.nodes.size > 0) {
      if (this.resolving < MAX_WAITING) this.resolve(host, port, now);
    } else {
      // Its family may have no socket yet, or never get one: the latest matter most.
      if (this.waiting.length >= MAX_WAITING) this.waiting.shift();
      this.waiting.push({ host, port });
    }
  }

  private resolve(host: string, port: number, now: number): void {
    this.resolving += 1;
    this.options.resolve(host, port, addresses => {
      this.resolving -= 1;
      for (const address of addresses.slice(0, 4)) this.nodes.get(familyOf(address))?.contact(address, port, now);
    });
  }

  /** Looks for peers of this torrent at once and from time to time, until {@link unfollow}. */
  follow(torrent: Follower, now: number): void {
    if (this.followed.has(torrent.id)) return;
    const peers = new Set<string>();
    const followed = { torrent, nextAt: now, running: 0, searched: false, peers, fruitless: 0, seeds: -1, leechers: -1 };
    this.followed.set(torrent.id, followed);
    this.dueAt = now;
  }

  unfollow(id: InfoHash): void {
    this.followed.delete(id);
  }

  tick(now: number): void {
    for (const node of this.nodes.values()) node.tick(now);
    if (now >= this.dueAt) this.searchDue(now);
    if (now < this.recordAt) return;
    this.recordAt = now + RECORD_EVERY;
    this.keep();
  }

  status(id: InfoHash): DhtStatus {
    const nodes = this.known;
    const followed = this.followed.get(id);
    if (!followed || this.nodes.size === 0) return { state: 'off', peers: 0, seeds: -1, leechers: -1, nodes, nextAt: Infinity };
    const { seeds, leechers, nextAt, peers, searched, running } = followed;
    const state = running > 0 ? 'searching' : nodes === 0 ? 'joining' : searched ? 'ok' : 'waiting';
    return { state, peers: peers.size, seeds, leechers, nodes, nextAt };
  }

  /** Of all torrents together. */
  get vitals(): { nodes: number; torrents: number; searching: number; peers: number } {
    const all = [...this.followed.values()];
    return {
      nodes: this.known,
      torrents: all.length,
      searching: all.filter(({ running }) => running > 0).length,
      peers: all.reduce((sum, { peers }) => sum + peers.size, 0),
    };
  }

  /** When a stranger asked us last, monotonic ms; -Infinity: never. */
  get askedAt(): number {
    return Math.max(...[...this.nodes.values()].map(({ askedAt }) => askedAt));
  }

  private get known(): number {
    return [...this.nodes.values()].reduce((sum, node) => sum + node.table.size, 0);
  }

  private searchDue(now: number): void {
    const nodes = [...this.nodes.values()].filter(node => node.table.size > 0);
    if (nodes.length === 0) return;
    let next = Infinity;
    for (const followed of this.followed.values()) {
      if (followed.running > 0) continue;
      if (followed.nextAt > now) next = Math.min(next, followed.nextAt);
      else if (nodes.some(node => node.isBusy)) next = now;
      else this.search(followed, nodes, now);
    }
    this.dueAt = next;
  }

  private search(followed: Followed, nodes: readonly DhtNode[], now: number): void {
    const { torrent } = followed;
    const filters = { seeds: new Uint8Array(FILTER_BYTES), peers: new Uint8Array(FILTER_BYTES) };
    const found = new Set<string>();
    let scraped = false;
    followed.running = nodes.length;
    for (const node of nodes) {
      node.search(
        {
          infoHash: fromHex(torrent.id),
          announce: torrent.listenPort > 0 ? { port: torrent.listenPort, seed: torrent.isComplete } : null,
          noSeeds: torrent.isComplete,
          found: (peers, at) => {
            if (this.followed.get(torrent.id) !== followed) return;
            const news = peers.slice(0, MAX_FOUND - found.size).filter(({ host, port }) => {
              return !this.options.own.isOurs({ host, port }) && !found.has(`${host} ${port}`);
            });
            for (const { host, port } of news) found.add(`${host} ${port}`);
            if (news.length === 0) return;
            followed.peers = found;
            torrent.foundPeers(news, at);
          },
          scraped: said => {
            scraped = true;
            joinFilters(filters.seeds, said.seeds);
            joinFilters(filters.peers, said.peers);
          },
          done: at => {
            followed.running -= 1;
            if (followed.running > 0) return;
            followed.searched = true;
            followed.peers = found;
            followed.seeds = scraped ? estimateCount(filters.seeds) : -1;
            followed.leechers = scraped ? estimateCount(filters.peers) : -1;
            followed.fruitless = found.size > 0 ? 0 : followed.fruitless + 1;
            followed.nextAt = at + pause(followed);
            this.dueAt = Math.min(this.dueAt, followed.nextAt);
          },
        },
        now,
      );
    }
  }

  private remembered(family: Family): NodeInfo[] {
    try {
      return readNodes(asBytes(dictGet(this.record, `nodes${family}`)), family === 4 ? 4 : 16, MAX_RECORDED) ?? [];
    } catch (error) {
      if (error instanceof EngineError) return [];
      throw error;
    }
  }

  /** Records the nodes, where there are any. */
  keep(): void {
    const record: Record<string, Uint8Array> = {};
    for (const [family, node] of this.nodes) {
      record[`id${family}`] = node.id;
      record[`nodes${family}`] = packNodes(node.table.all().slice(0, MAX_RECORDED));
    }
    if (![...this.nodes.values()].some(node => node.table.size > 0)) return;
    this.record = { ...this.record, ...record };
    this.options.record(encode(this.record));
  }
}

/** Ms until a torrent is looked up again. */
function pause({ torrent, fruitless }: Followed): number {
  if (torrent.isComplete || torrent.connected >= FEW) return ANNOUNCE_EVERY;
  return fruitless > 0 ? Math.min(LOOK_AGAIN, FIRST_LOOK_AGAIN * 2 ** (fruitless - 1)) : LOOK_AGAIN;
}
