import { computed, effect, signal } from '@preact/signals';
import type { TorrentId } from '../sw/api.ts';
import { ask, command, reveal } from './actions.ts';
import { notify } from './notices.ts';
import { readFiles, readText, type Offer } from './sources.ts';
import { store } from './store.ts';

/** One torrent on its way into the list. The sheet shows the first of the queue. */
export interface Adding {
  readonly key: number;
  readonly kind: 'magnet' | 'file';
  readonly label: string;
  /** Known once the worker has answered. */
  readonly id: TorrentId | null;
  /** Its row was there, so that a missing row means that it is gone. */
  readonly seen: boolean;
  readonly refused: string | null;
}

export const queue = signal<readonly Adding[]>([]);
/** The one in the sheet. */
export const current = computed(() => queue.value[0] ?? null);
/** Whether the dialog that asks for a link or files is open. */
export const asking = signal(false);

let nextKey = 1;

export function addText(text: string): boolean {
  const offers = readText(text);
  for (const offer of offers) add(offer);
  return offers.length > 0;
}

export async function addFiles(files: readonly File[]): Promise<void> {
  const { offers, refused } = await readFiles(files);
  for (const sentence of refused) notify(sentence, 'bad');
  for (const offer of offers) add(offer);
}

function add(offer: Offer): void {
  const key = nextKey++;
  queue.value = [...queue.value, { key, kind: offer.source.kind, label: offer.label, id: null, seen: false, refused: null }];
  void ask({ do: 'add', source: offer.source }).then(({ added, refused }) => {
    if (added !== null) answered(key, added.id, added.already);
    else settleRefused(key, refused ?? '');
  });
}

function answered(key: number, id: TorrentId, already: boolean): void {
  const wanted = queue.value.some(item => item.key === key);
  const inSheet = store.row(id)?.peek().state === 'adding';
  if (!wanted) {
    // It was cancelled before the worker had answered.
    if (!already) void command({ do: 'remove', ids: [id], withData: false });
  } else if (queue.value.some(item => item.id === id)) {
    leave(key);
  } else if (already && !inSheet) {
    leave(key);
    notify(`“${store.row(id)?.peek().name ?? 'This torrent'}” is in the list already. Nothing was added.`);
    reveal(id);
  } else {
    change(key, { id });
  }
}

/** Alone in the sheet, a refusal is shown there; with others waiting, it steps aside. */
function settleRefused(key: number, refused: string): void {
  const item = queue.value.find(candidate => candidate.key === key);
  if (item === undefined) return;
  if (queue.value.length === 1) return change(key, { refused });
  leave(key);
  notify(`“${item.label}” was not added. ${refused}`, 'bad');
}

/** Starts the torrent in the sheet; answers why it was refused, or null. */
export async function start(item: Adding, wanted: readonly number[] | null, root: string): Promise<string | null> {
  if (item.id === null) return null;
  const refused = await command({ do: 'start', id: item.id, wanted, root });
  if (refused === null) leave(item.key);
  return refused;
}

/** Starts everything that waits, with all its files. */
export async function startAll(root: string): Promise<string | null> {
  for (const item of queue.value) {
    const refused = await start(item, null, root);
    if (refused !== null) return refused;
  }
  return null;
}

export function cancel(item: Adding): void {
  leave(item.key);
  if (item.id !== null) void command({ do: 'remove', ids: [item.id], withData: false });
}

/** Brings back what was in the sheet when the window was closed or reloaded. */
export function adoptUnfinished(): void {
  const known = new Set(queue.value.map(item => item.id));
  for (const id of store.adding()) {
    if (known.has(id)) continue;
    const label = store.row(id)?.peek().name ?? id;
    queue.value = [...queue.value, { key: nextKey++, kind: 'magnet', label, id, seen: true, refused: null }];
  }
}

function change(key: number, part: Partial<Adding>): void {
  queue.value = queue.value.map(item => (item.key === key ? { ...item, ...part } : item));
}

function leave(key: number): void {
  queue.value = queue.value.filter(item => item.key !== key);
}

// Another window may start or cancel what stands in this one's sheet.
effect(() => {
  void store.revision.value;
  for (const item of queue.value) {
    if (item.id === null) continue;
    const state = store.row(item.id)?.peek().state;
    if (state === 'adding') {
      if (!item.seen) change(item.key, { seen: true });
    } else if (state !== undefined || item.seen) leave(item.key);
  }
});
