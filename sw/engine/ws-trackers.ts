import { encodeWsAnnounce, encodeWsAnswer, encodeWsScrape, parseWsMessage } from './codec/ws-tracker.ts';
import type { Signal } from './codec/ws-tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, AnnounceRequest, ScrapeCounts } from './codec/tracker.ts';
import { toHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';

/** Trackers that are known at once, each with a socket or at rest. */
const MAX_TRACKERS = 32;
/** Announces and scrapes under way at once; more are told to come back. */
const MAX_QUERIES = 4096;
/** Ms. */
const OPEN_TIMEOUT = 20_000;
const ANSWER_TIMEOUT = 30_000;
/** Ms without anything to wait for until a socket is closed. */
const IDLE = 60_000;
/** Ms that a tracker rests after a failure, doubled with each, a quarter more or less by chance; a socket that held this long was none. */
const FIRST_REST = 10_000;
const LAST_REST = 30 * 60_000;
const HELD_WELL = 60_000;
/** Messages in a row that cannot be read, after which the socket is closed. */
const MAX_UNREADABLE = 8;

/** A socket for text. After its end it tells nothing, and takes nothing. */
export interface TextSocket {
  send(text: string): void;
  close(): void;
}

export interface TextSocketEvents {
  opened(now: number): void;
  message(text: string, now: number): void;
  closed(now: number): void;
}

/** A description of ours, with the id that its answer will name. */
export interface NewOffer {
  readonly offerId: string;
  readonly sdp: string;
}

/** Who makes and takes the connections that these trackers negotiate. */
export interface Signalling {
  /** Whether offers can be made and answered now. */
  readonly isOpen: boolean;
  /** Makes as many offers for a torrent as there is room for; calls `done` once, maybe with none. */
  offer(infoHash: InfoHash, now: number, done: (offers: readonly NewOffer[], now: number) => void): void;
  /** A peer offers a connection; `answer` takes our description, if there is to be one. */
  offered(offer: Signal, now: number, answer: (sdp: string) => void): void;
  answered(answer: Signal, now: number): void;
}

/** What an announce comes to that only counts, as nobody could answer the offers that it would bring. */
export interface CountsAlone {
  readonly counts: ScrapeCounts;
  /** By now somebody could: it can be asked again at once. */
  readonly again: boolean;
}

/** opening → open; resting after a failure, until it is asked again. */
type Stage = 'opening' | 'open' | 'resting';

interface Query {
  readonly kind: 'announce' | 'scrape';
  readonly infoHash: InfoHash;
  /** Monotonic ms by which it is to be answered; Infinity while it is not sent. */
  dueAt: number;
  /** What it announces, where the tracker hears of that torrent by it for the first time. */
  introduces: AnnounceRequest | null;
  send(socket: TextSocket, now: number): void;
  done(answer: AnnounceAnswer | AnnounceFailure | ScrapeCounts): void;
}

interface Tracker {
  readonly url: string;
  stage: Stage;
  socket: TextSocket | null;
  /** Monotonic ms since when it is opening, open or resting. */
  since: number;
  /** Since when there has been nothing to wait for. */
  idleSince: number;
  restUntil: number;
  failures: number;
  unreadable: number;
  /** Oldest first. */
  readonly queries: Set<Query>;
  /** Torrents whose peers the tracker sends our way. */
  readonly joined: Map<InfoHash, AnnounceRequest>;
}

const LOST = 'The connection was lost.';

/**
 * Trackers over WebSocket. One socket serves all torrents of a tracker, and is open while one of them is announced there
 * or asks something. A tracker hands the offers of other peers to whoever announced, so nobody is announced while
 * there is none to answer them: then an announce asks for the counts alone.
 */
export class WsTrackers {
  private readonly trackers = new Map<string, Tracker>();
  private queries = 0;

  constructor(
    private readonly open: (url: string, events: TextSocketEvents) => TextSocket,
    private readonly signalling: Signalling,
    /** From 0 to below 1. */
    private readonly random: () => number,
    /** Those announced there are not any more; from `at` they may be announced again. */
    private readonly lost: (url: string, at: number) => void,
  ) {}

  get isIdle(): boolean {
    return this.trackers.size === 0;
  }

  /** Calls `done` once, maybe before it returns; the answer calls it off and leaves. */
  announce(
    url: string,
    announce: AnnounceRequest,
    now: number,
    done: (answer: AnnounceFailure | AnnounceAnswer | CountsAlone) => void,
  ): () => void {
    const infoHash = toHex(announce.infoHash);
    if (announce.event === 'stopped') {
      this.leave(url, infoHash, announce);
      return () => undefined;
    }
    if (!this.signalling.isOpen) {
      return this.count(url, announce.infoHash, now, answer =>
        done('failure' in answer ? answer : { counts: answer, again: this.signalling.isOpen }),
      );
    }
    const query: Query = {
      kind: 'announce',
      infoHash,
      dueAt: Infinity,
      introduces: null,
      send: (_socket, at) => this.join(url, query, announce, at),
      done: answer => {
        if ('failure' in answer || 'interval' in answer) done(answer);
      },
    };
    const callOff = this.ask(url, query, now);
    return () => {
      callOff();
      this.leave(url, infoHash, { ...announce, event: 'stopped' });
    };
  }

  /** The counts of a torrent of 20 bytes; `done` gets null where they are not to be had. */
  scrape(url: string, infoHash: Uint8Array, now: number, done: (counts: ScrapeCounts | null) => void): void {
    this.count(url, infoHash, now, answer => done('failure' in answer ? null : answer));
  }

  tick(now: number): void {
    for (const tracker of this.trackers.values()) {
      if (tracker.stage === 'resting') {
        // Its failures are remembered for as long again as it rested.
        if (now > 2 * tracker.restUntil - tracker.since) this.trackers.delete(tracker.url);
        continue;
      }
      if (tracker.stage === 'opening' && now - tracker.since > OPEN_TIMEOUT)
        this.fail(tracker, 'It could not be reached in time.', now);
      for (const query of tracker.queries) {
        if (query.dueAt <= now) this.expire(tracker, query);
      }
      if (tracker.queries.size + tracker.joined.size > 0) tracker.idleSince = now;
      else if (now - tracker.idleSince > IDLE) this.forget(tracker);
    }
  }

  /** Nobody makes or answers offers any more: trackers that could send some are left. */
  leaveAll(now: number): void {
    for (const tracker of [...this.trackers.values()]) {
      if (tracker.joined.size === 0) continue;
      const waiting = [...tracker.queries];
      this.forget(tracker);
      for (const query of waiting) query.done({ failure: LOST, refused: false });
      this.lost(tracker.url, now);
    }
  }

  /** Closes every socket. Nobody is told. */
  clear(): void {
    for (const tracker of [...this.trackers.values()]) this.forget(tracker);
  }

  private count(
    url: string,
    infoHash: Uint8Array,
    now: number,
    done: (answer: AnnounceFailure | ScrapeCounts) => void,
  ): () => void {
    return this.ask(
      url,
      {
        kind: 'scrape',
        infoHash: toHex(infoHash),
        dueAt: Infinity,
        introduces: null,
        send: socket => socket.send(encodeWsScrape(infoHash)),
        done,
      },
      now,
    );
  }

  private ask(url: string, query: Query, now: number): () => void {
    const tracker = this.tracker(url, now);
    const problem = !tracker || this.queries >= MAX_QUERIES ? 'Too many trackers are being asked at once.' : '';
    if (!tracker || problem !== '' || tracker.stage === 'resting') {
      query.done({ failure: problem || 'It could not be reached.', refused: false });
      return () => undefined;
    }
    tracker.queries.add(query);
    this.queries += 1;
    if (tracker.stage === 'open') this.send(tracker, query, now);
    return () => this.drop(tracker, query);
  }

  private send(tracker: Tracker, query: Query, now: number): void {
    query.dueAt = now + ANSWER_TIMEOUT;
    if (tracker.socket) query.send(tracker.socket, now);
  }

  /** Announces with offers, once there are any. */
  private join(url: string, query: Query, announce: AnnounceRequest, now: number): void {
    const tell = (offers: readonly NewOffer[]): void => {
      const tracker = this.trackers.get(url);
      if (!tracker?.queries.has(query)) return;
      if (!this.signalling.isOpen) return this.settle(tracker, query, { failure: LOST, refused: false });
      if (!tracker.joined.has(query.infoHash)) query.introduces = announce;
      tracker.joined.set(query.infoHash, announce);
      tracker.socket?.send(encodeWsAnnounce(announce, offers));
    };
    if (announce.event === 'completed') tell([]);
    else this.signalling.offer(query.infoHash, now, tell);
  }

  private leave(url: string, infoHash: InfoHash, announce: AnnounceRequest): void {
    const tracker = this.trackers.get(url);
    if (tracker?.joined.delete(infoHash)) tracker.socket?.send(encodeWsAnnounce(announce, []));
  }

  /** The tracker, being opened where it was not; null where there is no room for it. */
  private tracker(url: string, now: number): Tracker | null {
    const known = this.trackers.get(url);
    if (known && (known.stage !== 'resting' || now < known.restUntil)) return known;
    if (!known && this.trackers.size >= MAX_TRACKERS && !this.makeRoom()) return null;
    const tracker: Tracker = {
      url,
      stage: 'opening',
      socket: null,
      since: now,
      idleSince: now,
      restUntil: 0,
      failures: known?.failures ?? 0,
      unreadable: 0,
      queries: new Set(),
      joined: new Map(),
    };
    this.trackers.set(url, tracker);
    const current =
      (handle: (at: number) => void) =>
      (at: number): void => {
        if (this.trackers.get(url) === tracker && tracker.stage !== 'resting') handle(at);
      };
    tracker.socket = this.open(url, {
      opened: current(at => this.opened(tracker, at)),
      message: (text, at) => current(() => this.hear(tracker, text, at))(at),
      closed: current(at => this.fail(tracker, tracker.stage === 'open' ? LOST : 'It could not be reached.', at)),
    });
    return tracker;
  }

  private makeRoom(): boolean {
    for (const tracker of this.trackers.values()) {
      if (tracker.stage === 'resting') return this.trackers.delete(tracker.url);
    }
    return false;
  }

  private opened(tracker: Tracker, now: number): void {
    tracker.stage = 'open';
    tracker.since = now;
    for (const query of [...tracker.queries]) this.send(tracker, query, now);
  }

  private hear(tracker: Tracker, text: string, now: number): void {
    const message = parseWsMessage(text);
    tracker.unreadable = message.kind === 'refused' ? tracker.unreadable + 1 : 0;
    switch (message.kind) {
      case 'announced':
        return this.answered(tracker, 'announce', message.infoHash, message.answer);
      case 'scraped':
        for (const [infoHash, counts] of message.files) this.answered(tracker, 'scrape', infoHash, counts);
        return;
      case 'failed': {
        const { infoHash, answer } = message;
        const query = first(tracker.queries, each => each.dueAt < Infinity && (infoHash ?? each.infoHash) === each.infoHash);
        if (!query) return;
        if (query.kind === 'announce') tracker.joined.delete(query.infoHash);
        return this.settle(tracker, query, answer);
      }
      case 'offer': {
        const announce = tracker.joined.get(message.infoHash);
        if (!announce) return;
        const { infoHash, peerId } = announce;
        return this.signalling.offered(message, now, sdp => {
          // The socket is looked up at its time: an answer takes a moment.
          const joined = this.trackers.get(tracker.url)?.joined.has(message.infoHash) === true;
          if (joined) tracker.socket?.send(encodeWsAnswer(infoHash, peerId, message, sdp));
        });
      }
      case 'answer':
        if (tracker.joined.has(message.infoHash)) this.signalling.answered(message, now);
        return;
      case 'refused':
        if (tracker.unreadable > MAX_UNREADABLE) this.fail(tracker, 'It does not speak as a tracker does.', now);
        return;
      default:
        message satisfies never;
    }
  }

  private answered(tracker: Tracker, kind: Query['kind'], infoHash: InfoHash, answer: AnnounceAnswer | ScrapeCounts): void {
    const query = first(tracker.queries, each => each.kind === kind && each.infoHash === infoHash && each.dueAt < Infinity);
    if (query) this.settle(tracker, query, answer);
  }

  /** Its socket is gone, or goes. */
  private fail(tracker: Tracker, failure: string, now: number): void {
    const heldWell = tracker.stage === 'open' && now - tracker.since > HELD_WELL;
    tracker.failures = heldWell ? 1 : tracker.failures + 1;
    tracker.stage = 'resting';
    tracker.since = now;
    tracker.restUntil = now + Math.min(LAST_REST, FIRST_REST * 2 ** (tracker.failures - 1)) * (0.75 + this.random() / 2);
    const wasJoined = tracker.joined.size > 0;
    this.close(tracker);
    for (const query of [...tracker.queries]) this.settle(tracker, query, { failure, refused: false });
    if (wasJoined) this.lost(tracker.url, tracker.restUntil);
  }

  private forget(tracker: Tracker): void {
    this.trackers.delete(tracker.url);
    this.queries -= tracker.queries.size;
    tracker.queries.clear();
    this.close(tracker);
  }

  private close(tracker: Tracker): void {
    tracker.joined.clear();
    tracker.socket?.close();
    tracker.socket = null;
  }

  /** Whoever asked takes it for not announced, and would never take that back: so it is taken back here. */
  private expire(tracker: Tracker, query: Query): void {
    const { introduces, infoHash } = query;
    if (introduces) this.leave(tracker.url, infoHash, { ...introduces, event: 'stopped' });
    this.settle(tracker, query, { failure: 'No answer in time.', refused: false });
  }

  private settle(tracker: Tracker, query: Query, answer: AnnounceAnswer | AnnounceFailure | ScrapeCounts): void {
    if (this.drop(tracker, query)) query.done(answer);
  }

  private drop(tracker: Tracker, query: Query): boolean {
    if (!tracker.queries.delete(query)) return false;
    this.queries -= 1;
    return true;
  }
}

function first<T>(values: Iterable<T>, is: (value: T) => boolean): T | undefined {
  for (const value of values) if (is(value)) return value;
  return undefined;
}
