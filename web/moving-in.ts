import { signal } from '@preact/signals';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import { run } from './actions.ts';
import { store } from './store.ts';
import { readStoredText, writeStoredText } from './stored.ts';

const KEY = 'starling.kept-here';

/** So many torrents a person would leave in the browser: they are asked again once there are more. */
export const declined = signal(kept());

export function decline(count: number): void {
  declined.value = count;
  writeStoredText(KEY, String(count));
}

/** Has all that is in this browser moved to a folder of the helper. */
export function moveIn(root: string): void {
  const ids = store.ids().filter(id => {
    const row = store.row(id)?.peek();
    return row?.root === BROWSER_ROOT && row.state !== 'adding';
  });
  if (ids.length > 0) run({ do: 'relocate', ids, root });
}

function kept(): number {
  const value = readStoredText(KEY);
  return Number(value) || 0;
}
