/** What a torrent looks like from outside: plain values, made when someone looks. */
import type { FileProblem } from './events.ts';
import type { TorrentOptions } from './options.ts';
import type { RateLimits } from './limits.ts';
import type { PeerEncryption, PeerTransport } from './peer.ts';
import type { Phase } from './phase.ts';
import { priorityOf } from './priorities.ts';
import type { FilePriority } from './priorities.ts';
import type { Left } from './removals.ts';
import { shownRtcAddress } from './rtc-address.ts';
import type { Torrent } from './torrent.ts';
import type { WebSeed } from './web-seed.ts';
import { formatMagnet } from './codec/magnet.ts';

/** Ms without any peer, or without metadata, until it is worth saying so. */
const PATIENCE = 20_000;

export type ViewState =
  'adding' | 'metadata' | 'checking' | 'downloading' | 'seeding' | 'moving' | 'done' | 'paused' | 'queued' | 'waiting' | 'error';

type DiskProblem =
  | 'disk-full'
  | 'disk-quota'
  | 'file-too-large'
  | 'read-only'
  | 'denied'
  | 'folder-gone'
  | 'file-gone'
  | 'file-busy'
  | 'file-unsafe'
  | 'file-conflict'
  | 'io'
  | 'limit';

export type ViewProblem =
  | { readonly code: Exclude<DiskProblem, 'disk-full'> }
  | { readonly code: 'disk-full'; readonly needed: number }
  | {
      readonly code: 'not-moved';
      readonly why: DiskProblem;
      readonly left: number;
      readonly needed: number;
      readonly from: string;
    }
  | { readonly code: 'moving'; readonly moved: number; readonly of: number }
  | { readonly code: 'bringing'; readonly moved: number; readonly of: number; readonly isHere: boolean }
  | { readonly code: 'queued'; readonly ahead: number }
  | { readonly code: 'stopped'; readonly by: 'ratio' | 'time'; readonly limit: number }
  | { readonly code: 'daemon-away' | 'no-peers' | 'no-metadata' | 'record-lost' | 'list-too-long' }
  | { readonly code: 'no-source-has-missing'; readonly missing: number }
  | { readonly code: 'out-of-reach'; readonly trackers: number; readonly peers: number }
  | { readonly code: 'tracker'; readonly url: string; readonly text: string }
  | { readonly code: 'state-not-saved' | 'state-not-read' | 'metadata-refused'; readonly text: string };

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
}

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
    downloading: boolean;
    uploading: boolean;
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
    problem: viewProblem(torrent, state, peers + (torrent.meta ? torrent.webSeeds.usable : 0), down, now),
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
  };
}

function viewState(torrent: Torrent): ViewState {
  const { content, atRest, isComplete } = torrent.substance;
  const complete = content || atRest ? isComplete : torrent.doneAt > 0;
  if (!torrent.started) return 'adding';
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

function viewProblem(torrent: Torrent, state: ViewState, peers: number, down: number, now: number): ViewProblem | null {
  if (torrent.phase === 'failed' && torrent.problem) return viewFailure(torrent, torrent.problem);
  if (torrent.phase === 'waiting') return { code: 'daemon-away' };
  if (torrent.phase === 'paused' && torrent.limit.stopped) return { code: 'stopped', ...torrent.limit.stopped };
  if (torrent.transfer.isGoing) {
    const { moved, total, source } = torrent.transfer;
    return { code: 'bringing', moved, of: total, isHere: source !== null };
  }
  if (torrent.phase === 'moving') {
    const { total } = torrent.relocation;
    return { code: 'moving', moved: total - torrent.substance.where.pendingCount, of: total };
  }
  if (torrent.phase === 'queued') return { code: 'queued', ahead: Math.max(0, torrent.turn.ahead) };
  if (torrent.work.recall.problem !== '') return { code: 'state-not-read', text: torrent.work.recall.problem };
  if (torrent.recorder.unsaved !== '') return { code: 'state-not-saved', text: torrent.recorder.unsaved };
  if (torrent.recorder.isTooLong) return { code: 'list-too-long' };
  const seeking = state === 'metadata' || state === 'downloading' || torrent.phase === 'fetching';
  if (!seeking) return null;
  if (torrent.fetch && torrent.fetch.refusal !== '') return { code: 'metadata-refused', text: torrent.fetch.refusal };
  if (torrent.substance.isLost) return { code: 'record-lost' };
  if (peers === 0) {
    const refused = torrent.announcer.trackers.find(tracker => tracker.refused);
    if (refused) return { code: 'tracker', url: refused.url, text: refused.text };
    if (now - torrent.runningSince > PATIENCE) return viewNobody(torrent);
    return null;
  }
  if (!torrent.meta) return now - torrent.runningSince > PATIENCE ? { code: 'no-metadata' } : null;
  const missing = torrent.content?.picker.unavailable() ?? 0;
  if (missing > 0 && down === 0 && now - torrent.runningSince > PATIENCE) return { code: 'no-source-has-missing', missing };
  return null;
}

/** Nobody is there. */
function viewNobody(torrent: Torrent): ViewProblem {
  const peers = torrent.peerSet.outOfReach;
  if (peers === null) return { code: torrent.meta ? 'no-peers' : 'no-metadata' };
  return {
    code: 'out-of-reach',
    trackers: torrent.announcer.trackers.filter(({ state }) => state === 'out-of-reach').length,
    peers,
  };
}

function viewFailure({ substance, mending }: Torrent, problem: FileProblem): ViewProblem {
  const why = PROBLEM_CODES[problem];
  const { needed } = mending;
  const [stray] = substance.where.strays;
  if (stray) return { code: 'not-moved', why, left: substance.where.pendingCount, needed, from: stray.naming.root };
  return why === 'disk-full' ? { code: why, needed } : { code: why };
}

/** Files of a removed torrent that could not be deleted, `count` of them. */
export interface LeftView {
  readonly name: string;
  readonly files: readonly string[];
  readonly count: number;
  readonly root: string;
  readonly why: DiskProblem | 'daemon-away';
}

export function viewLeft({ problem, ...left }: Left): LeftView {
  return { ...left, why: problem === 'store-away' ? 'daemon-away' : PROBLEM_CODES[problem] };
}

const PROBLEM_CODES = {
  full: 'disk-full',
  quota: 'disk-quota',
  'too-large': 'file-too-large',
  'read-only': 'read-only',
  denied: 'denied',
  gone: 'file-gone',
  busy: 'file-busy',
  unsafe: 'file-unsafe',
  conflict: 'file-conflict',
  'no-such-root': 'folder-gone',
  io: 'io',
  limit: 'limit',
  'too-many-files': 'limit',
  'store-away': 'io',
} as const satisfies Record<FileProblem, ViewProblem['code']>;

export function viewDetail(torrent: Torrent, now: number): DetailView {
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
        address: peer.transport === 'webrtc' ? shownRtcAddress(peer.address) : peer.address,
        transport: peer.transport,
        client: peer.client,
        down: Math.round(peer.down.rate(now)),
        up: Math.round(peer.up.rate(now)),
        progress: peer.has.size > 0 ? peer.has.count / peer.has.size : 0,
        incoming: peer.incoming,
        encryption: peer.encryption,
        downloading: peer.amInterested && !peer.peerChoking,
        uploading: peer.peerInterested && !peer.amChoking,
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
  };
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

function padding(torrent: Torrent): number {
  let bytes = 0;
  for (const file of torrent.meta?.layout.files ?? []) if (file.pad) bytes += file.length;
  return bytes;
}
