import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { MIN_RATE } from '../../sw/view-model.ts';
import { formatAboutRate, nameOfUnit } from '../format.ts';
import { MAX_RATE, rateOf } from '../limits.ts';
import { words } from '../words/words.ts';
import { NumberInput, Refused } from './number-input.tsx';
import { useTyped } from './typed.ts';

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

/** A limit on speed, taken over when the field is left; empty is none. Another unit is that of the number as it stands there. */
export function RateField({ label, value, onChange }: Props): JSX.Element {
  const id = useId();
  const field = useRef<HTMLSpanElement>(null);
  const unit = useSignal<number>(value >= 1_000_000 ? 1_000_000 : 1_000);
  const read = ({ value: text, valueAsNumber, validity }: HTMLInputElement): number | undefined =>
    validity.badInput ? undefined : (rateOf(text === '' ? 0 : valueAsNumber, unit.peek()) ?? undefined);
  const typed = useTyped(value, value === 0 ? '' : String(value / unit.value), read, onChange);
  const range = { least: formatAboutRate(MIN_RATE), most: formatAboutRate(MAX_RATE) };
  return (
    <div class="number-field" role="group" aria-label={label}>
      <span aria-hidden>{label}</span>
      <span class="rate-field" ref={field}>
        <NumberInput
          id={id}
          typed={typed}
          min={0}
          step="any"
          inputMode="decimal"
          placeholder={words.common.noLimit()}
          aria-label={label}
        />
        <select
          aria-label={words.common.unit({ label })}
          value={unit.value}
          onChange={event => {
            unit.value = Number(event.currentTarget.value);
            const input = field.current?.querySelector('input');
            if (input) typed.take(input);
          }}
        >
          {UNITS.map(({ bytes, unit: name }) => (
            <option key={bytes} value={bytes}>
              {nameOfUnit(name)}
            </option>
          ))}
        </select>
      </span>
      <Refused id={id} typed={typed} text={words.options.rate(range)} />
    </div>
  );
}
