/**
 * The contract between the window and the worker: what is asked for, and how it is answered; view-model.ts is what is shown. It imports
 * nothing else; both sides compile against it.
 *
 * A window that lends its WebRTC posts `{type: 'lend', version}`, see lending.ts.
 *
 * Posted to a worker itself, `{type: 'update'}` lets the next version in: the one at work records what it has and ends its
 * streams, the one that waits takes over.
 *
 * A window posts `{type: 'connect', version}` with a MessagePort to the active worker, and talks over that port from
 * then on. A worker that is ended and started again forgets its ports: the window notices by its keep-alive stream
 * (a GET of {@link KEEPALIVE_PATH}, which the worker answers with an endless body) and connects anew.
 */
import type { Said } from './said.ts';
import type {
  Connection,
  DetailPart,
  DiskProblem,
  FilePriority,
  History,
  HistorySpan,
  HostSettings,
  News,
  RootRow,
  Settings,
  TorrentDetail,
  TorrentId,
  TorrentOptions,
  TorrentRow,
  Vitals,
} from './view-model.ts';

export const API_VERSION = 5;
export const KEEPALIVE_PATH = '/~alive';
/** What it is answered with, by the worker alone. */
export const KEEPALIVE_TYPE = 'application/octet-stream';

/** A GET of it is answered by the worker with {@link WorkerStats} as JSON, for measurements and for who looks at how things run. */
export const STATS_PATH = '/~stats';

/** A GET of it is answered by the worker with the apps that are paired with the helper, {@link PairedApp}[] as JSON. */
export const PAIRED_PATH = '/~paired';

export interface PairedApp {
  readonly id: string;
  /** Its browser and system, such as "Firefox on Linux". */
  readonly name: string;
  readonly origin: string;
  /** ms since 1970; `usedAt` to the hour, 0 where it never came. */
  readonly pairedAt: number;
  readonly usedAt: number;
  /** It is the one that this worker came with. */
  readonly isThis: boolean;
}

/** Where a browser that cannot run the app downloads in a page of its own, which no worker has a part in. */
export const QUICK_PAGE = '/quick.html';

/** The ports of 127.0.0.1 that a helper stands on where nothing else was asked for, the likeliest first. */
export const HELPER_PORTS: readonly number[] = [7800, 7805, 7814, 7827, 7844];

/**
 * A GET below it answers with a file of a torrent as it comes, by ranges as well: the torrent's id, the index of the file, and its
 * name, which is for people alone.
 */
export const STREAM_PATH = '/stream/';

export function streamPath(id: TorrentId, file: number, name: string): string {
  return `${STREAM_PATH}${id}/${file}/${encodeURIComponent(name)}`;
}

/** A GET below it, on as below {@link STREAM_PATH}, answers what of the file is there: the share of each of its equal parts in hundredths, number[] as JSON; none where that is not known. */
export const THERE_PATH = '/~there/';

/**
 * A GET below it is answered with what is to be saved of a torrent in this browser, as it comes: one file by its index and its name, or those
 * that are chosen of a folder, as a ZIP archive where they are several.
 */
export const SAVE_PATH = '/save/';

/** Behind an address below {@link SAVE_PATH}: whether it can be saved, {@link SaveAnswer} as JSON. */
export const SAVE_ASK = '?ask';

export interface SaveAnswer {
  /** Why it cannot, a sentence for people; null where it can. */
  readonly refused: string | null;
  /** Behind {@link SAVE_KEY}, good once and for half a minute: without it no page leads the browser there. Empty where it is refused. */
  readonly key: string;
}

/** Behind an address below {@link SAVE_PATH} that the browser is to go to. */
export const SAVE_KEY = '?key=';

/** A GET of it is answered with the .torrent file of a torrent in this browser. */
export function saveTorrentPath(id: TorrentId): string {
  return `${SAVE_PATH}${id}/torrent`;
}

/** A GET of it is answered with what a whole torrent in this browser would be saved as, {@link SaveFile}[] as JSON. */
export function saveListPath(id: TorrentId): string {
  return `${SAVE_PATH}${id}/list`;
}

/** A file by its index, and the names that it is to have, safe and distinct, from the top down. */
export interface SaveFile {
  readonly index: number;
  readonly path: readonly string[];
  /** Bytes. */
  readonly size: number;
}

