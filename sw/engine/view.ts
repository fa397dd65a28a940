/** What a torrent looks like from outside: plain values, made when someone looks. */
import type { TorrentOptions } from './options.ts';
import type { RateLimits } from './limits.ts';
import type { PeerEncryption, PeerTransport } from './peer.ts';
import type { Phase } from './phase.ts';
import { priorityOf } from './priorities.ts';
import type { FilePriority } from './priorities.ts';
import type { LogEntry } from './journal.ts';
import { mapAtRest, mapContent } from './piece-map.ts';
import type { PieceMap } from './piece-map.ts';
import { shownAddress } from './rtc-address.ts';
import type { PeerSource } from './swarm.ts';
import type { Leaving } from './resume.ts';
import type { Torrent } from './torrent.ts';
import { viewProblem } from './view-problem.ts';
import type { ViewProblem } from './view-problem.ts';
import type { WebSeed } from './web-seed.ts';
import { formatMagnet } from './codec/magnet.ts';

export type ViewState =
  | 'adding'
  | 'leaving'
  | 'metadata'
  | 'checking'
  | 'downloading'
  | 'seeding'
  | 'moving'
  | 'done'
  | 'paused'
  | 'queued'
  | 'waiting'
  | 'error';

/** Bytes, bytes a second, ms since 1970, seconds. */
export interface TorrentView {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly done: number;
  readonly state: ViewState;
  readonly problem: ViewProblem | null;
  readonly down: number;
  readonly up: number;
  readonly eta: number;
  readonly peers: number;
  readonly seeds: number;
  readonly active: number;
  readonly webSeeds: number;
  readonly hasWebSeeds: boolean;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly addedAt: number;
  readonly doneAt: number;
  readonly root: string;
  readonly options: TorrentOptions;
  /** Those in force for it; 0: none. */
  readonly limits: RateLimits;
  /** In line, the least first; 0: not in it. */
  readonly place: number;
  readonly leaving?: Leaving;
}

/** What of a torrent is made only for who looks at it. */
export type DetailPart = 'pieces' | 'log';

export interface DetailView {
  readonly id: string;
  readonly hasMetadata: boolean;
  readonly isPrivate: boolean;
  readonly comment: string;
  readonly pieceLength: number;
  readonly pieces: number;
  readonly piecesDone: number;
  readonly copies: number;
  /** Peers that are known by addresses which this engine has no way to; null where it has one to any. */
  readonly outOfReach: number | null;
  /** Another number where the files have other names. */
  readonly names: number;
  readonly files: readonly { path: readonly string[]; size: number; done: number; priority: FilePriority }[];
  readonly peers: readonly {
    id: number;
    address: string;
    transport: PeerTransport;
    client: string;
    down: number;
    up: number;
    progress: number;
    incoming: boolean;
    encryption: PeerEncryption;
    source: PeerSource | null;
    amInterested: boolean;
    peerChoking: boolean;
    peerInterested: boolean;
    amChoking: boolean;
    requests: number;
  }[];
  readonly trackers: readonly {
    url: string;
    tier: number;
    state: 'idle' | 'announcing' | 'ok' | 'counted' | 'error' | 'unsupported' | 'out-of-reach';
    text: string;
    seeds: number;
    leechers: number;
    peers: number;
    ago: number;
    failed: number;
    next: number;
  }[];
  /** Null for a private torrent. */
  readonly dht: {
    state: 'off' | 'joining' | 'waiting' | 'searching' | 'ok';
    seeds: number;
    leechers: number;
    peers: number;
    nodes: number;
    next: number;
  } | null;
  /** Null for a private torrent. */
  readonly lsd: { state: 'off' | 'waiting' | 'ok'; peers: number; next: number } | null;
  readonly webSeeds: readonly {
    url: string;
    state: 'idle' | 'active' | 'waiting' | 'resting' | 'banned';
    text: string;
    down: number;
    downloaded: number;
    requests: number;
    next: number;
  }[];
  readonly magnet: string;
  /** Null where nobody asks, or no piece is known. */
  readonly map: PieceMap | null;
  /** Null where nobody asks. */
  readonly log: readonly LogEntry[] | null;
}

export function viewTorrent(torrent: Torrent, limits: RateLimits, now: number): TorrentView {
  const { meta, substance } = torrent;
  const held = substance.content ?? substance.atRest;
  let down = 0;
  let up = 0;
  let seeds = 0;
  let active = 0;
  let peers = 0;
  for (const peer of torrent.peers.values()) {
    if (peer.stage !== 'open') continue;
    peers += 1;
    down += peer.down.rate(now);
    up += peer.up.rate(now);
    if (peer.has.size > 0 && peer.has.isFull) seeds += 1;
    if (peer.inflight > 0) active += 1;
  }
  down += torrent.webSeeds.rate(now);
  const size = held ? held.wantedSize : meta ? meta.layout.length - padding(torrent) : 0;
  const done = held?.wantedDone ?? 0;
  const state = viewState(torrent);
  return {
    id: torrent.id,
    name: torrent.name,
    size,
    done,
    state,
    problem: viewProblem(torrent, state === 'downloading', peers + (torrent.meta ? torrent.webSeeds.usable : 0), down, now),
    down: Math.round(down),
    up: Math.round(up),
    eta: state === 'downloading' && down > 0 ? Math.ceil((size - done) / down) : -1,
    peers,
    seeds,
    active,
    webSeeds: torrent.webSeeds.active,
    hasWebSeeds: torrent.webSeeds.all.some(({ state }) => state !== 'banned'),
    uploaded: torrent.uploaded,
    downloaded: torrent.downloaded,
    addedAt: torrent.addedAt,
    doneAt: torrent.doneAt,
    root: torrent.substance.root,
    options: torrent.options,
    limits,
    place: torrent.turn.place,
    ...(torrent.leaving ? { leaving: torrent.leaving } : {}),
  };
}

