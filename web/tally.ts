import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { TorrentId, TorrentRow } from '../sw/view-model.ts';
import { isUnfinishedHere, type Unfinished } from './closing.ts';
import { bucketOf, type Filter } from './list.ts';

export type Counts = Readonly<Record<Filter, number>>;

export const NO_COUNTS: Counts = { all: 0, downloading: 0, seeding: 0, done: 0, paused: 0, attention: 0 };

/** Sums over all torrents, kept as one after the other changes: none is looked at for the sake of another. */
export class Tally {
  /** Bytes a second. */
  down = 0;
  up = 0;
  /** Torrents in the storage of this browser. */
  here = 0;
  readonly counts: Record<Filter, number> = { ...NO_COUNTS };
  /** How many have each label. */
  readonly labels = new Map<string, number>();
  /** What is on its way into this browser. */
  readonly unfinished = new Map<TorrentId, Unfinished>();
  #rows = 0;

  /** A row changed; null: it was not there before, or is not any more. */
  change(before: TorrentRow | null, after: TorrentRow | null): void {
    if (before !== null) this.#count(before, -1);
    if (after !== null) this.#count(after, 1);
    if (after !== null && isUnfinishedHere(after)) this.unfinished.set(after.id, after);
    else if (before !== null) this.unfinished.delete(before.id);
  }

  #count(row: TorrentRow, by: 1 | -1): void {
    this.#rows += by;
    // Nothing of the roundings stays.
    this.down = this.#rows === 0 ? 0 : this.down + by * finite(row.down);
    this.up = this.#rows === 0 ? 0 : this.up + by * finite(row.up);
    if (row.state === 'adding') return;
    this.counts.all += by;
    if (row.root === BROWSER_ROOT) this.here += by;
    const bucket = bucketOf(row);
    if (bucket !== null) this.counts[bucket] += by;
    for (const label of row.options.labels) {
      const having = (this.labels.get(label) ?? 0) + by;
      if (having > 0) this.labels.set(label, having);
      else this.labels.delete(label);
    }
  }
}

/** A number that is none would stay in every sum from then on. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
