import type { JSX } from 'preact';
import { formatBytes, formatPercent, fraction, shownName } from '../format.ts';
import { folderSave } from '../save-to-folder.ts';

/** A torrent on its way into a folder, which this window writes. */
export function FolderSaveBanner(): JSX.Element | null {
  const save = folderSave.value;
  if (save === null) return null;
  const share = formatPercent(save.size === 0 ? 1 : fraction(save.saved, save.size));
  return (
    <div class="banner">
      <p>
        Saving “{shownName(save.name)}” to “{save.folder}”: {formatBytes(save.saved)} of {formatBytes(save.size)}, {share}. Keep
        this window open.{save.waits !== '' && ` It waits: ${save.waits} It goes on by itself.`}
      </p>
      <button type="button" class="button button-small" onClick={save.stop}>
        Stop
      </button>
    </div>
  );
}
