import type { JSX } from 'preact';
import { formatCount, formatRatio } from '../format.ts';
import { NumberField } from '../ui/number-field.tsx';
import { words } from '../words/words.ts';

const MAX_RATIO = 10_000;
/** Minutes: ten years. */
const MAX_SEEDING_TIME = 5_256_000;

interface Props {
  readonly value: number | null;
  /** What holds where the field is empty; null where it may not be. */
  readonly unset: number | null;
  onChange(value: number | null): void;
}

/** The ratio at which seeding is enough; 0 is never. */
export function RatioField({ value, unset, onChange }: Props): JSX.Element {
  const { options } = words;
  return (
    <NumberField
      label={options.atRatio()}
      value={value}
      max={MAX_RATIO}
      step={0.01}
      {...(unset !== null && { unset: unset === 0 ? options.never() : formatRatio(unset, 1) })}
      onChange={onChange}
    />
  );
}

/** The minutes after which it is; 0 is never. */
export function SeedingTimeField({ value, unset, onChange }: Props): JSX.Element {
  const { options } = words;
  return (
    <NumberField
      label={options.afterMinutes()}
      value={value}
      max={MAX_SEEDING_TIME}
      step={1}
      {...(unset !== null && { unset: unset === 0 ? options.never() : formatCount(unset) })}
      onChange={onChange}
    />
  );
}

interface Limits {
  readonly stopRatio: number | null;
  readonly stopSeedingTime: number | null;
}

interface BothProps {
  readonly values: Limits;
  /** What holds where a field is empty; null while it is not known. */
  readonly unset: Limits | null;
  onChange(change: Partial<Limits>): void;
}

/** Both, for one torrent. */
export function StopFields({ values, unset, onChange }: BothProps): JSX.Element {
  return (
    <div class="stop-fields">
      <RatioField value={values.stopRatio} unset={unset?.stopRatio ?? null} onChange={stopRatio => onChange({ stopRatio })} />
      <SeedingTimeField
        value={values.stopSeedingTime}
        unset={unset?.stopSeedingTime ?? null}
        onChange={stopSeedingTime => onChange({ stopSeedingTime })}
      />
    </div>
  );
}