export function saveFilePath(id: TorrentId, file: number, name: string): string {
  return `${SAVE_PATH}${id}/${file}/${encodeURIComponent(name)}`;
}

/** `names`: from the top down to the folder; none for the whole torrent. */
export function saveFolderPath(id: TorrentId, names: readonly string[] = []): string {
  return `${SAVE_PATH}${id}/in/${names.map(encodeURIComponent).join('/')}`;
}

export interface WorkerStats {
  /** What was reached when, in ms since this worker started. */
  readonly marks: readonly { readonly name: string; readonly at: number }[];
  /** Bytes over the WebSockets to the io-daemon and to the host, since this worker started. */
  readonly io: { readonly sent: number; readonly received: number };
  readonly control: { readonly sent: number; readonly received: number };
  /** The io-daemon's own counts (memory, queues, bytes); null while it is away. */
  readonly daemon: Readonly<Record<string, number>> | null;
  /** Its busiest connections, a few: those first where most waits to be sent, or is held until it can be passed on. Bytes. */
  readonly sockets: readonly {
    readonly sock: number;
    readonly received: number;
    readonly sent: number;
    readonly unsent: number;
    readonly held: number;
  }[];
  /** Windows that hold the worker. */
  readonly windows: number;
}

export type MoveTo = 'top' | 'up' | 'down' | 'bottom' | number;

export type Source = { readonly kind: 'magnet'; readonly uri: string } | { readonly kind: 'file'; readonly bytes: Uint8Array };

export type Command =
  /** Puts a torrent into the add sheet (`adding`); answers {@link Added}. */
  | { readonly do: 'add'; readonly source: Source }
  /** Starts one that is `adding`. `priorities` in the order of its files; null for those that the sheet began with, known yet or not. */
  | {
      readonly do: 'start';
      readonly id: TorrentId;
      readonly priorities: readonly FilePriority[] | null;
      readonly root: string;
    }
  /** Answers with what these torrents are and what was chosen for them, {@link Exported}; `withFiles`: the .torrent files of all, else those of private ones alone. */
  | { readonly do: 'export'; readonly ids: readonly TorrentId[]; readonly withFiles: boolean }
  /** Has a torrent in the list as it was where it was exported; one that is there gets what trackers, web seeds and labels it lacks. Answers {@link Added}. */
  | { readonly do: 'restore'; readonly torrent: Restored }
  | { readonly do: 'pause'; readonly ids: readonly TorrentId[] }
  /** Reads their files again. Those that were paused are paused after it. */
  | { readonly do: 'recheck'; readonly ids: readonly TorrentId[] }
  | { readonly do: 'resume'; readonly ids: readonly TorrentId[] }
  /** At once, and for good. */
  | { readonly do: 'remove'; readonly ids: readonly TorrentId[]; readonly withData: boolean }
  /** Takes them off the list: for ten seconds they are `leaving`, and can be taken back as they were; adding one again does so too. */
  | { readonly do: 'dismiss'; readonly ids: readonly TorrentId[]; readonly withData: boolean }
  | { readonly do: 'takeBack'; readonly ids: readonly TorrentId[] }
  /** Gives these files, by index, that priority. */
  | {
      readonly do: 'prioritise';
      readonly id: TorrentId;
      readonly files: readonly number[];
      readonly priority: FilePriority;
    }
  /** Takes their files to another root. Those that were paused are paused after it. */
  | { readonly do: 'relocate'; readonly ids: readonly TorrentId[]; readonly root: string }
  /** Gives the file or folder at `path`, as {@link FileRow} has it, another name. */
  | { readonly do: 'rename'; readonly id: TorrentId; readonly path: readonly string[]; readonly to: string }
  /** Sets for these torrents what is given, and nothing else. */
  | { readonly do: 'set'; readonly ids: readonly TorrentId[]; readonly options: Partial<TorrentOptions> }
  /** Gives it these trackers, in tiers, in place of those that it has. */
  | { readonly do: 'trackers'; readonly id: TorrentId; readonly tiers: readonly (readonly string[])[] }
  /** Asks that tracker, or all that are in use, again as soon as they allow it. */
  | { readonly do: 'announce'; readonly ids: readonly TorrentId[]; readonly url: string | null }
  /** Asks a web seed again now, also one that was banned. */
  | { readonly do: 'askWebSeed'; readonly id: TorrentId; readonly url: string }
  /** Goes to the peer at that name or IP literal. A private torrent takes none. */
  | { readonly do: 'addPeer'; readonly id: TorrentId; readonly host: string; readonly port: number }
  /** Gives them labels and takes others away; what else they have stays. */
  | {
      readonly do: 'label';
      readonly ids: readonly TorrentId[];
      readonly add: readonly string[];
      readonly remove: readonly string[];
    }
  /** Moves them, in their order, in the line that torrents wait in: a number is an index of the whole line. */
  /** Keeps peers at these IP addresses out of a torrent, or (null) of all, and lets others in again; who else is banned stays so. */
  | { readonly do: 'ban'; readonly of: TorrentId | null; readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly do: 'move'; readonly ids: readonly TorrentId[]; readonly to: MoveTo }
  /** Sets what is given, and nothing else. */
  | { readonly do: 'configure'; readonly settings: Partial<Settings> }
  /** Answers what moved when, {@link Told}: of all torrents, or of one, of which the last minutes alone are kept. */
  | { readonly do: 'history'; readonly span: HistorySpan; readonly of: TorrentId | null }
  /** Answers how the ways to the network are, {@link Told}. */
  | { readonly do: 'vitals' }
  /** Tries whether peers outside reach us; `vitals` tell what comes of it. */
  | { readonly do: 'testPort' }
  /** Stores the token that the host on this port gave the page, and connects. */
  | { readonly do: 'pair'; readonly token: string; readonly installId: string; readonly port: number }
  /** The app with that id, of those at {@link PAIRED_PATH}, is paired with the helper no more. */
  | { readonly do: 'unpair'; readonly app: string }
  /** Tries the host again now, and starts the io-daemon if it is not running. */
  | { readonly do: 'reconnect' }
  /** Has the engine run in this browser, not in the one that is at work. */
  | { readonly do: 'take' }
  /** Is the host's own matter. */
  | { readonly do: 'host'; readonly ask: HostAsk };

