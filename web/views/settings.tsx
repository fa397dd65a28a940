import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { visit } from '../actions.ts';
import { GROUPS, type GroupId } from '../settings-index.ts';
import { store } from '../store.ts';
import { layout } from '../ui/layout.ts';
import { words } from '../words/words.ts';
import { BackupSettings } from './backup-settings.tsx';
import { ConnectionSettings, PrivacySettings, SwitchSetting } from './connection-settings.tsx';
import { FolderSettings } from './folders.tsx';
import { GeneralSettings } from './general-settings.tsx';
import { HelperSettings } from './helper-settings.tsx';
import { QueueSettings } from './queue-settings.tsx';
import { Setting, SettingGroup } from './setting.tsx';
import { SettingsSearch } from './settings-search.tsx';
import { SpeedSettings } from './speed-settings.tsx';
import '../styles/settings.css';

/** What has the keyboard in a setting that was looked for. */
const FIELDS = 'input:not([type=radio]), input:checked, select, textarea, summary, button:not(.reset)';

/** Brings what the address names into view, and gives a setting the keyboard. */
function useSection(): void {
  const section = store.section.value;
  const isLoaded = store.settings.value !== null;
  useEffect(() => {
    const element = section === '' ? null : document.getElementById(section);
    if (element === null) return;
    const isSetting = element.classList.contains('setting');
    element.scrollIntoView({ block: isSetting ? 'center' : 'start' });
    if (isSetting) element.querySelector<HTMLElement>(FIELDS)?.focus({ preventScroll: true });
  }, [section, isLoaded]);
}

export function Settings(): JSX.Element {
  useSection();
  const { settings } = words;
  return (
    <div class="settings-page">
      <div class="settings-head">
        {layout.value !== 'phone' && <h1>{settings.title()}</h1>}
        <SettingsSearch />
      </div>
      <div class="settings-columns">
        {layout.value === 'wide' && <Parts />}
        <div class="settings">
          <GeneralSettings />
          {!store.isAlone.value && (
            <SettingGroup id="downloads">
              <FolderSettings />
              <SwitchSetting id="preallocate" />
            </SettingGroup>
          )}
          <SpeedSettings />
          <QueueSettings />
          <ConnectionSettings />
          <PrivacySettings />
          <HelperSettings />
          <BackupSettings />
          <About />
        </div>
      </div>
    </div>
  );
}

/** The way to each group, where there is room beside them. */
function Parts(): JSX.Element {
  const isAlone = store.isAlone.value;
  const isLoaded = store.settings.value !== null;
  const ofEngine: readonly GroupId[] = ['speed', 'queue', 'connections', 'privacy'];
  const shown = (Object.keys(GROUPS) as GroupId[]).filter(
    id => (id !== 'downloads' || !isAlone) && (isLoaded || !ofEngine.includes(id)),
  );
  return (
    <nav class="settings-parts" aria-label={words.settings.groups()}>
      {shown.map(id => (
        <button key={id} type="button" class="side-item" onClick={() => showPart(id)}>
          {words.settings[id]()}
        </button>
      ))}
    </nav>
  );
}

/** Also where the address has been there already, and the page was scrolled on. */
function showPart(id: GroupId): void {
  visit('settings');
  store.section.value = id;
  document.getElementById(id)?.scrollIntoView({ block: 'start' });
}

function About(): JSX.Element {
  const { version } = store.connection.value;
  return (
    <SettingGroup id="about">
      <Setting id="version">
        <p>{words.settings.aboutText()}</p>
        {version !== '' && <p class="quiet">{words.settings.versionText({ version })}</p>}
      </Setting>
    </SettingGroup>
  );
}
