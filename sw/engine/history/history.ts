import { hourKind, limitsAt, NO_LIMITS } from '../limits.ts';
import type { LimitSettings } from '../limits.ts';
import type { InfoHash } from '../model/ids.ts';
import { Marks } from './marks.ts';
import type { Mark } from './marks.ts';
import { Counter, NOTHING, plus } from './moved.ts';
import type { Counted } from './moved.ts';
import { decodeHistory, encodeHistory } from './record.ts';
import type { HistoryRecord } from './record.ts';
import { Ring } from './ring.ts';
import type { Series } from './ring.ts';
import { Sums } from './sums.ts';
import type { Totals } from './sums.ts';
import { Timeline } from './timeline.ts';
import type { Stretch } from './timeline.ts';
import { TrackerWatch } from './tracker-watch.ts';

/** Ten minutes by seconds, a day by minutes, thirty days by hours. */
export type Span = 'minutes' | 'day' | 'month';

const SECOND = 1_000;
const STEPS: Readonly<Record<Span, readonly [step: number, size: number]>> = {
  minutes: [SECOND, 600],
  day: [60 * SECOND, 1_440],
  month: [3_600 * SECOND, 720],
};
const SPANS: readonly Span[] = ['minutes', 'day', 'month'];
/** Torrents with a ring of their own: those that moved something last. */
export const MAX_TORRENT_RINGS = 256;
/** Ms between two records: while something moves, and while nothing does. */
const RECORD_MOVING = 60_000;
const RECORD_STILL = 600_000;
/** Ms that nobody looked after which that is worth a word. */
const ASLEEP = 30_000;

export interface HistoryView extends Series {
  /** Of the time shown, the oldest first. */
  readonly marks: readonly Mark[];
  readonly totals: Totals;
}

/** What moved when, over all torrents and of each, and what happened that bears on it. What was not measured is a gap. */
export class History {
  private readonly rings: Readonly<Record<Span, Ring>> = {
    minutes: new Ring(...STEPS.minutes),
    day: new Ring(...STEPS.day),
    month: new Ring(...STEPS.month),
  };
  /** Removed since the last second: what they moved last counts, in no ring of their own. */
  private readonly gone = new Set<InfoHash>();
  /** By the last use. */
  private readonly torrents = new Map<InfoHash, Ring>();
  private readonly counter = new Counter();
  private readonly timeline = new Timeline();
  private readonly marks = new Marks();
  private readonly sums: Sums;
  readonly trackers: TrackerWatch;
  private limits: HistoryRecord['limits'] = { ...NO_LIMITS, mode: 'usual' };
  /** Up to when it was looked, ms since 1970. */
  private until: number;
  /** Something moved, or happened, since the last record. */
  private isNews = false;
  private recordAt: number;

  constructor(
    private readonly clock: { now(): number; wall(): number; offset(wall: number): number },
    private readonly settings: () => LimitSettings,
    /** Of the session that begins, ms since 1970. */
    since: number,
  ) {
    this.sums = new Sums(since);
    this.until = this.wall;
    // Measured from its beginning on.
    this.timeline.look(clock.now(), this.until, true);
    this.recordAt = clock.now() + RECORD_MOVING;
    this.trackers = new TrackerWatch((host, isThere) => this.mark({ at: this.wall, kind: 'tracker', host, isThere }));
  }

  /** What earlier engines measured, if that is known; `since`: of the session that goes on. Before anything else. */
  restore(bytes: Uint8Array | undefined, since: number): void {
    const record = bytes && decodeHistory(bytes);
    this.sums.restore(record?.totals ?? this.sums.totals, since);
    if (!record) return;
    SPANS.forEach((span, index) => {
      const kept = record.rings[index];
      if (kept) this.rings[span].restore(kept.last, kept.bytes);
      // It may have been told by a clock that was ahead.
      this.rings[span].cut(this.wall);
    });
    this.marks.restore(record.marks);
    this.limits = record.limits;
  }

  /** It is at work. Once a second, before {@link second}. */
  at(torrent: Counted): void {
    this.counter.at(torrent);
  }

