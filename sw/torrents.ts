/**
 * Joins the engine to its connection: which session there is, when it may use the daemon, and what the windows are
 * shown and told while it may not.
 */
import type { Backend } from './api-server.ts';
import type { Added, Command, FolderPage, LeftFiles } from './api.ts';
import type { Connection, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';
import { askHost, type Host, Refusal } from './host-commands.ts';
import { configure, perform } from './perform.ts';
import type { Engine, StateRecord } from './perform.ts';
import { same } from './same.ts';

/** What a host has given this browser, and the port of 127.0.0.1 that it stands on. */
export interface Pairing {
  readonly token: string;
  readonly installId: string;
  readonly port: number;
}

/** The connection, as far as it is used here. */
export interface Link {
  readonly state: 'unpaired' | 'connecting' | 'welcomed' | 'linked' | 'lost' | 'superseded' | 'closed';
  readonly roots: readonly RootRow[];
  readonly gaveUp: boolean;
  readonly version: string;
  /** Its last tries failed. */
  readonly failing: boolean;
  pair(pairing: Pairing): void;
  reconnect(): void;
  close(): void;
}

/** What outlives the worker. */
export interface Memory {
  keepPairing(pairing: Pairing): void;
  keepEverConnected(): void;
  keepRows(rows: readonly TorrentRow[]): void;
}

export interface TorrentsOptions<Kept> {
  readonly link: Link;
  readonly host: Host;
  readonly memory: Memory;
  /** A new engine on the same ports; `silence` cuts it off from its clock, so that it never acts again. */
  readonly newEngine: () => { readonly engine: Engine<Kept>; readonly silence: () => void };
  /** All records, or null where the host went away in between. */
  readonly loadRecords: (done: (records: readonly StateRecord[] | null) => void) => void;
  /** Says how long after the worker's start something was reached. */
  readonly mark: (name: string) => void;
  /** The list was replaced as a whole. */
  readonly replaced: () => void;
}

/** The last list is kept at most this often, in ms. */
const KEEP_PERIOD = 10_000;
/** Commands that wait for the engine while it starts; one more is refused. */
const MAX_WAITING = 1_000;

interface Waiting<Kept> {
  resolve(engine: Engine<Kept>): void;
  reject(error: Refusal): void;
}

export class Torrents<Kept> implements Backend {
  private readonly options: TorrentsOptions<Kept>;
  private current: { readonly engine: Engine<Kept>; readonly silence: () => void } | null = null;
  /** Whether it is still to be found out if this browser is paired. */
  private isStarting = true;
  private isLoading = false;
  private isClosing = false;
  /** What outlived the last connection, while there is one that the engine was not told of yet. */
  private unattached: readonly Kept[] | null = null;
  private lastEpoch = 0;
  /** What the engine knows of the folders. */
  private toldRoots: readonly RootRow[] = [];
  private atRest: readonly TorrentRow[] = [];
  private keeper: ReturnType<typeof setTimeout> | null = null;
  private everConnected = false;
  private waiting: Waiting<Kept>[] = [];

  constructor(options: TorrentsOptions<Kept>) {
    this.options = options;
  }

  /** What was remembered: shown until the engine has its records. */
  remember(everConnected: boolean, rows: readonly TorrentRow[]): void {
    this.everConnected ||= everConnected;
    if (this.current !== null) return;
    this.atRest = rows;
    this.options.replaced();
  }

  /** Connects as this browser is paired; null where it is not. */
  begin(pairing: Pairing | null): void {
    this.isStarting = false;
    if (pairing !== null) this.options.link.pair(pairing);
    else this.changed();
  }

  /**
   * The host takes our records from now on, and nobody else's. It counts connections by `epoch`: after a gap someone else
   * may have written in between, and the records are read anew.
   */
  welcomed(epoch: number): void {
    this.options.mark('welcomed');
    const isNext = epoch === this.lastEpoch + 1;
    this.lastEpoch = epoch;
    if (this.current !== null && isNext) return;
    this.current?.silence();
    this.current = null;
    this.load();
  }

  /** The io-daemon can be used. */
  linked(kept: readonly Kept[]): void {
    this.options.mark('linked');
    this.unattached = kept;
    this.attach();
    if (this.everConnected) return;
    this.everConnected = true;
    this.options.memory.keepEverConnected();
  }

  /** It cannot any more. */
  unlinked(): void {
    const wasAttached = this.unattached === null;
    this.unattached = null;
    if (wasAttached) this.current?.engine.detach();
  }

  /** Something of the connection is another: who waits for it is served, or refused. */
  changed(): void {
    this.tellRoots();
    if (this.waiting.length === 0) return;
    const ready = this.readyEngine();
    if (ready === null && this.isOnItsWay()) return;
    const { waiting } = this;
    this.waiting = [];
    for (const { resolve, reject } of waiting) {
      if (ready === null) reject(this.away());
      else resolve(ready);
    }
  }

  rows(): readonly TorrentRow[] {
    return this.current?.engine.rows() ?? this.atRest;
  }

  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
  } {
    return this.current?.engine.takeChanges() ?? { rows: [], removed: [], left: [] };
  }

  detail(id: TorrentId): TorrentDetail | null {
    return this.current?.engine.detail(id) ?? null;
  }

  connection(): Connection {
    const { link } = this.options;
    return {
      state: this.connectionState(),
      everConnected: this.everConnected,
      superseded: link.state === 'superseded',
      gaveUp: link.gaveUp,
      version: link.version,
      ports: this.current?.engine.mapping.state ?? null,
      host: this.options.host.state,
    };
  }

  /** There is, or may be, something to be done while nobody looks. */
  get hasWork(): boolean {
    return this.current?.engine.hasWork ?? true;
  }

  roots(): readonly RootRow[] {
    return this.options.link.roots;
  }

  settings(): Settings | null {
    return this.current?.engine.settings ?? null;
  }

  /** Opens a file of a torrent to be read by its number; what it throws is for people. */
  async open(id: TorrentId, file: number): Promise<{ readonly file: number; readonly path: readonly string[] }> {
    return (await this.engine()).reading.open(id, file);
  }

  async run(command: Command): Promise<Added | FolderPage | null> {
    switch (command.do) {
      case 'pair': {
        const { token, installId, port } = command;
        this.options.memory.keepPairing({ token, installId, port });
        this.begin({ token, installId, port });
        return null;
      }
      case 'reconnect':
        this.options.link.reconnect();
        return null;
      case 'configure':
        await configure(await this.engine(), command.settings);
        return null;
      case 'host': {
        const usersOf = async (root: string): Promise<number> => (await this.engine()).usersOf(root);
        return askHost(this.options.host, command.ask, () => this.away(), usersOf);
      }
      default:
        return perform(await this.engine(), command);
    }
  }

  /** Records what is durable and ends, so that the next version can take over. */
  async close(): Promise<void> {
    if (this.isClosing) return;
    this.isClosing = true;
    const engine = this.current?.engine;
    if (engine !== undefined) await new Promise<void>(resolve => engine.close(resolve));
    this.current?.silence();
    if (this.keeper !== null) clearTimeout(this.keeper);
    this.options.link.close();
    this.changed();
  }

  private load(): void {
    if (this.isLoading || this.isClosing) return;
    this.isLoading = true;
    this.options.loadRecords(records => {
      this.isLoading = false;
      if (records === null || this.isClosing) return;
      this.options.mark(`records (${records.length})`);
      this.current = this.options.newEngine();
      this.toldRoots = [];
      this.current.engine.load(records);
      this.options.mark('loaded');
      this.options.replaced();
      this.keepLater();
      this.attach();
      this.changed();
    });
  }

  private tellRoots(): void {
    const { roots } = this.options.link;
    if (this.current === null || this.toldRoots === roots) return;
    this.toldRoots = roots;
    this.current.engine.roots.tell(roots);
  }

  private attach(): void {
    if (this.current === null || this.unattached === null) return;
    const kept = this.unattached;
    this.unattached = null;
    this.current.engine.attach(kept);
    this.options.mark('attached');
  }

  /** The engine, once the host is there to keep what it records. */
  private engine(): Promise<Engine<Kept>> {
    const ready = this.readyEngine();
    if (ready !== null) return Promise.resolve(ready);
    if (!this.isOnItsWay() || this.waiting.length >= MAX_WAITING) return Promise.reject(this.away());
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private readyEngine(): Engine<Kept> | null {
    const { state } = this.options.link;
    return (state === 'welcomed' || state === 'linked') && !this.isClosing ? (this.current?.engine ?? null) : null;
  }

  private isOnItsWay(): boolean {
    const { state, failing } = this.options.link;
    if (this.isClosing) return false;
    if (this.isStarting) return true;
    return state === 'welcomed' || state === 'linked' || ((state === 'connecting' || state === 'lost') && !failing);
  }

  private away(): Refusal {
    if (this.isClosing) return new Refusal('updating', 'The app is being updated. Nothing was done; try again in a moment.');
    switch (this.options.link.state) {
      case 'unpaired':
        return new Refusal(
          'unpaired',
          'This browser is not paired with the helper, so nothing was done. Set up the helper first.',
        );
      case 'superseded':
        return new Refusal('superseded', 'Another browser has taken over, so nothing was done here. Reconnect to use this one.');
      case 'connecting':
      case 'welcomed':
      case 'linked':
      case 'lost':
      case 'closed':
        return new Refusal(
          'daemon-away',
          'The helper is not running, so nothing was done. Start it with `npm start`, then try again.',
        );
      default:
        return this.options.link.state satisfies never;
    }
  }

  private connectionState(): Connection['state'] {
    const { state, failing, gaveUp } = this.options.link;
    switch (state) {
      case 'unpaired':
        return this.isStarting ? 'connecting' : 'unpaired';
      case 'linked':
        return this.current === null ? 'connecting' : 'connected';
      case 'welcomed':
        return gaveUp ? 'disconnected' : 'connecting';
      case 'connecting':
      case 'lost':
        return failing ? 'disconnected' : 'connecting';
      case 'superseded':
      case 'closed':
        return 'disconnected';
      default:
        return state satisfies never;
    }
  }

  /** Keeps the list for the next life of the worker, as it looks while nothing moves. */
  private keepLater(): void {
    this.keeper ??= setTimeout(() => {
      this.keeper = null;
      const rows = this.rows()
        .filter(({ state }) => state !== 'adding')
        .map(rowAtRest);
      if (!same(rows, this.atRest)) {
        this.atRest = rows;
        this.options.memory.keepRows(rows);
      }
      if (this.current !== null) this.keepLater();
    }, KEEP_PERIOD);
  }
}

function rowAtRest(row: TorrentRow): TorrentRow {
  const still = { ...row, down: 0, up: 0, eta: -1, peers: 0, seeds: 0, active: 0 };
  const isAtRest = row.state === 'paused' || row.state === 'done' || row.state === 'error';
  return isAtRest ? still : { ...still, state: 'waiting', problem: { code: 'daemon-away' } };
}
