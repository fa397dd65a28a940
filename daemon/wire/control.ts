/**
 * The frames of the host's `/control` WebSocket, in the same envelope as `/io`, after the same CLIENT_HELLO / AUTH.
 * Payloads are UTF-8 JSON, except the values of the state records, which are opaque bytes to the host.
 */

/** What both sides have to mean alike: another number where a client and a host of two versions would misunderstand each other. */
export const CONTRACT = 1;

export const ControlOp = {
  /** Host → client, first of all after AUTH_RESULT and alike in every version: the {@link CONTRACT} that it speaks. */
  HOST_HELLO: 0xfe,
  /** Host → client, first after AUTH_RESULT and whenever something of it changes: {@link Welcome}. */
  WELCOME: 0xe3,
  /** Host → client: {@link Root}[]. */
  ROOTS_CHANGED: 0xe0,
  /** Host → client: {@link HostEvent}. */
  EVENT: 0xe1,
  /**
   * Client → host, answered by FOLDERS_DONE: asks the person at the host's own screen for a folder, and adds it as a root. No payload.
   */
  OPEN_FOLDER_PICKER: 0xe2,
  /** Client → host: wake the io-daemon after an idle exit or after it was given up. No payload. */
  IO_START: 0xe4,
  /** Client → host, answered by PORTS_MAPPED: the ports that the router is to pass on, {@link PortWish}[], 8 at most; all of them. */
  PORTS_MAP: 0xe5,
  /** Host → client, also whenever it is another: {@link PortMappings}. */
  PORTS_MAPPED: 0xe6,
  /** Client → host, answered by STATE_RECORDS: the records of the session state in order of key, a page an answer. */
  STATE_LOAD: 0xe8,
  STATE_RECORDS: 0xe9,
  /** Client → host, answered by STATE_DONE once flushed: a list of {@link StateWrite}. */
  STATE_WRITE: 0xea,
  STATE_DONE: 0xeb,
  /** Client → host, answered by STATE_RECORDS with the record of that key, or none; by STATE_DONE where it cannot be read. */
  STATE_READ: 0xec,
  /** Client → host, answered by FOLDER_PAGE: the folders in a folder, from that one of them on; the token '' stands for where one begins. */
  FOLDER_LIST: 0xf4,
  FOLDER_PAGE: 0xf5,
  /** Client → host, answered by FOLDERS_DONE: {@link RootsChange}. */
  ROOTS_CHANGE: 0xf6,
  /** How one of these ended, or why a FOLDER_LIST or FOLDER_MAKE has no page: {@link FoldersDone}. */
  FOLDERS_DONE: 0xf7,
  /** Client → host, answered by FOLDER_PAGE, the new folder's: makes a folder in one. */
  FOLDER_MAKE: 0xf8,
  /** Client → host, answered by FOLDERS_DONE: shows what lies below a root in the file manager on the host's own screen. */
  REVEAL: 0xe7,
  /** Host → client, behind the first WELCOME, whenever it is another, and in answer to HOST_SETTINGS_SET: {@link HostSettings}. */
  HOST_SETTINGS: 0xf9,
  /** Client → host, answered by HOST_SETTINGS: those to be others, of {@link HostSettings}. */
  HOST_SETTINGS_SET: 0xfa,
  /** Client → host, every 5 s from who holds the lease: it is at work. */
  LEASE_RENEW: 0xed,
  /** Client → host: the engine here has ended, and everything of it is flushed. */
  LEASE_YIELD: 0xee,
  /** Client → host: a person wants the engine to run here. No payload. */
  LEASE_TAKE: 0xef,
  /** Host → the client at work, with request id 0: a link or a file that a program of this computer was given: {@link Handoff}. */
  HANDOFF: 0xf2,
  /** Client → host, with request id 0: what became of it; after UNSEEN comes another. */
  HANDED: 0xf3,
  /** Host → client, after the first WELCOME and whenever they are others: {@link PairedApp}[]. Also the answer to UNPAIR. */
  PAIRED_APPS: 0xfb,
  /** Client → host: the app with that id is paired no more. Answered by PAIRED_APPS, with those that are left. */
  UNPAIR: 0xfc,
  /** Host → client: a token to come with from now on. The one before is good until this one has been used. */
  TOKEN: 0xfd,
  /** Both ways: a part of a message between the holder of the lease and who follows it, see relay.ts. */
  RELAY: 0xf0,
  /** Both ways: that channel is closed, or could not be opened. */
  RELAY_CLOSE: 0xf1,
} as const;
export type ControlOp = (typeof ControlOp)[keyof typeof ControlOp];

