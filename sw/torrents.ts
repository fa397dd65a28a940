/**
 * Joins the engine to its connection: which session there is, when it may use the daemon, and what the windows are
 * shown and told while it may not.
 */
import type { Backend } from './api-server.ts';
import type { Added, Command, FolderPage, LeftFiles } from './api.ts';
import type { Connection, News, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';
import { askHost, type Host, Refusal } from './host-commands.ts';
import { configure, perform } from './perform.ts';
import type { Engine, StateRecord } from './perform.ts';
import type { Following } from './following.ts';
import { LastList, type ListMemory } from './last-list.ts';
import {
  holdsLease,
  isFollowing,
  isOnItsWay,
  type Link,
  outdated,
  type Pairing,
  refusalOf,
  shownState,
  type Standing,
} from './standing.ts';

/** What outlives the worker. */
export interface Memory extends ListMemory {
  keepPairing(pairing: Pairing): void;
  keepEverConnected(): void;
}

export interface TorrentsOptions<Kept> {
  readonly link: Link;
  readonly host: Host;
  readonly memory: Memory;
  /** A new engine on the same ports; `silence` cuts it off from its clock, so that it never acts again. */
  readonly newEngine: () => { readonly engine: Engine<Kept>; readonly silence: () => void };
  /** What another browser does, while that is at work. */
  readonly following: Following;
  /** All records, or null where the host went away in between. */
  readonly loadRecords: (done: (records: readonly StateRecord[] | null) => void) => void;
  /** Says how long after the worker's start something was reached. */
  readonly mark: (name: string) => void;
  /** The list was replaced as a whole. */
  readonly replaced: () => void;
}

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
  /** While the engine makes durable what it has, to end; `giveUp`: nothing is taken from it any more. */
  private ending: { readonly done: Promise<void>; readonly giveUp: () => void } | null = null;
  /** Whether somebody is there to see, or to read, what comes of it. */
  private isNeeded = true;
  /** What outlived the last connection, while there is one that the engine was not told of yet. */
  private unattached: readonly Kept[] | null = null;
  private lastEpoch = 0;
  /** What the engine knows of the folders. */
  private toldRoots: readonly RootRow[] = [];
  private readonly last: LastList;
  private readonly following: Following;
  private everConnected = false;
  private waiting: Waiting<Kept>[] = [];

  constructor(options: TorrentsOptions<Kept>) {
    this.options = options;
    this.following = options.following;
    this.last = new LastList(() => this.current?.engine.rows() ?? this.following.rows(), options.memory);
  }

  /** What was remembered: shown until the engine has its records. */
  remember(everConnected: boolean, rows: readonly TorrentRow[]): void {
    this.everConnected ||= everConnected;
    if (this.current !== null) return;
    this.last.rows = rows;
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
    this.drop();
    this.load();
  }

  /** Another engine is to take over. */
  recalled(): void {
    void this.end(false);
  }

  /** Nothing of our engine is taken any more. */
  leaseGone(): void {
    this.drop();
  }

  /** Nobody needs the engine here: it ends and makes room for another, and the connection with it. */
  async rest(): Promise<void> {
    if (!this.isNeeded || this.isClosing) return;
    this.isNeeded = false;
    await this.end(false);
    this.options.link.rest();
    // Somebody came meanwhile.
    if (this.isNeeded) this.options.link.wake();
  }

  /** Somebody does. */
  wake(): void {
    if (this.isNeeded) return;
    this.isNeeded = true;
    this.options.link.wake();
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
    if (isFollowing(this.options.link)) this.following.begin();
    else this.stopFollowing();
    if (this.waiting.length === 0) return;
    const ready = this.readyEngine();
    if (ready === null && isOnItsWay(this.standing)) return;
    const { waiting } = this;
    this.waiting = [];
    for (const { resolve, reject } of waiting) {
      if (ready === null) reject(refusalOf(this.standing));
      else resolve(ready);
    }
  }

  rows(): readonly TorrentRow[] {
    return this.current?.engine.rows() ?? this.following.rows() ?? this.last.rows;
  }

  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
  } {
    return this.current?.engine.takeChanges() ?? this.following.takeChanges();
  }

  takeNews(): readonly News[] {
    return this.current?.engine.takeNews() ?? this.following.takeNews();
  }

  detail(id: TorrentId): TorrentDetail | null {
    return this.current === null ? this.following.detail(id) : this.current.engine.detail(id);
  }

  connection(): Connection {
    const { link } = this.options;
    return {
      state: shownState(this.standing),
      everConnected: this.everConnected,
      superseded: link.state === 'superseded',
      following: isFollowing(link) ? link.lease.holder : null,
      outdated: this.following.isOtherVersion ? 'other' : outdated(link),
      gaveUp: link.gaveUp,
      version: link.version,
      ports: this.current === null ? this.following.ports : this.current.engine.mapping.state,
      host: this.options.host.state,
    };
  }

  /** Where peers reach us, 0 where no port was to be had; null while that is not known. */
  get listenPort(): number | null {
    return this.current?.engine.mapping.listenPort ?? null;
  }

  /** There is, or may be, something to be done while nobody looks. */
  get hasWork(): boolean {
    return this.current?.engine.hasWork ?? true;
  }

  roots(): readonly RootRow[] {
    return this.options.link.roots;
  }

  settings(): Settings | null {
    return this.current === null ? this.following.settings : this.current.engine.settings;
  }

  /** Opens a file of a torrent to be read by its number; what it throws is for people. */
  async open(id: TorrentId, file: number): Promise<{ readonly file: number; readonly path: readonly string[] }> {
    return (await this.engine()).reading.open(id, file);
  }

  /** Whether what is called so at the top of a root is of a torrent, or is to be. */
  async owns(root: string, name: string): Promise<boolean> {
    return (await this.engine()).roots.owns(root, name);
  }

  async run(command: Command): Promise<Added | FolderPage | null> {
    switch (command.do) {
      case 'pair': {
        const { token, installId, port } = command;
        this.options.memory.keepPairing({ token, installId, port });
        this.begin({ token, installId, port });
        return null;
      }
      case 'unpair':
        await this.unpair(command.app);
        return null;
      case 'reconnect':
        this.options.link.reconnect();
        return null;
      case 'take':
        this.options.link.take();
        return null;
      default:
        return isFollowing(this.options.link) ? this.following.run(command) : this.perform(command);
    }
  }

  private async perform(
    command: Exclude<Command, { do: 'pair' | 'unpair' | 'reconnect' | 'take' }>,
  ): Promise<Added | FolderPage | null> {
    switch (command.do) {
      case 'configure':
        await configure(await this.engine(), command.settings);
        return null;
      case 'host': {
        const usersOf = async (root: string): Promise<number> => (await this.engine()).roots.usersOf(root);
        return askHost(this.options.host, command.ask, () => refusalOf(this.standing), usersOf);
      }
      default:
        return perform(await this.engine(), command);
    }
  }

  /** Records what is durable and ends. `isUpdate`: so that the next version of this app can take over. */
  async close(isUpdate = false): Promise<void> {
    if (this.isClosing) return;
    this.isClosing = true;
    await this.end(isUpdate);
    this.last.stop();
    this.options.link.close();
    this.changed();
  }

  /** Has the engine make durable what it has, and end; then somebody else may have the lease. */
  private async end(isUpdate: boolean): Promise<void> {
    const { current, hasWork } = this;
    if (this.ending !== null) return this.ending.done;
    if (current !== null) {
      let giveUp = (): void => undefined;
      const done = new Promise<void>(resolve => {
        giveUp = resolve;
        current.engine.close(resolve);
      });
      this.ending = { done, giveUp };
      await done;
      this.ending = null;
      // The lease went meanwhile, and the engine with it.
      if (this.current !== current) return;
    }
    this.drop();
    this.options.link.yield(isUpdate, hasWork);
  }

  /** The engine is gone; what it showed last is shown on. */
  private drop(): void {
    this.ending?.giveUp();
    if (this.current === null) return;
    this.last.settle();
    this.current.silence();
    this.current = null;
    this.options.replaced();
  }

  private async unpair(app: string): Promise<void> {
    const isDone = await new Promise<boolean>(resolve => this.options.link.unpair(app, resolve));
    if (isDone) return;
    throw new Refusal(
      'not-unpaired',
      'The helper does not say that this is done for good, so the app may be paired again later. Look at the disk of its home folder, and try again.',
    );
  }

  private load(): void {
    if (this.isLoading || this.isClosing) return;
    this.isLoading = true;
    const epoch = this.lastEpoch;
    this.options.loadRecords(records => {
      this.isLoading = false;
      if (records === null || this.isClosing || !holdsLease(this.options.link)) return;
      if (epoch !== this.lastEpoch) {
        this.load();
        return;
      }
      this.options.mark(`records (${records.length})`);
      this.current = this.options.newEngine();
      this.toldRoots = [];
      this.current.engine.load(records);
      this.options.mark('loaded');
      this.options.replaced();
      this.last.keep();
      this.attach();
      this.changed();
    });
  }

  /** The list of the browser that we follow has come. */
  followed(): void {
    this.last.keep();
    this.options.replaced();
  }

  private stopFollowing(): void {
    if (this.following.rows() === null) {
      this.following.end();
      return;
    }
    this.last.settle();
    this.following.end();
    if (this.current === null) this.options.replaced();
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
    if (!isOnItsWay(this.standing) || this.waiting.length >= MAX_WAITING) return Promise.reject(refusalOf(this.standing));
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private readyEngine(): Engine<Kept> | null {
    return holdsLease(this.options.link) && !this.isClosing && this.ending === null ? (this.current?.engine ?? null) : null;
  }

  private get standing(): Standing {
    const { isStarting, isClosing, options, current } = this;
    return { link: options.link, isStarting, isClosing, hasEngine: current !== null };
  }
}
