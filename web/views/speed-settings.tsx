import type { JSX } from 'preact';
import type { AltMode } from '../../sw/view-model.ts';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { NumberField } from '../ui/number-field.tsx';
import { RateField } from '../ui/rate-field.tsx';
import { Schedule } from './schedule.tsx';

const MODES: readonly { readonly id: AltMode; readonly label: string }[] = [
  { id: 'off', label: 'Off' },
  { id: 'on', label: 'On' },
  { id: 'scheduled', label: 'By the hour' },
];

/** Limits on the speed of all torrents together, those of slow mode and its hours. */
export function SpeedSettings(): JSX.Element | null {
  const { value } = store.settings;
  if (value === null) return null;
  return (
    <>
      <section aria-labelledby="speed">
        <h2 id="speed">Speed</h2>
        <RateField label="Download limit" value={value.downLimit} onChange={downLimit => void configure({ downLimit })} />
        <RateField label="Upload limit" value={value.upLimit} onChange={upLimit => void configure({ upLimit })} />
        <p class="quiet">
          For all torrents together, on the local network as well. A torrent can have limits of its own, among its details.
        </p>
      </section>
      <section aria-labelledby="slow">
        <h2 id="slow">Slow mode</h2>
        <div class="segments" role="radiogroup" aria-labelledby="slow">
          {MODES.map(({ id, label }) => (
            <label key={id} class="segment">
              <input
                type="radio"
                name="alt-mode"
                value={id}
                checked={value.altMode === id}
                onChange={() => void configure({ altMode: id })}
              />
              <span>{label}</span>
            </label>
          ))}
        </div>
        <RateField
          label="Slow download limit"
          value={value.altDownLimit}
          onChange={altDownLimit => void configure({ altDownLimit })}
        />
        <RateField label="Slow upload limit" value={value.altUpLimit} onChange={altUpLimit => void configure({ altUpLimit })} />
        {value.altMode === 'scheduled' && (
          <Schedule value={value.altSchedule} onChange={altSchedule => void configure({ altSchedule })} />
        )}
        <p class="quiet">These limits hold in place of the others while slow mode is on.</p>
      </section>
      <section aria-labelledby="connections">
        <h2 id="connections">Connections</h2>
        <NumberField
          label="Connections at most"
          value={value.maxConnections}
          max={450}
          step={1}
          onChange={most => void configure({ maxConnections: Math.max(1, most ?? 1) })}
        />
        <NumberField
          label="Peers served at once"
          value={value.maxUploads}
          max={100}
          step={1}
          onChange={most => void configure({ maxUploads: Math.max(2, most ?? 2) })}
        />
        <p class="quiet">Fewer peers are served while a low upload limit holds, so that each gets enough.</p>
      </section>
    </>
  );
}
