import { familyOf } from './codec/address.ts';
import { encodeAnnounce, encodeConnect, encodeScrape, parseUdpReply } from './codec/udp-tracker.ts';
import type { UdpReply, UdpTracker } from './codec/udp-tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, AnnounceRequest, ScrapeCounts } from './codec/tracker.ts';

/** Ms that a connection id is good for (BEP 15). */
const CONNECTION_LIFE = 60_000;
/** Ms until a datagram is sent again, doubled each time, and how often it is sent: 45 s in all, so that the next of a tier has its turn. */
const FIRST_TIMEOUT = 15_000;
const TRANSMISSIONS = 2;
/** Announces and scrapes under way at once; more are told to come back. */
const MAX_QUERIES = 4096;

const NO_ANSWER = 'No answer in time.';

/** What the machine needs of the sockets. */
export interface UdpNet {
  send(host: string, port: number, bytes: Uint8Array): void;
}

/** A datagram that waits for its answer. */
interface Exchange {
  /** 0 while nothing is sent. */
  transaction: number;
  /** IP literals that it was sent to: only they may answer. */
  readonly sentTo: Set<string>;
  sent: number;
  /** Monotonic ms. */
  dueAt: number;
}

interface Question {
  encode(connection: Uint8Array, transaction: number, request: string): Uint8Array;
  /** True where the reply answers it. */
  take(reply: UdpReply): boolean;
  fail(failure: AnnounceFailure): void;
}

interface Query extends Exchange {
  readonly question: Question;
  readonly request: string;
}

/**
 * connecting  asked for a connection id
 * connected   has one, which may be too old
 */
type Stage = 'connecting' | 'connected';

/** A tracker, over one family of addresses. */
interface Endpoint extends Exchange {
  readonly key: string;
  readonly port: number;
  stage: Stage;
  /** IP literals of its name, all of one family. */
  readonly addresses: readonly string[];
  /** The one that answered, with its connection id of 8 bytes and when that came. */
  address: string;
  connection: Uint8Array;
  connectedAt: number;
  readonly queries: Set<Query>;
}

/**
 * Trackers over UDP (BEP 15). One connection id serves all torrents of a tracker; whatever is not answered from an
 * address it was sent to, with its transaction, counts for nothing.
 */
export class UdpTrackers {
  private readonly endpoints = new Map<string, Endpoint>();
  /** Who waits for a transaction: a query, or an endpoint for its connection id. */
  private readonly waiting = new Map<number, { endpoint: Endpoint; query: Query | null }>();
  private queries = 0;

  /** `random` is from 0 to below 1. */
  constructor(
    private readonly net: UdpNet,
    private readonly random: () => number,
  ) {}

  get isIdle(): boolean {
    return this.endpoints.size === 0;
  }

  /** Over those addresses, IP literals of one family. Calls `done` once, maybe before it returns; the answer calls it off. */
  announce(
    tracker: UdpTracker,
    addresses: readonly string[],
    announce: AnnounceRequest,
    now: number,
    done: (answer: AnnounceFailure | AnnounceAnswer) => void,
  ): () => void {
    return this.query(tracker, addresses, now, {
      encode: (connection, transaction, request) => encodeAnnounce(connection, transaction, request, announce),
      take: reply => {
        if (reply.action !== 'announce') return false;
        done(reply.answer);
        return true;
      },
      fail: done,
    });
  }

  /** As {@link announce}, for the counts of a torrent of 20 bytes; null where there are none to be had. */
  scrape(
    tracker: UdpTracker,
    addresses: readonly string[],
    infoHash: Uint8Array,
    now: number,
    done: (counts: ScrapeCounts | null) => void,
  ): void {
    this.query(tracker, addresses, now, {
      encode: (connection, transaction) => encodeScrape(connection, transaction, infoHash),
      take: reply => {
        if (reply.action !== 'scrape') return false;
        done(reply.counts);
        return true;
      },
      fail: () => done(null),
    });
  }

  private query(tracker: UdpTracker, addresses: readonly string[], now: number, question: Question): () => void {
    if (this.queries >= MAX_QUERIES) {
      question.fail({ failure: 'Too many announces at once.', refused: false });
      return () => undefined;
    }
    const endpoint = this.endpoint(tracker, addresses, now);
    const query: Query = { ...exchange(), question, request: tracker.request };
    endpoint.queries.add(query);
    this.queries += 1;
    if (endpoint.stage === 'connected') this.ask(endpoint, now);
    return () => this.drop(endpoint, query);
  }

  received(host: string, port: number, bytes: Uint8Array, now: number): void {
    const reply = parseUdpReply(bytes, host.includes(':') ? 16 : 4);
    const waiter = reply && this.waiting.get(reply.transaction);
    if (!waiter || waiter.endpoint.port !== port) return;
    const { endpoint, query } = waiter;
    if (!(query ?? endpoint).sentTo.has(host)) return;
    if (query) this.answered(endpoint, query, reply);
    else if (reply.action === 'error') this.fail(endpoint, reply.message, true);
    else if (reply.action === 'connect') {
      this.settle(endpoint);
      endpoint.stage = 'connected';
      endpoint.address = host;
      endpoint.connection = reply.connection;
      endpoint.connectedAt = now;
      this.ask(endpoint, now);
    }
  }