  /** Once a second, and at any other time; `rested`: nothing was to be done since the last time. */
  second(rested: boolean): void {
    const stretch = this.timeline.look(this.clock.now(), this.wall, rested);
    this.until = stretch.to;
    this.follow(stretch);
    let all = NOTHING;
    for (const { torrent, moved } of this.counter.take()) {
      all = plus(all, moved);
      if (!stretch.isMeasured || this.gone.has(torrent.id)) continue;
      if (moved.down > 0 || moved.up > 0 || this.torrents.has(torrent.id)) {
        this.ringOf(torrent.id).add(stretch.from, stretch.to, moved);
      }
    }
    this.gone.clear();
    this.isNews ||= all.down > 0 || all.up > 0;
    this.sums.add(all, stretch.to, this.clock.offset(stretch.to));
    if (stretch.isMeasured) for (const span of SPANS) this.rings[span].add(stretch.from, stretch.to, all);
    this.watchLimits();
  }

  /** The record, where it is time for one. */
  due(now: number): boolean {
    return now >= this.recordAt + (this.isNews ? 0 : RECORD_STILL - RECORD_MOVING);
  }

  record(): Uint8Array {
    this.recordAt = this.clock.now() + RECORD_MOVING;
    this.isNews = false;
    const rings = SPANS.map(span => this.rings[span].save());
    return encodeHistory({ rings, totals: this.sums.totals, marks: this.marks.all, limits: this.limits });
  }

  /** The helper's sockets and files can be used since then, or cannot. */
  helper(isThere: boolean, at = this.wall): void {
    this.marks.helper(isThere, Math.floor(at));
    this.isNews = true;
  }

  full(name: string): void {
    this.marks.full(name, this.wall);
    this.isNews = true;
  }

  removed(id: InfoHash): void {
    this.torrents.delete(id);
    this.gone.add(id);
  }

  /** Of all torrents; or of one, whose last ten minutes alone are kept. */
  view(span: Span, of: InfoHash | null): HistoryView {
    const { until } = this;
    const all = this.rings[span].read(until);
    const series = of === null ? all : within(this.torrents.get(of)?.read(until) ?? null, this.rings.minutes.read(until));
    const marks = this.marks.all.filter(({ at }) => at >= series.from);
    return { ...series, marks, totals: this.sums.totals };
  }

  private follow({ from, to, isMeasured, missed, setBack }: Stretch): void {
    if (setBack > 0) {
      for (const ring of [...Object.values(this.rings), ...this.torrents.values()]) ring.cut(from);
      this.mark({ at: to, kind: 'clock', ms: setBack });
    } else if (missed >= ASLEEP) {
      this.mark({ at: isMeasured ? from : to, kind: 'asleep', ms: missed });
    }
  }

  private watchLimits(): void {
    const { wall, limits, settings } = this;
    const offset = this.clock.offset(wall);
    const { down, up } = limitsAt(settings(), wall, offset);
    const mode = hourKind(settings(), wall, offset);
    if (down === limits.down && up === limits.up && mode === limits.mode) return;
    this.limits = { down, up, mode };
    this.mark({ at: wall, kind: 'limits', ...this.limits });
    // The next engine would take them for new ones, and say so.
    this.recordAt = this.clock.now();
  }

  private mark(mark: Mark): void {
    this.marks.add(mark);
    this.isNews = true;
  }

  private ringOf(id: InfoHash): Ring {
    const ring = this.torrents.get(id) ?? new Ring(...STEPS.minutes);
    this.torrents.delete(id);
    this.torrents.set(id, ring);
    const [oldest] = this.torrents.keys();
    if (this.torrents.size > MAX_TORRENT_RINGS && oldest !== undefined) this.torrents.delete(oldest);
    return ring;
  }

  /** Ms since 1970. */
  private get wall(): number {
    return Math.floor(this.clock.wall());
  }
}

/** What one torrent moved while all were measured: from when it first moved something on, it moved nothing where its own has a gap. */
function within(own: Series | null, all: Series): Series {
  if (own === null) return { ...all, down: all.down.map(() => -1), up: all.up.map(() => -1) };
  const first = own.down.findIndex(rate => rate >= 0);
  const fill = (rates: readonly number[]): number[] =>
    rates.map((rate, at) => (rate >= 0 ? rate : at >= first && first >= 0 && (all.down[at] ?? -1) >= 0 ? 0 : -1));
  return { ...own, down: fill(own.down), up: fill(own.up) };
}
