import { computed, effect, signal } from '@preact/signals';
import type { Added, Source } from '../sw/api.ts';
import type { FilePriority, TorrentId } from '../sw/view-model.ts';
import { ask, command, reveal } from './actions.ts';
import { formatCount, isolated, shownName } from './format.ts';
import { notify } from './notices.ts';
import { readFiles, readText, type Offer } from './sources.ts';
import { store } from './store.ts';
import { words } from './words/words.ts';

/** One torrent on its way into the list. The sheet shows the first of the queue. */
export interface Adding {
  readonly key: number;
  /** Adds it again where the engine has lost it; null for an adopted one as long as its link is not known. */
  readonly source: Source | null;
  readonly label: string;
  /** Known once the worker has answered. */
  readonly id: TorrentId | null;
  /** Why it was not added or, with an id, why it was not started or not brought back. */
  readonly refused: string | null;
}

export const queue = signal<readonly Adding[]>([]);
/** The one in the sheet. */
export const current = computed(() => queue.value[0] ?? null);
/** Whether the dialog that asks for a link or files is open. */
export const asking = signal(false);

let nextKey = 1;
/** Those that are being brought back, by their keys; each settles with why that was refused, or null. */
const returning = new Map<number, Promise<string | null>>();
/** How often any was. */
let returns = 0;

export function addText(text: string): boolean {
  const { offers, count } = readText(text);
  for (const offer of offers) add(offer);
  if (count > offers.length)
    notify(words.adding.onlyFirstLinks({ max: formatCount(offers.length), count: formatCount(count) }), 'bad');
  return offers.length > 0;
}

export async function addFiles(files: readonly File[]): Promise<void> {
  const { offers, refused } = await readFiles(files);
  for (const sentence of refused) notify(sentence, 'bad');
  for (const offer of offers) add(offer);
}

function add(offer: Offer): void {
  const key = nextKey++;
  queue.value = [...queue.value, { key, source: offer.source, label: offer.label, id: null, refused: null }];
  void ask({ do: 'add', source: offer.source }).then(({ added, refused }) => {
    if (added !== null) answered(key, added);
    else settleRefused(key, refused ?? '');
  });
}

function answered(key: number, added: Added): void {
  const { id, already } = added;
  const inSheet = store.row(id)?.peek().state === 'adding';
  if (!isQueued(key)) {
    // It was cancelled before the worker had answered.
    if (!already) void command({ do: 'remove', ids: [id], withData: false });
  } else if (queue.value.some(item => item.id === id)) {
    leave(key);
  } else if (already && !inSheet) {
    leave(key);
    tellListed(added);
  } else {
    change(key, { id });
  }
}

function tellListed({ id, brought, isBack }: Added): void {
  const name = isolated(shownName(store.row(id)?.peek().name ?? ''));
  const { adding } = words;
  notify(isBack ? adding.isBack({ name }) : brought ? adding.listedBrought({ name }) : adding.listed({ name }));
  reveal(id);
}

/** Takes over what was opened with a program of this computer; the worker has added it. */
export function takeOver({ added, source }: { added: Added; source: Source }): void {
  const { id, already } = added;
  const adopted = queue.value.find(item => item.id === id);
  if (already) tellListed(added);
  else if (adopted !== undefined) change(adopted.key, { source });
  else {
    queue.value = [...queue.value, { key: nextKey++, source, label: store.row(id)?.peek().name ?? id, id, refused: null }];
  }
}

/** Alone in the sheet, a refusal is shown there; with others waiting, it steps aside. */
function settleRefused(key: number, refused: string): void {
  const item = queue.value.find(candidate => candidate.key === key);
  if (item === undefined) return;
  if (queue.value.length === 1) return change(key, { refused });
  leave(key);
  notify(words.adding.notAdded({ name: isolated(shownName(item.label)), why: refused }), 'bad');
}

