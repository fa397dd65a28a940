import type { JSX } from 'preact';
import { folderSave } from '../folder-save.ts';
import { formatBytes, formatPercent, fraction, isolated, shownName } from '../format.ts';
import { words } from '../words/words.ts';

/** A torrent on its way into a folder, which this window writes. */
export function FolderSaveBanner(): JSX.Element | null {
  const save = folderSave.value;
  if (save === null) return null;
  const how = {
    name: isolated(shownName(save.name)),
    folder: isolated(save.folder),
    saved: formatBytes(save.saved),
    size: formatBytes(save.size),
    share: formatPercent(save.size === 0 ? 1 : fraction(save.saved, save.size)),
  };
  return (
    <div class="banner">
      <p>{save.waits === '' ? words.window.folderSave(how) : words.window.folderSaveWaits({ ...how, why: save.waits })}</p>
      <button type="button" class="button button-small" onClick={save.stop}>
        {words.window.stop()}
      </button>
    </div>
  );
}
