/** The way back of each setting to what it is where nobody chose. */
import type { Settings } from '../sw/view-model.ts';
import { configure } from './actions.ts';
import { DEFAULT_HOST_SETTINGS, DEFAULT_SETTINGS } from './defaults.ts';
import { tell } from './folders.ts';
import { formatAboutRate, formatCount } from './format.ts';
import type { SettingId } from './settings-index.ts';
import { characterKeys, chooseCharacterKeys } from './shortcuts.ts';
import { store } from './store.ts';
import { chooseDensity, chooseTheme, density, theme } from './theme.ts';
import { words } from './words/words.ts';

export interface WayBack {
  /** What it would be then, in a few words; empty where that takes more. */
  readonly to: string;
  go(): void;
}

/** Null where it is as it is by default, or has no default. */
export function wayBack(id: SettingId): WayBack | null {
  if (id in DEFAULT_SETTINGS) return ofEngine(id as keyof Settings);
  const host = store.connection.value.host?.settings;
  const { settings } = words;
  switch (id) {
    case 'notify':
      if (host === undefined || host.notify === DEFAULT_HOST_SETTINGS.notify) return null;
      return { to: settings.on(), go: () => void tell({ do: 'set', settings: { notify: DEFAULT_HOST_SETTINGS.notify } }) };
    case 'exitAfter':
      if (host === undefined || host.exitAfter === DEFAULT_HOST_SETTINGS.exitAfter) return null;
      return {
        to: settings.never(),
        go: () => void tell({ do: 'set', settings: { exitAfter: DEFAULT_HOST_SETTINGS.exitAfter } }),
      };
    case 'theme':
      return theme.value === 'system' ? null : { to: settings.themeSystem(), go: () => chooseTheme('system') };
    case 'density':
      return density.value === 'comfortable' ? null : { to: settings.comfortable(), go: () => chooseDensity('comfortable') };
    case 'characterKeys':
      return characterKeys.value ? null : { to: settings.on(), go: () => chooseCharacterKeys(true) };
    default:
      return null;
  }
}

function ofEngine(id: keyof Settings): WayBack | null {
  const { value } = store.settings;
  if (value === null) return null;
  const differing = partsOf(id).filter(part => JSON.stringify(value[part]) !== JSON.stringify(DEFAULT_SETTINGS[part]));
  if (differing.length === 0) return null;
  const change = Object.fromEntries(differing.map(part => [part, DEFAULT_SETTINGS[part]]));
  return { to: nameOf(id), go: () => void configure(change) };
}

/** What is set in one place. */
function partsOf(id: keyof Settings): readonly (keyof Settings)[] {
  return id === 'altSchedule' ? ['altSchedule', 'pauseSchedule'] : [id];
}

function nameOf(id: keyof Settings): string {
  const { settings, common } = words;
  switch (id) {
    case 'downLimit':
    case 'upLimit':
      return common.noLimit();
    case 'altDownLimit':
    case 'altUpLimit':
      return formatAboutRate(DEFAULT_SETTINGS[id]);
    case 'stopRatio':
    case 'stopSeedingTime':
      return settings.never();
    case 'encryption':
      return settings.prefer();
    case 'stunServers':
    case 'altSchedule':
    case 'pauseSchedule':
      return '';
    case 'banned':
      return settings.nobody();
    case 'altMode':
      return settings.off();
    case 'utp':
    case 'lsd':
    case 'preallocate':
    case 'portMapping':
    case 'webrtc':
      return DEFAULT_SETTINGS[id] ? settings.on() : settings.off();
    case 'maxActiveDownloads':
    case 'maxActiveSeeds':
    case 'maxActive':
    case 'maxConnections':
    case 'maxUploads':
      return formatCount(DEFAULT_SETTINGS[id]);
  }
}
