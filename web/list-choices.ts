import { effect, signal } from '@preact/signals';
import { columnOf, DEFAULT_COLUMNS, isDefault, readColumns, type ColumnId, type Shown } from './columns.ts';
import { NEWEST_FIRST, readSort } from './list.ts';
import { store } from './store.ts';
import { readStored, writeStored } from './stored.ts';

/** The columns that a person chose, in their order. */
export const columns = signal<readonly Shown[]>(DEFAULT_COLUMNS);
/** One of them is being made wider or narrower: kept once that is over. */
export const isResizing = signal(false);

const KEY = 'starling.list';

/** Takes up columns and order of the last visit, and keeps them from then on. To be called once, before the list is shown. */
export function rememberList(): void {
  const kept = readStored(KEY);
  if (typeof kept === 'object' && kept !== null) {
    if ('columns' in kept) columns.value = readColumns(kept.columns) ?? DEFAULT_COLUMNS;
    if ('sort' in kept) store.sort.value = readSort(kept.sort) ?? NEWEST_FIRST;
  }
  effect(() => {
    const [shown, sort] = [columns.value, store.sort.value];
    if (isResizing.value) return;
    const isPlain = isDefault(shown) && sort.by === NEWEST_FIRST.by && sort.descending === NEWEST_FIRST.descending;
    writeStored(KEY, isPlain ? null : { columns: shown, sort });
  });
}

/** Numbers start with the largest, words with the first; the third press returns to the newest first. */
export function sortBy(id: ColumnId): void {
  const { by, descending } = store.sort.peek();
  const first = columnOf(id).isNumber && id !== 'queue' && id !== 'left';
  if (by !== id) store.sort.value = { by: id, descending: first };
  else store.sort.value = descending === first ? { by: id, descending: !descending } : NEWEST_FIRST;
}
