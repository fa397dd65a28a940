import type { JSX } from 'preact';
import { folderSave } from '../folder-save.ts';
import { isolated, shownName } from '../format.ts';
import { declined, decline, moveIn } from '../moving-in.ts';
import { store } from '../store.ts';
import { words } from '../words/words.ts';

interface Props {
  /** A newer version is installed and waits. */
  readonly update: boolean;
  onUpdate(): void;
}

/** Something is being saved out of this browser, by its download manager or by this window. */
function isSaving(): boolean {
  return folderSave.value !== null || (store.connection.value.browser?.saving.length ?? 0) > 0;
}

/** What concerns the app itself: a version that waits, or an engine that is being reached again. */
export function Banner({ update, onUpdate }: Props): JSX.Element | null {
  if (store.link.value === 'outdated') {
    return (
      <div class="banner" role="status">
        <p>{words.shell.outdated()}</p>
        <button type="button" class="button button-small" onClick={() => location.reload()}>
          {words.shell.reload()}
        </button>
      </div>
    );
  }
  if (update) {
    return (
      <div class="banner" role="status">
        <p>{isSaving() ? words.shell.updateWhileSaving() : words.shell.update()}</p>
        <button type="button" class="button button-small" onClick={onUpdate}>
          {words.shell.reload()}
        </button>
      </div>
    );
  }
  if (store.link.value === 'lost' && store.loaded.value) {
    return (
      <div class="banner late" role="status">
        <p>{words.shell.engineLost()}</p>
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
      <p>{words.shell.moveIn({ count, folder: isolated(shownName(root.name)) })}</p>
      <div class="banner-actions">
        <button type="button" class="button button-small" onClick={() => decline(count)}>
          {words.shell.notNow()}
        </button>
        <button type="button" class="button button-small button-main" onClick={() => moveIn(root.token)}>
          {words.shell.move()}
        </button>
      </div>
    </div>
  );
}
