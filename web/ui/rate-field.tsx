import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { nameOfUnit } from '../format.ts';
import { rateOf } from '../limits.ts';
import { words } from '../words/words.ts';

const UNITS = [
  { bytes: 1_000, unit: 'kilobyte-per-second' },
  { bytes: 1_000_000, unit: 'megabyte-per-second' },
] as const;

interface Props {
  readonly label: string;
  /** Bytes a second; 0: no limit. */
  readonly value: number;
  onChange(value: number): void;
}

/** A limit on speed, taken over when the field is left; empty is none. What cannot be set goes back to what it was. */
export function RateField({ label, value, onChange }: Props): JSX.Element {
  const unit = useSignal<number>(value >= 1_000_000 ? 1_000_000 : 1_000);
  const text = value === 0 ? '' : String(value / unit.value);
  return (
    <div class="number-field" role="group" aria-label={label}>
      <span aria-hidden>{label}</span>
      <span class="rate-field">
        <input
          type="number"
          min={0}
          step="any"
          inputMode="decimal"
          placeholder={words.common.noLimit()}
          aria-label={label}
          value={text}
          onChange={event => {
            const input = event.currentTarget;
            const rate = input.validity.badInput ? null : rateOf(input.value === '' ? 0 : input.valueAsNumber, unit.value);
            if (rate === null) input.value = text;
            else onChange(rate);
          }}
        />
        <select
          aria-label={words.common.unit({ label })}
          value={unit.value}
          onChange={event => {
            const next = Number(event.currentTarget.value);
            const rate = rateOf(value / unit.value, next);
            unit.value = next;
            if (value > 0 && rate !== null) onChange(rate);
          }}
        >
          {UNITS.map(({ bytes, unit: name }) => (
            <option key={bytes} value={bytes}>
              {nameOfUnit(name)}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}
