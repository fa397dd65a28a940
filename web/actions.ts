import { batch, signal } from '@preact/signals';
import type { Added, Answer, ApiError, Command, Exported, FolderPage, HostAsk, MoveTo } from '../sw/api.ts';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { History, HistorySpan, Settings, TorrentId, TorrentRow, Vitals } from '../sw/view-model.ts';
import { CommandError } from './client.ts';
import { notify } from './notices.ts';
import { describeSaid } from './refusals.ts';
import { selection } from './selection.ts';
import { store, type Page } from './store.ts';

type Send = (command: Command) => Promise<Answer | null>;

let send: Send = () => Promise.reject(new Error('not connected yet'));

/** Says where commands go. Called once, before anything is shown. */
export function sendCommandsTo(target: Send): void {
  send = target;
}

/** Answers why a command was refused; null when it was done. */
export async function command(what: Command): Promise<string | null> {
  return (await ask(what)).refused;
}

export async function ask(what: Command): Promise<{ added: Added | null; refused: string | null }> {
  const { answer, error } = await answerTo(what);
  const added = answer !== null && 'already' in answer ? answer : null;
  return { added, refused: error && (await describeSaid(error)) };
}

/** Asks the host about itself, or about folders. `code` tells refusals apart. */
export async function askHost(
  what: HostAsk,
): Promise<{ folder: FolderPage | null; refused: { readonly code: string; readonly text: string } | null }> {
  const { answer, error } = await answerTo({ do: 'host', ask: what });
  const folder = answer !== null && 'folders' in answer ? answer : null;
  return { folder, refused: error && { code: error.code, text: await describeSaid(error) } };
}

/** What moved when; null where it cannot be told just now. */
export async function askHistory(span: HistorySpan, of: TorrentId | null): Promise<History | null> {
  const { answer } = await answerTo({ do: 'history', span, of });
  return answer !== null && 'told' in answer && answer.told === 'history' ? answer.history : null;
}

/** How the ways to the network are; null where it cannot be told just now. */
export async function askVitals(): Promise<Vitals | null> {
  const { answer } = await answerTo({ do: 'vitals' });
  return answer !== null && 'told' in answer && answer.told === 'vitals' ? answer.vitals : null;
}

/** What some of these torrents are; or why nobody can tell. */
export async function askExport(
  ids: readonly TorrentId[],
  withFiles: boolean,
): Promise<{ exported: Exported; refused: null } | { exported: null; refused: string }> {
  const { answer, error } = await answerTo({ do: 'export', ids, withFiles });
  if (error !== null) return { exported: null, refused: await describeSaid(error) };
  if (answer === null || !('told' in answer) || answer.told !== 'exported') throw new Error('another answer than was asked for');
  return { exported: answer.exported, refused: null };
}

async function answerTo(what: Command): Promise<{ answer: Answer | null; error: ApiError | null }> {
  try {
    return { answer: await send(what), error: null };
  } catch (cause) {
    if (cause instanceof CommandError) return { answer: null, error: cause.error };
    throw cause;
  }
}

/** Sends a command whose refusal is shown at the edge of the window. */
export function run(what: Command): void {
  void command(what).then(refused => {
    if (refused !== null) notify(refused, 'bad');
  });
}

/** What the remove dialog asks about. */
export const removing = signal<{ readonly ids: readonly TorrentId[]; readonly withData: boolean } | null>(null);

export function pause(ids: readonly TorrentId[]): void {
  if (ids.length > 0) run({ do: 'pause', ids });
}

export function resume(ids: readonly TorrentId[]): void {
  if (ids.length > 0) run({ do: 'resume', ids });
}

/** Asks all trackers in use again, as soon as they allow it. */
export function announce(ids: readonly TorrentId[]): void {
  if (ids.length > 0) run({ do: 'announce', ids, url: null });
}

export function recheck(ids: readonly TorrentId[]): void {
  if (ids.length > 0) run({ do: 'recheck', ids });
}

export function isRunning(id: TorrentId): boolean {
  const state = store.row(id)?.value.state;
  return state !== undefined && state !== 'paused' && state !== 'done' && state !== 'error';
}

/** The torrents that are to be moved to another folder. */
export const relocating = signal<readonly TorrentId[] | null>(null);

/** The torrents that the labels dialog is about. */
export const labelling = signal<readonly TorrentId[] | null>(null);

export function label(ids: readonly TorrentId[], add: readonly string[], remove: readonly string[]): void {
  if (ids.length > 0) run({ do: 'label', ids, add, remove });
}

/** At work whatever the limits of the queue, or not any more. */
export function force(ids: readonly TorrentId[], forceStart: boolean): void {
  if (ids.length > 0) run({ do: 'set', ids, options: { forceStart } });
}

export function move(ids: readonly TorrentId[], to: MoveTo): void {
  if (ids.length > 0) run({ do: 'move', ids, to });
}

/** Removes them, and asks before that where bytes would be lost with them. */
export function remove(ids: readonly TorrentId[], withData = false): void {
  if (ids.some(id => losesFiles(id, withData))) removing.value = { ids, withData };
  else dismiss(ids, withData);
}

/** Takes them off the list, which can be taken back for a moment. */
export function dismiss(ids: readonly TorrentId[], withData: boolean): void {
  if (ids.length > 0) run({ do: 'dismiss', ids, withData });
}

/** Nothing else leads to files in the storage of the browser. */
function losesFiles(id: TorrentId, withData: boolean): boolean {
  const row = store.row(id)?.peek();
  if (row === undefined) return false;
  const isInBrowser = row.inBrowser !== undefined;
  return withData ? mayHaveFiles(row) || isInBrowser : mayHaveFiles(row) && row.root === BROWSER_ROOT;
}

/** Whether files of it may be there: what is verified is nothing while they are checked, and leaves out those that are not wanted any more. */
export function mayHaveFiles({ done, downloaded, doneAt }: Pick<TorrentRow, 'done' | 'downloaded' | 'doneAt'>): boolean {
  return done > 0 || downloaded > 0 || doneAt > 0;
}

export async function configure(settings: Partial<Settings>): Promise<void> {
  const refused = await command({ do: 'configure', settings });
  if (refused === null) return;
  notify(refused, 'bad');
  // What was pressed shows again what is set.
  const { value } = store.settings;
  if (value !== null) store.settings.value = { ...value };
}

export function reconnect(): void {
  run({ do: 'reconnect' });
}

/** Has the torrents run in this browser. */
export function useHere(): void {
  run({ do: 'take' });
}

/** Shows a torrent's panel. */
export function open(id: TorrentId): void {
  batch(() => {
    selection.turnTo(id);
    store.inspectorOpen.value = true;
  });
}

/** Selects a torrent, whatever the list was narrowed to. One step of the history. */
export function reveal(id: TorrentId): void {
  batch(() => {
    store.page.value = 'torrents';
    widen();
  });
  selection.turnTo(id);
}

/** Shows all torrents again. */
export function widen(): void {
  batch(() => {
    store.filter.value = 'all';
    store.label.value = null;
    store.search.value = '';
  });
}

/** Opens a page from its top. */
export function visit(page: Page): void {
  batch(() => {
    store.section.value = '';
    store.page.value = page;
  });
}

/** Opens the settings at a section or field of them, by its id. */
export function showSetting(id: string): void {
  batch(() => {
    visit('settings');
    store.section.value = id;
  });
}

/** Opens the settings where they are about the helper. */
export function showHelper(): void {
  showSetting('helper');
}