/** `folder`: a token of a {@link FolderPage}; '' is where one begins. `root`: of a RootRow. */
export type HostAsk =
  /** Sets what is given, and nothing else. */
  | { readonly do: 'set'; readonly settings: Partial<HostSettings> }
  /**
   * Opens a dialog on the helper's screen; the folder chosen there becomes a root. Without one it is refused with `no-dialog`,
   * while another is open with `busy`, with `timeout` where nobody answers.
   */
  | { readonly do: 'pick' }
  /** Answers a {@link FolderPage}, from that folder of it on. */
  | { readonly do: 'list'; readonly folder: string; readonly from: number }
  /** Makes a folder in one; answers the new one's page. */
  | { readonly do: 'make'; readonly folder: string; readonly name: string }
  /** Makes a folder a root. */
  | { readonly do: 'add'; readonly folder: string }
  /** Refused where a torrent has files in it; they stay where they are. */
  | { readonly do: 'remove'; readonly root: string }
  | { readonly do: 'default'; readonly root: string }
  | { readonly do: 'rename'; readonly root: string; readonly name: string }
  /** Shows the file or folder at `path`, as {@link FileRow} has it, in the file manager on the helper's screen. */
  | { readonly do: 'reveal'; readonly root: string; readonly path: readonly string[] };

/** The folders in a folder of the helper's computer. A page learns names and tokens, which lead somewhere for a while only. */
export interface FolderPage {
  /** '' where one begins. */
  readonly folder: string;
  readonly name: string;
  /** Null where one begins. */
  readonly parent: string | null;
  readonly folders: readonly { readonly token: string; readonly name: string }[];
  /** There are more behind these. */
  readonly more: boolean;
}

export interface Added {
  readonly id: TorrentId;
  /** It is in the list already, and was started. */
  readonly already: boolean;
  /** Trackers or web seeds came with it that the torrent had not had. A private one that is in the list takes none. */
  readonly brought: boolean;
  /** It had been removed a moment ago, and is in the list again as it was. */
  readonly isBack: boolean;
}

