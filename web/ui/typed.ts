import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

interface Draft {
  readonly text: string;
  readonly isRefused: boolean;
}

export interface Typed {
  /** What stands in the field. */
  readonly text: string;
  /** It is none that can be set, and is kept as it was typed. */
  readonly isRefused: boolean;
  /** Whenever it changes: a refusal goes as soon as it is mended. */
  input(field: HTMLInputElement): void;
  /** It is done, or means something else now. */
  take(field: HTMLInputElement): void;
  /** Back to what is set; false where there was nothing to call off. */
  callOff(field: HTMLInputElement): boolean;
}

/**
 * What a person types into a field, taken over once it is done. What cannot be set stays until it is mended or called off, and what is on its way
 * to be set is shown as it was typed. `read` answers undefined for what cannot be set.
 */
export function useTyped<T>(
  value: T,
  text: string,
  read: (field: HTMLInputElement) => T | undefined,
  onChange: (value: T) => void,
): Typed {
  const draft = useSignal<Draft | null>(null);
  /** What was taken over and has yet to come back as the value. */
  const sent = useRef<readonly T[]>([]);
  useEffect(() => {
    const came = sent.current.indexOf(value);
    sent.current = came < 0 ? [] : sent.current.slice(came + 1);
    // It was set elsewhere, or all that was typed is set.
    if (came < 0 || (sent.current.length === 0 && draft.peek()?.isRefused !== true)) draft.value = null;
  }, [value]);
  return {
    text: draft.value?.text ?? text,
    isRefused: draft.value?.isRefused ?? false,
    input(field) {
      if (draft.value !== null)
        draft.value = { text: field.value, isRefused: draft.value.isRefused && read(field) === undefined };
    },
    take(field) {
      const next = read(field);
      if (next === undefined) {
        draft.value = { text: field.value, isRefused: true };
        return;
      }
      const last = sent.current.at(-1) ?? value;
      draft.value = next === value ? null : { text: field.value, isRefused: false };
      if (next === value) field.value = text;
      if (next === last) return;
      sent.current = next === value ? [] : [...sent.current, next];
      onChange(next);
    },
    callOff(field) {
      if (draft.value === null && field.value === text && !field.validity.badInput) return false;
      draft.value = null;
      field.value = text;
      return true;
    },
  };
}
