import type { Ids, Outbox } from './effects.ts';
import type { InfoHash } from './model/ids.ts';
import { fromHex } from './model/ids.ts';
import type { AnnounceAnswer, AnnounceFailure, ScrapeCounts } from './codec/tracker.ts';
import { parseUdpTracker } from './codec/udp-tracker.ts';
import { isWsTracker } from './codec/ws-tracker.ts';
import type { CountsAlone } from './ws-trackers.ts';

/** Ms. What a tracker asks for is kept within these. */
const MIN_INTERVAL = 60_000;
const MAX_INTERVAL = 24 * 3600_000;
/** Between two announces of a torrent that has run out of peers, where the tracker names no other. */
const MIN_HURRY = 5 * 60_000;
const FIRST_RETRY = 15_000;
const LAST_RETRY = 30 * 60_000;
const WANTED_PEERS = 100;
/** Ms between two askings of a tracker that only counts for us. */
const COUNT_INTERVAL = 15 * 60_000;
const NOT_OVER_TLS = 'A WebSocket tracker is used over TLS alone: its address must begin with wss:';

/** `counted`: it told how many there are, and was not told of us, as there is no WebRTC to reach them by. */
export type TrackerState = 'idle' | 'announcing' | 'ok' | 'counted' | 'error' | 'unsupported';
type AnnounceEvent = 'started' | 'completed' | 'stopped' | null;

/** A tracker as the panel shows it. */
export interface Tracker {
  readonly url: string;
  /** Its peers are reached over WebRTC; it names no addresses. */
  readonly isRtc: boolean;
  state: TrackerState;
  /** Its warning, or why it failed; from outside, cleaned by the codec. */
  text: string;
  /** Why it failed is its own refusal, not a fault on the way. */
  refused: boolean;
  seeds: number;
  leechers: number;
  /** That it named; −1: it names none. */
  peers: number;
  failures: number;
  /** Monotonic ms; Infinity while none is planned. */
  nextAt: number;
  /** Monotonic ms before which it is not to be asked again, however much we should like to. */
  earliestAt: number;
  request: number;
  trackerId: string;
  knowsUs: boolean;
  /** The event of the announce under way, and whether it has still to hear that we are complete. */
  event: AnnounceEvent;
  owesCompleted: boolean;
}

/** What is told to trackers, bytes. */
export interface Totals {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
  readonly port: number;
}

/**
 * One tracker of every tier hears of us (BEP 3, 12); the next of its tier takes over where it fails. Of a tier with both,
 * those of WebRTC are one for themselves: neither kind knows the other's peers.
 */
export class Announcer {
  readonly trackers: Tracker[] = [];
  private tiers: Tracker[][] = [];
  private running = false;
  private hadPeers = false;

  constructor(
    private readonly infoHash: InfoHash,
    private readonly peerId: Uint8Array,
    private readonly key: number,
    private readonly totals: () => Totals,
    private readonly ids: Ids,
    private readonly out: Outbox,
  ) {}

  /** Adds tiers; trackers that are there already are left where they are. True if any was new. */
  add(tiers: readonly (readonly string[])[]): boolean {
    const before = this.trackers.length;
    for (const urls of tiers) {
      const tier: Tracker[] = [];
      const rtcTier: Tracker[] = [];
      for (const url of urls) {
        if (this.trackers.some(tracker => tracker.url === url)) continue;
        const isRtc = isWsTracker(url);
        const supported = isRtc || /^https?:/i.test(url) || parseUdpTracker(url) !== null;
        const tracker: Tracker = {
          url,
          isRtc,
          state: supported ? 'idle' : 'unsupported',
          text: /^ws:/i.test(url) ? NOT_OVER_TLS : '',
          refused: false,
          seeds: -1,
          leechers: -1,
          peers: isRtc ? -1 : 0,
          failures: 0,
          nextAt: supported && this.running ? 0 : Infinity,
          earliestAt: 0,
          request: 0,
          trackerId: '',
          knowsUs: false,
          event: null,
          owesCompleted: false,
        };
        this.trackers.push(tracker);
        if (supported) (isRtc ? rtcTier : tier).push(tracker);
      }
      this.tiers.push(...[tier, rtcTier].filter(({ length }) => length > 0));
    }
    return this.trackers.length > before;
  }

  get urls(): string[][] {
    return this.trackers.map(tracker => [tracker.url]);
  }

  start(now: number): void {
    if (this.running) return;
    this.running = true;
    for (const tier of this.tiers) if (tier[0]) tier[0].nextAt = now;
    this.tick(now);
  }

  /** Tells those that know of us that we leave. */
  stop(farewell: boolean): void {
    if (!this.running) return;
    this.running = false;
    for (const tracker of this.trackers) {
      if (tracker.request > 0) this.out({ do: 'cancelAnnounce', request: tracker.request });
      tracker.request = 0;
      tracker.nextAt = Infinity;
      if (tracker.state === 'announcing') tracker.state = 'idle';
      if (farewell && tracker.knowsUs) this.announce(tracker, 'stopped');
      tracker.request = 0;
      tracker.knowsUs = false;
      tracker.owesCompleted = false;
    }
  }

  /** The last piece arrived just now. */
  complete(now: number): void {
    for (const tracker of this.trackers) {
      tracker.owesCompleted = tracker.knowsUs || tracker.request > 0;
      if (tracker.knowsUs) tracker.nextAt = now;
    }
    this.tick(now);
  }

