import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { banListed, readAddresses } from '../banned-list.ts';
import { store } from '../store.ts';
import { words } from '../words/words.ts';
import { Setting } from './setting.tsx';

/** Whom a person wants no torrent to talk to. */
export function BannedSetting(): JSX.Element | null {
  const { value } = store.settings;
  const problem = useSignal<string | null>(null);
  /** What is being typed. */
  const draft = useSignal<string | null>(null);
  /** What the list was when that began. */
  const before = useSignal<readonly string[]>([]);
  if (value === null) return null;
  const save = async (text: string): Promise<void> => {
    problem.value = await banListed(before.value, text);
    if (problem.value !== null) return;
    // Who has typed on meanwhile began with what is saved now.
    if (draft.value === text) draft.value = null;
    else before.value = readAddresses(text);
  };
  return (
    <Setting id="banned" isTitled>
      <label class="field">
        <span>{words.settings.bannedLabel()}</span>
        <textarea
          rows={Math.min(12, Math.max(2, value.banned.length))}
          spellcheck={false}
          placeholder="198.51.100.7"
          aria-describedby="banned-text"
          aria-invalid={problem.value !== null}
          value={draft.value ?? value.banned.join('\n')}
          onInput={event => {
            if (draft.value === null) before.value = value.banned;
            draft.value = event.currentTarget.value;
            problem.value = null;
          }}
          onChange={event => void save(event.currentTarget.value)}
        />
      </label>
      {problem.value !== null && (
        <p class="tone-bad" role="alert">
          {problem.value}
        </p>
      )}
      <p id="banned-text" class="quiet">
        {words.settings.bannedText()}
      </p>
    </Setting>
  );
}
