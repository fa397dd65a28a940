/** Has the worker share files of a person. */
import type { FromSharing, ShareRequest } from '../sw/share.ts';
import type { TorrentId } from '../sw/view-model.ts';
import { reveal } from './actions.ts';
import { chosenFiles, type Chosen, filesIn, MAX_CHOSEN, TooMany, withoutExtension } from './chosen-files.ts';
import type { Door } from './client.ts';
import { formatAbout, formatCount, formatEnough, isolated, shownName } from './format.ts';
import { notify } from './notices.ts';
import { askToKeep } from './persistence.ts';
import { describeSaid } from './refusals.ts';
import { draft, openSharing, shownLinks, type Draft } from './shared.ts';
import { store } from './store.ts';
import { translated } from './told.ts';
import { words } from './words/words.ts';

/** Of the draft that has begun: aborted where it is called off. */
let underWay = new AbortController();

export function offerFiles(files: readonly File[]): void {
  void offer(() => Promise.resolve(chosenFiles(files)));
}

export function offerEntries(entries: readonly FileSystemEntry[]): void {
  void offer(() => filesIn(entries));
}

async function offer(choose: () => Promise<Chosen | null>): Promise<void> {
  if (store.memory.peek() !== null) return notify(words.sharing.onlyDownloads(), 'bad');
  if (draft.peek() !== null) return notify(words.sharing.oneAtATime(), 'bad');
  try {
    const chosen = await choose();
    // A large folder is read for a while, in which something else may have been chosen.
    if (draft.peek() !== null) return notify(words.sharing.oneAtATime(), 'bad');
    if (chosen === null) return notify(words.sharing.noFiles(), 'bad');
    const size = chosen.files.reduce((sum, { file }) => sum + file.size, 0);
    draft.value = { ...chosen, size, done: null, refused: '' };
  } catch (error) {
    if (error instanceof TooMany) return notify(words.sharing.tooMany({ max: formatCount(MAX_CHOSEN) }), 'bad');
    console.warn('What was chosen could not be read.', error);
    notify(words.sharing.unreadable(), 'bad');
  }
}

/** Why it cannot begin, a sentence; empty where it can. */
export function obstacle({ size }: Pick<Draft, 'size'>): string {
  const place = store.place.value;
  if (place === null) return words.sharing.starting();
  if (place.problem !== '') return translated(place.problem);
  if (size === 0) return words.sharing.allEmpty();
  if (place.free >= 0 && size > place.free) return tooLarge(size, place.free);
  return '';
}

function tooLarge(needed: number, free: number): string {
  const values = { needed: formatEnough(needed) };
  return free > 0 ? words.sharing.tooLarge({ ...values, free: formatAbout(free) }) : words.sharing.noRoom(values);
}

/** What the sheet asks about. */
export type Options = Omit<ShareRequest, 'files'>;

/** Has the worker copy and hash what the sheet asks about; settles when that has ended, one way or another. */
export async function begin(options: Options): Promise<void> {
  const { value } = draft;
  if (value === null || value.done !== null) return;
  draft.value = { ...value, done: 0, refused: '' };
  void askToKeep();
  const { files } = value;
  const { signal } = (underWay = new AbortController());
  try {
    const door = await openSharing();
    // Called off before the worker was reached: it has heard of nothing.
    if (signal.aborted) return door.close();
    const outcome = await ask(door, { ...options, files }, signal);
    if (signal.aborted) return;
    if (outcome?.type === 'shared') finished(outcome.id, outcome.already);
    else if (outcome?.type === 'refused') refuse(value, await wordsOf(outcome, value, options.name));
    else if (outcome?.type === 'ended') refuse(value, words.sharing.restarted());
  } catch (error) {
    console.warn('The worker could not be reached.', error);
    if (signal.aborted) return;
    refuse(value, words.sharing.noAnswer());
  }
}

export function cancel(): void {
  underWay.abort();
  draft.value = null;
}

type Outcome = Exclude<FromSharing, { type: 'progress' }> | { readonly type: 'ended' };

/** Null where it was called off. */
async function ask({ port, ended, close }: Door, request: ShareRequest, signal: AbortSignal): Promise<Outcome | null> {
  try {
    return await new Promise<Outcome | null>(resolve => {
      signal.addEventListener('abort', () => {
        port.postMessage('cancel');
        resolve(null);
      });
      void ended.then(() => resolve({ type: 'ended' }));
      port.onmessage = ({ data }: MessageEvent<FromSharing>) => {
        if (data.type !== 'progress') resolve(data);
        else if (!signal.aborted && draft.value !== null) draft.value = { ...draft.value, done: data.done };
      };
      port.postMessage(request);
    });
  } finally {
    close();
  }
}

function finished(id: TorrentId, already: boolean): void {
  draft.value = null;
  if (already) notify(words.sharing.already({ name: isolated(shownName(store.row(id)?.peek().name ?? '')) }));
  reveal(id);
  shownLinks.value = id;
}

function refuse(value: Draft, refused: string): void {
  draft.value = { ...value, done: null, refused };
}

function wordsOf({ why }: Extract<Outcome, { type: 'refused' }>, { size }: Draft, name: string): string | Promise<string> {
  if (why === 'full') return words.sharing.full({ needed: formatEnough(size) });
  if (why === 'name-taken') return words.sharing.nameTaken({ name: isolated(name), other: isolated(nextName(name)) });
  return describeSaid(why);
}

/** `film.mkv`, `film (2).mkv`, `film (3).mkv`. */
export function nextName(name: string): string {
  const stem = withoutExtension(name);
  const extension = name.slice(stem.length);
  const [, base = stem, count = '1'] = /^(.*) \((\d{1,4})\)$/s.exec(stem) ?? [];
  return `${base} (${Number(count) + 1})${extension}`;
}

/** The address that opens the app with that magnet link; null where the app stands at an address of this computer, which leads nobody here. */
export function appLink(magnet: string, at: Pick<Location, 'origin' | 'hostname'>): string | null {
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(at.hostname);
  return isHere ? null : `${at.origin}/#magnet=${encodeURIComponent(magnet)}`;
}