  tick(now: number): void {
    for (const [key, endpoint] of this.endpoints) {
      if (endpoint.stage === 'connecting' && endpoint.dueAt <= now) {
        if (endpoint.sent < TRANSMISSIONS) this.connect(endpoint, now);
        else this.fail(endpoint, NO_ANSWER, false);
      }
      for (const query of endpoint.queries) {
        if (query.transaction === 0 || query.dueAt > now) continue;
        if (query.sent < TRANSMISSIONS) this.transmit(endpoint, query, now);
        else {
          // It may have started anew and know nothing of the connection.
          endpoint.connectedAt = -Infinity;
          this.failQuery(endpoint, query, { failure: NO_ANSWER, refused: false });
        }
      }
      if (endpoint.queries.size === 0 && !isConnected(endpoint, now)) {
        this.settle(endpoint);
        this.endpoints.delete(key);
      }
    }
  }

  /** The sockets are gone. Nobody is told. */
  clear(): void {
    this.endpoints.clear();
    this.waiting.clear();
    this.queries = 0;
  }

  private endpoint({ host, port }: UdpTracker, addresses: readonly string[], now: number): Endpoint {
    const key = `${host} ${port} ${familyOf(addresses[0] ?? '')}`;
    const known = this.endpoints.get(key);
    if (known) return known;
    const endpoint: Endpoint = {
      ...exchange(),
      key,
      port,
      stage: 'connecting',
      addresses,
      address: '',
      connection: new Uint8Array(8),
      connectedAt: -Infinity,
      queries: new Set(),
    };
    this.endpoints.set(key, endpoint);
    this.connect(endpoint, now);
    return endpoint;
  }

  /** Asks for a connection id, of the next address each time. */
  private connect(endpoint: Endpoint, now: number): void {
    const address = endpoint.addresses[endpoint.sent % endpoint.addresses.length];
    if (address === undefined) return;
    endpoint.stage = 'connecting';
    this.send(endpoint, null, address, now, encodeConnect);
  }

  /** Sends what waits for a connection, if that is still good. */
  private ask(endpoint: Endpoint, now: number): void {
    for (const query of endpoint.queries) if (query.transaction === 0) this.transmit(endpoint, query, now);
  }

  private transmit(endpoint: Endpoint, query: Query, now: number): void {
    if (endpoint.stage !== 'connected') return;
    if (!isConnected(endpoint, now)) {
      this.connect(endpoint, now);
      return;
    }
    this.send(endpoint, query, endpoint.address, now, transaction =>
      query.question.encode(endpoint.connection, transaction, query.request),
    );
  }

  private send(
    endpoint: Endpoint,
    query: Query | null,
    address: string,
    now: number,
    encode: (transaction: number) => Uint8Array,
  ): void {
    const exchange = query ?? endpoint;
    if (exchange.transaction === 0) {
      exchange.transaction = this.newTransaction();
      this.waiting.set(exchange.transaction, { endpoint, query });
    }
    exchange.dueAt = now + FIRST_TIMEOUT * 2 ** exchange.sent;
    exchange.sent += 1;
    exchange.sentTo.add(address);
    this.net.send(address, endpoint.port, encode(exchange.transaction));
  }

  private answered(endpoint: Endpoint, query: Query, reply: UdpReply): void {
    if (reply.action === 'error') {
      endpoint.connectedAt = -Infinity;
      this.failQuery(endpoint, query, { failure: reply.message, refused: true });
    } else if (query.question.take(reply)) this.drop(endpoint, query);
  }

  /** Nothing comes of this endpoint now. */
  private fail(endpoint: Endpoint, failure: string, refused: boolean): void {
    this.settle(endpoint);
    this.endpoints.delete(endpoint.key);
    for (const query of [...endpoint.queries]) this.failQuery(endpoint, query, { failure, refused });
  }

  private failQuery(endpoint: Endpoint, query: Query, failure: AnnounceFailure): void {
    this.drop(endpoint, query);
    query.question.fail(failure);
  }

  private drop(endpoint: Endpoint, query: Query): void {
    if (!endpoint.queries.delete(query)) return;
    this.queries = Math.max(0, this.queries - 1);
    this.settle(query);
  }

  private settle(exchange: Exchange): void {
    this.waiting.delete(exchange.transaction);
    exchange.transaction = 0;
    exchange.sent = 0;
    exchange.sentTo.clear();
  }

  private newTransaction(): number {
    let transaction = 0;
    while (transaction === 0 || this.waiting.has(transaction)) transaction = Math.floor(this.random() * 2 ** 32);
    return transaction;
  }
}

function exchange(): Exchange {
  return { transaction: 0, sentTo: new Set(), sent: 0, dueAt: Infinity };
}

function isConnected(endpoint: Endpoint, now: number): boolean {
  return now - endpoint.connectedAt < CONNECTION_LIFE;
}
