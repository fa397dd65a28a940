import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentId } from '../../sw/view-model.ts';
import { relocating, run } from '../actions.ts';
import { formatAbout, plural, shownName } from '../format.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';

/** Takes the files of torrents to another of the folders known. */
export function RelocateDialog(): JSX.Element | null {
  const ids = relocating.value;
  return ids === null ? null : <Choice ids={ids} />;
}

function Choice({ ids }: { ids: readonly TorrentId[] }): JSX.Element {
  const rows = ids.flatMap(id => store.row(id)?.value ?? []);
  const roots = store.folders.value;
  const here = roots.find(({ token }) => rows.every(row => row.root === token));
  const others = roots.filter(root => root !== here);
  const chosen = useSignal(others[0]?.token ?? '');
  const to = others.find(({ token }) => token === chosen.value) ?? others[0];
  const isFromHere = rows.some(({ root }) => root === BROWSER_ROOT);
  const bytes = rows.reduce((sum, row) => sum + (row.root === to?.token ? 0 : row.done), 0);
  const [first] = rows;
  const what =
    rows.length === 1 && first !== undefined ? `“${shownName(first.name)}”` : plural(rows.length, 'torrent', 'torrents');
  const close = (): void => {
    relocating.value = null;
  };
  return (
    <Dialog labelledBy="relocate-title" onCancel={close}>
      <h2 id="relocate-title">Move {what}</h2>
      {to === undefined ? (
        <p class="quiet">There is no other folder yet. Add one in the settings, under Folders.</p>
      ) : (
        <>
          <label class="choice">
            <span>Folder</span>
            <select class="select" value={to.token} onChange={event => (chosen.value = event.currentTarget.value)}>
              {others.map(root => (
                <option key={root.token} value={root.token}>
                  {root.name}
                </option>
              ))}
            </select>
          </label>
          <p class={to.free < bytes ? 'tone-warn' : 'quiet'} role="status">
            {to.free < bytes
              ? `${formatAbout(bytes)} are to be moved, and ${formatAbout(to.free)} are free there.${isFromHere ? '' : ' On the same disk that is enough.'}`
              : `${formatAbout(bytes)} are to be moved. Downloads and seeding go on from there.`}
            {isFromHere && ' What is in this browser stays here until all of it is there.'}
          </p>
        </>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" autofocus onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="button button-main"
          disabled={to === undefined}
          onClick={() => {
            close();
            if (to !== undefined) run({ do: 'relocate', ids, root: to.token });
          }}
        >
          Move
        </button>
      </div>
    </Dialog>
  );
}
