import type {
  Connection,
  DetailPart,
  FileRow,
  LogEntry,
  RootRow,
  TorrentDetail,
  TorrentRow,
  TrackerRow,
} from '../../sw/view-model.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import { DEFAULT_OPTIONS } from '../../sw/engine/options.ts';
import { mapOf } from './mock-pieces.ts';

/** What the interface is looked at with: plausible torrents in every state. */

export const ROOTS: readonly RootRow[] = [
  { token: 'a'.repeat(64), name: 'Downloads', free: 412e9, isDefault: true, trash: true, problem: '' },
  { token: 'b'.repeat(64), name: 'Films', free: 1.2e9, isDefault: false, trash: false, problem: '' },
];

/** The storage of this browser. */
export const PLACE: RootRow = {
  token: BROWSER_ROOT,
  name: 'This browser',
  free: 5e9,
  isDefault: false,
  trash: false,
  problem: '',
};

export const CONNECTED: Connection = {
  state: 'connected',
  everConnected: true,
  superseded: false,
  following: null,
  outdated: null,
  gaveUp: false,
  version: '0.1.0',
  ports: {
    state: 'open',
    via: 'upnp',
    externalAddress: '81.2.69.142',
    problem: '',
    mappings: [{ protocol: 'tcp', port: 51_413, externalPort: 51_413 }],
    pinholes: { state: 'none', via: '', address: '' },
  },
  host: { settings: { watched: [], exitAfter: 0, notify: true }, problem: '' },
  browser: { isReady: true, problem: '', saving: [] },
};
export const UNPAIRED: Connection = {
  ...CONNECTED,
  state: 'unpaired',
  everConnected: false,
  version: '',
  ports: null,
  host: null,
};
export const LOST: Connection = { ...CONNECTED, state: 'disconnected', ports: null, host: null };

const GB = 1e9;
const MB = 1e6;

export function idOf(index: number): string {
  return (0x1000 + index).toString(16).padStart(8, '0').repeat(5);
}

/** One that is done, but for what is said otherwise. */
export function row(index: number, part: Partial<TorrentRow>): TorrentRow {
  const size = part.size ?? GB;
  const done = part.done ?? size;
  return {
    id: idOf(index),
    name: `Torrent ${index}`,
    size,
    done,
    state: 'done',
    problem: null,
    down: 0,
    up: 0,
    eta: -1,
    peers: 0,
    seeds: 0,
    active: 0,
    webSeeds: 0,
    hasWebSeeds: false,
    uploaded: 0,
    downloaded: done,
    addedAt: Date.UTC(2026, 10, 20, 14, 2) - index * 3_600_000,
    doneAt: 0,
    root: ROOTS[0]?.token ?? '',
    options: DEFAULT_OPTIONS,
    limits: { down: 0, up: 0 },
    place: index + 1,
    ...part,
  };
}

/** The nine of the pictures. */
export function nineTorrents(): TorrentRow[] {
  return [
    row(0, {
      name: 'ubuntu-26.04-desktop-amd64.iso',
      size: 5.82 * GB,
      done: 4.1 * GB,
      state: 'downloading',
      down: 92.1 * MB,
      up: 1.1 * MB,
      eta: 18,
      peers: 41,
      seeds: 30,
      active: 38,
      uploaded: 0.33 * GB,
    }),
    row(1, {
      name: 'Blender Open Movies, masters',
      size: 184 * GB,
      done: 42.4 * GB,
      state: 'downloading',
      down: 24.8 * MB,
      up: 0.4 * MB,
      eta: 5640,
      peers: 27,
      active: 21,
    }),
    row(2, {
      name: 'debian-13.2.0-netinst.iso',
      size: 691 * MB,
      state: 'seeding',
      up: 3.9 * MB,
      peers: 12,
      uploaded: 981 * MB,
      doneAt: Date.UTC(2026, 10, 19),
    }),
    row(3, {
      name: 'LibriSpeech train-clean-360',
      size: 23 * GB,
      done: 13.4 * GB,
      state: 'downloading',
      problem: { code: 'no-source-has-missing', missing: 12 },
      peers: 3,
    }),
    row(4, {
      name: 'Sintel (2160p)',
      size: 9.31 * GB,
      done: 3.83 * GB,
      state: 'downloading',
      down: 1.5 * MB,
      eta: 3653,
      peers: 9,
      active: 4,
    }),
    row(5, { name: 'archlinux-2026.11.01.iso', size: 1.21 * GB, state: 'seeding', up: 0.8 * MB, peers: 6, uploaded: 0.375 * GB }),
    row(6, {
      name: 'OpenStreetMap planet 2026-11',
      size: 78.4 * GB,
      done: 9.41 * GB,
      state: 'error',
      problem: { code: 'disk-full', needed: 69.1 * GB },
      root: ROOTS[1]?.token ?? '',
    }),
    row(7, { name: 'Fedora-Workstation-44.iso', size: 2.4 * GB, state: 'done' }),
    row(8, { name: 'Wikipedia en, all, no pictures', size: 52.1 * GB, done: 2.8 * GB, state: 'paused' }),
  ];
}

