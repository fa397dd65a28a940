/** What the history of speeds says, in words and numbers. */
import type { History, HistoryMark, HistorySpan, Settings } from '../sw/view-model.ts';
import {
  formatAbout,
  formatAboutRate,
  formatDuration,
  formatRate,
  isolated,
  joinSentences,
  shownName,
  shownText,
} from './format.ts';
import { hourKind } from './limits.ts';
import { words } from './words/words.ts';

export const SPANS: readonly {
  readonly id: HistorySpan;
  readonly label: string;
  readonly long: string;
  readonly period: number;
}[] = [span('minutes', 1_000), span('day', 15_000), span('month', 60_000)];

function span(id: HistorySpan, period: number): (typeof SPANS)[number] {
  return {
    id,
    get label() {
      return words.history[id]();
    },
    get long() {
      return words.history[`${id}Long`]();
    },
    period,
  };
}

/** One mark, without its time. */
export function describeMark(mark: HistoryMark): string {
  const texts = words.history;
  switch (mark.kind) {
    case 'limits': {
      if (mark.mode === 'paused') return texts.paused();
      const isSlow = mark.mode === 'slow';
      if (mark.down === 0 && mark.up === 0) return isSlow ? texts.slowWithoutLimits() : texts.noLimits();
      const limits = { down: limit(mark.down), up: limit(mark.up) };
      return isSlow ? texts.slow(limits) : texts.limits(limits);
    }
    case 'helper':
      return mark.isThere ? texts.helperJoined() : texts.helperLost();
    case 'asleep':
      return texts.asleep({ duration: formatDuration(mark.ms / 1000) });
    case 'clock':
      return texts.clock({ duration: formatDuration(mark.ms / 1000) });
    case 'tracker': {
      const host = isolated(shownText(mark.host));
      return mark.isThere ? texts.trackerBack({ host }) : texts.trackerLost({ host });
    }
    case 'full':
      return texts.full({ name: isolated(shownName(mark.name)) });
  }
}

function limit(rate: number): string {
  return rate === 0 ? words.history.any() : formatAboutRate(rate);
}

/** The limits on all torrents at that moment, bytes a second, 0: none. */
export function limitsNow(settings: Settings, now: Date): { readonly down: number; readonly up: number } {
  return hourKind(settings, now) === 'slow'
    ? { down: settings.altDownLimit, up: settings.altUpLimit }
    : { down: settings.downLimit, up: settings.upLimit };
}

/** Average, peak and how much of the time was measured, in a sentence. */
export function summarise({ down, up, step }: Pick<History, 'down' | 'up' | 'step'>, span: string): string {
  const measured = down.filter(rate => rate >= 0);
  if (measured.length === 0) return words.history.nothing({ span });
  const mean = (rates: readonly number[]): string =>
    formatRate(rates.reduce((sum, rate) => sum + Math.max(0, rate), 0) / measured.length);
  const top = (rates: readonly number[]): string => formatRate(Math.max(0, ...rates));
  const missing = down.length - measured.length;
  return joinSentences(
    words.history.summary({ span, down: mean(down), topDown: top(down), up: mean(up), topUp: top(up) }),
    missing === 0 ? '' : words.history.gap({ duration: formatDuration((missing * step) / 1000) }),
  );
}

/** A part of the time for a table: rates are means of what was measured in it, -1 where nothing was. */
export interface Part {
  /** Ms since 1970. */
  readonly from: number;
  readonly down: number;
  readonly up: number;
}

/** The same in so many rows, the newest first. */
export function tabulate(history: Pick<History, 'from' | 'step' | 'down' | 'up'>, rows: number): Part[] {
  const size = Math.ceil(history.down.length / rows);
  const parts: Part[] = [];
  for (let at = 0; at < history.down.length; at += size) {
    const part = { down: mean(history.down, at, at + size), up: mean(history.up, at, at + size) };
    parts.unshift({ from: history.from + at * history.step, ...part });
  }
  return parts;
}

/** Ms before and after the helper came that are compared, at most, and how much of each has to be measured at least. */
const WINDOW = 120_000;
const LEAST = 30_000;

/** How much faster downloads were after the helper joined for the last time than before; null where either was not measured, or nothing came. */
export function speedUp({
  from,
  step,
  down,
  marks,
}: History): { readonly before: number; readonly after: number; readonly times: number } | null {
  const joined = marks.findLast(mark => mark.kind === 'helper' && mark.isThere);
  if (joined === undefined || step > 1_000) return null;
  const at = Math.ceil((joined.at - from) / step);
  const [before, after] = [down.slice(Math.max(0, at - WINDOW / step), at), down.slice(at, at + WINDOW / step)];
  const isMeasured = (rates: readonly number[]): boolean => rates.filter(rate => rate >= 0).length * step >= LEAST;
  if (!isMeasured(before) || !isMeasured(after)) return null;
  const [slow, fast] = [mean(before, 0, before.length), mean(after, 0, after.length)];
  return slow > 0 && fast > slow ? { before: slow, after: fast, times: fast / slow } : null;
}

/** Of what was measured there; -1 where nothing was. */
function mean(rates: readonly number[], from: number, to: number): number {
  let [sum, count] = [0, 0];
  for (const rate of rates.slice(from, to)) {
    if (rate < 0) continue;
    sum += rate;
    count += 1;
  }
  return count === 0 ? -1 : sum / count;
}

/** `1.2 GB down, 300 MB up`. */
export function describeMoved({ down, up }: { readonly down: number; readonly up: number }): string {
  return words.history.moved({ down: formatAbout(down), up: formatAbout(up) });
}
