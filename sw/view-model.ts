/** What a window shows of torrents, the helper and the network, and what a person sets. */
import type { Said } from './said.ts';

/** Hex info-hash. */
export type TorrentId = string;

/** What a torrent of the list is doing. */
export type ListedState =
  'metadata' | 'checking' | 'downloading' | 'seeding' | 'moving' | 'done' | 'paused' | 'queued' | 'waiting' | 'error';

/** Not in the list: those in the add sheet, and those that were removed and can be taken back. */
export type TorrentState = 'adding' | 'leaving' | ListedState;

/** What is wrong with a torrent's files. */
export type DiskProblem =
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

/**
 * Why something is not going as a person would wish. The window puts it in words: cause, consequence, what to do.
 * Texts from outside (a tracker's answer) are data, shown as such.
 */
export type Problem =
  | { readonly code: Exclude<DiskProblem, 'disk-full'> }
  /** It goes on once so many bytes are free on the disk. */
  | { readonly code: 'disk-full'; readonly needed: number }
  /**
   * Files could not be moved or renamed: `left` of them are where they were, in the root `from` (and maybe others). `needed`: bytes
   * that have to be free where they are to go.
   */
  | {
      readonly code: 'not-moved';
      readonly why: DiskProblem;
      readonly left: number;
      readonly needed: number;
      readonly from: string;
    }
  /** Files on their way to another place or name: `moved` of so many are there. */
  | { readonly code: 'moving'; readonly moved: number; readonly of: number }
  /**
   * It comes from the storage of the browser that it was added in: `moved` of so many bytes are here. `isHere`: that browser is at it, else it is
   * waited for.
   */
  | { readonly code: 'bringing'; readonly moved: number; readonly of: number; readonly isHere: boolean }
  /** What this browser has of it cannot be brought to the helper for now. It is tried again. */
  | { readonly code: 'not-brought'; readonly why: Said }
  /** It waits until it is its turn, after `ahead` others. */
  | { readonly code: 'queued'; readonly ahead: number }
  /** The schedule has everything paused: until then, ms since 1970; null: always. */
  | { readonly code: 'scheduled'; readonly until: number | null }
  /** It was seeded as long as it was to be: to a ratio, or for so many minutes. */
  | { readonly code: 'stopped'; readonly by: 'ratio' | 'time'; readonly limit: number }
  /** The torrent waits for the daemon. */
  | { readonly code: 'daemon-away' }
  | { readonly code: 'no-peers' }
  | { readonly code: 'no-metadata' }
  /** Its list of files has come and cannot be used; `why` says what is wrong with it. */
  | { readonly code: 'metadata-refused'; readonly why: Said }
  /** Its list of files, with its hashes, is longer than the helper keeps: after a restart it is asked for anew. */
  | { readonly code: 'list-too-long' }
  /** The record of its files was damaged or gone: they are asked for anew. */
  | { readonly code: 'record-lost' }
  | { readonly code: 'no-source-has-missing'; readonly missing: number }
  /** Peers have what is missing, and none of these lets us have it; were asked and send nothing; are known, and none answers; or were there, and none is any more. */
  | { readonly code: 'choked' | 'silent' | 'unreached' | 'peers-gone'; readonly peers: number }
  /** As many connections as there may be are taken by other torrents. */
  | { readonly code: 'no-connections'; readonly most: number }
  /** All its files are left out. */
  | { readonly code: 'nothing-chosen' }
  /** Nobody is there whom a browser can reach; so many trackers and peers that are known need the helper. */
  | { readonly code: 'out-of-reach'; readonly trackers: number; readonly peers: number }
  | { readonly code: 'tracker'; readonly url: string; readonly text: string }
  | { readonly code: 'state-not-saved'; readonly text: string }
  /** What the helper keeps of the torrent could not be read; it is asked again. */
  | { readonly code: 'state-not-read'; readonly text: string };