/** A directory that downloads may go to. The path stays on the host: `token` is sha256(salt + realpath), in hex. */
export interface Root {
  readonly token: string;
  readonly name: string;
  /** Bytes free on its file system, -1 when unknown. */
  readonly free: number;
  readonly isDefault: boolean;
  /** Files deleted there can go to the trash. */
  readonly trash: boolean;
  /** Why it cannot be written to now; empty when it can. */
  readonly problem: string;
}

/** What is asked for with the roots. `folder` is a token of a FOLDER_PAGE of the same connection, `root` one of a {@link Root}. */
export type RootsChange =
  | { readonly do: 'add'; readonly folder: string }
  /** It is no place for downloads any more; what lies in it stays. */
  | { readonly do: 'remove'; readonly root: string }
  | { readonly do: 'default'; readonly root: string }
  | { readonly do: 'rename'; readonly root: string; readonly name: string };

/**
 * `no-dialog`: there is no screen, or no program that could ask on it. `busy`: a dialog is open already. `refused`: for the reason in
 * `text`, a sentence or two for people.
 */
export type FoldersStatus = 'ok' | 'cancelled' | 'timeout' | 'no-dialog' | 'busy' | 'refused';

export interface FoldersDone {
  readonly status: FoldersStatus;
  readonly text: string;
  /** The token of the root that was added; empty for all else. */
  readonly root: string;
}

/** Folders of the host's computer, by tokens that this connection alone can use, and not for ever: a page never learns a path. */
export interface FolderPage {
  /** Empty where one begins: there the folders are the person's own one and the drives. */
  readonly folder: string;
  readonly name: string;
  /** Null where one begins. */
  readonly parent: string | null;
  /** At most 200, in the order of their names. */
  readonly folders: readonly { readonly token: string; readonly name: string }[];
  /** There are more behind these. */
  readonly more: boolean;
}

/** Minutes that a host may be idle at most before it ends: thirty days. */
export const MAX_EXIT_AFTER = 43_200;

/** What a person sets for the host itself. */
export interface HostSettings {
  /** Roots in which .torrent files that came there after `since`, in ms since 1970, are started. */
  readonly watched: readonly { readonly root: string; readonly since: number }[];
  /** Minutes after which a host ends that has no app, no torrent at work and no folder to watch; 0: never. {@link MAX_EXIT_AFTER} at most. */
  readonly exitAfter: number;
  /** Whether it tells on the screen what happens while no window is open. */
  readonly notify: boolean;
}

/** The io-daemon as its supervisor sees it. */
export type IoState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'STOPPING';

/** `held`: by this client. `followed`: by another browser. `waiting`: by nobody just now, or it is on its way here. */
export type LeaseView = 'held' | 'waiting' | 'followed';

export interface Welcome {
  readonly version: string;
  /** Grows each time the lease is given to somebody; every state write carries it, an older one is refused. 0 where it is not held. */
  readonly epoch: number;
  /** `holder`: what to call the browser that is followed; empty where there is none, or nothing to call it. */
  readonly lease: { readonly state: LeaseView; readonly holder: string };
  /** `port` and `ticket` are there while RUNNING and the lease is held; `gaveUp`: it died too often and waits for IO_START. */
  readonly io: { readonly state: IoState; readonly port: number; readonly ticket: string; readonly gaveUp: boolean };
  readonly roots: readonly Root[];
}

/** An app that is paired with this host. */
export interface PairedApp {
  readonly id: string;
  /** Browser and system, such as "Firefox on Linux". */
  readonly name: string;
  readonly origin: string;
  /** ms since 1970; `usedAt` is rounded down to the hour, 0 where it never came. */
  readonly pairedAt: number;
  readonly usedAt: number;
  /** It is the one that this is told to. */
  readonly isThis: boolean;
}

/**
 * Why `/control` is about to close; that the holder of the lease is to end its engine and yield, within 2 s; or something that a
 * person should know.
 */
export type HostEvent =
  | { readonly type: 'superseded' }
  | { readonly type: 'stopping' }
  | { readonly type: 'yield' }
  /** Its token is good no more. */
  | { readonly type: 'unpaired' }
  | { readonly type: 'notice'; readonly text: string };

