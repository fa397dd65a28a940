import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { words } from '../words/words.ts';

interface Props {
  readonly label: string;
  /** Shown while nothing is typed. */
  readonly example?: string;
  readonly initial?: string;
  readonly action: string;
  /** Of what is typed, in characters. */
  readonly maxLength?: number;
  /** A person has just asked for it: it takes the keyboard. */
  readonly isAsked?: boolean;
  /** Answers why it was refused; null when it was done. */
  save(text: string): Promise<string | null>;
  /** It was saved, or called off. */
  onDone?(): void;
}

/** A line to be typed, as an address or a name; what is wrong with it is said below. */
export function LineForm({ label, example, initial = '', action, maxLength, isAsked = false, save, onDone }: Props): JSX.Element {
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
      class="line-form"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape' || onDone === undefined) return;
        // The dialog that it may stand in stays open.
        event.preventDefault();
        event.stopPropagation();
        onDone();
      }}
    >
      <input
        type="text"
        class="text-input"
        aria-label={label}
        placeholder={example}
        maxLength={maxLength}
        value={text.value}
        ref={element => {
          if (isAsked) element?.focus();
        }}
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
          {words.common.cancel()}
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
