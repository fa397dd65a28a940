/** What stands in the window of sharing: files on their way, links that are shown. What does it, sharing.ts, is fetched once it is asked for. */
import { signal } from '@preact/signals';
import type { TorrentId } from '../sw/view-model.ts';
import type { Chosen } from './chosen-files.ts';
import type { Door } from './client.ts';

export interface Draft extends Chosen {
  /** Bytes. */
  readonly size: number;
  /** Bytes that are hashed and stored; null before it begins. */
  readonly done: number | null;
  /** Why it was not shared, a sentence. */
  readonly refused: string;
}

/** What the sheet asks about, or shows the progress of. */
export const draft = signal<Draft | null>(null);
/** The torrent whose links are shown. */
export const shownLinks = signal<TorrentId | null>(null);

let open: () => Promise<Door> = () => Promise.reject(new Error('not connected yet'));

/** Says how the worker is reached for it. Called once, before anything is shown. */
export function shareOver(target: () => Promise<Door>): void {
  open = target;
}

/** A way to the worker for one thing to be shared. */
export function openSharing(): Promise<Door> {
  return open();
}
