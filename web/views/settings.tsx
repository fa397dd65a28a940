import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Encryption } from '../../sw/view-model.ts';
import { configure } from '../actions.ts';
import { describeConnection } from '../connection-words.ts';
import { isFromHelper } from '../pairing.ts';
import { store } from '../store.ts';
import { chooseTheme, theme, type Theme } from '../theme.ts';
import { layout } from '../ui/layout.ts';
import { BannedSettings } from './banned-settings.tsx';
import { ConnectionText } from './connection.tsx';
import { Diagnostics } from './diagnostics.tsx';
import { HelperSettings } from './helper-settings.tsx';
import { FolderSettings } from './folders.tsx';
import { PairedApps } from './paired-apps.tsx';
import { QueueSettings, StopSettings } from './queue-settings.tsx';
import { RtcSettings } from './rtc-settings.tsx';
import { SpeedSettings } from './speed-settings.tsx';

const THEMES: readonly { readonly id: Theme; readonly label: string }[] = [
  { id: 'system', label: 'System' },
  { id: 'light', label: 'Light' },
  { id: 'dark', label: 'Dark' },
];

const ENCRYPTION: readonly { readonly id: Encryption; readonly label: string; readonly text: string }[] = [
  { id: 'off', label: 'Off', text: 'Connections are plain. Peers that require encryption cannot be reached.' },
  {
    id: 'prefer',
    label: 'Prefer',
    text: 'Connections begin encrypted, and go on as the other side prefers. Peers that cannot encrypt are reached all the same.',
  },
  {
    id: 'require',
    label: 'Require',
    text: 'Everything is encrypted. Peers that cannot do that are not used, so downloads may be slower.',
  },
];

function EncryptionSetting(): JSX.Element | null {
  const { value } = store.settings;
  if (value === null) return null;
  return (
    <section aria-labelledby="encryption">
      <h2 id="encryption">Encryption</h2>
      <div class="segments" role="radiogroup" aria-labelledby="encryption" aria-describedby="encryption-text">
        {ENCRYPTION.map(({ id, label }) => (
          <label key={id} class="segment">
            <input
              type="radio"
              name="encryption"
              value={id}
              checked={value.encryption === id}
              onChange={() => void configure({ encryption: id })}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
      <p id="encryption-text" class="quiet">
        {ENCRYPTION.find(({ id }) => id === value.encryption)?.text} It keeps networks from recognising BitTorrent; it does not
        hide who you are.
      </p>
    </section>
  );
}

interface SwitchProps {
  readonly setting: 'lsd' | 'utp' | 'portMapping' | 'preallocate';
  readonly title: string;
  readonly label: string;
  /** What it means to have it on. */
  readonly text: string;
}

/** A section that is one switch. */
function Switch({ setting, title, label, text }: SwitchProps): JSX.Element | null {
  const { value } = store.settings;
  if (value === null) return null;
  return (
    <section aria-labelledby={setting}>
      <h2 id={setting}>{title}</h2>
      <label class="choice">
        <input
          type="checkbox"
          class="check"
          checked={value[setting]}
          aria-describedby={`${setting}-text`}
          onChange={event => void configure({ [setting]: event.currentTarget.checked })}
        />
        <span>{label}</span>
      </label>
      <p id={`${setting}-text`} class="quiet">
        {text}
      </p>
    </section>
  );
}

/** What became of the helper's own settings, where that is not what a person left. */
function HostProblem(): JSX.Element | null {
  const problem = store.connection.value.host?.problem ?? '';
  return problem === '' ? null : <p class="note note-warn">{problem}</p>;
}

/** How peers at an address are reached. */
function PeerSettings(): JSX.Element {
  return (
    <>
      <EncryptionSetting />
      <Switch
        setting="lsd"
        title="Local network"
        label="Find peers on the same network"
        text="Everyone on the network can see which torrents you have. Private torrents are never announced."
      />
    </>
  );
}

/** What the computer does for it. */
function SocketSettings(): JSX.Element {
  return (
    <>
      <Switch
        setting="preallocate"
        title="Disk"
        label="Take the space of a file before it is downloaded"
        text="A file that does not fit stops its download before anything of it is fetched. Otherwise files take space as they come."
      />
      <Switch
        setting="utp"
        title="uTP"
        label="Use uTP where TCP does not lead to a peer"
        text="It reaches peers behind routers, and gives way to whatever else uses the connection."
      />
      <Switch
        setting="portMapping"
        title="Router"
        label="Ask the router to open a port"
        text="Peers from outside can then connect to this computer, by PCP, NAT-PMP or UPnP. The port closes when Starling stops."
      />
    </>
  );
}

/** Brings what the address names into view. */
function useSection(): void {
  const section = store.section.value;
  const isLoaded = store.settings.value !== null;
  useEffect(() => {
    if (section !== '') document.getElementById(section)?.scrollIntoView();
  }, [section, isLoaded]);
}

export function Settings(): JSX.Element {
  useSection();
  // What needs the helper means nothing before there is one.
  const isAlone = store.isAlone.value;
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
      {!isAlone && <FolderSettings />}
      <SpeedSettings />
      {!isAlone && <PeerSettings />}
      <QueueSettings />
      <StopSettings />
      {!isAlone && <SocketSettings />}
      <RtcSettings />
      <BannedSettings />
      <section aria-labelledby="helper">
        <h2 id="helper">{describeConnection(store.connection.value, isFromHelper()).label}</h2>
        <ConnectionText />
        <HelperSettings />
        <HostProblem />
        <Diagnostics />
      </section>
      <PairedApps />
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
