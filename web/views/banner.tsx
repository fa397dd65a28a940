import type { JSX } from 'preact';
import { folderSave } from '../folder-save.ts';
import { plural } from '../format.ts';
import { declined, decline, moveIn } from '../moving-in.ts';
import { store } from '../store.ts';

interface Props {
  /** A newer version is installed and waits. */
  readonly update: boolean;
  onUpdate(): void;
}

/** Something is being saved out of this browser, by its download manager or by this window. */
function isSaving(): boolean {
  return folderSave.value !== null || (store.connection.value.browser?.saving.length ?? 0) > 0;
}

const SAVES_FAIL = ' A save that is under way fails, though: reload once it is done.';

/** What concerns the app itself: a version that waits, or an engine that is being reached again. */
export function Banner({ update, onUpdate }: Props): JSX.Element | null {
  if (store.link.value === 'outdated') {
    return (
      <div class="banner" role="status">
        <p>The app was updated in the background, and this window still shows the version before. Torrents go on.</p>
        <button type="button" class="button button-small" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  }
  if (update) {
    return (
      <div class="banner" role="status">
        <p>Update available. Torrents pause for a moment and go on by themselves.{isSaving() && SAVES_FAIL}</p>
        <button type="button" class="button button-small" onClick={onUpdate}>
          Reload
        </button>
      </div>
    );
  }
  if (store.link.value === 'lost' && store.loaded.value) {
    return (
      <div class="banner late" role="status">
        <p>The engine is starting again. The list shows the last it said.</p>
      </div>
    );
  }
  return <MoveIn />;
}

/** Torrents that came into the browser before the helper was there. */
function MoveIn(): JSX.Element | null {
  const { value: count } = store.here;
  const { value: root } = store.defaultRoot;
  if (!store.canMoveIn.value || root === null || count <= declined.value) return null;
  return (
    <div class="banner" role="status">
      <p>
        {plural(count, 'torrent is', 'torrents are')} kept in this browser. Move {count === 1 ? 'it' : 'them'} to “{root.name}” on
        this computer? Nothing is downloaded again.
      </p>
      <div class="banner-actions">
        <button type="button" class="button button-small" onClick={() => decline(count)}>
          Not now
        </button>
        <button type="button" class="button button-small button-main" onClick={() => moveIn(root.token)}>
          Move
        </button>
      </div>
    </div>
  );
}
