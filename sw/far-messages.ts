/** What a browser at work may say to one that follows it, checked: it may be of another version, or worse. */
import * as v from 'valibot';
import type { Added, Exported, FolderPage, FromWorker, LeftFiles, Told } from './api.ts';
import {
  allOptions,
  allSettings,
  choices,
  priority,
  requestId,
  root,
  source,
  token,
  torrentBytes,
  torrentId,
} from './commands.ts';
import { exactly } from './exactly.ts';
import { detail, file } from './far-detail.ts';
import { farSaid } from './far-said.ts';
import { shownText, shownWords } from './far-text.ts';
import { address, name, number, text, url, whole } from './far-values.ts';
import { type FilesChanged, type FilesPart, FILES_A_PART, type RowsPart, ROWS_A_PART } from './relayed.ts';
import type {
  DiskProblem,
  History,
  HistoryMark,
  News,
  PortMappings,
  Problem,
  Settings,
  TorrentDetail,
  TorrentId,
  TorrentRow,
  Vitals,
} from './view-model.ts';

/** What is made use of in those of api.ts: folders, and the helper, each browser knows by itself. */
export type FromFar =
  | {
      readonly type: 'snapshot';
      readonly torrents: readonly TorrentRow[];
      readonly connection: { readonly ports: PortMappings | null };
      readonly settings: Settings | null;
    }
  | {
      readonly type: 'delta';
      readonly torrents: readonly TorrentRow[];
      readonly removed: readonly TorrentId[];
      readonly connection: { readonly ports: PortMappings | null } | null;
      readonly settings: Settings | null;
      readonly detail: TorrentDetail | null;
    }
  | Exclude<FromWorker, { readonly type: 'snapshot' | 'delta' | 'notice' }>
  | RowsPart
  | FilesPart
  | FilesChanged;

const MAX_IDS = 20_000;
const MAX_TOLD = 1_000;
const MAX_HOSTS = 1_000;
const FOLDERS = 10_000;
/** In the longest span. */
const RATES = 1_440;

/** Of a disk, beside its being full, which comes with a number. */
const DISK = [
  'disk-quota',
  'file-too-large',
  'read-only',
  'denied',
  'folder-gone',
  'file-gone',
  'file-busy',
  'file-unsafe',
  'file-conflict',
  'io',
  'limit',
] as const;
const diskProblem = exactly<DiskProblem>()(v.picklist(['disk-full', ...DISK]));

const problem = exactly<Problem>()(
  v.variant('code', [
    v.object({
      code: v.picklist([...DISK, 'daemon-away', 'no-peers', 'no-metadata', 'list-too-long', 'record-lost', 'nothing-chosen']),
    }),
    v.object({ code: v.literal('disk-full'), needed: number }),
    v.object({ code: v.literal('not-moved'), why: diskProblem, left: number, needed: number, from: root }),
    v.object({ code: v.literal('moving'), moved: number, of: number }),
    v.object({ code: v.literal('bringing'), moved: number, of: number, isHere: v.boolean() }),
    v.object({ code: v.literal('queued'), ahead: number }),
    v.object({ code: v.literal('scheduled'), until: v.nullable(number) }),
    v.object({ code: v.literal('stopped'), by: v.picklist(['ratio', 'time']), limit: number }),
    v.object({ code: v.picklist(['state-not-saved', 'state-not-read']), text }),
    v.object({ code: v.picklist(['not-brought', 'metadata-refused']), why: farSaid }),
    v.object({ code: v.literal('no-source-has-missing'), missing: number }),
    v.object({ code: v.picklist(['choked', 'silent', 'unreached', 'peers-gone']), peers: number }),
    v.object({ code: v.literal('no-connections'), most: number }),
    v.object({ code: v.literal('out-of-reach'), trackers: number, peers: number }),
    v.object({ code: v.literal('tracker'), url, text }),
  ]),
);

const row = exactly<TorrentRow>()(
  v.object({
    id: torrentId,
    name,
    size: number,
    done: number,
    state: v.picklist([
      'adding',
      'leaving',
      'metadata',
      'checking',
      'downloading',
      'seeding',
      'moving',
      'done',
      'paused',
      'queued',
      'waiting',
      'error',
    ]),
    problem: v.nullable(problem),
    down: number,
    up: number,
    eta: number,
    peers: number,
    seeds: number,
    active: number,
    webSeeds: number,
    hasWebSeeds: v.boolean(),
    uploaded: number,
    downloaded: number,
    addedAt: number,
    doneAt: number,
    root,
    options: allOptions,
    limits: v.object({ down: number, up: number }),
    place: number,
    leaving: v.exactOptional(v.object({ withData: v.boolean(), at: number })),
  }),
);
const rows = v.pipe(v.array(row), v.maxLength(ROWS_A_PART));

const ports = exactly<PortMappings>()(
  v.object({
    state: v.picklist(['off', 'asking', 'open', 'failed']),
    via: v.picklist(['', 'pcp', 'nat-pmp', 'upnp']),
    externalAddress: address,
    problem: v.picklist(['', 'no-router', 'no-answer', 'refused', 'double-nat', 'public-address', 'forbidden']),
    mappings: v.pipe(
      v.array(v.object({ protocol: v.picklist(['tcp', 'udp']), port: whole, externalPort: whole })),
      v.maxLength(16),
    ),
    pinholes: v.object({
      state: v.picklist(['none', 'asking', 'open', 'failed']),
      via: v.picklist(['', 'pcp', 'upnp']),
      address,
    }),
  }),
);
const connection = v.object({ ports: v.nullable(ports) });
const settings = v.nullable(allSettings);

