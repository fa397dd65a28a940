import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { describeClosing, savesOutliveWindows, summarise } from '../closing.ts';
import { store } from '../store.ts';
import { lazy } from '../ui/lazy.tsx';
import { words } from '../words/words.ts';

const outlives = savesOutliveWindows();
const closing = computed(() =>
  describeClosing(store.unfinishedHere.value, store.connection.value.browser?.saving ?? [], outlives),
);
const shown = signal(false);
const close = (): void => {
  shown.value = false;
};
const Dialog = lazy(async () => (await import('./closing-dialog.tsx')).ClosingDialog, close, 'closingDialog');

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
  return <Dialog closing={closing.value} outlives={outlives} close={close} />;
}
