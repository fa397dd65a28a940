import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { TorrentDetail, TorrentId } from '../../sw/view-model.ts';
import { command, copy, run } from '../actions.ts';
import { notify } from '../notices.ts';
import { moveTier, tiersOf } from '../tiers.ts';
import { Menu } from '../ui/menu.tsx';

/** Answers why it was refused; null when it was done. */
export function setTiers(id: TorrentId, tiers: readonly (readonly string[])[]): Promise<string | null> {
  return command({ do: 'trackers', id, tiers });
}

interface FieldProps {
  readonly label: string;
  readonly initial: string;
  readonly action: string;
  save(url: string): Promise<string | null>;
  /** It was saved, or called off. */
  onDone?(): void;
}

/** An address to be typed; what is wrong with it is said below. */
export function TrackerField({ label, initial, action, save, onDone }: FieldProps): JSX.Element {
  const text = useSignal(initial);
  const refused = useSignal<string | null>(null);
  const submit = async (): Promise<void> => {
    refused.value = await save(text.value);
    if (refused.value !== null) return;
    text.value = initial;
    onDone?.();
  };
  return (
    <form
      class="tracker-form"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape' || onDone === undefined) return;
        event.stopPropagation();
        onDone();
      }}
    >
      <input
        type="text"
        class="text-input"
        aria-label={label}
        placeholder="https://tracker.example/announce"
        value={text.value}
        onInput={event => {
          text.value = event.currentTarget.value;
          refused.value = null;
        }}
      />
      <button type="submit" class="button button-small" disabled={text.value.trim() === ''}>
        {action}
      </button>
      {onDone !== undefined && (
        <button type="button" class="button button-small" onClick={onDone}>
          Cancel
        </button>
      )}
      {refused.value !== null && (
        <p class="tone-bad" role="alert">
          {refused.value}
        </p>
      )}
    </form>
  );
}

interface MenuProps {
  readonly detail: TorrentDetail;
  readonly url: string;
  readonly x: number;
  readonly y: number;
  onEdit(url: string): void;
  onClose(): void;
}

/** What can be done with one tracker. */
export function TrackerMenu({ detail, url, x, y, onEdit, onClose }: MenuProps): JSX.Element {
  const { id } = detail;
  const change = (tiers: readonly (readonly string[])[]): void => {
    void setTiers(id, tiers).then(refused => {
      if (refused !== null) notify(refused, 'bad');
    });
  };
  const items = [
    { label: 'Ask again', act: () => run({ do: 'announce', ids: [id], url }) },
    { label: 'Copy address', act: () => void copy(url, 'Address') },
    { label: 'Edit', act: () => onEdit(url) },
    { label: 'Move to an earlier tier', act: () => change(moveTier(detail, url, -1)) },
    { label: 'Move to a later tier', act: () => change(moveTier(detail, url, 1)) },
    { label: 'Remove', danger: true, act: () => change(tiersOf(detail, other => (other === url ? null : other))) },
  ];
  return <Menu label={`Actions for ${url}`} items={items} x={x} y={y} onClose={onClose} />;
}
