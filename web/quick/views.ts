/** What the window is shown of a torrent of webtorrent. */
import type { Torrent } from 'webtorrent/dist/webtorrent.min.js';
import type { Connection, TorrentDetail, TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { MemoryStore } from './memory-store.ts';

export interface Entry {
  readonly torrent: Torrent;
  /** Once its files are known. */
  store: MemoryStore | null;
  /** Indexes of its files. */
  readonly wanted: Set<number>;
  isStarted: boolean;
  /** Bytes of memory that are set aside for it. */
  held: number;
  /** ms since 1970; 0: not yet. */
  readonly addedAt: number;
  doneAt: number;
  /** What ended it, as webtorrent says it; empty for nothing. */
  problem: string;
}

export const NO_HELPER: Connection = {
  state: 'unpaired',
  everConnected: false,
  superseded: false,
  following: null,
  outdated: null,
  gaveUp: false,
  version: '',
  ports: null,
  host: null,
  browser: { isReady: true, problem: '', saving: [] },
};

const NO_OPTIONS: TorrentRow['options'] = {
  labels: [],
  forceStart: false,
  stopRatio: null,
  stopSeedingTime: null,
  sequential: false,
  firstLast: false,
  downLimit: 0,
  upLimit: 0,
  superSeeding: false,
  banned: [],
};

export function rowOf(id: TorrentId, entry: Entry): TorrentRow {
  const { torrent, wanted, isStarted, addedAt } = entry;
  const files = torrent.files.filter((_, index) => wanted.has(index));
  const size = isStarted ? files.reduce((sum, { length }) => sum + length, 0) : entry.store === null ? 0 : torrent.length;
  const done = files.reduce((sum, file) => sum + (file.done ? file.length : file.downloaded), 0);
  const isDone = isStarted && files.every(file => file.done);
  if (isDone && entry.doneAt === 0) entry.doneAt = Date.now();
  const down = isDone ? 0 : torrent.downloadSpeed;
  const peers = torrent.wires.filter(isPeer);
  return {
    id,
    name: torrent.name,
    size,
    done: Math.min(done, size),
    state: entry.problem !== '' ? 'error' : !isStarted ? 'adding' : isDone ? 'seeding' : 'downloading',
    problem: entry.problem !== '' ? { code: 'metadata-refused', why: { code: 'told', values: { text: entry.problem } } } : null,
    down,
    up: torrent.uploadSpeed,
    eta: down > 0 ? (size - done) / down : -1,
    peers: peers.length,
    seeds: peers.filter(({ isSeeder }) => isSeeder).length,
    active: down > 0 ? peers.length : 0,
    webSeeds: torrent.wires.length - peers.length,
    hasWebSeeds: torrent.wires.length > peers.length,
    uploaded: torrent.uploaded,
    downloaded: torrent.downloaded,
    addedAt,
    doneAt: entry.doneAt,
    root: BROWSER_ROOT,
    options: NO_OPTIONS,
    limits: { down: 0, up: 0 },
    place: 0,
  };
}

/** Not a web seed. */
function isPeer({ type }: Torrent['wires'][number]): boolean {
  return type !== 'webSeed';
}

export function detailOf(id: TorrentId, { torrent, store, wanted, isStarted }: Entry): TorrentDetail {
  const hasMetadata = store !== null;
  return {
    id,
    hasMetadata,
    isPrivate: torrent.private,
    comment: torrent.comment ?? '',
    pieceLength: hasMetadata ? torrent.pieceLength : 0,
    pieces: hasMetadata ? Math.ceil(torrent.length / torrent.pieceLength) : 0,
    piecesDone: 0,
    copies: 0,
    outOfReach: null,
    names: 0,
    files: (hasMetadata ? torrent.files : []).map(({ path, length, downloaded }, index) => ({
      path: path.split('/'),
      size: length,
      done: downloaded,
      priority: isStarted && !wanted.has(index) ? 'skip' : 'normal',
    })),
    peers: [],
    trackers: torrent.announce.map((url, tier) => ({
      url,
      tier,
      // Nobody but a tracker introduces peers here.
      state: !/^wss?:/.test(url) ? 'out-of-reach' : torrent.wires.some(isPeer) ? 'ok' : 'announcing',
      text: '',
      seeds: 0,
      leechers: 0,
      peers: 0,
      ago: -1,
      failed: -1,
      next: -1,
    })),
    dht: null,
    lsd: null,
    webSeeds: [],
    magnet: torrent.magnetURI,
    map: null,
    log: null,
  };
}
