import { useSignal } from '@preact/signals';
import { X } from 'lucide';
import type { JSX } from 'preact';
import type { TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { label } from '../actions.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';

const MAX_LABEL = 64;

/** The labels of one torrent, to be added to and taken away. */
export function Labels({ row }: { row: TorrentRow }): JSX.Element {
  return (
    <div class="labels">
      {row.options.labels.map(name => (
        <span key={name} class="label">
          {name}
          <button
            type="button"
            class="label-remove"
            aria-label={words.labels.remove({ name })}
            onClick={() => label([row.id], [], [name])}
          >
            <Icon of={X} size={12} />
          </button>
        </span>
      ))}
      <NewLabel ids={[row.id]} />
    </div>
  );
}

/** A field that gives these torrents one label more. */
export function NewLabel({ ids }: { ids: readonly TorrentId[] }): JSX.Element {
  const text = useSignal('');
  return (
    <form
      class="label-form"
      onSubmit={event => {
        event.preventDefault();
        const name = text.value.trim();
        if (name !== '') label(ids, [name], []);
        text.value = '';
      }}
    >
      <input
        type="text"
        class="label-input"
        aria-label={words.labels.newLabel()}
        placeholder={words.labels.add()}
        maxLength={MAX_LABEL}
        list="known-labels"
        value={text.value}
        onInput={event => (text.value = event.currentTarget.value)}
      />
      <datalist id="known-labels">
        {[...store.labels.value.keys()].map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit" class="button button-small" disabled={text.value.trim() === ''}>
        {words.labels.addIt()}
      </button>
    </form>
  );
}
