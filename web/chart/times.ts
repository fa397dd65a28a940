import type { HistorySpan } from '../../sw/view-model.ts';
import { regional } from '../format.ts';
import { words } from '../words/words.ts';

const minute = new Intl.DateTimeFormat(regional, { timeStyle: 'short' });
const second = new Intl.DateTimeFormat(regional, { timeStyle: 'medium' });
const date = new Intl.DateTimeFormat(regional, { day: 'numeric', month: 'short' });
const weekday = new Intl.DateTimeFormat(regional, { weekday: 'short', day: 'numeric', month: 'short' });

/** A moment (ms since 1970) on the axis of that span. */
export function clockOf(time: number, span: HistorySpan): string {
  return (span === 'month' ? date : minute).format(time);
}

/** As exact as the span is. */
export function momentOf(time: number, span: HistorySpan): string {
  return span === 'minutes'
    ? second.format(time)
    : span === 'day'
      ? minute.format(time)
      : words.units.onDay({ day: date.format(time), time: minute.format(time) });
}

/** A day of local time, by days since 1970. */
export function dayOf(day: number): string {
  const utc = new Date(day * 86_400_000);
  return weekday.format(new Date(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate()));
}