export interface TorrentRow {
  readonly id: TorrentId;
  readonly name: string;
  /** Bytes of the files wanted; 0 while the metadata is unknown. */
  readonly size: number;
  /** Verified bytes of them. */
  readonly done: number;
  readonly state: TorrentState;
  readonly problem: Problem | null;
  /** Bytes a second. */
  readonly down: number;
  readonly up: number;
  /** Seconds left; -1 unknown. */
  readonly eta: number;
  /** Connected peers, how many of them are seeds, and how many we download from now. */
  readonly peers: number;
  readonly seeds: number;
  readonly active: number;
  /** Web seeds that we download from now. */
  readonly webSeeds: number;
  /** It has web seeds that are not banned. */
  readonly hasWebSeeds: boolean;
  readonly uploaded: number;
  readonly downloaded: number;
  /** ms since 1970. */
  readonly addedAt: number;
  readonly doneAt: number;
  readonly root: string;
  readonly options: TorrentOptions;
  /** Limits in force for it, its own or that of all torrents; bytes a second, 0: none. */
  readonly limits: { readonly down: number; readonly up: number };
  /** Where it stands in the line that torrents wait in, the least first: a whole number that stays as others come, go and move. 0: nowhere. */
  readonly place: number;
  /**
   * What this browser's own storage holds of a torrent of the helper, bytes; where it `isMoving`, that is all there is of it but what has been brought.
   * Absent where it holds nothing of it.
   */
  readonly inBrowser?: { readonly done: number; readonly isMoving: boolean };
  /** A person removed it, at that time in ms since 1970, and can take that back; absent of all others. */
  readonly leaving?: { readonly withData: boolean; readonly at: number };
}

/** `skip` is not fetched; of the others, what stands higher comes before what stands lower. */
export type FilePriority = 'skip' | 'low' | 'normal' | 'high' | 'first';

export interface FileRow {
  readonly path: readonly string[];
  readonly size: number;
  readonly done: number;
  readonly priority: FilePriority;
}

export interface PeerRow {
  /** Unlike that of any other. */
  readonly id: number;
  /** IP:port; of a peer over WebRTC an IP literal, empty where the browser does not tell it. */
  readonly address: string;
  readonly transport: 'tcp' | 'utp' | 'webrtc';
  readonly client: string;
  readonly down: number;
  readonly up: number;
  /** 0 to 1. */
  readonly progress: number;
  readonly incoming: boolean;
  /** How much of the connection is enciphered. */
  readonly encryption: 'none' | 'handshake' | 'full';
  /** Who named its address; null where nobody did, or nobody knows. */
  readonly source: 'tracker' | 'person' | 'pex' | 'dht' | 'lsd' | null;
  /** It has what we want; it does not let us have it. And the other way round. */
  readonly amInterested: boolean;
  readonly peerChoking: boolean;
  readonly peerInterested: boolean;
  readonly amChoking: boolean;
  /** Requests in flight. */
  readonly requests: number;
}

export interface TrackerRow {
  readonly url: string;
  /** From 0: of each tier one is asked, the others in its place where it fails. */
  readonly tier: number;
  /**
   * `counted`: it says how many there are, and was not told of us, as its peers are reached over WebRTC alone. `out-of-reach`: a
   * browser has no way to it, the helper has.
   */
  readonly state: 'idle' | 'announcing' | 'ok' | 'counted' | 'error' | 'unsupported' | 'out-of-reach';
  readonly text: string;
  readonly seeds: number;
  readonly leechers: number;
  /** That it named; -1 where it is of a kind that names none. */
  readonly peers: number;
  /** Seconds since it last answered; -1: it has not. */
  readonly ago: number;
  /** Seconds since it was last asked in vain; -1: it was not. */
  readonly failed: number;
  /** Seconds until the next announce; -1 none planned. */
  readonly next: number;
}