const left = exactly<LeftFiles>()(
  v.object({
    name,
    files: v.pipe(v.array(shownWords(30_000)), v.maxLength(MAX_TOLD)),
    count: number,
    root,
    why: v.union([diskProblem, v.literal('daemon-away')]),
  }),
);

const news = exactly<News>()(
  v.object({
    id: torrentId,
    name,
    what: v.picklist(['completed', 'failed', 'added']),
    at: number,
  }),
);

const added = exactly<Added>()(v.object({ id: torrentId, already: v.boolean(), brought: v.boolean(), isBack: v.boolean() }));
const page = exactly<FolderPage>()(
  v.object({
    folder: token,
    name: shownText(255),
    parent: v.nullable(token),
    folders: v.pipe(v.array(v.object({ token, name: shownText(255) })), v.maxLength(FOLDERS)),
    more: v.boolean(),
  }),
);

const rates = v.pipe(v.array(number), v.maxLength(RATES));
const moved = { down: number, up: number };
const mark = exactly<HistoryMark>()(
  v.variant('kind', [
    v.object({ at: number, kind: v.literal('limits'), ...moved, mode: v.picklist(['usual', 'slow', 'paused']) }),
    v.object({ at: number, kind: v.literal('helper'), isThere: v.boolean() }),
    v.object({ at: number, kind: v.picklist(['asleep', 'clock']), ms: number }),
    v.object({ at: number, kind: v.literal('tracker'), host: name, isThere: v.boolean() }),
    v.object({ at: number, kind: v.literal('full'), name }),
  ]),
);
const sum = v.object({ ...moved, since: number });
const history = exactly<History>()(
  v.object({
    from: number,
    step: v.pipe(number, v.minValue(1)),
    down: rates,
    up: rates,
    marks: v.pipe(v.array(mark), v.maxLength(MAX_TOLD)),
    totals: v.object({
      session: sum,
      ever: sum,
      days: v.pipe(v.array(v.object({ ...moved, day: whole })), v.maxLength(100)),
    }),
  }),
);
const vitals = exactly<Vitals>()(
  v.object({
    dht: v.nullable(v.object({ nodes: number, torrents: number, searching: number, peers: number, asked: number })),
    port: v.nullable(
      v.object({
        tcp: whole,
        udp: whole,
        outside: whole,
        address,
        came: v.object({ tcp: number, utp: number, last: number }),
        test: v.object({ state: v.picklist(['none', 'running', 'returned', 'lost', 'no-address']), ago: number }),
      }),
    ),
    connections: v.object({
      most: number,
      tcp: number,
      utp: number,
      webrtc: number,
      incoming: number,
      connecting: number,
      webSeeds: number,
    }),
    trackers: v.pipe(
      v.array(v.object({ host: name, working: number, failing: number, waiting: number, text })),
      v.maxLength(MAX_HOSTS),
    ),
    moreTrackers: number,
  }),
);
const exported = exactly<Exported>()(
  v.object({
    torrents: v.pipe(
      v.array(
        v.object({
          id: torrentId,
          magnet: shownText(64 << 10),
          torrent: v.nullable(torrentBytes),
          isPrivate: v.boolean(),
          choices,
        }),
      ),
      v.maxLength(MAX_IDS),
    ),
    looked: v.pipe(v.array(torrentId), v.minLength(1), v.maxLength(MAX_IDS)),
  }),
);
const told = exactly<Told>()(
  v.variant('told', [
    v.object({ told: v.literal('history'), history }),
    v.object({ told: v.literal('vitals'), vitals }),
    v.object({ told: v.literal('exported'), exported }),
  ]),
);

const fromFar = exactly<FromFar>()(
  v.variant('type', [
    v.object({ type: v.literal('snapshot'), torrents: rows, connection, settings }),
    v.object({
      type: v.literal('delta'),
      torrents: rows,
      removed: v.pipe(v.array(torrentId), v.maxLength(MAX_IDS)),
      connection: v.nullable(connection),
      settings,
      detail: v.nullable(detail),
    }),
    v.object({ type: v.literal('handoff'), handoff: requestId, added, source }),
    v.object({ type: v.literal('left'), left }),
    v.object({ type: v.literal('news'), news: v.pipe(v.array(news), v.maxLength(MAX_TOLD)) }),
    v.object({ type: v.literal('reply'), id: requestId, error: v.nullable(farSaid), added: v.nullable(added) }),
    v.object({ type: v.literal('folder'), id: requestId, page }),
    v.object({ type: v.literal('told'), id: requestId, told }),
    v.object({ type: v.literal('rows'), torrents: rows }),
    v.object({
      type: v.literal('files'),
      torrent: torrentId,
      names: number,
      count: whole,
      from: whole,
      files: v.pipe(v.array(file), v.maxLength(FILES_A_PART)),
    }),
    v.object({
      type: v.literal('filesChanged'),
      torrent: torrentId,
      files: v.pipe(v.array(v.object({ index: whole, done: number, priority })), v.maxLength(FILES_A_PART)),
    }),
  ]),
);

/** The message, or null where it is none. */
export function parseFromFar(message: unknown): FromFar | null {
  const result = v.safeParse(fromFar, message, { abortEarly: true });
  return result.success ? result.output : null;
}

/** The version of the app that says it; null where it does not say. */
export function versionOf(message: unknown): number | null {
  const result = v.safeParse(v.object({ type: v.literal('snapshot'), version: v.number() }), message);
  return result.success ? result.output.version : null;
}
