import type { TorrentRow } from '../sw/view-model.ts';
import { fraction } from './format.ts';
import { isComplete, needsAttention } from './words.ts';

/** What the list is narrowed to. */
export type Filter = 'all' | 'downloading' | 'seeding' | 'done' | 'attention';
export const FILTERS: readonly { readonly id: Filter; readonly label: string }[] = [
  { id: 'all', label: 'All' },
  { id: 'downloading', label: 'Downloading' },
  { id: 'seeding', label: 'Seeding' },
  { id: 'done', label: 'Done' },
  { id: 'attention', label: 'Needs attention' },
];

export type Column = 'name' | 'size' | 'progress' | 'status' | 'down' | 'up' | 'left' | 'peers';
/** `added` is the order without a choice: the newest first. */
export interface Sort {
  readonly by: Column | 'added';
  readonly descending: boolean;
}
export const NEWEST_FIRST: Sort = { by: 'added', descending: true };

/** The filter besides `all` that a torrent stands under; null for none. Each has at most one. */
export function bucketOf(row: TorrentRow): Exclude<Filter, 'all'> | null {
  if (needsAttention(row)) return 'attention';
  switch (row.state) {
    case 'metadata':
    case 'checking':
    case 'downloading':
      return 'downloading';
    case 'seeding':
      return 'seeding';
    case 'done':
      return 'done';
    case 'queued':
    case 'waiting':
    case 'moving':
      return isComplete(row) ? 'done' : 'downloading';
    case 'paused':
      return isComplete(row) ? 'done' : null;
    case 'adding':
    case 'error':
      return null;
  }
}

export function matches(row: TorrentRow, filter: Filter, label: string | null, search: string): boolean {
  if (row.state === 'adding') return false;
  if (label !== null && !row.options.labels.includes(label)) return false;
  if (filter !== 'all' && bucketOf(row) !== filter) return false;
  return search === '' || row.name.toLowerCase().includes(search);
}

// Made once, and for names alone: constructing a collator costs more than sorting with it.
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function compareWords(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

const STATES: readonly TorrentRow['state'][] = [
  'error',
  'downloading',
  'metadata',
  'checking',
  'moving',
  'seeding',
  'queued',
  'waiting',
  'paused',
  'done',
];

function numberOf(row: TorrentRow, by: Exclude<Sort['by'], 'name'>): number {
  switch (by) {
    case 'added':
      return row.addedAt;
    case 'size':
      return row.size;
    case 'progress':
      return fraction(row.done, row.size);
    case 'status':
      return needsAttention(row) ? -1 : STATES.indexOf(row.state);
    case 'down':
      return row.down;
    case 'up':
      return row.up;
    case 'left':
      return row.eta < 0 ? Number.MAX_SAFE_INTEGER : row.eta;
    case 'peers':
      return row.peers;
  }
}

/** Whether two versions of a row stand at the same place of a list that is narrowed and sorted so. */
export function samePlace(before: TorrentRow, after: TorrentRow, sort: Sort): boolean {
  if (before.name !== after.name || before.state !== after.state || bucketOf(before) !== bucketOf(after)) return false;
  if (before.options.labels !== after.options.labels && before.options.labels.join('\n') !== after.options.labels.join('\n')) {
    return false;
  }
  return sort.by === 'name' || numberOf(before, sort.by) === numberOf(after, sort.by);
}

/** Rows in the order of the list; equal ones by name, then by id, so that nothing jumps about. */
export function sortRows(rows: TorrentRow[], sort: Sort): TorrentRow[] {
  const { by } = sort;
  const sign = sort.descending ? -1 : 1;
  const byName = (a: TorrentRow, b: TorrentRow): number => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
  if (by === 'name') return rows.sort((a, b) => sign * byName(a, b));
  return rows.sort((a, b) => sign * (numberOf(a, by) - numberOf(b, by)) || byName(a, b));
}
