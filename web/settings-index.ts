/** Every setting there is, by the id of its field: the settings are searched by this table, and the palette too. */
import { store } from './store.ts';
import { words } from './words/words.ts';

/** In their order, each with its settings in theirs. The ids stand in the addresses of settings, those of groups as well. */
export const GROUPS = {
  general: ['language', 'theme', 'density', 'characterKeys'],
  downloads: ['folders', 'preallocate'],
  speed: ['downLimit', 'upLimit', 'altMode', 'altDownLimit', 'altUpLimit', 'altSchedule'],
  queue: ['maxActiveDownloads', 'maxActiveSeeds', 'maxActive', 'stopRatio', 'stopSeedingTime'],
  connections: ['maxConnections', 'maxUploads', 'portMapping', 'utp', 'lsd', 'webrtc', 'stunServers'],
  privacy: ['encryption', 'banned'],
  helper: ['status', 'notify', 'exitAfter', 'diagnostics', 'paired'],
  backup: ['export', 'import'],
  about: ['version'],
} as const;

export type GroupId = keyof typeof GROUPS;
export type SettingId = (typeof GROUPS)[GroupId][number];

const ALL: readonly string[] = Object.values(GROUPS).flat();

export function isSetting(id: string): id is SettingId {
  return ALL.includes(id);
}

/** What means nothing before there was a helper. */
const OF_HELPER: readonly SettingId[] = ['folders', 'preallocate', 'portMapping', 'utp', 'lsd', 'encryption'];
const OF_HOST: readonly SettingId[] = ['notify', 'exitAfter'];
/** Those that are no matter of the engine. */
const ALWAYS: readonly SettingId[] = [
  'language',
  'theme',
  'density',
  'characterKeys',
  'status',
  'diagnostics',
  'export',
  'import',
  'version',
];

/** Whether it can be seen just now. */
export function isThere(id: SettingId): boolean {
  if (ALWAYS.includes(id)) return true;
  if (OF_HOST.includes(id)) return store.connection.value.host !== null;
  if (id === 'paired') return store.connection.value.state === 'connected';
  if (OF_HELPER.includes(id) && store.isAlone.value) return false;
  if (id === 'folders') return true;
  if (id === 'altSchedule') return store.settings.value?.altMode === 'scheduled';
  return store.settings.value !== null;
}

export interface SettingEntry {
  readonly id: SettingId;
  readonly group: GroupId;
  readonly title: string;
  /** Other words that it is looked for by. */
  readonly also: string;
}

/** Those that can be seen just now, in the language in use. */
export function settingsThere(): readonly SettingEntry[] {
  return (Object.keys(GROUPS) as GroupId[]).flatMap(group =>
    (GROUPS[group] as readonly SettingId[])
      .filter(isThere)
      .map(id => ({ id, group, title: words.settings[id](), also: words.settings[`${id}Also`]() })),
  );
}