/** How a torrent's search in the DHT stands. */
export interface DhtRow {
  /** `joining`: no node is known yet; `ok`: searched, with `peers` found. */
  readonly state: 'off' | 'joining' | 'waiting' | 'searching' | 'ok';
  /** -1: not said. */
  readonly seeds: number;
  readonly leechers: number;
  readonly peers: number;
  /** Nodes that we know. */
  readonly nodes: number;
  /** Seconds until the next search; -1 none planned. */
  readonly next: number;
}

/** How a torrent's search on the same network stands. */
export interface LsdRow {
  /** `waiting`: to be announced; `ok`: announced, with `peers` found so far. */
  readonly state: 'off' | 'waiting' | 'ok';
  readonly peers: number;
  /** Seconds until the next announce; -1 none planned. */
  readonly next: number;
}

/** A server that has the files of a torrent, or its pieces. */
export interface WebSeedRow {
  readonly url: string;
  /** `waiting`: after a failure; `resting`: after several; `banned`: not asked again by itself, for the reason in `text`. */
  readonly state: 'idle' | 'active' | 'waiting' | 'resting' | 'banned';
  /** What went wrong last; "" for nothing. */
  readonly text: string;
  /** Bytes a second. */
  readonly down: number;
  readonly downloaded: number;
  /** Requests under way. */
  readonly requests: number;
  /** Seconds until it is asked again; -1 where no wait is set. */
  readonly next: number;
}

/** What of a torrent's detail is made only while somebody looks at it. */
export type DetailPart = 'pieces' | 'log';

/** Which pieces are where, in cells of neighbours. */
export interface PieceMap {
  /** Pieces in each cell; the last may have fewer. */
  readonly perCell: number;
  /** Pieces in all: those that are here, in the making, neither here nor wanted, and wanted but with no source. */
  readonly have: number;
  readonly active: number;
  readonly skipped: number;
  readonly unavailable: number;
  /**
   * Five bytes a cell: how many of its pieces are here, in the making, and skipped; how many sources the rarest of them has that is
   * missing (255: or more; also where none is missing); and how many the rarest of all of them has, here or not (255: or more).
   */
  readonly cells: Uint8Array;
}

/** What a line of a torrent's log is about. */
export type LogKind = 'torrent' | 'peer' | 'tracker' | 'data' | 'disk';

/** Something that happened to a torrent. The window puts `what` in words; `who` and `text` may be from outside. */
export interface LogEntry {
  /** Rises; no two of a torrent have the same. */
  readonly n: number;
  /** ms since 1970. */
  readonly at: number;
  readonly kind: LogKind;
  readonly level: 'info' | 'warn' | 'error';
  readonly what:
    | 'added'
    | 'fetching'
    | 'queued'
    | 'checking'
    | 'downloading'
    | 'seeding'
    | 'completed'
    | 'paused'
    | 'waiting'
    | 'peer-joined'
    | 'peer-left'
    | 'peer-lost'
    | 'peers-left'
    | 'peer-banned'
    | 'tracker-answered'
    | 'tracker-failed'
    | 'piece-corrupt'
    | 'web-seed-failed'
    | 'web-seed-banned'
    | 'moving'
    | 'moved'
    | 'failed';
  /** An address, a URL or a file; '' for the torrent. */
  readonly who: string;
  /** Why, or what was said. */
  readonly text: string;
  /** Peers that were named, or left; the index of a piece; 0 where there is nothing to count. */
  readonly count: number;
}

