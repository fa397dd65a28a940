import type { Ids, Outbox } from './effects.ts';
import type { Reach } from './reach.ts';
import type { InfoHash } from './model/ids.ts';
import { note } from './journal.ts';
import { fromHex } from './model/ids.ts';
import { MAX_TRACKERS, shuffled } from './tiers.ts';
import { isUsable, newTracker } from './tracker.ts';
import type { AnnounceEvent, PassedTracker, Tracker } from './tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, ScrapeCounts } from './codec/tracker.ts';
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

/** What is told to trackers, bytes. */
export interface Totals {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
  /** Nothing more is wanted, and not everything is here (BEP 21). */
  readonly isPartialSeed: boolean;
  readonly port: number;
}

/** What all torrents share. */
interface Around {
  readonly peerId: Uint8Array;
  readonly key: () => number;
  readonly ids: Ids;
  readonly random: () => number;
  readonly reach: Pick<Reach, 'tracker'>;
}

/**
 * One tracker of every tier hears of us (BEP 3, 12): they are tried in an order by chance, the next takes over where one
 * fails, and one that answered is tried first from then on. Of a tier with both,
 * those of WebRTC are one for themselves: neither kind knows the other's peers. Hybrids are announced under both hashes (BEP 52).
 */
export class Announcer {
  trackers: readonly Tracker[] = [];
  /** In the order in which they are tried. */
  private tiers: Tracker[][] = [];
  /** What a hybrid is called besides. */
  otherHash: InfoHash | null = null;
  private running = false;
  private hadPeers = false;

  constructor(
    private readonly infoHash: InfoHash,
    private readonly totals: () => Totals,
    private readonly around: Around,
    private readonly out: Outbox,
  ) {}

  /** Adds tiers; trackers that are there already are left where they are. True where any of them was not there yet. */
  add(tiers: readonly (readonly string[])[], now: number): boolean {
    const before = this.trackers.length;
    const seen = new Set(this.trackers.map(({ url }) => url));
    const more = tiers.map(tier => tier.filter(url => !seen.has(url))).filter(tier => tier.length > 0);
    if (more.length > 0) this.edit([...this.urls, ...more], now);
    return this.trackers.length > before;
  }

  /** Has these tiers from now on: who is not in them any more hears that we leave, who is new of our start. */
  edit(tiers: readonly (readonly string[])[], now: number): void {
    const before = new Map(this.trackers.map(tracker => [tracker.url, tracker]));
    const listed = tiers.flatMap((urls, tier) => urls.map(url => ({ url, tier }))).slice(0, MAX_TRACKERS);
    this.trackers = listed.map(({ url, tier }) => {
      const tracker = before.get(url) ?? newTracker(url, tier, this.around.reach.tracker(url));
      before.delete(url);
      tracker.tier = tier;
      return tracker;
    });
    for (const gone of before.values()) this.dismiss(gone, true);
    const usable = this.trackers.filter(isUsable);
    const inUse = this.tiers.flat().filter(tracker => usable.includes(tracker));
    // Those that were tried already keep the order that this brought about.
    const order = [
      ...inUse,
      ...shuffled(
        usable.filter(tracker => !inUse.includes(tracker)),
        this.around.random,
      ),
    ];
    order.sort((a, b) => Number(b.knowsUs) - Number(a.knowsUs));
    this.tiers = tiers
      .flatMap((_, tier) => [false, true].map(isRtc => order.filter(each => each.tier === tier && each.isRtc === isRtc)))
      .filter(({ length }) => length > 0);
    if (!this.running) return;
    for (const [first, ...others] of this.tiers) {
      for (const other of others) this.dismiss(other, true);
      if (first && first.request === 0 && first.nextAt === Infinity) first.nextAt = now;
    }
    this.tick(now);
  }

  get urls(): string[][] {
    const tiers: string[][] = [];
    for (const { url, tier } of this.trackers) (tiers[tier] ??= []).push(url);
    return tiers.filter(Boolean);
  }

  start(now: number): void {
    if (this.running) return;
    this.running = true;
    for (const tier of this.tiers) if (tier[0]) tier[0].nextAt = Math.max(now, tier[0].plannedAt);
    this.tick(now);
  }

  /** What the next engine is told of those that are in use; `behind`: ms since 1970 less those of our clock. */
  passOn(behind: number): PassedTracker[] {
    const inUse = this.trackers.filter(({ isRtc, knowsUs, nextAt }) => !isRtc && (knowsUs || nextAt < Infinity));
    return inUse.slice(0, MAX_TRACKERS).map(tracker => {
      const { url, nextAt, allowedAt, earliestAt, knowsUs, owesCompleted, failures, trackerId, seeds, leechers } = tracker;
      // The answer to what is under way does not come any more.
      const at = (ms: number): number => Math.max(0, Math.floor((ms < Infinity ? ms : 0) + behind));
      const times = { nextAt: at(nextAt), allowedAt: at(allowedAt), earliestAt: at(earliestAt) };
      return { url, ...times, knowsUs, owesCompleted, failures, trackerId, seeds, leechers };
    });
  }

  /** Before it is started: goes on as the engine before did, whose trackers need not hear of us again. `ahead`: our clock's ms less those since 1970. */
  takeOver(passed: readonly PassedTracker[], ahead: number): void {
    for (const { url, nextAt, allowedAt, earliestAt, ...state } of passed) {
      const tracker = this.trackers.find(candidate => candidate.url === url);
      if (!tracker || !isUsable(tracker) || tracker.isRtc) continue;
      const plannedAt = nextAt + ahead;
      Object.assign(tracker, { ...state, plannedAt, allowedAt: allowedAt + ahead, earliestAt: earliestAt + ahead });
      if (state.knowsUs) tracker.state = 'ok';
      this.promote(tracker);
    }
  }

