import { EngineError } from '../errors.ts';
import { familyOf, ipBytes } from '../codec/address.ts';
import type { Family, PeerAddress } from '../codec/address.ts';
import { decodeKrpc, encodeKrpc } from '../codec/krpc.ts';
import type { KrpcMessage, NodeInfo, Query, Reply } from '../codec/krpc.ts';
import { ID_BYTES, sameBytes } from '../model/ids.ts';
import { idForAddress, idInBucket, isIdOfAddress } from '../model/node-id.ts';
import type { NodeId } from '../model/node-id.ts';
import { mayName, scopeOf } from '../model/scope.ts';
import { SourceLimit } from './limits.ts';
import { Lookup } from './lookup.ts';
import type { Candidate } from './lookup.ts';
import { Reachability } from './reachability.ts';
import { Responder } from './responder.ts';
import { K, RoutingTable } from './table.ts';
import { Transactions } from './transactions.ts';

/** Nodes that help where we know none. */
const ROUTERS: readonly PeerAddress[] = [
  { host: 'router.bittorrent.com', port: 6881 },
  { host: 'dht.transmissionbt.com', port: 6881 },
  { host: 'router.utorrent.com', port: 6881 },
  { host: 'dht.libtorrent.org', port: 25401 },
];
/** Lookups at a time, those for the table itself not counted. */
const MAX_JOBS = 4;
/** Newcomers that are being asked whether they are there. */
const MAX_GREETED = 16;
/** Ms: between tries to find a first few nodes, doubled with each; and between looks at what is stale. */
const FIRST_RETRY = 10_000;
const LAST_RETRY = 15 * 60_000;
const UPKEEP = 60_000;
/** The unspecified address. */
const NOWHERE = new Uint8Array(4);

/** A lookup of the peers of a torrent. */
export interface PeerSearch {
  readonly infoHash: Uint8Array;
  /** We announce ourselves to the nodes nearest to it; null: we only look. */
  readonly announce: { readonly port: number; readonly seed: boolean } | null;
  readonly noSeeds: boolean;
  readonly found: (peers: readonly PeerAddress[], now: number) => void;
  readonly scraped: (filters: NonNullable<Reply['filters']>) => void;
  readonly done: (now: number) => void;
}

interface Job {
  readonly lookup: Lookup;
  readonly query: Query;
  /** Null for lookups that are for the table's sake. */
  readonly search: PeerSearch | null;
  /** Routers that have not answered yet. */
  routers: number;
}

interface Answer {
  readonly id: NodeId;
  readonly reply: Reply;
}

interface Then {
  answered?(answer: Answer): void;
  slow?(): void;
  failed?(): void;
}

export interface NodeOptions {
  readonly family: Family;
  /** What an earlier run was called; null: anything. */
  readonly id: NodeId | null;
  /** Nodes that it knew. */
  readonly remembered: readonly NodeInfo[];
  readonly random: (count: number) => Uint8Array;
  readonly send: (host: string, port: number, bytes: Uint8Array) => void;
  /** Our public address, an IP literal; null while it is not known. */
  readonly address: string | null;
  /** The node at `host` sees us at `address`, both IP literals. */
  readonly seenAs: (host: string, address: string) => void;
  /** Tells one IP literal of our family for a name, null where it has none. */
  readonly resolve: (host: string, port: number, done: (address: string | null) => void) => void;
  /** The nodes nearest to a target in the table of that family. */
  readonly nearest: (family: Family, target: NodeId) => readonly NodeInfo[];
  /** Nodes of the other family, of which nothing is known yet. */
  readonly heardOf: (nodes: readonly NodeInfo[], now: number) => void;
}

/** Our node of the DHT of one address family (BEP 5, 32): what it knows, what it asks, and what it makes of what it is told. */
export class DhtNode {
  table: RoutingTable;
  readonly reach: Reachability;
  private readonly responder: Responder;
  private readonly limit = new SourceLimit();
  private readonly transactions: Transactions<Answer>;
  private readonly jobs = new Set<Job>();
  /** Nodes of an earlier run, until they were asked. */
  private remembered: readonly NodeInfo[];
  private greeted = 0;
  private bootstrapAt: number;
  private retry = FIRST_RETRY;
  private upkeepAt: number;

  constructor(
    private readonly options: NodeOptions,
    private now: number,
  ) {
    this.remembered = options.remembered;
    this.table = new RoutingTable(fitting(options.id ?? options.random(ID_BYTES), options), now);
    this.reach = new Reachability(now);
    this.responder = new Responder(options.family, options.nearest, options.random);
    this.transactions = new Transactions(options.random);
    this.bootstrapAt = now;
    this.upkeepAt = now + UPKEEP;
  }

  get id(): NodeId {
    return this.table.ownId;
  }

