/** Which limits on rates hold when: those that a person set, or the alternative ones, at once or by the hours of the week; and in which of those nothing moves. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MINUTE = 60_000;
export const HOURS = 24;
export const DAYS = 7;
/** The first of January 1970 was the fourth day of its week. */
const FIRST_DAY = 3;

/** The lowest limit: slower than this, peers take a connection for dead. */
export const MIN_RATE = 1_000;
export const MAX_RATE = 10_000_000_000;

/** Bytes a second; 0: no limit. */
export interface RateLimits {
  readonly down: number;
  readonly up: number;
}

export const NO_LIMITS: RateLimits = { down: 0, up: 0 };

/** How an hour of the week is, or the moment: with the usual limits, with the alternative ones, or without any transfer. */
export type HourKind = 'usual' | 'slow' | 'paused';

/** `scheduled`: as the hours of the schedule have it. */
export type AltMode = 'off' | 'on' | 'scheduled';

export interface LimitSettings {
  readonly downLimit: number;
  readonly upLimit: number;
  readonly altDownLimit: number;
  readonly altUpLimit: number;
  readonly altMode: AltMode;
  /** For each day from Monday the hours that the alternative limits hold in: bit 0 is the hour after midnight. */
  readonly altSchedule: readonly number[];
  /** Likewise those in which nothing is transferred, also where the other has them. */
  readonly pauseSchedule: readonly number[];
}

export const NO_HOURS: readonly number[] = [0, 0, 0, 0, 0, 0, 0];
/** From Monday to Friday, 9 to 17. */
export const WORKING_HOURS: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map(day => (day < 5 ? 0x1fe00 : 0));

/** What holds at `wall` (ms since 1970), where local time is `offset` minutes ahead of UTC at that moment. */
export function limitsAt(settings: LimitSettings, wall: number, offset: number): RateLimits {
  return hourKind(settings, wall, offset) === 'slow'
    ? { down: settings.altDownLimit, up: settings.altUpLimit }
    : { down: settings.downLimit, up: settings.upLimit };
}

/** How it is then. */
export function hourKind({ altMode, altSchedule, pauseSchedule }: LimitSettings, wall: number, offset: number): HourKind {
  switch (altMode) {
    case 'off':
      return 'usual';
    case 'on':
      return 'slow';
    case 'scheduled': {
      const local = wall + offset * MINUTE;
      const day = (Math.floor(local / DAY) + FIRST_DAY) % DAYS;
      const hour = Math.floor(local / HOUR) % HOURS;
      const isIn = (schedule: readonly number[]): boolean => (((schedule[day] ?? 0) >> hour) & 1) === 1;
      return isIn(pauseSchedule) ? 'paused' : isIn(altSchedule) ? 'slow' : 'usual';
    }
    default:
      return altMode satisfies never;
  }
}

/**
 * When something may move again, ms since 1970, of a moment in which nothing may: where local time is set by an hour in between, by that of its
 * time. Null: never.
 */
export function pausedUntil(settings: LimitSettings, wall: number, offset: (wall: number) => number): number | null {
  let at = wall;
  for (let hour = 0; hour <= DAYS * HOURS; hour++) {
    const ahead = offset(at) * MINUTE;
    if (hourKind(settings, at, ahead / MINUTE) !== 'paused') return at;
    at = (Math.floor((at + ahead) / HOUR) + 1) * HOUR - ahead;
  }
  return null;
}

/** The lower of two limits, of which 0 is none. */
export function tighter(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}

/** What is left of a limit, of which 0 is none. */
export function leftOf(limit: number, used: number): number {
  return limit === 0 ? 0 : Math.max(MIN_RATE, limit - used);
}

/** Bytes a second that a peer has to get to be worth a slot, and the slots that there are at least: one is the optimistic one. */
const RATE_OF_A_SLOT = 10_000;
const MIN_SLOTS = 2;

/** Peers served at once: fewer share a tight limit, so that each gets its blocks before it gives up. */
export function slotsWithin(upLimit: number, most: number): number {
  if (upLimit === 0) return most;
  return Math.min(most, Math.max(MIN_SLOTS, Math.floor(upLimit / RATE_OF_A_SLOT)));
}
