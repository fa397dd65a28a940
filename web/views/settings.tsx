import type { JSX } from 'preact';
import { describeConnection } from '../problems.ts';
import { store } from '../store.ts';
import { chooseTheme, theme, type Theme } from '../theme.ts';
import { layout } from '../ui/layout.ts';
import { ConnectionText } from './connection.tsx';

const THEMES: readonly { readonly id: Theme; readonly label: string }[] = [
  { id: 'system', label: 'System' },
  { id: 'light', label: 'Light' },
  { id: 'dark', label: 'Dark' },
];

export function Settings(): JSX.Element {
  return (
    <div class="settings">
      {layout.value !== 'phone' && <h1>Settings</h1>}
      <section aria-labelledby="appearance">
        <h2 id="appearance">Appearance</h2>
        <div class="segments" role="radiogroup" aria-labelledby="appearance">
          {THEMES.map(({ id, label }) => (
            <label key={id} class="segment">
              <input type="radio" name="theme" value={id} checked={theme.value === id} onChange={() => chooseTheme(id)} />
              <span>{label}</span>
            </label>
          ))}
        </div>
      </section>
      <section aria-labelledby="helper">
        <h2 id="helper">{describeConnection(store.connection.value).label}</h2>
        <ConnectionText />
      </section>
      <section aria-labelledby="about">
        <h2 id="about">About</h2>
        <p>
          Starling is a BitTorrent client that runs in this browser. A small helper on this computer reaches peers and the disk
          for it.
        </p>
        {store.connection.value.version !== '' && <p class="quiet">Version {store.connection.value.version}</p>}
      </section>
    </div>
  );
}
