import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { showHelper } from '../actions.ts';
import { describeClosing, savesOutliveWindows, summarise } from '../closing.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { layout } from '../ui/layout.ts';

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
        What goes on
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
      <h2 id="closing-title">Once every window is closed</h2>
      <ul class="closing-list">
        {closing.value.map(({ id, name, text, canFinish }) => (
          <li key={id}>
            <p class="closing-name">{name}</p>
            <p class="quiet">{text}</p>
            {canFinish && (
              <button type="button" class="button button-small" onClick={() => saveFolder(id)}>
                Finish in the background<span class="sr-only"> {name}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <p>{outlives ? SAVES : STOPS} Nothing is lost: what waits goes on by itself when the app is open again.</p>
      <p>
        {isRoomy && 'A small window is enough for everything to go on.'}
        {store.connection.value.state !== 'connected' &&
          ' With the free helper, downloads go on without any, the browser closed as well.'}
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
            Get the helper
          </button>
        )}
        {isRoomy && (
          <button type="button" class="button" onClick={openSmallWindow}>
            Open a small window
          </button>
        )}
        <button type="button" class="button button-main" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

const SAVES =
  'To finish in the background, the browser saves the torrent among its downloads while it comes, as long as the browser itself runs. Firefox and Safari cannot.';
const STOPS =
  'This browser ends the app with its last window, and saves that are not complete with it. Chrome, Edge and others of their kind can go on with a torrent from web seeds while it is saved.';

function openSmallWindow(): void {
  open('/', 'starling-small', 'popup,width=380,height=560');
}
