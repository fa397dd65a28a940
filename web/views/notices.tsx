import { X } from 'lucide';
import type { JSX } from 'preact';
import { dismiss as removeFor } from '../actions.ts';
import { departures, undo, type Departure } from '../departures.ts';
import { dismiss, notices } from '../notices.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';

/** Removals that are shown at once; the last ones can be taken back by the keyboard too. */
const SHOWN = 3;

export function Notices(): JSX.Element {
  return (
    <div class="notices" role="log" aria-label={words.notices.messages()} aria-live="polite">
      {notices.value.map(notice => (
        <div key={notice.id} class={`notice notice-${notice.tone}`}>
          <p>{notice.text}</p>
          <button type="button" class="icon-button" aria-label={words.notices.dismiss()} onClick={() => dismiss(notice.id)}>
            <Icon of={X} size={16} />
          </button>
        </div>
      ))}
      {departures.value.slice(-SHOWN).map(departure => (
        <Undo key={`left ${departure.at}`} departure={departure} />
      ))}
    </div>
  );
}

/** Stands for as long as the removal can be taken back. */
function Undo({ departure }: { departure: Departure }): JSX.Element {
  const { ids, text, leavesFiles } = departure;
  return (
    <div class="notice notice-undo">
      <p>{text}</p>
      {leavesFiles && (
        <button type="button" class="button button-small" onClick={() => removeFor(ids, true)}>
          {words.notices.withFiles()}
        </button>
      )}
      <button type="button" class="button button-small" onClick={() => void undo(departure)}>
        {words.notices.undo()}
      </button>
    </div>
  );
}
