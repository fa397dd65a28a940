import type { JSX } from 'preact';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { NumberField } from '../ui/number-field.tsx';
import { words } from '../words/words.ts';
import { Setting, SettingGroup } from './setting.tsx';
import { RatioField, SeedingTimeField } from './stop-fields.tsx';

const LIMITS = ['maxActiveDownloads', 'maxActiveSeeds', 'maxActive'] as const;
/** No list holds more. */
const MOST = 10_000;

/** How many torrents are active at once, and when they stop seeding by themselves. */
export function QueueSettings(): JSX.Element | null {
  const { value } = store.settings;
  const { settings } = words;
  if (value === null) return null;
  return (
    <SettingGroup id="queue">
      {LIMITS.map(id => (
        <Setting key={id} id={id}>
          <NumberField
            label={settings[id]()}
            value={value[id]}
            max={MOST}
            step={1}
            onChange={most => most !== null && void configure({ [id]: most })}
          />
        </Setting>
      ))}
      <p class="quiet">{settings.queueText()}</p>
      <h3>{settings.stop()}</h3>
      <Setting id="stopRatio">
        <RatioField
          value={value.stopRatio}
          unset={null}
          onChange={stopRatio => stopRatio !== null && void configure({ stopRatio })}
        />
      </Setting>
      <Setting id="stopSeedingTime">
        <SeedingTimeField
          value={value.stopSeedingTime}
          unset={null}
          onChange={stopSeedingTime => stopSeedingTime !== null && void configure({ stopSeedingTime })}
        />
      </Setting>
      <p class="quiet">{settings.stopText()}</p>
    </SettingGroup>
  );
}
