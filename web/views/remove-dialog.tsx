import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { removing, run } from '../actions.ts';
import { formatAbout, plural, shownName } from '../format.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';

/** Says what a removal leaves and what it deletes, before either happens. */
export function RemoveDialog(): JSX.Element | null {
  const ids = removing.value;
  return ids === null ? null : <Confirm ids={ids} />;
}

function hasTrash({ root }: TorrentRow): boolean {
  return store.roots.value.find(({ token }) => token === root)?.trash === true;
}

/** Whether all there is of it goes to the trash: files that are not complete are deleted for good. */
function isTrashed(row: TorrentRow): boolean {
  return hasTrash(row) && row.done === row.size;
}

function isAllTrashed(rows: readonly TorrentRow[]): boolean {
  return rows.every(row => row.done === 0 || isTrashed(row));
}

/** What becomes of the files, in a sentence. */
function deletionOf(rows: readonly TorrentRow[], bytes: number): string {
  const all = `${formatAbout(bytes)} of downloaded files`;
  if (isAllTrashed(rows)) return `${all} will be moved to the trash.`;
  if (rows.some(row => hasTrash(row) && row.done > 0 && row.done < row.size)) {
    const where = rows.every(hasTrash) ? '' : ' where there is one';
    return `${all}: finished files go to the trash${where}, unfinished ones are deleted, which cannot be undone.`;
  }
  const trashed = rows.filter(isTrashed).reduce((sum, { done }) => sum + done, 0);
  if (trashed === 0) return `${all} will be deleted. This cannot be undone.`;
  return `${formatAbout(trashed)} will be moved to the trash, ${formatAbout(bytes - trashed)} deleted, which cannot be undone.`;
}

function bytesOf(rows: readonly TorrentRow[]): number {
  return rows.reduce((sum, { done }) => sum + done, 0);
}

function partOf(bytes: number): string {
  return bytes > 0 ? `${formatAbout(bytes)} of it` : 'What is known of it';
}

function Confirm({ ids }: { ids: readonly TorrentId[] }): JSX.Element {
  const isChosen = useSignal(false);
  const rows = ids.flatMap(id => store.row(id)?.value ?? []);
  // Nothing else leads to files in the storage of the browser.
  const here = rows.filter(({ root }) => root === BROWSER_ROOT);
  const onDisk = rows.filter(({ root }) => root !== BROWSER_ROOT);
  const withData = isChosen.value || onDisk.length === 0;
  const bytes = bytesOf(onDisk);
  // What both have is of one torrent, and is removed together.
  const inBrowser = onDisk.reduce((sum, row) => sum + (row.inBrowser?.done ?? 0), 0);
  const isBoth = onDisk.some(row => row.inBrowser !== undefined);
  const isElsewhere = onDisk.some(row => row.inBrowser === undefined && row.problem?.code === 'bringing');
  const isDangerous = withData || bytesOf(here) > 0;
  const [first] = rows;
  const what =
    rows.length === 1 && first !== undefined ? `“${shownName(first.name)}”` : plural(rows.length, 'torrent', 'torrents');
  const close = (): void => {
    removing.value = null;
  };
  return (
    <Dialog labelledBy="remove-title" onCancel={close}>
      <h2 id="remove-title">Remove {what}?</h2>
      {onDisk.length > 0 && (
        <label class="choice">
          <input
            type="checkbox"
            class="check"
            checked={withData}
            disabled={bytes === 0 && !isBoth}
            onChange={event => (isChosen.value = event.currentTarget.checked)}
          />
          <span>
            Also delete {onDisk.length === 1 ? 'its' : 'their'} files from the disk{isBoth && ' and from this browser'}
          </span>
        </label>
      )}
      {onDisk.length > 0 && (
        <p class={withData && !isAllTrashed(onDisk) ? 'tone-bad' : 'quiet'} role="status">
          {bytes === 0
            ? 'Nothing was downloaded to the disk yet, so nothing is left there.'
            : withData
              ? deletionOf(onDisk, bytes)
              : `${formatAbout(bytes)} of downloaded files stay on the disk.`}
        </p>
      )}
      {isBoth && (
        <p class={withData && inBrowser > 0 ? 'tone-bad' : 'quiet'}>
          {withData
            ? `${partOf(inBrowser)} in this browser goes as well. This cannot be undone.`
            : `${partOf(inBrowser)} in this browser stays, and is in the list again.`}
        </p>
      )}
      {isElsewhere && <p class="quiet">What the browser that it comes from has of it stays in that one.</p>}
      {here.length > 0 && (
        <p class={bytesOf(here) > 0 ? 'tone-bad' : 'quiet'}>
          {bytesOf(here) === 0
            ? 'Nothing was downloaded into this browser yet.'
            : `${formatAbout(bytesOf(here))} in this browser will be deleted. This cannot be undone.`}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" autofocus onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class={isDangerous ? 'button button-danger' : 'button button-main'}
          onClick={() => {
            close();
            run({ do: 'remove', ids, withData });
          }}
        >
          {!isDangerous
            ? 'Remove from list'
            : isAllTrashed(rows) && !isBoth
              ? 'Remove and move files to trash'
              : withData
                ? 'Remove and delete files'
                : 'Remove'}
        </button>
      </div>
    </Dialog>
  );
}
