import type { JSX } from 'preact';

interface Props {
  readonly label: string;
  readonly value: number | null;
  /** 0, where nothing else is said. */
  readonly min?: number;
  readonly max: number;
  readonly step: number;
  /** What stands in the field where there is no value; without it there has to be one. */
  readonly unset?: string;
  onChange(value: number | null): void;
}

/** A number, taken over when the field is left. What is no such number goes back to what it was. */
export function NumberField({ label, value, min = 0, max, step, unset, onChange }: Props): JSX.Element {
  const text = value === null ? '' : String(value);
  return (
    <label class="number-field">
      <span>{label}</span>
      <input
        type="number"
        min={min}
        max={max}
        step={step}
        placeholder={unset}
        value={text}
        onChange={event => {
          const { valueAsNumber, validity } = event.currentTarget;
          const isEmpty = event.currentTarget.value === '' && !validity.badInput;
          if (isEmpty && unset !== undefined) onChange(null);
          else if (!isEmpty && validity.valid) onChange(valueAsNumber);
          else event.currentTarget.value = text;
        }}
      />
    </label>
  );
}