/** A port of ours that peers should reach from outside. The host asks for none but those that the io-daemon holds open. */
export interface PortWish {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

export interface PortMapping extends PortWish {
  /** The port of the router that leads here; 0 while there is none. */
  readonly externalPort: number;
}

/** Why the ports that were asked for are not open, or not open to everybody. */
export type PortProblem =
  /** There is no way out of this network. */
  | 'no-router'
  /** The router speaks none of the protocols. */
  | 'no-answer'
  | 'refused'
  /** They are open, but the router's own address is private: there is another router behind it. */
  | 'double-nat'
  /** No router answered, and none has to: this computer's own address is public. */
  | 'public-address'
  /** The owner of this computer does not allow it, in config.json. */
  | 'forbidden';

/** What the router does for us, of IPv4 or of IPv6. */
export interface RouterState {
  /** `off`: nothing is asked for. `asking`: for the first time, or anew. */
  readonly state: 'off' | 'asking' | 'open' | 'failed';
  /** How, where they are open. */
  readonly via: '' | 'pcp' | 'nat-pmp' | 'upnp';
  /** The router's address outside, an IP literal; empty where it is not known. */
  readonly externalAddress: string;
  readonly problem: PortProblem | '';
  readonly mappings: readonly PortMapping[];
}

/** What the firewall of the router does for our own IPv6 address. */
export interface Pinholes {
  /** `none`: nothing is asked for, or there is no address that it could let anybody through to. */
  readonly state: 'none' | 'asking' | 'open' | 'failed';
  readonly via: '' | 'pcp' | 'upnp';
  /** Our address, an IP literal; empty while it is not open. */
  readonly address: string;
}

export interface PortMappings extends RouterState {
  readonly pinholes: Pinholes;
}

/** A state record: `key` is at most 128 of [A-Za-z0-9._-/]; `value` at most 16 MiB; null deletes. */
export interface StateWrite {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** How a STATE_WRITE ended, or why a STATE_READ has no answer. */
export const StateStatus = { OK: 0, STALE_EPOCH: 1, FULL: 2, FAILED: 3 } as const;
export type StateStatus = (typeof StateStatus)[keyof typeof StateStatus];

/** NAME: nothing to take in; asked is whether a file of that name in the root is of a torrent. */
export const HandoffKind = { MAGNET: 0, TORRENT: 1, NAME: 2 } as const;
export type HandoffKind = (typeof HandoffKind)[keyof typeof HandoffKind];

export interface Handoff {
  /** Given by the host, and not twice while it lives. */
  readonly handoff: number;
  /** To be started at once, and shown nowhere; else a window is to ask about it. */
  readonly start: boolean;
  /** Where to start it; empty for the default root, and where it is not to be started. */
  readonly root: string;
  readonly kind: HandoffKind;
  /** The link or the name in UTF-8, or the .torrent; 10 MB at most. */
  readonly content: Uint8Array;
}

/** What became of a {@link Handoff}. */
export const HandedState = {
  /** A window asks about it. */
  SHOWN: 0,
  /** It is in the list already. */
  LISTED: 1,
  STARTED: 2,
  /** No window is in view: the next that is will show it. */
  UNSEEN: 3,
  /** `text` says why. */
  REFUSED: 4,
  /** No torrent has that name there. */
  FREE: 5,
} as const;
export type HandedState = (typeof HandedState)[keyof typeof HandedState];

/** Hand-offs that wait at once, in the host and with a client. */
export const MAX_HANDOFFS = 64;

export type ControlFrame =
  | { readonly op: typeof ControlOp.HOST_HELLO; readonly id: number; readonly contract: number }
  | { readonly op: typeof ControlOp.WELCOME; readonly id: number; readonly welcome: Welcome }
  | { readonly op: typeof ControlOp.ROOTS_CHANGED; readonly id: number; readonly roots: readonly Root[] }
  | { readonly op: typeof ControlOp.EVENT; readonly id: number; readonly event: HostEvent }
  | { readonly op: typeof ControlOp.IO_START; readonly id: number }
  | { readonly op: typeof ControlOp.PORTS_MAP; readonly id: number; readonly wishes: readonly PortWish[] }
  | { readonly op: typeof ControlOp.PORTS_MAPPED; readonly id: number; readonly ports: PortMappings }
  /** `after`: the last key that is there already; empty for the first page. */
  | { readonly op: typeof ControlOp.STATE_LOAD; readonly id: number; readonly after: string }
  /** At most 8 MiB, or one longer record. `last`: nothing comes after these. */
  | {
      readonly op: typeof ControlOp.STATE_RECORDS;
      readonly id: number;
      readonly last: boolean;
      readonly records: readonly StateWrite[];
    }
  | {
      readonly op: typeof ControlOp.STATE_WRITE;
      readonly id: number;
      readonly epoch: number;
      readonly writes: readonly StateWrite[];
    }
  | { readonly op: typeof ControlOp.STATE_DONE; readonly id: number; readonly status: StateStatus; readonly detail: string }
  | { readonly op: typeof ControlOp.STATE_READ; readonly id: number; readonly epoch: number; readonly key: string }
  | { readonly op: typeof ControlOp.OPEN_FOLDER_PICKER; readonly id: number }
  | { readonly op: typeof ControlOp.FOLDER_LIST; readonly id: number; readonly from: number; readonly folder: string }
  | { readonly op: typeof ControlOp.FOLDER_PAGE; readonly id: number; readonly page: FolderPage }
  | { readonly op: typeof ControlOp.ROOTS_CHANGE; readonly id: number; readonly change: RootsChange }
  | { readonly op: typeof ControlOp.FOLDERS_DONE; readonly id: number; readonly done: FoldersDone }
  | { readonly op: typeof ControlOp.FOLDER_MAKE; readonly id: number; readonly folder: string; readonly name: string }
  /** `path`: names from the root down; what is not there is shown by the folder that it would be in. */
  | { readonly op: typeof ControlOp.REVEAL; readonly id: number; readonly root: string; readonly path: readonly string[] }
  /** `problem`: why they are not as they were to be, or cannot be kept; empty where all is well. */
  | {
      readonly op: typeof ControlOp.HOST_SETTINGS;
      readonly id: number;
      readonly problem: string;
      readonly settings: HostSettings;
    }
  | { readonly op: typeof ControlOp.HOST_SETTINGS_SET; readonly id: number; readonly change: Partial<HostSettings> }
  | { readonly op: typeof ControlOp.LEASE_RENEW; readonly id: number; readonly epoch: number }
  /** `reserve`: ms, 30,000 at most, for which the same browser may come back to it. `work`: there is something left to do. */
  | {
      readonly op: typeof ControlOp.LEASE_YIELD;
      readonly id: number;
      readonly epoch: number;
      readonly reserve: number;
      readonly work: boolean;
    }
  | { readonly op: typeof ControlOp.LEASE_TAKE; readonly id: number }
  | ({ readonly op: typeof ControlOp.HANDOFF; readonly id: number } & Handoff)
  | {
      readonly op: typeof ControlOp.HANDED;
      readonly id: number;
      readonly handoff: number;
      readonly state: HandedState;
      readonly text: string;
    }
  | { readonly op: typeof ControlOp.PAIRED_APPS; readonly id: number; readonly apps: readonly PairedApp[] }
  | { readonly op: typeof ControlOp.UNPAIR; readonly id: number; readonly app: string }
  | { readonly op: typeof ControlOp.TOKEN; readonly id: number; readonly token: string }
  /**
   * `holder`: the client at this end has it as the holder of the lease, not as one that follows. `part`: 1 MiB at most. A follower opens
   * a channel by a number higher than those that it used before; the host numbers those of the holder.
   */
  | {
      readonly op: typeof ControlOp.RELAY;
      readonly id: number;
      readonly holder: boolean;
      readonly channel: number;
      readonly last: boolean;
      readonly part: Uint8Array;
    }
  | {
      readonly op: typeof ControlOp.RELAY_CLOSE;
      readonly id: number;
      readonly holder: boolean;
      readonly channel: number;
    };

/** How often the holder renews its lease, in ms; after three times as long in silence it is lost. */
export const LEASE_RENEWAL_PERIOD = 5_000;
/** The longest part of a message in one RELAY, in bytes. */
export const MAX_RELAY_PART = 1 << 20;
/** The longest that a yield may keep the lease for the browser that had it, in ms. */
export const MAX_LEASE_RESERVE = 30_000;

/** The ports that a host may stand on, 7800 + 4n + n². The first free one is taken on the very first start, then kept. */
export const HOST_PORTS: readonly number[] = [7800, 7805, 7814, 7827, 7844];
