import type { JSX } from 'preact';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { RateField } from '../ui/rate-field.tsx';
import { words } from '../words/words.ts';
import { Schedule } from './schedule.tsx';
import { Segments, Setting, SettingGroup } from './setting.tsx';

/** Limits on the speed of all torrents together, those of slow mode and its hours. */
export function SpeedSettings(): JSX.Element | null {
  const { value } = store.settings;
  const { settings } = words;
  if (value === null) return null;
  const rate = (id: 'downLimit' | 'upLimit' | 'altDownLimit' | 'altUpLimit'): JSX.Element => (
    <Setting id={id}>
      <RateField label={settings[id]()} value={value[id]} onChange={limit => void configure({ [id]: limit })} />
    </Setting>
  );
  return (
    <SettingGroup id="speed">
      {rate('downLimit')}
      {rate('upLimit')}
      <p class="quiet">{settings.limitsText()}</p>
      <Setting id="altMode" isTitled>
        <Segments
          id="altMode"
          value={value.altMode}
          choices={[
            { id: 'off', label: settings.off() },
            { id: 'on', label: settings.on() },
            { id: 'scheduled', label: settings.scheduled() },
          ]}
          onChange={altMode => void configure({ altMode })}
        />
        <p class="quiet">{settings.altModeText()}</p>
      </Setting>
      {rate('altDownLimit')}
      {rate('altUpLimit')}
      {value.altMode === 'scheduled' && (
        <Setting id="altSchedule">
          <Schedule value={value} onChange={hours => void configure(hours)} />
        </Setting>
      )}
    </SettingGroup>
  );
}
