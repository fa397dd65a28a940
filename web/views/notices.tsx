import { X } from 'lucide';
import type { JSX } from 'preact';
import { dismiss, notices } from '../notices.ts';
import { Icon } from '../ui/icon.tsx';

export function Notices(): JSX.Element {
  return (
    <div class="notices" role="log" aria-label="Messages" aria-live="polite">
      {notices.value.map(notice => (
        <div key={notice.id} class={`notice notice-${notice.tone}`}>
          <p>{notice.text}</p>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
            <Icon of={X} size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
