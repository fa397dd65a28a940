import { computed, signal } from '@preact/signals';
import type { FolderPage, HostAsk } from '../sw/api.ts';
import type { HostSettings } from '../sw/view-model.ts';
import { askHost } from './actions.ts';
import { notify } from './notices.ts';
import { store } from './store.ts';

/** The settings of the helper, while it is there to take others. */
export const hostSettings = computed<HostSettings | null>(() =>
  store.connection.value.state === 'connected' ? (store.connection.value.host?.settings ?? null) : null,
);

/** Whether the helper waits for an answer to its dialog. */
export const picking = signal(false);
/** Why no folder was added; empty where there is nothing to say. */
export const notAdded = signal('');
/** What the dialog of the app shows of the helper's folders; null while it is closed. */
export const browsing = signal<FolderPage | null>(null);

/** Asks on the helper's screen, or here where it has none. */
export async function addFolder(): Promise<void> {
  if (picking.value) return;
  picking.value = true;
  notAdded.value = '';
  const { refused } = await askHost({ do: 'pick' });
  picking.value = false;
  if (refused?.code === 'no-dialog') await browse();
  else if (refused !== null) notAdded.value = refused.text;
}

/** Opens the dialog of the app. */
export async function browse(): Promise<void> {
  const { folder, refused } = await askHost({ do: 'list', folder: '', from: 0 });
  if (refused !== null) notAdded.value = refused.text;
  else browsing.value = folder;
}

/** Whether .torrent files that come into that folder are started. */
export function isWatched(root: string): boolean {
  return store.connection.value.host?.settings.watched.some(one => one.root === root) === true;
}

/** From now on. What lies there already is left as it is. */
export function watch(root: string, on: boolean): Promise<boolean> {
  const others = (hostSettings.value?.watched ?? []).filter(one => one.root !== root);
  return tell({ do: 'set', settings: { watched: on ? [...others, { root, since: Date.now() }] : others } });
}

/** Says at the edge of the window why something was not done; answers whether it was. */
export async function tell(what: HostAsk): Promise<boolean> {
  const { refused } = await askHost(what);
  if (refused !== null) notify(refused.text, 'bad');
  return refused === null;
}
