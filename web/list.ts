import type { TorrentRow } from '../sw/view-model.ts';
import { fraction } from './format.ts';
import { isColumn, type ColumnId } from './columns.ts';
import { isComplete, needsAttention } from './words.ts';
import { language, words } from './words/words.ts';

/** What the list is narrowed to. */
export type Filter = 'all' | 'downloading' | 'seeding' | 'done' | 'paused' | 'attention';
export const FILTERS: readonly { readonly id: Filter; readonly label: string }[] = (
  ['all', 'downloading', 'seeding', 'done', 'paused', 'attention'] as const
).map(id => ({
  id,
  get label() {
    return words.list[id]();
  },
}));

export interface Sort {
  readonly by: ColumnId;
  readonly descending: boolean;
}
/** The order without a choice. */
export const NEWEST_FIRST: Sort = { by: 'added', descending: true };

export function isFilter(id: unknown): id is Filter {
  return FILTERS.some(filter => filter.id === id);
}

/** What was kept, where it is a sort; null where it is anything else. */
export function readSort(kept: unknown): Sort | null {
  if (typeof kept !== 'object' || kept === null || !('by' in kept) || !('descending' in kept)) return null;
  const { by, descending } = kept;
  return isColumn(by) && typeof descending === 'boolean' ? { by, descending } : null;
}

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
      return isComplete(row) ? 'done' : 'paused';
    case 'adding':
    case 'leaving':
    case 'error':
      return null;
  }
}

/** `sought`: in small letters; each is somewhere in the name. */
export function matches(row: TorrentRow, filter: Filter, label: string | null, sought: readonly string[]): boolean {
  if (row.state === 'adding') return false;
  if (label !== null && !row.options.labels.includes(label)) return false;
  if (filter !== 'all' && bucketOf(row) !== filter) return false;
  if (sought.length === 0) return true;
  const name = row.name.toLowerCase();
  return sought.every(word => name.includes(word));
}

/** What is looked for, in words. */
export function wordsOf(search: string): readonly string[] {
  return search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
}

/** Made once: constructing a collator costs more than sorting with it. */
export const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });

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

/** What a row is sorted by: a number, or a text for the collator. `folderOf`: the name of a root. */
export function keyOf(row: TorrentRow, by: ColumnId, folderOf: (root: string) => string): number | string {
  switch (by) {
    case 'name':
      return row.name;
    case 'labels':
      return row.options.labels.join(', ');
    case 'folder':
      return folderOf(row.root);
    case 'added':
      return row.addedAt;
    case 'finished':
      return row.doneAt;
    case 'size':
      return row.size;
    case 'progress':
      return fraction(row.done, row.size);
    case 'status':
      return needsAttention(row) ? -1 : STATES.indexOf(row.state);
    case 'left':
      return row.eta < 0 ? Number.MAX_SAFE_INTEGER : row.eta;
    case 'ratio':
      return row.size > 0 ? row.uploaded / row.size : 0;
    case 'queue':
      return row.place;
    case 'down':
    case 'up':
    case 'peers':
    case 'seeds':
    case 'uploaded':
    case 'downloaded':
      return row[by];
  }
}

/** Whether two versions of a row stand at the same place of a list that is narrowed and sorted so. */
export function samePlace(before: TorrentRow, after: TorrentRow, { by }: Sort): boolean {
  if (before.name !== after.name || before.state !== after.state || bucketOf(before) !== bucketOf(after)) return false;
  if (before.options.labels !== after.options.labels && before.options.labels.join('\n') !== after.options.labels.join('\n')) {
    return false;
  }
  if (before.addedAt !== after.addedAt) return false;
  return by === 'folder' ? before.root === after.root : keyOf(before, by, nowhere) === keyOf(after, by, nowhere);
}

const nowhere = (): string => '';
