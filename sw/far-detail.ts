/** What a browser at work may say of one torrent, checked. */
import * as v from 'valibot';
import { priority, torrentId } from './commands.ts';
import { exactly } from './exactly.ts';
import { pathName, shownText } from './far-text.ts';
import { address, name, number, text, url, whole } from './far-values.ts';
import type { FileRow, LogEntry, PieceMap, TorrentDetail } from './view-model.ts';

const MAX_PEERS = 1_000;
const MAX_SERVERS = 1_000;
const MAX_ENTRIES = 1_000;
const MAX_CELLS = 64 << 10;

export const file = exactly<FileRow>()(
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
  failed: number,
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
      'peer-lost',
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

export const detail = exactly<TorrentDetail>()(
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
