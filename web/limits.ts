/** Limits on speed, as a person sees and sets them. */
import { MIN_RATE, type HourKind, type Settings } from '../sw/view-model.ts';
import { configure } from './actions.ts';
import { formatAboutRate } from './format.ts';
import { notify } from './notices.ts';
import { words } from './words/words.ts';

export const MAX_RATE = 10_000_000_000;

/** The hours of the week that are not as usual. */
export type Hours = Pick<Settings, 'altSchedule' | 'pauseSchedule'>;

const HOUR_MS = 3_600_000;
const HOURS_OF_WEEK = 168;

/** How that moment of local time is. */
export function hourKind(settings: Settings, now: Date): HourKind {
  if (settings.altMode !== 'scheduled') return settings.altMode === 'on' ? 'slow' : 'usual';
  return kindAt(settings, (now.getDay() + 6) % 7, now.getHours());
}

/** When the pause of such a moment ends, ms since 1970; null: never. */
export function pauseEnd(settings: Settings, now: Date): number | null {
  const begin = new Date(now).setMinutes(0, 0, 0);
  for (let hour = 1; hour <= HOURS_OF_WEEK; hour++) {
    const at = begin + hour * HOUR_MS;
    if (hourKind(settings, new Date(at)) !== 'paused') return at;
  }
  return null;
}

/** Turns the alternative limits on or off by hand; the schedule is not followed any more. */
export function setSlow({ altMode }: Settings, slow: boolean): void {
  void configure({ altMode: slow ? 'on' : 'off' });
  if (altMode === 'scheduled') notify(words.slowMode.scheduleOff());
}

/** The alternative limits in a few words. */
export function describeSlow({ altDownLimit, altUpLimit }: Settings): string {
  return words.slowMode.limits({ down: describe(altDownLimit), up: describe(altUpLimit) });
}

function describe(limit: number): string {
  return limit === 0 ? words.slowMode.noLimit() : formatAboutRate(limit);
}

/** Bytes a second of a number that was typed; null where it is none that can be set. */
export function rateOf(typed: number, unit: number): number | null {
  const rate = Math.round(typed * unit);
  return rate === 0 || (rate >= MIN_RATE && rate <= MAX_RATE) ? rate : null;
}

export function kindAt({ altSchedule, pauseSchedule }: Hours, day: number, hour: number): HourKind {
  const isIn = (schedule: readonly number[]): boolean => (((schedule[day] ?? 0) >> hour) & 1) === 1;
  return isIn(pauseSchedule) ? 'paused' : isIn(altSchedule) ? 'slow' : 'usual';
}

/** These hours all of that kind, or as usual where they were. */
export function toggled(week: Hours, days: readonly number[], hours: readonly number[], kind: HourKind): Hours {
  const isSo = days.every(day => hours.every(hour => kindAt(week, day, hour) === kind));
  return painted(week, days, hours, isSo ? 'usual' : kind);
}

/** These hours all of that kind. */
export function painted(
  { altSchedule, pauseSchedule }: Hours,
  days: readonly number[],
  hours: readonly number[],
  kind: HourKind,
): Hours {
  const bits = hours.reduce((sum, hour) => sum | (1 << hour), 0);
  const mark = (schedule: readonly number[], isIn: boolean): number[] =>
    schedule.map((before, day) => (!days.includes(day) ? before : isIn ? before | bits : before & ~bits));
  return { altSchedule: mark(altSchedule, kind === 'slow'), pauseSchedule: mark(pauseSchedule, kind === 'paused') };
}