/** Starts the torrent in the sheet; answers whether it did. A refusal is shown in the sheet, or beside it once that is gone. */
export async function start(item: Adding, priorities: readonly FilePriority[] | null, root: string): Promise<boolean> {
  const { id, key } = item;
  if (id === null) return false;
  change(key, { refused: null });
  let refused: string | null;
  do {
    bringBack();
    refused = (await returning.get(key)) ?? null;
    if (refused !== null) break;
    if (priorities !== null && item.source?.kind !== 'file') await filesKnown(key, id);
    if (!isQueued(key)) return false;
    const before = returns;
    refused = await command({ do: 'start', id, priorities, root });
    if (returns === before) break;
    // An engine that began anew did not know it yet.
  } while (refused !== null);
  if (refused === null) leave(key);
  else if (isQueued(key)) change(key, { refused });
  else notify(words.adding.notStarted({ name: isolated(shownName(item.label)), why: refused }), 'bad');
  return refused === null;
}

/** Starts everything that waits, with the files it began with, up to the first that is refused. */
export async function startAll(rootOf: (item: Adding) => string): Promise<void> {
  for (const item of queue.value) {
    if (isQueued(item.key) && !(await start(item, null, rootOf(item)))) return;
  }
}

export function cancel(item: Adding): void {
  leave(item.key);
  // One that is being brought back is removed once it is there.
  if (item.id !== null && !returning.has(item.key)) void command({ do: 'remove', ids: [item.id], withData: false });
}

/** Brings back what was in the sheet when the window was closed or reloaded. */
export function adoptUnfinished(): void {
  const known = new Set(queue.value.map(item => item.id));
  for (const id of store.adding()) {
    if (known.has(id)) continue;
    const label = store.row(id)?.peek().name ?? id;
    queue.value = [...queue.value, { key: nextKey++, source: null, label, id, refused: null }];
  }
}

/**
 * Adds again what is in the sheet and not in the whole list that the worker sent. The engine records nothing before Start,
 * so one that was ended, or that reads its records anew, has forgotten it.
 */
export function bringBack(): void {
  for (const { key, id, source } of queue.value) {
    if (id === null || store.row(id) !== undefined || returning.has(key)) continue;
    change(key, { refused: null });
    returns += 1;
    returning.set(key, addAgain(key, id, source ?? { kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}` }));
  }
}

async function addAgain(key: number, id: TorrentId, source: Source): Promise<string | null> {
  const { added, refused } = await ask({ do: 'add', source });
  returning.delete(key);
  if (refused !== null) change(key, { refused });
  else if (added?.already === false && !isQueued(key)) void command({ do: 'remove', ids: [id], withData: false });
  return refused;
}

/** Takes out what another window cancelled: only a removal says so, a list without it does not. */
export function cancelledElsewhere(removed: readonly TorrentId[]): void {
  for (const { key, id } of queue.value) {
    if (id !== null && removed.includes(id) && store.row(id) === undefined) leave(key);
  }
}

/** Settles once its files are known, or it has left: the engine takes a choice of files only where it knows them. */
async function filesKnown(key: number, id: TorrentId): Promise<void> {
  let stop = (): void => undefined;
  await new Promise<void>(resolve => {
    stop = effect(() => {
      const detail = store.detail.value;
      if (!isQueued(key) || (detail?.id === id && detail.hasMetadata)) resolve();
    });
  });
  stop();
}

function isQueued(key: number): boolean {
  return queue.value.some(item => item.key === key);
}

function change(key: number, part: Partial<Adding>): void {
  queue.value = queue.value.map(item => (item.key === key ? { ...item, ...part } : item));
}

function leave(key: number): void {
  queue.value = queue.value.filter(item => item.key !== key);
}

// Another window may start what stands in this one's sheet.
effect(() => {
  void store.revision.value;
  for (const { key, id } of queue.value) {
    const state = id === null ? undefined : store.row(id)?.peek().state;
    if (state !== undefined && state !== 'adding') leave(key);
  }
});

// An adopted one came without its source; the link to share has its trackers, too.
effect(() => {
  const detail = store.detail.value;
  for (const { key, id, source } of queue.value) {
    if (source === null && detail?.id === id) change(key, { source: { kind: 'magnet', uri: detail.magnet } });
  }
});