/** What was chosen of the files of a torrent, whether they are known yet or not. */
export interface FileChoices {
  /** A digit for each file of the torrent, pads too, from 0 (left out) over 2 (normal) to 4 (first). Files beyond its end are normal. */
  readonly priorities: string;
  /** In place of the torrent's own folder; '' for that one. */
  readonly folder: string;
  /** Files with names of their own, below that folder. */
  readonly renames: readonly { readonly file: number; readonly path: readonly string[] }[];
}

export interface ExportedTorrent {
  readonly id: TorrentId;
  /** With its trackers and web seeds. */
  readonly magnet: string;
  /** Its .torrent file; null where it was not asked for, or its files are not known, or it would be longer than one may be. */
  readonly torrent: Uint8Array | null;
  readonly isPrivate: boolean;
  readonly choices: FileChoices;
}

export interface Exported {
  readonly torrents: readonly ExportedTorrent[];
  /** Those of the torrents asked about that this answers, some at least: what of them is not among the torrents is not in the list. */
  readonly looked: readonly TorrentId[];
}

export interface Restored {
  readonly magnet: string;
  /** Of the same torrent; null where there is none. */
  readonly torrent: Uint8Array | null;
  readonly root: string;
  readonly isPaused: boolean;
  readonly options: TorrentOptions;
  readonly choices: FileChoices;
}

/** What was asked for. */
export type Told =
  | { readonly told: 'exported'; readonly exported: Exported }
  | { readonly told: 'history'; readonly history: History }
  | { readonly told: 'vitals'; readonly vitals: Vitals };

/** What a command may be answered with. */
export type Answer = Added | FolderPage | Told;

/** Why a command was refused: the window says it in its language. */
export type ApiError = Said;

export type ToWorker =
  | { readonly type: 'command'; readonly id: number; readonly command: Command }
  /** What this window shows: nothing is sent to a hidden one; details of at most one torrent, and of these at most one `part`. */
  | {
      readonly type: 'watch';
      readonly visible: boolean;
      readonly detail: TorrentId | null;
      readonly part: DetailPart | null;
    }
  /** This window has got the focus. */
  | { readonly type: 'focus' }
  /** This window shows what it was handed, by its number. */
  | { readonly type: 'shown'; readonly handoff: number };

/** Files of a removed torrent that could not be deleted, and stay where they are; `daemon-away`: of some it is not known. */
export interface LeftFiles {
  /** The torrent's. */
  readonly name: string;
  /** Some of them, by their paths below the root. */
  readonly files: readonly string[];
  readonly count: number;
  /** Token; empty where they lie in more than one. */
  readonly root: string;
  readonly why: DiskProblem | 'daemon-away';
}

export type FromWorker =
  /** First after connecting, and after a hidden window is shown again. */
  | {
      readonly type: 'snapshot';
      readonly version: number;
      readonly torrents: readonly TorrentRow[];
      readonly connection: Connection;
      readonly roots: readonly RootRow[];
      /** Null where they are not known yet, or just now. */
      readonly settings: Settings | null;
    }
  /** Only what changed, at most two a second. */
  | {
      readonly type: 'delta';
      readonly torrents: readonly TorrentRow[];
      readonly removed: readonly TorrentId[];
      readonly connection: Connection | null;
      readonly roots: readonly RootRow[] | null;
      readonly settings: Settings | null;
      readonly detail: TorrentDetail | null;
    }
  /**
   * Something was opened with a program of this computer, and added: this window alone is to ask about it, or to show it
   * where it is in the list `already`. Answered with `shown`.
   */
  | { readonly type: 'handoff'; readonly handoff: number; readonly added: Added; readonly source: Source }
  /** Told once, to the windows that are shown. */
  | { readonly type: 'left'; readonly left: LeftFiles }
  /** The helper has this to say; told once, to the windows that are shown. */
  | { readonly type: 'notice'; readonly said: Said }
  /** What happened while no window was open, the oldest first; told once. */
  | { readonly type: 'news'; readonly news: readonly News[] }
  | { readonly type: 'reply'; readonly id: number; readonly error: ApiError | null; readonly added: Added | null }
  /** In place of a reply, where a folder was asked for. */
  | { readonly type: 'folder'; readonly id: number; readonly page: FolderPage }
  /** In place of a reply, where that was asked for. */
  | { readonly type: 'told'; readonly id: number; readonly told: Told };
