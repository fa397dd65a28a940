import type { AnnounceRequest } from './codec/tracker.ts';
import { parseUdpTracker } from './codec/udp-tracker.ts';
import { isWsTracker } from './codec/ws-tracker.ts';

const NOT_OVER_TLS = 'A WebSocket tracker is used over TLS alone: its address must begin with wss:';

/**
 * `counted`: it told how many there are, and was not told of us, as there is no WebRTC to reach them by. `out-of-reach`: it is of a kind
 * that this engine has no way to.
 */
type TrackerState = 'idle' | 'announcing' | 'ok' | 'counted' | 'error' | 'unsupported' | 'out-of-reach';
export type AnnounceEvent = AnnounceRequest['event'];

/** What a torrent knows of one of its trackers: how it answered, and when it is asked next. */
export interface Tracker {
  readonly url: string;
  /** Which it is of the tiers as they were given, from 0. */
  tier: number;
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
  /** Monotonic ms of its last answer, and of when it was last asked in vain; −Infinity: never. */
  answeredAt: number;
  failedAt: number;
  /** Monotonic ms; Infinity while none is planned. */
  nextAt: number;
  /** When it is asked first; 0: at once. */
  plannedAt: number;
  /** Monotonic ms before which it is not to be asked again, however much we should like to. */
  earliestAt: number;
  /** Monotonic ms before which it allows no other announce, even if a person asks for one. */
  allowedAt: number;
  /** The announce that is waited for, 0: none. */
  request: number;
  /** The last announce, whose answer may come in two parts, and the one under the other hash, which brings nothing but peers. */
  latest: number;
  along: number;
  trackerId: string;
  knowsUs: boolean;
  /** The event of the announce under way, and whether it has still to hear that we are complete. */
  event: AnnounceEvent;
  owesCompleted: boolean;
}

/** What the next engine is told of one. Times are ms since 1970. */
export interface PassedTracker {
  readonly url: string;
  /** It is to be asked then, and not before `allowedAt` even if a person asks; `earliestAt`: nor where peers have run out. */
  readonly nextAt: number;
  readonly allowedAt: number;
  readonly earliestAt: number;
  readonly knowsUs: boolean;
  readonly owesCompleted: boolean;
  readonly failures: number;
  /** As it gave it, each character a byte. */
  readonly trackerId: string;
  /** As it told them; −1: not. */
  readonly seeds: number;
  readonly leechers: number;
}

/** Whether it is ever asked. */
export function isUsable({ state }: Tracker): boolean {
  return state !== 'unsupported' && state !== 'out-of-reach';
}

/** One that was not asked yet. `reaches`: whether there is a way to it. */
export function newTracker(url: string, tier: number, reaches: boolean): Tracker {
  const isRtc = isWsTracker(url);
  const supported = isRtc || /^https?:/i.test(url) || parseUdpTracker(url) !== null;
  return {
    url,
    tier,
    isRtc,
    state: !supported ? 'unsupported' : reaches ? 'idle' : 'out-of-reach',
    text: /^ws:/i.test(url) ? NOT_OVER_TLS : '',
    refused: false,
    seeds: -1,
    leechers: -1,
    peers: isRtc ? -1 : 0,
    failures: 0,
    answeredAt: -Infinity,
    failedAt: -Infinity,
    nextAt: Infinity,
    plannedAt: 0,
    earliestAt: 0,
    allowedAt: 0,
    request: 0,
    latest: 0,
    along: 0,
    trackerId: '',
    knowsUs: false,
    event: null,
    owesCompleted: false,
  };
}
