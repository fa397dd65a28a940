import type { JSX } from 'preact';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { NumberField } from '../ui/number-field.tsx';
import { StopFields } from './stop-fields.tsx';

const LIMITS = [
  { id: 'maxActiveDownloads', label: 'Downloads at once' },
  { id: 'maxActiveSeeds', label: 'Seeding at once' },
  { id: 'maxActive', label: 'Active torrents in all' },
] as const;

/** How many torrents are active at once. */
export function QueueSettings(): JSX.Element | null {
  const { value } = store.settings;
  if (value === null) return null;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      {LIMITS.map(({ id, label }) => (
        <NumberField
          key={id}
          label={label}
          value={value[id]}
          max={10_000}
          step={1}
          onChange={most => void configure({ [id]: most ?? 0 })}
        />
      ))}
      <p class="quiet">
        Others wait for their turn; 0 means no limit. Torrents without any traffic for a few minutes count in the last limit
        alone.
      </p>
    </section>
  );
}

/** When torrents stop seeding by themselves. */
export function StopSettings(): JSX.Element | null {
  const { value } = store.settings;
  if (value === null) return null;
  return (
    <section aria-labelledby="stop">
      <h2 id="stop">Stop seeding</h2>
      <StopFields
        values={value}
        unset={null}
        onChange={({ stopRatio, stopSeedingTime }) =>
          void configure({
            ...(stopRatio !== undefined && { stopRatio: stopRatio ?? 0 }),
            ...(stopSeedingTime !== undefined && { stopSeedingTime: stopSeedingTime ?? 0 }),
          })
        }
      />
      <p class="quiet">
        The ratio is what was sent over the size. 0 means never; a torrent can have limits of its own, among its details.
      </p>
    </section>
  );
}