/** Everything about one torrent that its panel, or the add sheet, shows. */
export interface TorrentDetail {
  readonly id: TorrentId;
  readonly hasMetadata: boolean;
  readonly isPrivate: boolean;
  readonly comment: string;
  readonly pieceLength: number;
  readonly pieces: number;
  readonly piecesDone: number;
  /** Whole copies among the connected peers, and as the fraction the share of pieces of which there is one more. */
  readonly copies: number;
  /** Peers that are known by addresses which a browser has no way to, and the helper has; null where the helper is used. */
  readonly outOfReach: number | null;
  /** Another number where the files have other names. */
  readonly names: number;
  readonly files: readonly FileRow[];
  readonly peers: readonly PeerRow[];
  readonly trackers: readonly TrackerRow[];
  /** Null for a private torrent, which never is in the DHT. */
  readonly dht: DhtRow | null;
  /** Null for a private torrent, which never is announced on the network. */
  readonly lsd: LsdRow | null;
  readonly webSeeds: readonly WebSeedRow[];
  /** A magnet link to share. */
  readonly magnet: string;
  /** Null where nobody asked for it, or no piece is known. */
  readonly map: PieceMap | null;
  /** Since the engine began, the oldest first. Null where nobody asked for it. */
  readonly log: readonly LogEntry[] | null;
}

/** The token of the browser's own storage: what a torrent of this browser by itself has for its root. */
export const BROWSER_ROOT = 'browser';

export interface RootRow {
  readonly token: string;
  readonly name: string;
  readonly free: number;
  readonly isDefault: boolean;
  /** Files deleted there go to the system's trash. */
  readonly trash: boolean;
  readonly problem: string;
}

/** What the router does so that peers outside reach us. */
export interface PortMappings {
  /** `off`: nothing is asked of it. `asking`: for the first time, or anew. */
  readonly state: 'off' | 'asking' | 'open' | 'failed';
  readonly via: '' | 'pcp' | 'nat-pmp' | 'upnp';
  /** The router's address outside; empty where it is not known. */
  readonly externalAddress: string;
  /**
   * `double-nat`: the router has another one behind it. `public-address`: none has to open anything. `forbidden`: by the owner
   * of the computer.
   */
  readonly problem: '' | 'no-router' | 'no-answer' | 'refused' | 'double-nat' | 'public-address' | 'forbidden';
  /** `externalPort`: the router's that leads to ours, 0 while there is none. */
  readonly mappings: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly externalPort: number }[];
  /** What its firewall does for our own IPv6 address; `none`: there is nothing to ask for. */
  readonly pinholes: {
    readonly state: 'none' | 'asking' | 'open' | 'failed';
    readonly via: '' | 'pcp' | 'upnp';
    readonly address: string;
  };
}

/**
 * `unpaired`: no token. `connecting`, `connected`, `disconnected`: as they say; `everConnected` tells whether this
 * browser ever was, `superseded` that another window of this profile's host took over, `gaveUp` that the io-daemon
 * died too often and waits to be started.
 */
export interface Connection {
  readonly state: 'unpaired' | 'connecting' | 'connected' | 'disconnected';
  readonly everConnected: boolean;
  readonly superseded: boolean;
  /** What to call the other browser that is at work, while this one shows what it does; empty where it has no name. Null: none is. */
  readonly following: string | null;
  /** Which of app and helper is too old for the other; `other`: the app that is followed is of another version. Null: none. */
  readonly outdated: 'app' | 'helper' | 'other' | null;
  readonly gaveUp: boolean;
  readonly version: string;
  /** Null while it is not known. */
  readonly ports: PortMappings | null;
  /** Null while the helper is away. */
  readonly host: HostState | null;
  /**
   * What this browser does by itself. `problem`: why it cannot, a sentence for people, or empty. `saving`: the torrents that its download
   * manager saves from it, once each. Null where there is no browser.
   */
  readonly browser: { readonly isReady: boolean; readonly problem: string; readonly saving: readonly SaveRow[] } | null;
}

/** A torrent that is being saved; `isWhole`: with every chosen file of it that was not all there when that began. */
export interface SaveRow {
  readonly id: TorrentId;
  readonly isWhole: boolean;
}

/** Minutes that an idle helper may be given at most before it ends: thirty days. */
export const MAX_EXIT_AFTER = 43_200;

