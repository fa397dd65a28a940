import type { JSX } from 'preact';
import { formatRatio } from '../format.ts';
import { NumberField } from '../ui/number-field.tsx';

interface Limits<Value> {
  readonly stopRatio: Value;
  readonly stopSeedingTime: Value;
}

interface Props {
  readonly values: Limits<number | null>;
  /** What holds where a field is empty; null where none may be. */
  readonly unset: Limits<number> | null;
  onChange(change: Partial<Limits<number | null>>): void;
}

/** When seeding is enough; 0 is never. */
export function StopFields({ values, unset, onChange }: Props): JSX.Element {
  return (
    <div class="stop-fields">
      <NumberField
        label="At ratio"
        value={values.stopRatio}
        max={10_000}
        step={0.01}
        {...(unset && { unset: unset.stopRatio === 0 ? 'Never' : formatRatio(unset.stopRatio, 1) })}
        onChange={stopRatio => onChange({ stopRatio })}
      />
      <NumberField
        label="After minutes"
        value={values.stopSeedingTime}
        max={5_256_000}
        step={1}
        {...(unset && { unset: unset.stopSeedingTime === 0 ? 'Never' : String(unset.stopSeedingTime) })}
        onChange={stopSeedingTime => onChange({ stopSeedingTime })}
      />
    </div>
  );
}