  /** Another search would have to wait. */
  /** When a stranger asked us last, monotonic ms. */
  get askedAt(): number {
    return this.reach.askedAt;
  }

  get isBusy(): boolean {
    let searches = 0;
    for (const { search } of this.jobs) if (search) searches += 1;
    return searches >= MAX_JOBS;
  }

  /** We are at this address, an IP literal of our family: our id has to fit it (BEP 42). */
  moved(address: string, now: number): void {
    this.now = now;
    const id = fitting(this.id, { ...this.options, address });
    if (id === this.id) return;
    const before = this.table;
    this.table = new RoutingTable(id, now);
    for (const { id: theirs, host, port, heardAt } of before.all()) this.table.answered(theirs, host, port, heardAt);
    this.bootstrapAt = now;
  }

  /** A datagram that may be of the DHT; anything else is ignored. */
  receive(host: string, port: number, bytes: Uint8Array, now: number): void {
    this.now = now;
    if (port === 0 || !this.limit.admits(host, now)) return;
    const message = read(bytes);
    if (!message) return;
    if (message.type === 'query') {
      this.asked(message, host, port);
      return;
    }
    const question = this.transactions.take(message.tx, host, port);
    if (!question) return;
    if (message.type === 'error') {
      question.failed();
      return;
    }
    if (message.ip && familyOf(message.ip.host) === this.options.family) this.options.seenAs(host, message.ip.host);
    question.answered({ id: message.id, reply: message.reply });
  }

  /** There may be a node: it is taken in if it answers. `host` is an IP literal of our family. */
  contact(host: string, port: number, now: number): void {
    this.now = now;
    if (this.greeted >= MAX_GREETED || this.table.at(host, port)) return;
    this.greeted += 1;
    this.ask(
      { host, port },
      null,
      { method: 'ping' },
      {
        answered: () => {
          this.greeted -= 1;
          // The first ones that answer are the way to all others.
          if (this.table.size < K) this.bootstrapAt = Math.min(this.bootstrapAt, now);
        },
        failed: () => (this.greeted -= 1),
      },
    );
  }

  search(search: PeerSearch, now: number): void {
    this.now = now;
    const lookup = new Lookup(search.infoHash, this.id);
    lookup.add(this.table.nearest(search.infoHash, 2 * K));
    const { infoHash, noSeeds } = search;
    const query: Query = { method: 'get_peers', infoHash, want: [], noSeed: noSeeds, scrape: true };
    // Those who announced themselves to us are told of by nobody else.
    const own = this.responder.peers(infoHash, noSeeds, now);
    if (own.length > 0) search.found(own, now);
    const job: Job = { lookup, query, search, routers: 0 };
    this.jobs.add(job);
    this.advance(job);
  }

  tick(now: number): void {
    this.now = now;
    this.transactions.tick(now);
    for (const job of this.jobs) this.advance(job);
    if (now >= this.bootstrapAt) this.bootstrap();
    if (now < this.upkeepAt) return;
    this.upkeepAt = now + UPKEEP;
    this.responder.tick(now);
    this.reach.tick(this.table.size, now);
    const bits = this.table.stale(now);
    if (bits !== null) this.explore(idInBucket(this.id, bits, this.options.random(ID_BYTES)), false);
    else if (this.table.size === 0) this.bootstrapAt = Math.min(this.bootstrapAt, now);
  }

  private asked(message: KrpcMessage & { type: 'query' }, host: string, port: number): void {
    const { now } = this;
    this.reach.askedBy(host, now);
    this.table.asked(message.id, host, port, now);
    if (this.reach.isReadOnly) return;
    const answer = this.responder.answer(this.id, message, host, port, now);
    if (answer) this.send(host, port, answer);
    if (answer && !message.readOnly && this.table.wants(message.id, host)) this.contact(host, port, now);
  }

  /** Finds a first few nodes, and our neighbours. */
  private bootstrap(): void {
    const isPoor = this.table.size < K;
    this.bootstrapAt = isPoor ? this.now + this.retry : Infinity;
    this.retry = isPoor ? Math.min(LAST_RETRY, 2 * this.retry) : FIRST_RETRY;
    this.explore(this.id, isPoor && this.remembered.length === 0);
    this.remembered = [];
  }

  private explore(target: NodeId, askRouters: boolean): void {
    const lookup = new Lookup(target, this.id);
    lookup.add(this.table.nearest(target, 2 * K));
    lookup.add(this.remembered);
    const job: Job = { lookup, query: { method: 'find_node', target, want: [4, 6] }, search: null, routers: 0 };
    this.jobs.add(job);
    for (const router of askRouters ? ROUTERS : []) this.askRouter(router, job);
    this.advance(job);
  }

