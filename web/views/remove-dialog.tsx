import type { JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentRow } from '../../sw/view-model.ts';
import { dismiss, mayHaveFiles, removing } from '../actions.ts';
import { formatAbout, isolated, shownName } from '../format.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { words } from '../words/words.ts';

/** Says what a removal deletes and what it leaves, before either happens. */
export function RemoveDialog(): JSX.Element | null {
  const asked = removing.value;
  return asked && <Confirm {...asked} />;
}

function hasTrash({ root }: TorrentRow): boolean {
  return store.roots.value.find(({ token }) => token === root)?.trash === true;
}

/** Whether all there is of it goes to the trash: files that are not complete are deleted for good. */
function isTrashed(row: TorrentRow): boolean {
  return hasTrash(row) && row.done === row.size;
}

function isAllTrashed(rows: readonly TorrentRow[]): boolean {
  return rows.every(row => !mayHaveFiles(row) || isTrashed(row));
}

/** What becomes of the files, in a sentence. */
function deletionOf(rows: readonly TorrentRow[], bytes: number): string {
  const texts = words.removal;
  const size = formatAbout(bytes);
  if (isAllTrashed(rows)) return texts.trashed({ size });
  if (rows.some(row => hasTrash(row) && row.done > 0 && row.done < row.size))
    return rows.every(hasTrash) ? texts.finishedTrashed({ size }) : texts.someTrashed({ size });
  const trashed = rows.filter(isTrashed).reduce((sum, { done }) => sum + done, 0);
  if (trashed === 0) return texts.deleted({ size });
  return texts.split({ trashed: formatAbout(trashed), deleted: formatAbout(bytes - trashed) });
}

function bytesOf(rows: readonly TorrentRow[]): number {
  return rows.reduce((sum, { done }) => sum + done, 0);
}

function Confirm({ ids, withData }: NonNullable<typeof removing.value>): JSX.Element {
  const rows = ids.flatMap(id => store.row(id)?.value ?? []);
  // Nothing else leads to files in the storage of the browser.
  const here = rows.filter(({ root }) => root === BROWSER_ROOT);
  const onDisk = rows.filter(({ root }) => root !== BROWSER_ROOT);
  const bytes = bytesOf(onDisk);
  // What both have is of one torrent, and is removed together.
  const inBrowser = onDisk.reduce((sum, row) => sum + (row.inBrowser?.done ?? 0), 0);
  const isBoth = onDisk.some(row => row.inBrowser !== undefined);
  const isElsewhere = onDisk.some(row => row.inBrowser === undefined && row.problem?.code === 'bringing');
  // What is there of those is counted when they have been checked.
  const isUnsure = (withData ? rows : here).some(row => row.done === 0 && mayHaveFiles(row));
  const [first] = rows;
  const files = withData ? 'go' : 'stay';
  const texts = words.removal;
  const close = (): void => {
    removing.value = null;
  };
  return (
    <Dialog labelledBy="remove-title" onCancel={close}>
      <h2 id="remove-title">
        {rows.length === 1 && first !== undefined
          ? texts.titleOne({ name: isolated(shownName(first.name)), files })
          : texts.titleMany({ count: rows.length, files })}
      </h2>
      {bytes > 0 && <p>{withData ? deletionOf(onDisk, bytes) : texts.stays({ size: formatAbout(bytes) })}</p>}
      {isUnsure && <p>{texts.unsure()}</p>}
      {isBoth && (
        <p>
          {inBrowser > 0 ? texts.alsoInBrowser({ size: formatAbout(inBrowser), files }) : texts.alsoKnownInBrowser({ files })}
        </p>
      )}
      {isElsewhere && <p class="quiet">{texts.elsewhere()}</p>}
      {bytesOf(here) > 0 && <p>{texts.inBrowser({ size: formatAbout(bytesOf(here)) })}</p>}
      {store.memory.value === null && <p class="quiet">{texts.canUndo()}</p>}
      <div class="dialog-actions">
        <button type="button" class="button" autofocus onClick={close}>
          {words.common.cancel()}
        </button>
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            close();
            dismiss(ids, withData);
          }}
        >
          {withData && isAllTrashed(rows) && !isBoth ? texts.toTrash() : texts.delete()}
        </button>
      </div>
    </Dialog>
  );
}
