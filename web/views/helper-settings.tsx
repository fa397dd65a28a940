import type { JSX } from 'preact';
import { MAX_EXIT_AFTER } from '../../sw/view-model.ts';
import { tell } from '../folders.ts';
import { store } from '../store.ts';
import { NumberField } from '../ui/number-field.tsx';
import { translated } from '../told.ts';
import { words } from '../words/words.ts';
import { ConnectionText, connectionWords } from './connection.tsx';
import { Diagnostics } from './diagnostics.tsx';
import { PairedApps } from './paired-apps.tsx';
import { Setting, SettingGroup, Switch } from './setting.tsx';

/** How things stand with the helper, what it does by itself, and who may use it. */
export function HelperSettings(): JSX.Element {
  return (
    <SettingGroup id="helper">
      <Setting id="status" isTitled>
        <p class="status-label">{connectionWords().label}</p>
        <ConnectionText />
        <HostProblem />
      </Setting>
      <HostSettings />
      <PairedApps />
      <Setting id="diagnostics">
        <Diagnostics />
      </Setting>
    </SettingGroup>
  );
}

/** What became of the helper's own settings, where that is not what a person left. */
function HostProblem(): JSX.Element | null {
  const problem = store.connection.value.host?.problem ?? '';
  return problem === '' ? null : <p class="note note-warn">{translated(problem)}</p>;
}

/** What it tells of on the screen, and when it ends. */
function HostSettings(): JSX.Element | null {
  const host = store.connection.value.host?.settings;
  const { settings } = words;
  if (host === undefined) return null;
  return (
    <>
      <Setting id="notify" isTitled>
        <Switch
          label={settings.notifyLabel()}
          checked={host.notify}
          onChange={notify => void tell({ do: 'set', settings: { notify } })}
        />
      </Setting>
      <Setting id="exitAfter" isTitled>
        <NumberField
          label={settings.exitAfterLabel()}
          value={host.exitAfter}
          max={MAX_EXIT_AFTER}
          step={1}
          onChange={minutes => minutes !== null && void tell({ do: 'set', settings: { exitAfter: minutes } })}
        />
        <p class="quiet">{settings.exitAfterText()}</p>
      </Setting>
    </>
  );
}