  tick(now: number): void {
    if (!this.running) return;
    for (const tracker of this.trackers) {
      if (tracker.nextAt > now || tracker.request > 0) continue;
      tracker.nextAt = Infinity;
      tracker.state = 'announcing';
      this.announce(tracker, !tracker.knowsUs ? 'started' : tracker.owesCompleted ? 'completed' : null);
    }
  }

  /** Once a second. When more is wanted and the last peer has gone, trackers are asked as soon as they allow it. */
  watch(isComplete: boolean, peers: Iterable<{ readonly stage: string }>, now: number): void {
    let hasPeers = false;
    for (const { stage } of peers) hasPeers ||= stage === 'open';
    if (this.hadPeers && !hasPeers && !isComplete) this.hurry(now);
    this.hadPeers = hasPeers;
    this.tick(now);
  }

  /** Asks anew as soon as trackers allow it. */
  hurry(now: number): void {
    for (const tracker of this.trackers) {
      if (tracker.state === 'ok') tracker.nextAt = Math.min(tracker.nextAt, Math.max(now, tracker.earliestAt));
    }
  }

  /** Asks the first tracker of every tier how many there are, without joining them. */
  survey(): void {
    if (!this.running) for (const [first] of this.tiers) if (first) this.scrape(first);
  }

  /** What a scrape of that tracker came to; null: nothing. */
  scraped(url: string, counts: ScrapeCounts | null): void {
    const tracker = this.trackers.find(candidate => candidate.url === url);
    if (tracker && counts) this.count(tracker, counts);
  }

  /** Monotonic ms of the next announce. */
  nextAt(): number {
    return this.trackers.reduce((at, tracker) => Math.min(at, tracker.nextAt), Infinity);
  }

  /** The tracker knows us no more; from `at`, monotonic ms, it may be told again. */
  forgotten(url: string, at: number): void {
    const tracker = this.trackers.find(candidate => candidate.url === url);
    if (!tracker?.knowsUs) return;
    tracker.knowsUs = false;
    tracker.state = 'idle';
    tracker.nextAt = at;
  }

  answered(
    request: number,
    answer: AnnounceFailure | AnnounceAnswer | CountsAlone,
    now: number,
  ): readonly { host: string; port: number }[] {
    const tracker = this.trackers.find(candidate => candidate.request === request);
    if (!tracker) return [];
    tracker.request = 0;
    if ('failure' in answer) return this.failed(tracker, answer.failure, answer.refused, now);
    if ('counts' in answer) return this.counted(tracker, answer.counts, now);
    tracker.state = 'ok';
    tracker.text = answer.warning;
    tracker.refused = false;
    tracker.failures = 0;
    if (answer.complete >= 0) this.count(tracker, answer);
    else this.scrape(tracker);
    if (!tracker.isRtc) tracker.peers = answer.peers.length;
    tracker.trackerId = answer.trackerId;
    tracker.knowsUs = true;
    if (tracker.event === 'completed') tracker.owesCompleted = false;
    const least = Math.max(MIN_INTERVAL, answer.minInterval * 1000);
    const wait = Math.min(MAX_INTERVAL, Math.max(least, answer.interval * 1000));
    tracker.nextAt = tracker.owesCompleted ? now : now + wait;
    tracker.earliestAt = now + Math.min(wait, Math.max(MIN_HURRY, least));
    return answer.peers;
  }

  private counted(tracker: Tracker, counts: ScrapeCounts, now: number): [] {
    tracker.state = 'counted';
    tracker.owesCompleted = false;
    tracker.text = '';
    tracker.refused = false;
    tracker.failures = 0;
    this.count(tracker, counts);
    tracker.nextAt = now + COUNT_INTERVAL;
    return [];
  }

  private count(tracker: Tracker, { complete, incomplete }: ScrapeCounts): void {
    tracker.seeds = complete;
    tracker.leechers = incomplete;
  }

  private scrape(tracker: Tracker): void {
    this.out({ do: 'scrape', url: tracker.url, infoHash: fromHex(this.infoHash) });
  }

  private failed(tracker: Tracker, text: string, refused: boolean, now: number): [] {
    tracker.state = 'error';
    tracker.text = text;
    tracker.refused = refused;
    tracker.failures += 1;
    const wait = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (tracker.failures - 1));
    const tier = this.tiers.find(candidate => candidate.includes(tracker));
    const other = tier?.find(candidate => candidate !== tracker && candidate.failures < tracker.failures);
    if (tier && other) {
      tier.splice(tier.indexOf(other), 1);
      tier.unshift(other);
      other.nextAt = now;
    } else {
      tracker.nextAt = now + wait;
    }
    this.tick(now);
    return [];
  }

  private announce(tracker: Tracker, event: AnnounceEvent): void {
    tracker.request = this.ids.request();
    tracker.event = event;
    const totals = this.totals();
    const announce = {
      infoHash: fromHex(this.infoHash),
      peerId: this.peerId,
      ...totals,
      event,
      numwant: event === 'stopped' ? 0 : WANTED_PEERS,
      key: this.key,
      trackerId: tracker.trackerId,
    };
    this.out({ do: 'announce', request: tracker.request, url: tracker.url, announce });
  }
}