function viewState(torrent: Torrent): ViewState {
  const { content, atRest, isComplete } = torrent.substance;
  const complete = content || atRest ? isComplete : torrent.doneAt > 0;
  if (!torrent.started) return 'adding';
  if (torrent.leaving) return 'leaving';
  const states: Record<Phase, ViewState> = {
    waiting: 'waiting',
    fetching: 'metadata',
    ready: 'adding',
    queued: 'queued',
    loading: 'checking',
    checking: 'checking',
    running: complete ? 'seeding' : 'downloading',
    moving: 'moving',
    paused: complete ? 'done' : 'paused',
    failed: 'error',
    removed: 'paused',
  };
  return states[torrent.phase];
}

export function viewDetail(torrent: Torrent, part: DetailPart | null, now: number): DetailView {
  const { content, meta, atRest, files, isKnown, isPrivate } = torrent.substance;
  const shape = meta?.layout ?? atRest;
  return {
    id: torrent.id,
    hasMetadata: isKnown,
    isPrivate,
    comment: torrent.comment,
    pieceLength: shape?.pieceLength ?? 0,
    pieces: shape?.pieceCount ?? 0,
    piecesDone: content?.downloader.have.count ?? atRest?.piecesDone ?? 0,
    copies: content?.picker.distributedCopies() ?? 0,
    outOfReach: torrent.peerSet.outOfReach,
    names: torrent.substance.where.fingerprint,
    files: files
      .map((file, index) => ({
        path: file.pad ? file.path : torrent.substance.where.wanted(index).path,
        size: file.length,
        done: content?.fileDone[index] ?? atRest?.doneOf(index) ?? 0,
        priority: priorityOf(torrent.substance.priorities, index),
      }))
      .filter((_, index) => files[index]?.pad === false),
    peers: [...torrent.peers.values()]
      .filter(peer => peer.stage === 'open')
      .map(peer => ({
        id: peer.conn,
        address: shownAddress(peer.address),
        transport: peer.transport,
        client: peer.client,
        down: Math.round(peer.down.rate(now)),
        up: Math.round(peer.up.rate(now)),
        progress: peer.has.size > 0 ? peer.has.count / peer.has.size : 0,
        incoming: peer.incoming,
        encryption: peer.encryption,
        source: torrent.peerSet.sourceOf(peer),
        amInterested: peer.amInterested,
        peerChoking: peer.peerChoking,
        peerInterested: peer.peerInterested,
        amChoking: peer.amChoking,
        requests: peer.inflight,
      })),
    trackers: torrent.announcer.trackers.map(tracker => ({
      url: tracker.url,
      tier: tracker.tier,
      state: tracker.state,
      text: tracker.text,
      seeds: tracker.seeds,
      leechers: tracker.leechers,
      peers: tracker.peers,
      ago: secondsSince(tracker.answeredAt, now),
      failed: secondsSince(tracker.failedAt, now),
      next: seconds(tracker.nextAt - now),
    })),
    dht: viewDht(torrent, now),
    lsd: viewLsd(torrent, now),
    webSeeds: torrent.webSeeds.all.map(seed => viewWebSeed(seed, now)),
    magnet: formatMagnet({
      v1Hash: torrent.hashes.v1Hash,
      v2Hash: torrent.hashes.v2Hash,
      name: torrent.name,
      trackers: torrent.announcer.trackers.map(tracker => tracker.url),
      webSeeds: torrent.webSeeds.urls('files'),
      selectOnly: torrent.started ? null : torrent.substance.selectOnly,
    }),
    map: part === 'pieces' ? viewMap(torrent) : null,
    log: part === 'log' ? torrent.journal.entries : null,
  };
}

function viewMap({ substance }: Torrent): PieceMap | null {
  if (substance.content) return mapContent(substance.content);
  return substance.atRest && mapAtRest(substance.atRest, substance.priorities);
}

function viewDht(torrent: Torrent, now: number): DetailView['dht'] {
  const { status } = torrent.dht;
  return status && { ...status, next: seconds(status.nextAt - now) };
}

function viewLsd(torrent: Torrent, now: number): DetailView['lsd'] {
  const { status } = torrent.lsd;
  return status && { state: status.state, peers: status.peers, next: seconds(status.nextAt - now) };
}

function viewWebSeed(seed: WebSeed, now: number): DetailView['webSeeds'][number] {
  const { url, running, reason: text, down } = seed;
  const next = seed.state !== 'banned' && now < seed.retryAt ? seconds(seed.retryAt - now) : -1;
  const state = running > 0 ? 'active' : seed.state === 'ready' || (seed.state !== 'banned' && next < 0) ? 'idle' : seed.state;
  return { url, state, text, down: Math.round(down.rate(now)), downloaded: down.total, requests: running, next };
}

/** Whole seconds until then; −1: never. */
function seconds(ms: number): number {
  return ms === Infinity ? -1 : Math.max(0, Math.ceil(ms / 1000));
}

/** -1: never. */
function secondsSince(at: number, now: number): number {
  return at === -Infinity ? -1 : Math.floor((now - at) / 1000);
}

function padding(torrent: Torrent): number {
  let bytes = 0;
  for (const file of torrent.meta?.layout.files ?? []) if (file.pad) bytes += file.length;
  return bytes;
}
