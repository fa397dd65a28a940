import { NOTHING, plus } from './moved.ts';
import type { Moved } from './moved.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** Days that are kept, today among them. */
export const DAYS_KEPT = 30;

/** Bytes, and since when they were counted, ms since 1970. */
export interface Sum extends Moved {
  readonly since: number;
}

export interface Totals {
  readonly session: Sum;
  readonly ever: Sum;
  /** The day, in days of local time since 1970, the oldest first; days without anything are left out. */
  readonly days: readonly (Moved & { readonly day: number })[];
}

/** What moved in this session, ever, and on each of the last days by local time. */
export class Sums {
  private session: Sum;
  private ever: Sum;
  private days = new Map<number, Moved>();

  constructor(since: number) {
    this.session = { ...NOTHING, since };
    this.ever = this.session;
  }

  get totals(): Totals {
    const days = [...this.days].sort(([a], [b]) => a - b).map(([day, moved]) => ({ day, ...moved }));
    return { session: this.session, ever: this.ever, days };
  }

  /** `since`: of the session that goes on, ms since 1970. */
  restore({ session, ever, days }: Totals, since: number): void {
    this.session = session.since === since ? session : { ...NOTHING, since };
    this.ever = ever;
    this.days = new Map(days.slice(-DAYS_KEPT).map(({ day, down, up }) => [day, { down, up }]));
  }

  /** `offset`: minutes that local time is ahead of UTC. */
  add(moved: Moved, wall: number, offset: number): void {
    if (moved.down === 0 && moved.up === 0) return;
    this.session = { ...this.session, ...plus(this.session, moved) };
    this.ever = { ...this.ever, ...plus(this.ever, moved) };
    const today = Math.floor((wall + offset * MINUTE) / DAY);
    this.days.set(today, plus(this.days.get(today) ?? NOTHING, moved));
    // One that travels west has a day more for some hours; what lies further ahead was told by a clock that was wrong.
    for (const day of this.days.keys()) if (day <= today - DAYS_KEPT || day > today + 1) this.days.delete(day);
  }
}
