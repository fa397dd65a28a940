/** What a browser at work may say to one that follows it, checked: it may be of another version, or worse. */
import * as v from 'valibot';
import type { Added, ApiError, FolderPage, FromWorker, LeftFiles, Told } from './api.ts';
import { allOptions, allSettings, priority, requestId, root, source, token, torrentId } from './commands.ts';
import { exactly } from './exactly.ts';
import { pathName, shownText, shownWords } from './far-text.ts';
import { type FilesChanged, type FilesPart, FILES_A_PART, type RowsPart, ROWS_A_PART } from './relayed.ts';
import type {
  DiskProblem,
  FileRow,
  History,
  HistoryMark,
  LogEntry,
  News,
  PieceMap,
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
const MAX_PEERS = 1_000;
const MAX_SERVERS = 1_000;
const MAX_TOLD = 1_000;
const MAX_ENTRIES = 1_000;
const MAX_CELLS = 64 << 10;
const FOLDERS = 10_000;
/** In the longest span. */
const RATES = 1_440;

const number = v.pipe(v.number(), v.finite());
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const url = shownText(5_000);
const text = shownWords(1_000);
const name = shownText(1_000);
const address = shownText(100);

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
    v.object({ code: v.literal('stopped'), by: v.picklist(['ratio', 'time']), limit: number }),
    v.object({ code: v.picklist(['metadata-refused', 'not-brought', 'state-not-saved', 'state-not-read']), text }),
    v.object({ code: v.literal('no-source-has-missing'), missing: number }),
    v.object({ code: v.picklist(['choked', 'silent', 'unreached']), peers: number }),
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
  }),
);
const rows = v.pipe(v.array(row), v.maxLength(ROWS_A_PART));

const file = exactly<FileRow>()(
  v.object({ path: v.pipe(v.array(pathName), v.maxLength(200)), size: number, done: number, priority }),
);

const peer = v.object({
  id: number,
  address,
  transport: v.picklist(['tcp', 'utp', 'webrtc']),
  client: shownText(200),
  down: number,
  up: number,
  progress: number,
  incoming: v.boolean(),
  encryption: v.picklist(['none', 'handshake', 'full']),
  source: v.nullable(v.picklist(['tracker', 'person', 'pex', 'dht', 'lsd'])),
  amInterested: v.boolean(),
  peerChoking: v.boolean(),
  peerInterested: v.boolean(),
  amChoking: v.boolean(),
  requests: number,
});

const tracker = v.object({
  url,
  tier: number,
  state: v.picklist(['idle', 'announcing', 'ok', 'counted', 'error', 'unsupported', 'out-of-reach']),
  text,
  seeds: number,
  leechers: number,
  peers: number,
  ago: number,
  next: number,
});

const webSeed = v.object({
  url,
  state: v.picklist(['idle', 'active', 'waiting', 'resting', 'banned']),
  text,
  down: number,
  downloaded: number,
  requests: number,
  next: number,
});

const map = exactly<PieceMap>()(
  v.object({
    perCell: v.pipe(whole, v.minValue(1)),
    have: number,
    active: number,
    skipped: number,
    unavailable: number,
    cells: v.pipe(
      v.instance(Uint8Array),
      v.check(bytes => bytes.length <= MAX_CELLS),
    ),
  }),
);

const entry = exactly<LogEntry>()(
  v.object({
    n: number,
    at: number,
    kind: v.picklist(['torrent', 'peer', 'tracker', 'data', 'disk']),
    level: v.picklist(['info', 'warn', 'error']),
    what: v.picklist([
      'added',
      'fetching',
      'queued',
      'checking',
      'downloading',
      'seeding',
      'completed',
      'paused',
      'waiting',
      'peer-joined',
      'peer-left',
      'peers-left',
      'peer-banned',
      'tracker-answered',
      'tracker-failed',
      'piece-corrupt',
      'web-seed-failed',
      'web-seed-banned',
      'moving',
      'moved',
      'failed',
    ]),
    who: name,
    text,
    count: number,
  }),
);

const detail = exactly<TorrentDetail>()(
  v.object({
    id: torrentId,
    hasMetadata: v.boolean(),
    isPrivate: v.boolean(),
    comment: shownText(10_000),
    pieceLength: number,
    pieces: number,
    piecesDone: number,
    copies: number,
    outOfReach: v.nullable(number),
    names: number,
    files: v.pipe(v.array(file), v.maxLength(0)),
    peers: v.pipe(v.array(peer), v.maxLength(MAX_PEERS)),
    trackers: v.pipe(v.array(tracker), v.maxLength(MAX_SERVERS)),
    dht: v.nullable(
      v.object({
        state: v.picklist(['off', 'joining', 'waiting', 'searching', 'ok']),
        seeds: number,
        leechers: number,
        peers: number,
        nodes: number,
        next: number,
      }),
    ),
    lsd: v.nullable(v.object({ state: v.picklist(['off', 'waiting', 'ok']), peers: number, next: number })),
    webSeeds: v.pipe(v.array(webSeed), v.maxLength(MAX_SERVERS)),
    // It is copied for others to open: nothing but a magnet link may be.
    magnet: v.pipe(v.string(), v.regex(/^(?:magnet:\?[\x21-\x7e]{1,500000})?$/)),
    map: v.nullable(map),
    log: v.nullable(v.pipe(v.array(entry), v.maxLength(MAX_ENTRIES))),
  }),
);

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

const error = exactly<ApiError>()(
  v.object({
    code: v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,40}$/)),
    message: text,
  }),
);
const added = exactly<Added>()(v.object({ id: torrentId, already: v.boolean(), brought: v.boolean() }));
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
    v.object({ at: number, kind: v.literal('limits'), ...moved, isAlternative: v.boolean() }),
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
      v.maxLength(MAX_SERVERS),
    ),
    moreTrackers: number,
  }),
);
const told = exactly<Told>()(
  v.variant('told', [v.object({ told: v.literal('history'), history }), v.object({ told: v.literal('vitals'), vitals })]),
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
    v.object({ type: v.literal('reply'), id: requestId, error: v.nullable(error), added: v.nullable(added) }),
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
