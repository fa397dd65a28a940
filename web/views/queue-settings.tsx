import type { JSX } from 'preact';
import type { Settings } from '../../sw/api.ts';
import { configure } from '../actions.ts';
import { store } from '../store.ts';

type Limit = 'maxActiveDownloads' | 'maxActiveSeeds' | 'maxActive';

const LIMITS: readonly { readonly id: Limit; readonly label: string }[] = [
  { id: 'maxActiveDownloads', label: 'Downloads at once' },
  { id: 'maxActiveSeeds', label: 'Seeding at once' },
  { id: 'maxActive', label: 'Active torrents in all' },
];

/** How many torrents are active at once. */
export function QueueSettings(): JSX.Element | null {
  const { value } = store.settings;
  if (value === null) return null;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      {LIMITS.map(({ id, label }) => (
        <NumberField key={id} id={id} label={label} settings={value} />
      ))}
      <p class="quiet">
        Others wait for their turn; 0 means no limit. Torrents without any traffic for a few minutes count in the last limit
        alone.
      </p>
    </section>
  );
}

function NumberField({ id, label, settings }: { id: Limit; label: string; settings: Settings }): JSX.Element {
  return (
    <label class="number-field">
      <span>{label}</span>
      <input
        type="number"

        min={0}
        max={10_000}
        step={1}
        value={settings[id]}
        onChange={event => {
          const { valueAsNumber } = event.currentTarget;
          if (Number.isInteger(valueAsNumber) && event.currentTarget.validity.valid) void configure({ [id]: valueAsNumber });
          else event.currentTarget.value = String(settings[id]);
        }}
      />
    </label>
  );
}
