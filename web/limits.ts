/** Limits on speed, as a person sees and sets them. */
import { MIN_RATE, type Settings } from '../sw/view-model.ts';
import { configure } from './actions.ts';
import { formatAboutRate } from './format.ts';
import { notify } from './notices.ts';
import { words } from './words/words.ts';

export const MAX_RATE = 10_000_000_000;

/** Whether the alternative limits hold at that moment of local time. */
export function isSlow({ altMode, altSchedule }: Settings, now: Date): boolean {
  if (altMode !== 'scheduled') return altMode === 'on';
  return hasHour(altSchedule, (now.getDay() + 6) % 7, now.getHours());
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

export function hasHour(schedule: readonly number[], day: number, hour: number): boolean {
  return (((schedule[day] ?? 0) >> hour) & 1) === 1;
}

/** The schedule with these hours all on, or all off where they were on. */
export function toggled(schedule: readonly number[], days: readonly number[], hours: readonly number[]): number[] {
  const isOn = days.every(day => hours.every(hour => hasHour(schedule, day, hour)));
  return painted(schedule, days, hours, !isOn);
}

/** The schedule with these hours all as they are said to be. */
export function painted(schedule: readonly number[], days: readonly number[], hours: readonly number[], isOn: boolean): number[] {
  const bits = hours.reduce((sum, hour) => sum | (1 << hour), 0);
  return schedule.map((before, day) => (!days.includes(day) ? before : isOn ? before | bits : before & ~bits));
}
