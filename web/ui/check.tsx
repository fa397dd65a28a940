import type { JSX } from 'preact';

interface Props {
  readonly label: string;
  readonly state: 'all' | 'some' | 'none';
  readonly disabled?: boolean;
  onChange(checked: boolean): void;
}

/** A checkbox with a third state, for folders of which some files are wanted. */
export function Check({ label, state, disabled = false, onChange }: Props): JSX.Element {
  return (
    <input
      type="checkbox"
      class="check"
      aria-label={label}
      checked={state === 'all'}
      disabled={disabled}
      ref={element => {
        if (element !== null) element.indeterminate = state === 'some';
      }}
      onChange={event => onChange(event.currentTarget.checked)}
    />
  );
}
