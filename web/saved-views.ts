import { batch, signal } from '@preact/signals';
import { readColumns, type Shown } from './columns.ts';
import { columns } from './list-choices.ts';
import { compareWords, isFilter, readSort, type Filter, type Sort } from './list.ts';
import { store } from './store.ts';
import { readStored, readStoredText, writeStored } from './stored.ts';
import { words } from './words/words.ts';

/** A way to look at the list, under a name of its own. */
export interface SavedView {
  /** Unlike that of any other. */
  readonly name: string;
  readonly filter: Filter;
  readonly label: string | null;
  readonly search: string;
  readonly sort: Sort;
  readonly columns: readonly Shown[];
}

export const MAX_VIEWS = 30;
export const MAX_VIEW_NAME = 60;
const MAX_TEXT = 256;
const KEY = 'starling.views';

/** What is to become of a view: one that is to be saved, or one that there is. */
export const viewMatter = signal<
  { readonly what: 'save' } | { readonly what: 'rename' | 'delete'; readonly view: SavedView } | null
>(null);

/** In the order of their names. */
export const views = signal<readonly SavedView[]>(readViews(readStored(KEY)));

/** Takes over what other windows save. To be called once. */
export function followViews(): void {
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) look();
  });
}

/** What this window last found or left there; nothing where the browser keeps nothing, and what is in memory holds. */
let known = readStoredText(KEY);

/** Another window may have changed them since. */
function look(): void {
  const found = readStoredText(KEY);
  if (found === known) return;
  known = found;
  views.value = readViews(readStored(KEY));
}

/** Those of what was kept that are views. */
export function readViews(kept: unknown): readonly SavedView[] {
  if (!Array.isArray(kept)) return [];
  const read = new Map<string, SavedView>();
  for (const each of kept.slice(0, MAX_VIEWS)) {
    const view = readView(each);
    if (view !== null) read.set(view.name, view);
  }
  return inOrder([...read.values()]);
}

function readView(kept: unknown): SavedView | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const { name, filter, label, search, sort, columns } = kept as Partial<Record<keyof SavedView, unknown>>;
  const order = readSort(sort);
  const shown = readColumns(columns);
  if (!isText(name, MAX_VIEW_NAME) || name.trim() === '' || !isFilter(filter) || order === null || shown === null) return null;
  if (!isText(search, MAX_TEXT) || (label !== null && !isText(label, MAX_TEXT))) return null;
  return { name, filter, label, search, sort: order, columns: shown };
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most;
}

/** Saves what the list is narrowed to and how it looks; answers what is wrong with the name, or ''. */
export function saveView(name: string): string {
  look();
  if (views.peek().length >= MAX_VIEWS) return words.viewNames.tooMany({ max: MAX_VIEWS });
  const wrong = whatIsWrong(name);
  if (wrong !== '') return wrong;
  const search = store.search.peek().trim().slice(0, MAX_TEXT);
  const { filter, label, sort } = store;
  const view = { filter: filter.peek(), label: label.peek(), search, sort: sort.peek(), columns: columns.peek() };
  put([...views.peek(), { name: name.trim(), ...view }]);
  return '';
}

/** Answers what is wrong with the new name, or ''. */
export function renameView(view: SavedView, to: string): string {
  look();
  const wrong = to.trim() === view.name ? '' : whatIsWrong(to);
  if (wrong === '') put(views.peek().map(each => (each.name === view.name ? { ...each, name: to.trim() } : each)));
  return wrong;
}

export function deleteView(view: SavedView): void {
  look();
  put(views.peek().filter(each => each.name !== view.name));
}

export function showView(view: SavedView): void {
  // One step of the history.
  batch(() => {
    store.page.value = 'torrents';
    store.filter.value = view.filter;
    store.label.value = view.label;
    store.search.value = view.search;
    store.sort.value = view.sort;
    columns.value = view.columns;
  });
}

/** The list is as the view has it. */
export function isShown(view: SavedView): boolean {
  const { filter, label, search, sort } = store;
  const isNarrowed = filter.value === view.filter && label.value === view.label && search.value.trim() === view.search;
  return isNarrowed && JSON.stringify([sort.value, columns.value]) === JSON.stringify([view.sort, view.columns]);
}

function whatIsWrong(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '') return words.viewNames.needsName();
  if (trimmed.length > MAX_VIEW_NAME) return words.viewNames.nameTooLong({ max: MAX_VIEW_NAME });
  if (views.peek().some(view => view.name === trimmed)) return words.viewNames.nameTaken();
  return '';
}

function put(changed: readonly SavedView[]): void {
  views.value = inOrder(changed);
  writeStored(KEY, views.value.length === 0 ? null : views.value);
  known = readStoredText(KEY);
}

function inOrder(unsorted: readonly SavedView[]): readonly SavedView[] {
  return [...unsorted].sort((a, b) => compareWords(a.name, b.name));
}
