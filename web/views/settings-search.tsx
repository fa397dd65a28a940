import { useSignal } from '@preact/signals';
import { Search } from 'lucide';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { showSetting } from '../actions.ts';
import { Fuzzy } from '../fuzzy.ts';
import { settingsThere, type SettingEntry } from '../settings-index.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';
import { SETTINGS_SEARCH_ID } from './search-ids.ts';

const MOST = 12;

/** Finds a setting by its name or other words for it, leads to it and marks it. */
export function SettingsSearch(): JSX.Element {
  const { settings } = words;
  const text = useSignal('');
  const found = useSignal<readonly SettingEntry[] | null>(null);
  const asked = text.value.trim();
  useEffect(() => {
    found.value = null;
    if (asked === '') return undefined;
    const ended = new AbortController();
    const all = new Fuzzy(
      settingsThere(),
      ({ title }) => title,
      ({ also }) => also,
    );
    void all.find(asked, MOST, ended.signal).then(best => {
      if (best !== null) found.value = best.map(({ item }) => item);
    });
    return () => ended.abort();
  }, [asked]);
  const go = ({ id }: SettingEntry): void => {
    text.value = '';
    // Also where it was there before, and the page was scrolled on.
    store.section.value = '';
    showSetting(id);
  };
  const [first] = found.value ?? [];
  return (
    <div class="settings-search">
      <form
        role="search"
        onSubmit={event => {
          event.preventDefault();
          if (first !== undefined) go(first);
        }}
      >
        <label class="search">
          <Icon of={Search} size={15} />
          <span class="sr-only">{settings.find()}</span>
          <input
            id={SETTINGS_SEARCH_ID}
            type="search"
            placeholder={settings.find()}
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={event => (text.value = event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === 'Escape') text.value = '';
            }}
          />
        </label>
      </form>
      {found.value !== null && (
        <div class="settings-found">
          <p class={found.value.length === 0 ? 'quiet' : 'sr-only'} role="status">
            {settings.findFound({ count: found.value.length })}
          </p>
          <ul>
            {found.value.map(entry => (
              <li key={entry.id}>
                <button type="button" class="side-item" onClick={() => go(entry)}>
                  <span>{entry.title}</span>
                  <span class="quiet">{settings[entry.group]()}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
