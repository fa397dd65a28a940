import type { JSX } from 'preact';
import type { Encryption } from '../../sw/view-model.ts';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { NumberField } from '../ui/number-field.tsx';
import { words } from '../words/words.ts';
import { BannedSetting } from './banned-settings.tsx';
import { RtcSettings } from './rtc-settings.tsx';
import { Segments, Setting, SettingGroup, Switch } from './setting.tsx';

/** How peers are reached, and how many. */
export function ConnectionSettings(): JSX.Element | null {
  const { value } = store.settings;
  const { settings } = words;
  if (value === null) return null;
  // What needs the helper means nothing before there is one.
  const isAlone = store.isAlone.value;
  return (
    <SettingGroup id="connections">
      <Setting id="maxConnections">
        <NumberField
          label={settings.maxConnections()}
          value={value.maxConnections}
          min={1}
          max={450}
          step={1}
          onChange={most => most !== null && void configure({ maxConnections: most })}
        />
      </Setting>
      <Setting id="maxUploads">
        <NumberField
          label={settings.maxUploads()}
          value={value.maxUploads}
          min={2}
          max={100}
          step={1}
          onChange={most => most !== null && void configure({ maxUploads: most })}
        />
        <p class="quiet">{settings.maxUploadsText()}</p>
      </Setting>
      {!isAlone && <SwitchSetting id="portMapping" />}
      {!isAlone && <SwitchSetting id="utp" />}
      {!isAlone && <SwitchSetting id="lsd" />}
      <RtcSettings />
    </SettingGroup>
  );
}

/** Who sees what, and who is let in. */
export function PrivacySettings(): JSX.Element | null {
  if (store.settings.value === null) return null;
  return (
    <SettingGroup id="privacy">
      {!store.isAlone.value && <EncryptionSetting />}
      <BannedSetting />
    </SettingGroup>
  );
}

/** A setting that is one switch, with what it means to have it on. */
export function SwitchSetting({ id }: { id: 'lsd' | 'utp' | 'portMapping' | 'preallocate' }): JSX.Element | null {
  const { value } = store.settings;
  const { settings } = words;
  if (value === null) return null;
  return (
    <Setting id={id} isTitled>
      <Switch
        label={settings[`${id}Label`]()}
        checked={value[id]}
        describedBy={`${id}-text`}
        onChange={isOn => void configure({ [id]: isOn })}
      />
      <p id={`${id}-text`} class="quiet">
        {settings[`${id}Text`]()}
      </p>
    </Setting>
  );
}

function EncryptionSetting(): JSX.Element | null {
  const { value } = store.settings;
  const { settings } = words;
  if (value === null) return null;
  const texts: Readonly<Record<Encryption, string>> = {
    off: settings.encryptionOff(),
    prefer: settings.encryptionPrefer(),
    require: settings.encryptionRequire(),
  };
  return (
    <Setting id="encryption" isTitled>
      <Segments
        id="encryption"
        value={value.encryption}
        describedBy="encryption-text"
        choices={[
          { id: 'off', label: settings.off() },
          { id: 'prefer', label: settings.prefer() },
          { id: 'require', label: settings.require() },
        ]}
        onChange={encryption => void configure({ encryption })}
      />
      <p id="encryption-text" class="quiet">
        {texts[value.encryption]}
      </p>
    </Setting>
  );
}
