/** Shows files in the file manager of the computer that has them. */
import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { TorrentRow } from '../sw/view-model.ts';
import { askHost } from './actions.ts';
import { notify } from './notices.ts';
import { store } from './store.ts';

/** Its files are on the disk of the helper, which is there to show them. */
export function canReveal({ root }: TorrentRow): boolean {
  return root !== BROWSER_ROOT && root !== '' && store.connection.value.state === 'connected';
}

/** `path`: of a file or folder, as the list of files has it. */
export function reveal({ root }: TorrentRow, path: readonly string[]): void {
  void askHost({ do: 'reveal', root, path }).then(({ refused }) => {
    if (refused !== null) notify(refused.text, 'bad');
  });
}
