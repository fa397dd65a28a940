/** When a torrent has been seeded enough: by a ratio, or by time (`Settings.stopRatio`, `.stopSeedingTime`). */

/** Why it stopped, with the limit that was reached: a ratio, or minutes. */
export interface Stopped {
  readonly by: 'ratio' | 'time';
  readonly limit: number;
}

interface Limits {
  readonly stopRatio: number;
  readonly stopSeedingTime: number;
}

type OwnLimits = { readonly [Key in keyof Limits]: number | null };

/** What is needed of a torrent here. */
interface Seeder {
  readonly isComplete: boolean;
  readonly uploaded: number;
  readonly content: { readonly wantedSize: number; readonly storage: { recordSoon(now: number): void } } | null;
  readonly options: OwnLimits;
  pause(now: number): void;
}

/** More than this between two looks, ms, is a computer that slept. */
const MAX_STEP = 2_000;
/** Ms of seeding after which it is recorded how long that was. */
const RECORD_EVERY = 10 * 60_000;
const MINUTE = 60_000;

export class SeedingLimit {
  /** Ms spent seeding, of the monotonic clock. */
  seeded = 0;
  stopped: Stopped | null = null;
  /** A person started it again after it had stopped: it goes on until they set other limits for it. */
  isExempt = false;
  private lookedAt = -Infinity;
  private recorded = 0;

  restore({ stopped, seedsOn }: { readonly stopped: Stopped | null; readonly seedsOn: boolean }): void {
    this.stopped = stopped;
    this.isExempt = seedsOn;
  }

  /** Once a second; `isSeeding` as it is now. True where what was counted is worth a record. */
  tick(isSeeding: boolean, now: number): boolean {
    const step = Math.min(now - this.lookedAt, MAX_STEP);
    this.lookedAt = now;
    if (!isSeeding) return false;
    this.seeded += step;
    if (this.seeded - this.recorded < RECORD_EVERY) return false;
    this.recorded = this.seeded;
    return true;
  }

  /** The limit that is reached, the torrent's own before that of all; null: none. The ratio is what was sent over the size. */
  reached(uploaded: number, size: number, all: Limits, own: OwnLimits): Stopped | null {
    if (this.isExempt) return null;
    const stopRatio = own.stopRatio ?? all.stopRatio;
    const stopSeedingTime = own.stopSeedingTime ?? all.stopSeedingTime;
    if (stopRatio > 0 && size > 0 && uploaded >= stopRatio * size) return { by: 'ratio', limit: stopRatio };
    if (stopSeedingTime > 0 && this.seeded >= stopSeedingTime * MINUTE) return { by: 'time', limit: stopSeedingTime };
    return null;
  }

  /** Once a second while it runs: counts, and pauses it where that was enough. */
  watch(torrent: Seeder, all: Limits, now: number): void {
    if (this.tick(torrent.isComplete, now)) torrent.content?.storage.recordSoon(now);
    if (!torrent.isComplete) return;
    this.stopped = this.reached(torrent.uploaded, torrent.content?.wantedSize ?? 0, all, torrent.options);
    if (this.stopped) torrent.pause(now);
  }

  /** A person starts it. */
  resume(): void {
    if (this.stopped) this.isExempt = true;
    this.stopped = null;
  }

  /** Other limits are set for it. */
  anew(): void {
    this.isExempt = false;
  }
}
