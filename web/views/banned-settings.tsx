import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { banListed } from '../banning.ts';
import { store } from '../store.ts';

/** Whom a person wants no torrent to talk to. */
export function BannedSettings(): JSX.Element | null {
  const { value } = store.settings;
  const problem = useSignal<string | null>(null);
  /** What is being typed. */
  const draft = useSignal<string | null>(null);
  /** What the list was when that began. */
  const before = useSignal<readonly string[]>([]);
  if (value === null) return null;
  const save = async (text: string): Promise<void> => {
    problem.value = await banListed(before.value, text);
    if (problem.value === null) draft.value = null;
  };
  return (
    <section aria-labelledby="banned">
      <h2 id="banned">Banned addresses</h2>
      <label class="field">
        <span>IP addresses, one a line</span>
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
        No torrent has peers at these. An IPv6 address stands for its whole network (/64). A peer is banned from its menu in the
        details of a torrent, too.
      </p>
    </section>
  );
}