const STATES = ['downloading', 'seeding', 'done', 'paused', 'metadata', 'checking'] as const;

export function manyTorrents(count: number): TorrentRow[] {
  return Array.from({ length: count }, (_, index) => {
    const state = STATES[index % STATES.length] ?? 'done';
    const size = state === 'metadata' ? 0 : ((index * 7919) % 9000) * MB + MB;
    const done = state === 'seeding' || state === 'done' ? size : (size * (index % 97)) / 100;
    const moving = state === 'downloading';
    return row(index, {
      name: `Collection ${index}, part ${(index * 31) % 1000}`,
      size,
      done,
      state,
      down: moving ? ((index * 13) % 50) * 1e5 : 0,
      up: state === 'seeding' ? ((index * 17) % 30) * 1e5 : 0,
      eta: moving ? (index * 37) % 90_000 : -1,
      peers: index % 50,
      active: moving ? index % 20 : 0,
    });
  });
}

export function sintelFiles(): FileRow[] {
  return [
    { path: ['Sintel', 'Sintel.2160p.mkv'], size: 9.31 * GB, done: 3.83 * GB, priority: 'normal' },
    { path: ['Sintel', 'Subtitles', 'Sintel.en.srt'], size: 1700, done: 1700, priority: 'normal' },
    { path: ['Sintel', 'Subtitles', 'Sintel.de.srt'], size: 1820, done: 1820, priority: 'normal' },
    { path: ['Sintel', 'Making-of.mkv'], size: 2.58 * GB, done: 0, priority: 'skip' },
  ];
}

export function manyFiles(count: number): FileRow[] {
  return Array.from({ length: count }, (_, index) => ({
    path: ['data', `part ${Math.floor(index / 500)}`, `record-${index}.bin`],
    size: 1000 + index,
    done: 0,
    priority: 'normal',
  }));
}

