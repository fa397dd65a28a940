import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { formatCount } from '../format.ts';
import { words } from '../words/words.ts';
import { NumberInput, Refused } from './number-input.tsx';
import { useTyped } from './typed.ts';

interface Props {
  readonly label: string;
  readonly value: number | null;
  /** 0, where nothing else is said. */
  readonly min?: number;
  readonly max: number;
  readonly step: 1 | 0.01;
  /** What stands in the field where there is no value; without it there has to be one. */
  readonly unset?: string;
  onChange(value: number | null): void;
}

/** A number, taken over when the field is left. */
export function NumberField({ label, value, min = 0, max, step, unset, onChange }: Props): JSX.Element {
  const id = useId();
  const read = (field: HTMLInputElement): number | null | undefined => {
    const { valueAsNumber, validity } = field;
    if (field.value === '' && !validity.badInput) return unset === undefined ? undefined : null;
    return validity.valid ? valueAsNumber : undefined;
  };
  const typed = useTyped(value, value === null ? '' : String(value), read, onChange);
  const range = { least: formatCount(min), most: formatCount(max) };
  return (
    <div class="number-field">
      <label for={id}>{label}</label>
      <NumberInput id={id} typed={typed} min={min} max={max} step={step} placeholder={unset} />
      <Refused id={id} typed={typed} text={step === 1 ? words.options.wholeNumber(range) : words.options.hundredths(range)} />
    </div>
  );
}
