import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';

interface Props {
  readonly label: string;
  readonly initial: string;
  readonly action: string;
  /** Answers why it was refused; null when it was done. */
  save(name: string): Promise<string | null>;
  /** It was saved, or called off. */
  onDone(): void;
}

/** A name to be typed; what is wrong with it is said below. */
export function NameForm({ label, initial, action, save, onDone }: Props): JSX.Element {
  const text = useSignal(initial);
  const refused = useSignal<string | null>(null);
  const submit = async (): Promise<void> => {
    refused.value = await save(text.value);
    if (refused.value === null) onDone();
  };
  return (
    <form
      class="tracker-form"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onDone();
      }}
    >
      <input
        type="text"
        class="text-input"
        aria-label={label}
        maxLength={255}
        value={text.value}
        ref={element => element?.focus()}
        onInput={event => {
          text.value = event.currentTarget.value;
          refused.value = null;
        }}
      />
      <button type="submit" class="button button-small" disabled={text.value.trim() === ''}>
        {action}
      </button>
      <button type="button" class="button button-small" onClick={onDone}>
        Cancel
      </button>
      {refused.value !== null && (
        <p class="tone-bad" role="alert">
          {refused.value}
        </p>
      )}
    </form>
  );
}
