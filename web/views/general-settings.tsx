import type { JSX } from 'preact';
import { characterKeys, chooseCharacterKeys, listed } from '../shortcuts.ts';
import { chooseDensity, chooseTheme, density, theme } from '../theme.ts';
import { words } from '../words/words.ts';
import { LanguageSetting } from './language-settings.tsx';
import { Segments, Setting, SettingGroup, Switch } from './setting.tsx';

/** How the app looks and is worked. */
export function GeneralSettings(): JSX.Element {
  const { settings } = words;
  return (
    <SettingGroup id="general">
      <LanguageSetting />
      <Setting id="theme" isTitled>
        <Segments
          id="theme"
          value={theme.value}
          choices={[
            { id: 'system', label: settings.themeSystem() },
            { id: 'light', label: settings.themeLight() },
            { id: 'dark', label: settings.themeDark() },
            { id: 'contrast', label: settings.themeContrast() },
          ]}
          onChange={chooseTheme}
        />
      </Setting>
      <Setting id="density" isTitled>
        <Segments
          id="density"
          value={density.value}
          choices={[
            { id: 'comfortable', label: settings.comfortable() },
            { id: 'compact', label: settings.compact() },
          ]}
          onChange={chooseDensity}
        />
      </Setting>
      <Setting id="characterKeys" isTitled>
        <Switch
          label={settings.characterKeysLabel()}
          checked={characterKeys.value}
          describedBy="characterKeys-text"
          onChange={chooseCharacterKeys}
        />
        <p id="characterKeys-text" class="quiet">
          {settings.characterKeysText()}
        </p>
        <button type="button" class="text-button" onClick={() => (listed.value = true)}>
          {settings.showShortcuts()}
        </button>
      </Setting>
    </SettingGroup>
  );
}