/** What a person sets for the helper itself. */
export interface HostSettings {
  /** Roots in which .torrent files that came there after `since`, in ms since 1970, are started. */
  readonly watched: readonly { readonly root: string; readonly since: number }[];
  /** Minutes after which the helper ends that has no app, no torrent at work and no folder to watch; 0: never. {@link MAX_EXIT_AFTER} at most. */
  readonly exitAfter: number;
  /** Whether it tells on the screen what happens while no window is open. */
  readonly notify: boolean;
}

export interface HostState {
  readonly settings: HostSettings;
  /** Why they are not as a person left them, or cannot be kept, ready to be shown; empty where all is well. */
  readonly problem: string;
}

/** `prefer`: enciphered where the other side can be reached so, plain where not. */
export type Encryption = 'off' | 'prefer' | 'require';

/** What a person sets for one torrent; kept with it. */
export interface TorrentOptions {
  /** Words of their own, at most 20 of at most 64 characters. */
  readonly labels: readonly string[];
  /** At work whatever the limits of the queue, and not counted by them. */
  readonly forceStart: boolean;
  /** As in {@link Settings}, for this torrent; null: as they are there. */
  readonly stopRatio: number | null;
  readonly stopSeedingTime: number | null;
  /** Pieces come in the order of the torrent, not the rarest first. */
  readonly sequential: boolean;
  /** The first and the last piece of each file come before the others. */
  readonly firstLast: boolean;
  /** Bytes a second, beside the limits of all torrents; 0: none. At least {@link MIN_RATE}. */
  readonly downLimit: number;
  readonly upLimit: number;
  /** Once it is complete: pieces are shown to peers one by one, as the swarm needs them. */
  readonly superSeeding: boolean;
  /** As in {@link Settings}, for this torrent alone; at most 100. */
  readonly banned: readonly string[];
}

/** What a person sets for all torrents together; kept with the list of them. */
export interface Settings {
  readonly encryption: Encryption;
  /** Connections may go over uTP, where TCP does not lead to a peer. */
  readonly utp: boolean;
  /** Peers are looked for on the same network. */
  readonly lsd: boolean;
  /** The space of a file is taken on the disk before it is written, else as it comes. */
  readonly preallocate: boolean;
  /** The router is asked to open our ports. */
  readonly portMapping: boolean;
  /** Torrents at work at once, 0: any number. Those that get nowhere for minutes count in the last alone. */
  readonly maxActiveDownloads: number;
  readonly maxActiveSeeds: number;
  readonly maxActive: number;
  /** Seeding stops at this ratio of what was sent to the size (two places), or after so many minutes of it; 0: never. */
  readonly stopRatio: number;
  readonly stopSeedingTime: number;
  /** Peers are reached over WebRTC, while a window is open. */
  readonly webrtc: boolean;
  /** STUN servers for WebRTC, `stun:host:port`, at most 8; with none only this network's peers are reached over it. */
  readonly stunServers: readonly string[];
  /** Connections over all torrents (1 to 450), and peers served at once (2 to 100). */
  readonly maxConnections: number;
  readonly maxUploads: number;
  /** IP addresses that no peer is to have, at most 1,000; one of IPv6 stands for its /64. */
  readonly banned: readonly string[];
  /** Bytes a second for all torrents together; 0: no limit. At least {@link MIN_RATE}. */
  readonly downLimit: number;
  readonly upLimit: number;
  /** What holds in their place: always, or in the hours of the schedule. */
  readonly altDownLimit: number;
  readonly altUpLimit: number;
  readonly altMode: AltMode;
  /** For each day from Monday a number whose bit 0 is the hour after midnight, in local time, and so on. */
  readonly altSchedule: readonly number[];
  /** Likewise the hours in which nothing is transferred, also where the other has them; forced torrents go on. */
  readonly pauseSchedule: readonly number[];
}

export type AltMode = 'off' | 'on' | 'scheduled';

/** How a moment is: with the usual limits, with the alternative ones, or without any transfer. */
export type HourKind = 'usual' | 'slow' | 'paused';

