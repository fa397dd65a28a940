import type { JSX } from 'preact';
import { MAX_EXIT_AFTER } from '../../sw/view-model.ts';
import { tell } from '../folders.ts';
import { store } from '../store.ts';
import { NumberField } from '../ui/number-field.tsx';

/** What the helper does by itself: what it tells of on the screen, and when it ends. */
export function HelperSettings(): JSX.Element | null {
  const settings = store.connection.value.host?.settings;
  if (settings === undefined) return null;
  return (
    <>
      <label class="choice">
        <input
          type="checkbox"
          class="check"
          checked={settings.notify}
          onChange={event => void tell({ do: 'set', settings: { notify: event.currentTarget.checked } })}
        />
        <span>Notify me of what is finished or stopped while the app is closed</span>
      </label>
      <NumberField
        label="Minutes until an idle helper ends"
        value={settings.exitAfter}
        max={MAX_EXIT_AFTER}
        step={1}
        onChange={minutes => void tell({ do: 'set', settings: { exitAfter: minutes ?? 0 } })}
      />
      <p class="quiet">
        Idle is a helper without a window, without a torrent at work and without a folder to watch. 0 means that it never ends by
        itself; links open nothing until it is started again.
      </p>
    </>
  );
}
