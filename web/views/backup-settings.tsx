import { useSignal } from '@preact/signals';
import { Download, Upload } from 'lucide';
import type { JSX } from 'preact';
import { makeBackup, readBackupFile, type Backup } from '../backup.ts';
import { formatCount, formatList, isolated, shownName } from '../format.ts';
import { notify } from '../notices.ts';
import { knownOf, restore, restoring } from '../restoring.ts';
import { isSetting } from '../settings-index.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';
import { Setting, SettingGroup, Switch } from './setting.tsx';

/** Torrents that are named; of more, how many they are. */
const NAMED = 5;

/** Takes the settings and the list of torrents out into a file, and in again. */
export function BackupSettings(): JSX.Element {
  const read = useSignal<Backup | null>(null);
  const wrong = useSignal('');
  const { settings } = words;
  const choose = async (file: File): Promise<void> => {
    read.value = null;
    wrong.value = '';
    restoring.value = null;
    const found = await readBackupFile(file);
    if (found === null) wrong.value = settings.backupWrong();
    else if (found === 'too-large') wrong.value = settings.backupTooLarge();
    else read.value = found;
  };
  return (
    <SettingGroup id="backup">
      <Setting id="export" isTitled>
        <p class="quiet">{settings.exportText()}</p>
        <button type="button" class="button" onClick={() => void save()}>
          <Icon of={Download} size={16} />
          {settings.exportAct()}
        </button>
      </Setting>
      <Setting id="import" isTitled>
        <label class="button file-button">
          <Icon of={Upload} size={16} />
          {settings.importAct()}
          <input
            type="file"
            accept=".json,application/json"
            disabled={restoring.value?.isOver === false}
            onChange={event => {
              const [file] = event.currentTarget.files ?? [];
              // The same file may be chosen again.
              if (file !== undefined) void choose(file);
              event.currentTarget.value = '';
            }}
          />
        </label>
        {wrong.value !== '' && (
          <p class="note note-bad" role="alert">
            {wrong.value}
          </p>
        )}
        {read.value !== null && <Preview backup={read.value} onEnd={() => (read.value = null)} />}
        <Outcome />
      </Setting>
    </SettingGroup>
  );
}

/** What a file would do, before it does anything. */
function Preview({ backup, onEnd }: { backup: Backup; onEnd(): void }): JSX.Element {
  const { settings } = words;
  const withTorrents = useSignal(backup.torrents.length > 0);
  const names = Object.keys(backup.settings).filter(isSetting);
  const withSettings = useSignal(names.length > 0);
  const known = knownOf(backup);
  const isNothing = !withTorrents.value && !withSettings.value;
  const isHomeless = withTorrents.value && store.defaultRoot.value === null;
  return (
    <div class="note note-column" role="group" aria-label={settings.importWould()}>
      <p>{settings.importWould()}</p>
      {backup.torrents.length > 0 && (
        <Switch
          label={settings.importTorrents({ count: backup.torrents.length - known, known })}
          checked={withTorrents.value}
          onChange={isOn => (withTorrents.value = isOn)}
        />
      )}
      {names.length > 0 && (
        <Switch
          label={settings.importSettings({ count: names.length, names: formatList(names.map(id => settings[id]())) })}
          checked={withSettings.value}
          onChange={isOn => (withSettings.value = isOn)}
        />
      )}
      {isHomeless && <p>{settings.importNoFolder()}</p>}
      {backup.torrents.length === 0 && names.length === 0 && <p>{settings.importNothing()}</p>}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onEnd}>
          {words.common.cancel()}
        </button>
        <button
          type="button"
          class="button button-main"
          disabled={isNothing || isHomeless}
          onClick={() => {
            onEnd();
            void restore(backup, { withTorrents: withTorrents.value, withSettings: withSettings.value });
          }}
        >
          {settings.importStart()}
        </button>
      </div>
    </div>
  );
}

function Outcome(): JSX.Element {
  const { settings } = words;
  const { value } = restoring;
  return (
    <div role="status">
      {value !== null && !value.isOver && (
        <p>{settings.importing({ done: formatCount(value.done), count: formatCount(value.of) })}</p>
      )}
      {value?.isOver === true && (
        <>
          <p>{settings.imported({ count: value.added, known: value.known, refused: value.refused.length })}</p>
          {value.refused.slice(0, 5).map((why, at) => (
            <p key={at} class="tone-bad">
              {why}
            </p>
          ))}
        </>
      )}
    </div>
  );
}

/** By the browser's own way to its downloads. */
async function save(): Promise<void> {
  const made = await makeBackup();
  if ('refused' in made) return notify(made.refused, 'bad');
  const url = URL.createObjectURL(made.file);
  const link = document.createElement('a');
  link.href = url;
  link.download = `starling-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  const { length } = made.left;
  const names = formatList(made.left.slice(0, NAMED).map(name => isolated(shownName(name))));
  if (length > 0) notify(words.settings.exportLeft({ count: length, more: Math.max(0, length - NAMED), names }), 'bad');
}