/** The lowest limit on a rate, bytes a second. */
export const MIN_RATE = 1_000;

/** What became of a torrent while no window was open. */
export interface News {
  readonly id: TorrentId;
  readonly name: string;
  /** All that was wanted of it came, something stopped it, or it was started by no window. */
  readonly what: 'completed' | 'failed' | 'added';
  /** Ms since 1970. */
  readonly at: number;
}

/** Ten minutes by seconds, a day by minutes, thirty days by hours. */
export type HistorySpan = 'minutes' | 'day' | 'month';

/** What happened that bears on speed. `at`: ms since 1970. */
export type HistoryMark = { readonly at: number } &
  /** Bytes a second, 0: none. */
  (
    | { readonly kind: 'limits'; readonly down: number; readonly up: number; readonly mode: HourKind }
    /** The helper was joined, or lost. */
    | { readonly kind: 'helper'; readonly isThere: boolean }
    /** Nobody measured for so many ms before it: the computer slept, or its clock was set ahead. */
    | { readonly kind: 'asleep'; readonly ms: number }
    /** The clock was set back by so many ms. */
    | { readonly kind: 'clock'; readonly ms: number }
    /** A tracker that had answered does not any more, or does again. */
    | { readonly kind: 'tracker'; readonly host: string; readonly isThere: boolean }
    /** The storage that this torrent goes to is full. */
    | { readonly kind: 'full'; readonly name: string }
  );

/** Bytes. */
export interface Moved {
  readonly down: number;
  readonly up: number;
}

/** What moved when. */
export interface History {
  /** Ms since 1970 of the first value, and ms from each to the next. */
  readonly from: number;
  readonly step: number;
  /** Bytes a second; -1 where nothing was measured. The last goes on. */
  readonly down: readonly number[];
  readonly up: readonly number[];
  readonly marks: readonly HistoryMark[];
  /** Of all torrents, also where the rates are of one. */
  readonly totals: {
    /** `since`: ms since 1970. */
    readonly session: Moved & { readonly since: number };
    readonly ever: Moved & { readonly since: number };
    /** Of the last thirty days those with anything, the oldest first; `day`: of local time, since 1970. */
    readonly days: readonly (Moved & { readonly day: number })[];
  };
}

/** How the ways to the network are. Times are seconds since; -1: never. */
export interface Vitals {
  /** Null where there are no sockets. `torrents` that are looked up in it, `searching` of them just now; `asked`: by a node that found us. */
  readonly dht: {
    readonly nodes: number;
    readonly torrents: number;
    readonly searching: number;
    readonly peers: number;
    readonly asked: number;
  } | null;
  /** Null where there are no sockets. */
  readonly port: {
    /** Ours, and the one that peers outside go to; 0: none. */
    readonly tcp: number;
    readonly udp: number;
    readonly outside: number;
    /** Our public address; empty where it is not known. */
    readonly address: string;
    /** Peers from outside that came by themselves. */
    readonly came: { readonly tcp: number; readonly utp: number; readonly last: number };
    /**
     * A connection to our own public address. `returned`: it came in at our port. `lost`: it did not, which shows nothing, as many routers let
     * nobody out and in again. `no-address`: that address, or our port, is not known.
     */
    readonly test: { readonly state: 'none' | 'running' | 'returned' | 'lost' | 'no-address'; readonly ago: number };
  } | null;
  readonly connections: {
    readonly most: number;
    readonly tcp: number;
    readonly utp: number;
    readonly webrtc: number;
    readonly incoming: number;
    readonly connecting: number;
    readonly webSeeds: number;
  };
  /** By their hosts: of how many torrents they answer, fail, or are being asked. The busiest first. */
  readonly trackers: readonly {
    readonly host: string;
    readonly working: number;
    readonly failing: number;
    readonly waiting: number;
    /** What one that fails says. */
    readonly text: string;
  }[];
  /** Hosts that are not among them. */
  readonly moreTrackers: number;
}
