/**
 * Notices that the browser has deleted what it kept for the app. It does so to make room, and deletes files, databases and caches at
 * once, so that nothing of them is left to tell. A small mark beside them stays, as text of the page is no part of what is deleted.
 */
import { effect } from '@preact/signals';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import { notify } from './notices.ts';
import { store } from './store.ts';
import { readStoredText, writeStoredText } from './stored.ts';
import { loadWords } from './words/words.ts';

/** How many torrents this browser keeps by itself. */
const MARK = 'starling.kept';
/** A cache with nothing in it: it goes with the files. */
const TWIN = 'starling-kept';

/** Says so where it happened, then keeps the mark; call once, before the worker is there to make anything anew. */
export async function watchKept(): Promise<void> {
  if (typeof caches === 'undefined') return;
  const marked = Number(readStoredText(MARK) ?? 0);
  if (marked > 0 && !(await caches.has(TWIN))) {
    const [{ describeLoss }] = await Promise.all([import('./loss.ts'), loadWords('kept')]);
    notify(describeLoss(marked), 'grave');
  }
  effect(() => {
    const { browser } = store.connection.value;
    void store.revision.value;
    if (!store.loaded.value || browser?.isReady !== true) return;
    const count = store.all().filter(({ root, state }) => root === BROWSER_ROOT && state !== 'adding').length;
    if (String(count) === (readStoredText(MARK) ?? '0')) return;
    mark(count).catch((cause: unknown) => console.warn('It could not be noted that the browser keeps torrents.', cause));
  });
}

/** The mark only stands where its twin does: else it would speak of a loss that never was. */
async function mark(count: number): Promise<void> {
  if (count > 0) await caches.open(TWIN);
  writeStoredText(MARK, String(count));
}
