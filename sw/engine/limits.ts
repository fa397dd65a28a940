/** Which limits on rates hold when: those that a person set, or the alternative ones, at once or by the hours of the week. */

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

/** `scheduled`: on in the hours of the schedule. */
export type AltMode = 'off' | 'on' | 'scheduled';

export interface LimitSettings {
  readonly downLimit: number;
  readonly upLimit: number;
  readonly altDownLimit: number;
  readonly altUpLimit: number;
  readonly altMode: AltMode;
  /** For each day from Monday the hours that the alternative limits hold in: bit 0 is the hour after midnight. */
  readonly altSchedule: readonly number[];
}

/** From Monday to Friday, 9 to 17. */
export const WORKING_HOURS: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map(day => (day < 5 ? 0x1fe00 : 0));

/** What holds at `wall` (ms since 1970), where local time is `offset` minutes ahead of UTC at that moment. */
export function limitsAt(settings: LimitSettings, wall: number, offset: number): RateLimits {
  return isAlternative(settings, wall, offset)
    ? { down: settings.altDownLimit, up: settings.altUpLimit }
    : { down: settings.downLimit, up: settings.upLimit };
}

/** Whether those are the alternative ones. */
export function isAlternative({ altMode, altSchedule }: LimitSettings, wall: number, offset: number): boolean {
  switch (altMode) {
    case 'off':
      return false;
    case 'on':
      return true;
    case 'scheduled': {
      const local = wall + offset * MINUTE;
      const day = (Math.floor(local / DAY) + FIRST_DAY) % DAYS;
      const hour = Math.floor(local / HOUR) % HOURS;
      return (((altSchedule[day] ?? 0) >> hour) & 1) === 1;
    }
    default:
      return altMode satisfies never;
  }
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