  /** Tells those that know of us that we leave. */
  stop(farewell: boolean): void {
    if (!this.running) return;
    this.running = false;
    for (const tracker of this.trackers) this.dismiss(tracker, farewell);
  }

  /** Asks it, or all that are in use, as soon as they allow it. */
  again(url: string | null, now: number): void {
    if (!this.running) return;
    for (const tracker of this.trackers) {
      const isMeant = url === null ? tracker.nextAt < Infinity : tracker.url === url;
      if (isMeant && isUsable(tracker) && tracker.request === 0) tracker.nextAt = Math.max(now, tracker.allowedAt);
    }
    this.tick(now);
  }

  /** We have nothing more to do with it. */
  private dismiss(tracker: Tracker, farewell: boolean): void {
    for (const request of [tracker.latest, tracker.along]) if (request > 0) this.out({ do: 'cancelAnnounce', request });
    tracker.request = 0;
    tracker.nextAt = Infinity;
    if (tracker.state === 'announcing') tracker.state = 'idle';
    if (farewell && tracker.knowsUs) this.announce(tracker, 'stopped');
    tracker.request = tracker.latest = tracker.along = 0;
    tracker.plannedAt = 0;
    tracker.knowsUs = false;
    tracker.owesCompleted = false;
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
    tracker.allowedAt = at;
  }

  /** There is WebRTC now: those that only counted for us can be told of us. */
  rtcOpened(now: number): void {
    for (const tracker of this.trackers) if (tracker.state === 'counted') tracker.nextAt = now;
    this.tick(now);
  }

  answered(
    request: number,
    answer: AnnounceFailure | AnnounceAnswer | CountsAlone,
    now: number,
  ): readonly { host: string; port: number }[] {
    const tracker = this.trackers.find(({ latest, along }) => latest === request || along === request);
    if (!tracker) return [];
    if (tracker.request !== request) return this.more(tracker, request, answer);
    tracker.request = 0;
    if ('failure' in answer) {
      this.out(note('tracker-failed', tracker.url, answer.failure));
      return this.failed(tracker, answer.failure, answer.refused, now);
    }
    // Those over WebSocket name nobody: peers are introduced one by one.
    const named = tracker.isRtc || !('peers' in answer) ? -1 : answer.peers.length;
    this.out(note('tracker-answered', tracker.url, '', named));
    tracker.answeredAt = now;
    if ('counts' in answer) return this.counted(tracker, answer, now);
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
    tracker.allowedAt = now + least;
    this.promote(tracker);
    tracker.earliestAt = now + Math.min(wait, Math.max(MIN_HURRY, least));
    return answer.peers;
  }

  /** What comes beside the answer that counts: of the other hash, or of the other family of addresses as well. */
  private more(tracker: Tracker, request: number, answer: AnnounceFailure | AnnounceAnswer | CountsAlone) {
    if (!('peers' in answer)) return [];
    if (request === tracker.latest && !tracker.isRtc) {
      tracker.peers = answer.peers.length;
      if (answer.complete >= 0) this.count(tracker, answer);
    }
    return answer.peers;
  }

  private counted(tracker: Tracker, { counts, again }: CountsAlone, now: number): [] {
    tracker.state = 'counted';
    tracker.owesCompleted = false;
    tracker.text = '';
    tracker.refused = false;
    tracker.failures = 0;
    this.count(tracker, counts);
    tracker.nextAt = again ? now : now + COUNT_INTERVAL;
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
    tracker.failedAt = now;
    tracker.text = text;
    tracker.refused = refused;
    tracker.failures += 1;
    const wait = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (tracker.failures - 1));
    const tier = this.tiers.find(candidate => candidate.includes(tracker));
    const other = tier?.find(candidate => candidate !== tracker && candidate.failures < tracker.failures);
    if (other) {
      this.promote(other);
      other.nextAt = now;
    } else {
      tracker.nextAt = now + wait;
    }
    this.tick(now);
    return [];
  }

  /** It is the one of its tier to be tried first. */
  private promote(tracker: Tracker): void {
    const tier = this.tiers.find(candidate => candidate.includes(tracker));
    if (!tier || tier[0] === tracker) return;
    tier.splice(tier.indexOf(tracker), 1);
    tier.unshift(tracker);
  }

  private announce(tracker: Tracker, event: AnnounceEvent): void {
    tracker.request = tracker.latest = this.around.ids.request();
    tracker.event = event;
    const { isPartialSeed, ...totals } = this.totals();
    const announce = {
      infoHash: fromHex(this.infoHash),
      peerId: this.around.peerId,
      ...totals,
      event: event ?? (isPartialSeed ? ('paused' as const) : null),
      numwant: event === 'stopped' ? 0 : WANTED_PEERS,
      key: this.around.key(),
      trackerId: tracker.trackerId,
    };
    this.out({ do: 'announce', request: tracker.request, url: tracker.url, announce });
    if (this.otherHash === null || tracker.isRtc) return;
    tracker.along = this.around.ids.request();
    const also = { ...announce, infoHash: fromHex(this.otherHash), trackerId: '' };
    this.out({ do: 'announce', request: tracker.along, url: tracker.url, announce: also });
  }
}
