/**
 * The settings and the list of torrents as one JSON file, to be kept or taken to another browser. It holds nothing that opens the helper,
 * and no files: those come again from their peers, or are found where they lie.
 */
import * as v from 'valibot';
import type { ExportedTorrent } from '../sw/api.ts';
import type { Settings, TorrentId, TorrentRow } from '../sw/view-model.ts';
import { askExport } from './actions.ts';
import { toBase64 } from './base64.ts';
import { DEFAULT_SETTINGS } from './defaults.ts';
import { describeSaid } from './refusals.ts';
import { store } from './store.ts';

/** Bytes. */
export const MAX_BACKUP = 64 << 20;
/** Torrents in one; no list holds more. */
export const MAX_BACKUP_TORRENTS = 10_000;
const MAX_LINK = 64 << 10;
/** Characters of a .torrent file in base64. */
const MAX_TORRENT = 16 << 20;
/** Bytes of text after which only private torrents come with their .torrent files, as nobody else tells of theirs; and after which none do. */
const WITH_FILES = 24 << 20;
const WITH_PRIVATE = 40 << 20;
/** Torrents that the engine is asked about at once. */
const ASKED = 200;
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
/** What the engine takes; it looks at each name. */
const choices = v.object({
  priorities: v.pipe(text(1_000_000), v.regex(/^[0-4]*$/)),
  folder: text(255),
  renames: v.pipe(
    v.array(
      v.object({
        file: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000)),
        path: v.pipe(v.array(text(255)), v.minLength(1), v.maxLength(200)),
      }),
    ),
    v.maxLength(20_000),
  ),
});
const torrent = v.object({
  magnet: v.pipe(
    text(MAX_LINK),
    v.check(link => idsOf(link).length > 0),
  ),
  /** Its .torrent file in base64. */
  torrent: v.nullable(text(MAX_TORRENT)),
  name: text(1_000),
  /** The name of the folder that it was in. */
  folder: text(255),
  isPaused: v.boolean(),
  options,
  choices,
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

/** What is so now, as a file; or why it cannot be told, for people. */
export interface MadeBackup {
  readonly file: Blob;
  /** Names of private torrents whose .torrent files are not in it, so that they are not. */
  readonly left: readonly string[];
}

/** The ids that a torrent of that link may have in a list; none where it names no torrent, as Starling writes it. */
export function idsOf(link: string): readonly TorrentId[] {
  if (!link.startsWith('magnet:?')) return [];
  const topics = link.slice('magnet:?'.length).split('&');
  return topics.flatMap(topic => {
    const [, v1, v2] = /^xt=urn:(?:btih:([0-9a-f]{40})|btmh:1220([0-9a-f]{40})[0-9a-f]{24})$/.exec(topic) ?? [];
    return v1 ?? v2 ?? [];
  });
}

export async function makeBackup(): Promise<MadeBackup | { readonly refused: string }> {
  const settings = store.settings.peek();
  if (settings === null) return { refused: await describeSaid({ code: 'engine-starting', values: {} }) };
  const rows = store
    .all()
    .filter(({ state }) => state !== 'adding')
    .sort((a, b) => a.place - b.place);
  const folders = new Map(store.roots.peek().map(({ token, name }) => [token, name]));
  const parts = new Map<TorrentId, string>();
  const left: string[] = [];
  let size = 0;
  const byId = new Map(rows.map(row => [row.id, row]));
  const waiting = new Set(byId.keys());
  while (waiting.size > 0) {
    const { exported, refused } = await askExport([...waiting].slice(0, ASKED), size < WITH_FILES);
    if (exported === null) return { refused };
    for (const each of exported.torrents) {
      const row = byId.get(each.id);
      if (row === undefined) continue;
      const bytes = each.torrent === null || size >= (each.isPrivate ? WITH_PRIVATE : WITH_FILES) ? null : each.torrent;
      if (each.isPrivate && bytes === null) left.push(row.name);
      else {
        const part = JSON.stringify(backedUp(row, folders.get(row.root) ?? '', each, bytes && toBase64(bytes)));
        size += part.length;
        parts.set(row.id, part);
      }
    }
    for (const id of exported.looked) waiting.delete(id);
  }
  const head = JSON.stringify({ format: FORMAT, version: VERSION, settings }).slice(0, -1);
  const listed = rows.flatMap(({ id }) => parts.get(id) ?? []);
  return { file: new Blob([`${head},\n"torrents":[\n`, listed.join(',\n'), '\n]}\n'], { type: 'application/json' }), left };
}

function backedUp(
  { name, state, options: chosen }: TorrentRow,
  folder: string,
  { magnet, choices: files }: ExportedTorrent,
  bytes: string | null,
): BackedUp {
  return {
    name,
    magnet,
    torrent: bytes,
    folder,
    // One that is complete and does not seed is as well.
    isPaused: state === 'paused' || state === 'done',
    options: { ...chosen, labels: [...chosen.labels], banned: [...chosen.banned] },
    choices: { ...files, renames: files.renames.map(({ file, path }) => ({ file, path: [...path] })) },
  };
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
  const torrents = new Map<TorrentId, BackedUp>(read.output.torrents.map(each => [idsOf(each.magnet)[0] ?? '', each]));
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