export function detailOf(
  torrent: TorrentRow,
  files: readonly FileRow[],
  hasMetadata: boolean,
  trackerAnswered: boolean,
  tiers?: readonly (readonly string[])[],
  part: DetailPart | null = null,
): TorrentDetail {
  return {
    id: torrent.id,
    hasMetadata,
    isPrivate: false,
    comment: hasMetadata ? 'Made for looking at <b>the interface</b>' : '',
    pieceLength: 1 << 20,
    pieces: Math.ceil(torrent.size / (1 << 20)),
    piecesDone: Math.floor(torrent.done / (1 << 20)),
    copies: 7.42,
    outOfReach: null,
    names: files.reduce((sum, { path }) => sum + path.join('/').length, 0),
    files,
    peers: Array.from({ length: torrent.peers }, (_, index) => ({
      id: index + 1,
      address: index % 7 === 6 ? '' : `203.0.113.${index + 1}:6881`,
      transport: index % 7 === 6 ? 'webrtc' : index % 5 === 2 ? 'utp' : 'tcp',
      client: index % 3 === 0 ? 'qBittorrent 5.1.2' : index % 3 === 1 ? 'Transmission 4.0.6' : 'libtorrent 2.0.8',
      down: index < torrent.active ? torrent.down / torrent.active : 0,
      up: 0,
      progress: index < torrent.seeds ? 1 : (index % 10) / 10,
      incoming: index % 4 === 0,
      encryption: index % 3 === 0 ? 'full' : index % 3 === 1 ? 'handshake' : 'none',
      source: index % 4 === 0 ? null : index % 4 === 1 ? 'tracker' : index % 4 === 2 ? 'dht' : 'pex',
      amInterested: index < torrent.active + 2,
      peerChoking: index >= torrent.active,
      peerInterested: index % 5 < 2,
      amChoking: index % 5 !== 0,
      requests: index < torrent.active ? 16 : 0,
    })),
    dht: { state: 'ok', seeds: 12, leechers: 30, peers: 41, nodes: 180, next: 540 },
    lsd: { state: 'ok', peers: 2, next: 210 },
    trackers: tiers
      ? idleTrackers(tiers)
      : [
          {
            url: 'https://tracker.example.org/announce',
            tier: 0,
            state: trackerAnswered ? 'ok' : 'announcing',
            text: '',
            seeds: 120,
            leechers: 14,
            peers: 50,
            ago: trackerAnswered ? 60 : -1,
            failed: -1,
            next: trackerAnswered ? 1740 : -1,
          },
          {
            url: 'http://old.example.net:6969/announce',
            tier: 1,
            state: 'error',
            text: 'unregistered torrent',
            ...UNCOUNTED,
            failed: 10,
            next: 320,
          },
          {
            url: 'wss://tracker.example.com/announce',
            tier: 2,
            state: 'counted',
            text: '',
            seeds: 7,
            leechers: 2,
            peers: -1,
            ago: 60,
            failed: -1,
            next: 840,
          },
        ],
    webSeeds: [
      {
        url: 'https://mirror.example.org/files/',
        state: 'active',
        text: '',
        down: 1.5 * MB,
        downloaded: 240 * MB,
        requests: 4,
        next: -1,
      },
      {
        url: 'http://old.example.net/files/',
        state: 'resting',
        text: 'It answers with status 503.',
        down: 0,
        downloaded: 0,
        requests: 0,
        next: 480,
      },
    ],
    magnet: `magnet:?xt=urn:btih:${torrent.id}&dn=${encodeURIComponent(torrent.name)}`,
    map: part === 'pieces' ? mapOf(Math.ceil(torrent.size / (1 << 20)), torrent.done / torrent.size) : null,
    log: part === 'log' ? LOG : null,
  };
}

const line = (
  n: number,
  kind: LogEntry['kind'],
  level: LogEntry['level'],
  what: LogEntry['what'],
  who = '',
  text = '',
  count = 0,
): LogEntry => ({
  n,
  at: Date.UTC(2026, 10, 20, 14, 0, n * 7),
  kind,
  level,
  what,
  who,
  text,
  count,
});

const UNCOUNTED = { seeds: -1, leechers: -1, peers: 0, ago: -1 };

const LOG: readonly LogEntry[] = [
  line(1, 'torrent', 'info', 'added'),
  line(2, 'torrent', 'info', 'checking'),
  line(3, 'torrent', 'info', 'downloading'),
  line(4, 'tracker', 'info', 'tracker-answered', 'https://tracker.example.org/announce', '', 50),
  line(5, 'tracker', 'warn', 'tracker-failed', 'http://old.example.net:6969/announce', 'unregistered <b>torrent</b>'),
  line(6, 'peer', 'info', 'peer-joined', '203.0.113.4:6881', 'qBittorrent 5.1.2'),
  line(7, 'data', 'warn', 'piece-corrupt', '', '', 1203),
  line(8, 'peer', 'warn', 'peer-banned', '203.0.113.4', 'it sent corrupt data'),
  line(9, 'data', 'warn', 'web-seed-failed', 'http://old.example.net/files/', 'It answers with status 503.'),
  line(10, 'disk', 'error', 'failed', 'Sintel/Sintel.2160p.mkv', 'disk-full'),
];

/** Trackers as an edit leaves them. */
function idleTrackers(tiers: readonly (readonly string[])[]): TrackerRow[] {
  return tiers.flatMap((urls, tier) =>
    urls.map(url => ({ url, tier, state: 'idle' as const, text: '', ...UNCOUNTED, failed: -1, next: 60 })),
  );
}