  /** Routers are asked and never taken into the table: they would be in everybody's. */
  private askRouter({ host, port }: PeerAddress, job: Job): void {
    const answered = (nodes: readonly NodeInfo[]): void => {
      job.routers -= 1;
      job.lookup.add(nodes);
      this.advance(job);
    };
    job.routers += 1;
    this.options.resolve(host, port, address => {
      if (address === null) return answered([]);
      const then = { answered: ({ reply }: Answer) => answered(this.nodesOf(reply, address)), failed: () => answered([]) };
      this.ask({ host: address, port }, null, job.query, then, false);
    });
  }

  /** Asks on, as far as the job has anybody to ask; ends it where it has not. */
  private advance(job: Job): void {
    const { lookup } = job;
    while (this.jobs.has(job) && !this.transactions.isFull) {
      const candidate = lookup.next();
      if (!candidate) break;
      this.ask(candidate, candidate.id, job.query, {
        answered: ({ reply }) => {
          lookup.answered(candidate, reply.token, this.nodesOf(reply, candidate.host));
          if (!this.jobs.has(job)) return;
          if (reply.peers.length > 0) job.search?.found(reachable(reply.peers, candidate.host), this.now);
          if (reply.filters) job.search?.scraped(reply.filters);
          this.advance(job);
        },
        slow: () => {
          lookup.slow(candidate);
          this.advance(job);
        },
        failed: () => {
          lookup.failed(candidate);
          this.advance(job);
        },
      });
    }
    if (this.jobs.has(job) && job.routers === 0 && lookup.isDone) this.finish(job);
  }

  private finish(job: Job): void {
    this.jobs.delete(job);
    const nearest = job.lookup.nearest();
    const { search } = job;
    if (!search) return;
    const { announce, infoHash } = search;
    if (announce) {
      for (const { host, port, id, token } of fittest(nearest)) {
        if (!token) continue;
        const query: Query = { method: 'announce_peer', infoHash, ...announce, token };
        this.ask({ host, port }, id, query, {});
      }
    }
    search.done(this.now);
  }

  /** What answers is taken into the table, what does not is noted there. */
  private ask(to: PeerAddress, id: NodeId | null, query: Query, then: Then, admit = true): void {
    if (this.transactions.isFull) {
      then.failed?.();
      return;
    }
    const question = {
      ...to,
      answered: (answer: Answer) => {
        if (admit) this.admit(answer.id, to.host, to.port);
        // A node that is not who we were told is of no use to a lookup.
        if (id && !sameBytes(id, answer.id)) then.failed?.();
        else then.answered?.(answer);
      },
      slow: () => then.slow?.(),
      failed: () => {
        this.table.failed(to.host, to.port);
        then.failed?.();
      },
    };
    const tx = this.transactions.begin(question, this.now);
    this.send(to.host, to.port, encodeKrpc({ type: 'query', tx, id: this.id, readOnly: this.reach.isReadOnly, query }));
  }

  private send(host: string, port: number, bytes: Uint8Array): void {
    this.reach.sentTo(host, this.now);
    this.options.send(host, port, bytes);
  }

  private admit(id: NodeId, host: string, port: number): void {
    const questionable = this.table.answered(id, host, port, this.now);
    if (questionable) this.ask(questionable, questionable.id, { method: 'ping' }, {});
  }

  /** Its nodes of our family; those of the other one are passed on. */
  private nodesOf(reply: Reply, from: string): NodeInfo[] {
    const [ours, others] = this.options.family === 4 ? [reply.nodes, reply.nodes6] : [reply.nodes6, reply.nodes];
    if (others && others.length > 0) this.options.heardOf(reachable(others, from), this.now);
    return reachable(ours ?? [], from);
  }
}

/** The id, or another one where it cannot be that of a node at this address (BEP 42). */
function fitting(id: NodeId, { address, random }: Pick<NodeOptions, 'address' | 'random'>): NodeId {
  const ip = address === null ? null : ipBytes(address);
  return !ip || isIdOfAddress(id, ip) ? id : idForAddress(ip, random(ID_BYTES));
}

function read(bytes: Uint8Array): KrpcMessage | null {
  try {
    return decodeKrpc(bytes);
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

/** The eight to announce to: nobody can choose to be near a torrent with an id that has to fit an address (BEP 42). */
function fittest(nearest: readonly Candidate[]): Candidate[] {
  const fits = ({ id, host }: Candidate): boolean => isIdOfAddress(id, ipBytes(host) ?? NOWHERE);
  return [...nearest.filter(fits), ...nearest.filter(node => !fits(node))].slice(0, K);
}

/** Who is out on the internet has no business to send us into our own network. */
function reachable<Address extends PeerAddress>(addresses: readonly Address[], from: string): Address[] {
  const scope = scopeOf(ipBytes(from) ?? NOWHERE);
  return addresses.filter(({ host }) => mayName(scope, scopeOf(ipBytes(host) ?? NOWHERE)));
}
