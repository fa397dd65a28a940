import type { TorrentId, TorrentRow } from '../sw/view-model.ts';
import type { Sort } from './list.ts';
import { collator, keyOf } from './list.ts';

interface Entry {
  readonly row: TorrentRow;
  readonly key: number | string;
}

/**
 * All rows in the order that they are sorted in. What changed is taken out and put in again, so that a change costs one walk and a few
 * comparisons, and no sort.
 */
export class Ordered {
  #entries: Entry[] = [];
  #keyOf: (row: TorrentRow) => number | string = row => row.addedAt;
  #compare: (a: Entry, b: Entry) => number = byAge;

  /** Sorts all anew. `folderOf`: the name of a root. */
  sort(rows: Iterable<TorrentRow>, sort: Sort, folderOf: (root: string) => string): void {
    const sign = sort.descending ? -1 : 1;
    this.#keyOf = row => keyOf(row, sort.by, folderOf);
    this.#compare = (a, b) => sign * compareKeys(a.key, b.key) || byAge(a, b);
    this.#entries = Array.from(rows, row => this.#entry(row)).sort(this.#compare);
  }

  /** These came or are another now; null: it is gone. */
  update(changed: ReadonlyMap<TorrentId, TorrentRow | null>): void {
    const coming: Entry[] = [];
    for (const row of changed.values()) if (row !== null) coming.push(this.#entry(row));
    coming.sort(this.#compare);
    const merged: Entry[] = [];
    const staying = this.#entries.filter(({ row }) => !changed.has(row.id));
    let from = 0;
    for (const entry of coming) {
      const to = this.#placeOf(entry, staying, from);
      for (; from < to; from++) merged.push(staying[from]!);
      merged.push(entry);
    }
    for (; from < staying.length; from++) merged.push(staying[from]!);
    this.#entries = merged;
  }

  /** The ids of those that `keeps` keeps, in order. */
  ids(keeps: (row: TorrentRow) => boolean): TorrentId[] {
    const ids: TorrentId[] = [];
    for (const { row } of this.#entries) if (keeps(row)) ids.push(row.id);
    return ids;
  }

  #entry(row: TorrentRow): Entry {
    return { row, key: this.#keyOf(row) };
  }

  /** The first place, from `from` on, of an entry that is to come after this one. */
  #placeOf(entry: Entry, entries: readonly Entry[], from: number): number {
    let to = entries.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#compare(entries[middle]!, entry) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function compareKeys(a: number | string, b: number | string): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : 0;
  return typeof b === 'string' ? collator.compare(a, b) : 0;
}

/** Equal ones: the newest first, then by id, so that nothing jumps about. */
function byAge(a: Entry, b: Entry): number {
  return b.row.addedAt - a.row.addedAt || (a.row.id < b.row.id ? -1 : a.row.id > b.row.id ? 1 : 0);
}

/** The members of `after` in the order of `before`; new ones follow in their own order. */
export function keepPlaces(before: readonly TorrentId[], after: readonly TorrentId[]): readonly TorrentId[] {
  const there = new Set(after);
  const kept = before.filter(id => there.has(id));
  const placed = new Set(kept);
  return [...kept, ...after.filter(id => !placed.has(id))];
}

/**
 * `after`, but for those that are pinned: each keeps the index that it had among those of `before` that are still there, and the others
 * flow around it. What is new stands behind what it follows in `after`.
 */
export function keepPinned(
  before: readonly TorrentId[],
  after: readonly TorrentId[],
  pinned: ReadonlySet<TorrentId>,
): readonly TorrentId[] {
  const there = new Set(after);
  const was = new Set(before);
  const flowing = after.filter(id => was.has(id) && !pinned.has(id));
  let next = 0;
  const order = before.filter(id => there.has(id)).map(id => (pinned.has(id) ? id : flowing[next++]!));
  if (order.length === after.length) return order;
  /** What is new, by what it follows; null: it is first. */
  const coming = new Map<TorrentId | null, TorrentId[]>();
  let last: TorrentId | null = null;
  for (const id of after) {
    if (was.has(id)) last = id;
    else {
      const behind = coming.get(last);
      if (behind === undefined) coming.set(last, [id]);
      else behind.push(id);
    }
  }
  return [...(coming.get(null) ?? []), ...order.flatMap(id => [id, ...(coming.get(id) ?? [])])];
}
