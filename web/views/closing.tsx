import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { showHelper } from '../actions.ts';
import { describeClosing, savesOutliveWindows, summarise } from '../closing.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { layout } from '../ui/layout.ts';
import { words } from '../words/words.ts';

const outlives = savesOutliveWindows();
const closing = computed(() =>
  describeClosing(store.unfinishedHere.value, store.connection.value.browser?.saving ?? [], outlives),
);
const shown = signal(false);

/** What becomes of downloads in this browser once it has no window: a line, while there are any, that leads to the rest. */
export function ClosingLine(): JSX.Element | null {
  const text = summarise(closing.value);
  if (text === null) return null;
  return (
    <div class="closing-line">
      <p>{text}</p>
      <button type="button" class="text-button" onClick={() => (shown.value = true)}>
        {words.closing.more()}
      </button>
    </div>
  );
}

export function ClosingDialog(): JSX.Element | null {
  if (!shown.value || closing.value.length === 0) return null;
  // A phone has no small windows.
  const isRoomy = layout.value !== 'phone';
  const close = (): void => {
    shown.value = false;
  };
  return (
    <Dialog labelledBy="closing-title" class="closing" onCancel={close}>
      <h2 id="closing-title">{words.closing.title()}</h2>
      <ul class="closing-list">
        {closing.value.map(({ id, name, text, canFinish }) => (
          <li key={id}>
            <p class="closing-name">{name}</p>
            <p class="quiet">{text}</p>
            {canFinish && (
              <button type="button" class="button button-small" onClick={() => saveFolder(id)}>
                {words.closing.finish()}
                <span class="sr-only"> {name}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <p>
        {outlives ? words.closing.saves() : words.closing.ends()} {words.closing.nothingLost()}
      </p>
      <p>
        {isRoomy && words.closing.smallWindow()} {store.connection.value.state !== 'connected' && words.closing.withHelper()}
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
            {words.closing.getHelper()}
          </button>
        )}
        {isRoomy && (
          <button type="button" class="button" onClick={openSmallWindow}>
            {words.closing.openSmallWindow()}
          </button>
        )}
        <button type="button" class="button button-main" onClick={close}>
          {words.closing.close()}
        </button>
      </div>
    </Dialog>
  );
}

function openSmallWindow(): void {
  open('/', 'starling-small', 'popup,width=380,height=560');
}
