import type { JSX } from 'preact';
import { showHelper } from '../actions.ts';
import type { Closing } from '../closing.ts';
import { describeFate } from '../closing-words.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { layout } from '../ui/layout.ts';
import { words } from '../words/words.ts';

interface Props {
  readonly closing: readonly Closing[];
  /** As in closing.ts. */
  readonly outlives: boolean;
  readonly close: () => void;
}

/** What becomes of each download in this browser once it has no window, and what can be done about it. */
export function ClosingDialog({ closing, outlives, close }: Props): JSX.Element {
  // A phone has no small windows.
  const isRoomy = layout.value !== 'phone';
  return (
    <Dialog labelledBy="closing-title" class="closing" onCancel={close}>
      <h2 id="closing-title">{words.closingDialog.title()}</h2>
      <ul class="closing-list">
        {closing.map(one => (
          <li key={one.id}>
            <p class="closing-name">{one.name}</p>
            <p class="quiet">{describeFate(one, outlives)}</p>
            {one.canFinish && (
              <button type="button" class="button button-small" onClick={() => saveFolder(one.id)}>
                {words.closingDialog.finish()}
                <span class="sr-only"> {one.name}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <p>
        {outlives ? words.closingDialog.saves() : words.closingDialog.ends()} {words.closingDialog.nothingLost()}
      </p>
      <p>
        {isRoomy && words.closingDialog.smallWindow()}{' '}
        {store.connection.value.state !== 'connected' && words.closingDialog.withHelper()}
      </p>
      <div class="dialog-actions">
        {store.connection.value.state !== 'connected' && (
          <button
            type="button"
            class="button"
            onClick={() => {
              close();
              showHelper();
            }}
          >
            {words.closingDialog.getHelper()}
          </button>
        )}
        {isRoomy && (
          <button type="button" class="button" onClick={openSmallWindow}>
            {words.closingDialog.openSmallWindow()}
          </button>
        )}
        <button type="button" class="button button-main" onClick={close}>
          {words.closingDialog.close()}
        </button>
      </div>
    </Dialog>
  );
}

function openSmallWindow(): void {
  open('/', 'starling-small', 'popup,width=380,height=560');
}
