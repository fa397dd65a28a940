/**
 * The settings and the list of torrents as one JSON file, to be kept or taken to another browser. It holds nothing that opens the helper,
 * and no files: those come again from their peers, or are found where they lie.
 */
import * as v from 'valibot';
import { LINKS_PATH, type TorrentLink } from '../sw/api.ts';
import type { Settings, TorrentId } from '../sw/view-model.ts';
import { DEFAULT_SETTINGS } from './defaults.ts';
import { store } from './store.ts';

/** Bytes. Ten thousand torrents with a few trackers each take a tenth of it. */
export const MAX_BACKUP = 64 << 20;
/** Torrents in one; no list holds more. */
export const MAX_BACKUP_TORRENTS = 10_000;
const MAX_LINK = 64 << 10;
const FORMAT = 'starling-backup';
const VERSION = 1;

const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
const number = v.pipe(v.number(), v.finite(), v.minValue(0));
const options = v.object({
  labels: v.pipe(v.array(v.pipe(text(64), v.nonEmpty())), v.maxLength(20)),
  forceStart: v.boolean(),
  stopRatio: v.nullable(number),
  stopSeedingTime: v.nullable(number),
  sequential: v.boolean(),
  firstLast: v.boolean(),
  downLimit: number,
  upLimit: number,
  superSeeding: v.boolean(),
  banned: v.pipe(v.array(text(100)), v.maxLength(100)),
});
const torrent = v.object({
  magnet: v.pipe(text(MAX_LINK), v.regex(/^magnet:\?(?:.*&)?xt=urn:bt(?:ih|mh):/i)),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  name: text(1_000),
  /** The name of the folder that it was in. */
  folder: text(255),
  isPaused: v.boolean(),
  options,
});
const backup = v.object({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  /** The engine looks at each again before it takes one. */
  settings: v.record(text(64), v.unknown()),
  torrents: v.pipe(v.array(torrent), v.maxLength(MAX_BACKUP_TORRENTS)),
});

export type BackedUp = v.InferOutput<typeof torrent>;

/** What a file holds that can be taken in. */
export interface Backup {
  readonly settings: Partial<Settings>;
  /** Each once. */
  readonly torrents: readonly BackedUp[];
}

/** What is so now, as the text of a file. Rejects where the engine does not answer. */
export async function makeBackup(): Promise<string> {
  const response = await fetch(LINKS_PATH, { cache: 'no-store' });
  if (!response.ok) throw new Error(`The links were refused: ${response.status}`);
  const links = new Map(((await response.json()) as readonly TorrentLink[]).map(({ id, magnet }) => [id, magnet]));
  const folders = new Map(store.roots.peek().map(({ token, name }) => [token, name]));
  const torrents = store
    .all()
    .filter(({ state }) => state !== 'adding')
    .sort((a, b) => a.place - b.place)
    .map(({ id, name, root, state, options: chosen }): BackedUp => ({
      id,
      name,
      magnet: links.get(id) ?? `magnet:?xt=urn:btih:${id}`,
      folder: folders.get(root) ?? '',
      // One that is complete and does not seed is as well.
      isPaused: state === 'paused' || state === 'done',
      options: { ...chosen, labels: [...chosen.labels], banned: [...chosen.banned] },
    }));
  return JSON.stringify({ format: FORMAT, version: VERSION, settings: store.settings.peek() ?? {}, torrents }, null, 1);
}

/** Reads a file of one; null where it is none, or is damaged. One that is too large is not read. */
export async function readBackupFile(file: Pick<Blob, 'size' | 'text'>): Promise<Backup | 'too-large' | null> {
  if (file.size > MAX_BACKUP) return 'too-large';
  return readBackup(await file.text().catch(() => ''));
}

/** Reads one; null where it is none, or is damaged. */
export function readBackup(from: string): Backup | null {
  let json: unknown;
  try {
    json = JSON.parse(from);
  } catch {
    return null;
  }
  const read = v.safeParse(backup, json);
  if (!read.success) return null;
  const torrents = new Map<TorrentId, BackedUp>(read.output.torrents.map(each => [each.id, each]));
  return { settings: settingsIn(read.output.settings), torrents: [...torrents.values()] };
}

/** Those that there are, of the kind that they are, where they are other than now. */
function settingsIn(kept: Readonly<Record<string, unknown>>): Partial<Settings> {
  const now = store.settings.peek();
  const changed = Object.entries(kept).filter(([id, value]) => {
    if (!Object.hasOwn(DEFAULT_SETTINGS, id)) return false;
    const known = DEFAULT_SETTINGS[id as keyof Settings];
    const isAlike = typeof value === typeof known && Array.isArray(value) === Array.isArray(known);
    return isAlike && (now === null || JSON.stringify(now[id as keyof Settings]) !== JSON.stringify(value));
  });
  return Object.fromEntries(changed);
}
