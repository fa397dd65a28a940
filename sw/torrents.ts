/**
 * All torrents as the windows have them, whoever is at work: the engine here, or another browser. What the windows are shown and
 * told while neither can be asked.
 */
import type { Backend } from './api-server.ts';
import type { Answer, Command, LeftFiles } from './api.ts';
import type { Connection, DetailPart, News, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';
import { askHost, type Host } from './host-commands.ts';
import { type Refusal, refusal } from './engine/index.ts';
import { ban, configure, perform } from './perform.ts';
import type { Engine, RootUsers } from './perform.ts';
import type { Following } from './following.ts';
import { Notices } from './notices.ts';
import type { Said } from './said.ts';
import { LastList, type ListMemory } from './last-list.ts';
import { isFollowing, isOnItsWay, outdated, type Pairing, refusalOf, shownState, type Standing } from './standing.ts';
import { Tenure, type TenureOptions } from './tenure.ts';

/** What outlives the worker. */
export interface Memory extends ListMemory {
  keepPairing(pairing: Pairing): void;
  keepEverConnected(): void;
}

export interface TorrentsOptions<Kept> extends TenureOptions<Kept> {
  readonly host: Host;
  readonly memory: Memory;
  /** What another browser does, while that is at work. */
  readonly following: Following;
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
  private readonly tenure: Tenure<Kept>;
  /** Whether it is still to be found out if this browser is paired. */
  private isStarting = true;
  /** Whether somebody is there to see, or to read, what comes of it. */
  private isNeeded = true;
  private readonly last: LastList;
  /** What the host has to say. */
  readonly notices = new Notices();
  private readonly following: Following;
  private everConnected = false;
  private waiting: Waiting<Kept>[] = [];

  constructor(options: TorrentsOptions<Kept>) {
    this.options = options;
    this.following = options.following;
    this.last = new LastList(() => this.engine?.rows() ?? this.following.rows(), options.memory);
    this.tenure = new Tenure(options, {
      began: () => {
        options.replaced();
        this.last.keep();
      },
      ready: () => this.changed(),
      ending: () => this.last.settle(),
      ended: () => options.replaced(),
    });
  }

  /** What was remembered: shown until the engine has its records. */
  remember(everConnected: boolean, rows: readonly TorrentRow[]): void {
    this.everConnected ||= everConnected;
    if (this.engine !== null) return;
    this.last.rows = rows;
    this.options.replaced();
  }

  /** Connects as this browser is paired; null where it is not. */
  begin(pairing: Pairing | null): void {
    this.isStarting = false;
    if (pairing !== null) this.options.link.pair(pairing);
    else this.changed();
  }

  /** The lease is ours, under this epoch. */
  welcomed(epoch: number): void {
    this.tenure.welcomed(epoch);
  }

  /** Another engine is to take over. */
  recalled(): void {
    void this.tenure.end(false);
  }

  /** Nothing of our engine is taken any more. */
  leaseGone(): void {
    this.tenure.drop();
  }

  /** Nobody needs the engine here: it ends and makes room for another, and the connection with it. */
  async rest(): Promise<void> {
    if (!this.isNeeded || this.tenure.isClosing) return;
    this.isNeeded = false;
    await this.tenure.end(false);
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
    this.tenure.linked(kept);
    if (this.everConnected) return;
    this.everConnected = true;
    this.options.memory.keepEverConnected();
  }

  /** It cannot any more. */
  unlinked(): void {
    this.tenure.unlinked();
  }

  /** Something of the connection is another: who waits for it is served, or refused. */
  changed(): void {
    this.tenure.tellRoots();
    if (isFollowing(this.options.link)) this.following.begin();
    else this.stopFollowing();
    if (this.waiting.length === 0) return;
    const { ready } = this.tenure;
    if (ready === null && isOnItsWay(this.standing)) return;
    const { waiting } = this;
    this.waiting = [];
    for (const { resolve, reject } of waiting) {
      if (ready === null) reject(refusalOf(this.standing));
      else resolve(ready);
    }
  }

  rows(): readonly TorrentRow[] {
    return this.engine?.rows() ?? this.following.rows() ?? this.last.rows;
  }

  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
  } {
    return this.engine?.takeChanges() ?? this.following.takeChanges();
  }

  takeNotices(): readonly Said[] {
    return this.notices.take();
  }

  takeNews(): readonly News[] {
    return this.engine?.takeNews() ?? this.following.takeNews();
  }

  detail(id: TorrentId, part: DetailPart | null = null): TorrentDetail | null {
    return this.engine === null ? this.following.detail(id, part) : this.engine.detail(id, part);
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
      ports: this.engine === null ? this.following.ports : this.engine.mapping.state,
      host: this.options.host.state,
      browser: null,
    };
  }

  /** The helper takes torrents, or will in a moment; or the browser that is followed does. */
  get isReachable(): boolean {
    return isFollowing(this.options.link) || this.tenure.ready !== null || isOnItsWay(this.standing);
  }

  /** The engine here that may be given something to do; null while there is none. */
  get taker(): Engine<Kept> | null {
    return this.tenure.ready;
  }

  /** Where peers reach us, 0 where no port was to be had; null while that is not known. */
  get listenPort(): number | null {
    return this.engine?.mapping.listenPort ?? null;
  }

  /** There is, or may be, something to be done while nobody looks. */
  get hasWork(): boolean {
    return this.tenure.hasWork;
  }

  roots(): readonly RootRow[] {
    return this.options.link.roots;
  }

  settings(): Settings | null {
    return this.engine === null ? this.following.settings : this.engine.settings;
  }

  /** Opens a file of a torrent to be read by its number; what it throws is for people. */
  async open(id: TorrentId, file: number): Promise<{ readonly file: number; readonly path: readonly string[] }> {
    return (await this.ready()).reading.open(id, file);
  }

  /** What of a file is there; see StreamingOptions of streaming.ts. Null where another browser is at work, or nobody. */
  there(id: TorrentId, file: number, parts: number): readonly number[] | null {
    return this.engine?.reading.there(id, file, parts) ?? null;
  }

  /** Whether what is called so at the top of a root is of a torrent, or is to be. */
  async owns(root: string, name: string): Promise<boolean> {
    return (await this.ready()).roots.owns(root, name);
  }

  async run(command: Command): Promise<Answer | null> {
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

  private async perform(command: Exclude<Command, { do: 'pair' | 'unpair' | 'reconnect' | 'take' }>): Promise<Answer | null> {
    switch (command.do) {
      case 'configure':
        await configure(await this.ready(), command.settings);
        return null;
      case 'ban':
        await ban(await this.ready(), command);
        return null;
      case 'host': {
        const usersOf = async (root: string): Promise<RootUsers> => (await this.ready()).roots.usersOf(root);
        return askHost(this.options.host, command.ask, () => refusalOf(this.standing), usersOf);
      }
      default:
        return perform(await this.ready(), command);
    }
  }

  /** Records what is durable and ends. `isUpdate`: so that the next version of this app can take over. */
  async close(isUpdate = false): Promise<void> {
    if (this.tenure.isClosing) return;
    await this.tenure.close(isUpdate);
    this.last.stop();
    this.options.link.close();
    this.changed();
  }

  private async unpair(app: string): Promise<void> {
    const isDone = await new Promise<boolean>(resolve => this.options.link.unpair(app, resolve));
    if (isDone) return;
    throw refusal('not-unpaired');
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
    if (this.engine === null) this.options.replaced();
  }

  /** The engine, once the host is there to keep what it records. */
  private ready(): Promise<Engine<Kept>> {
    const { ready } = this.tenure;
    if (ready !== null) return Promise.resolve(ready);
    if (!isOnItsWay(this.standing) || this.waiting.length >= MAX_WAITING) return Promise.reject(refusalOf(this.standing));
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private get engine(): Engine<Kept> | null {
    return this.tenure.engine;
  }

  private get standing(): Standing {
    const { isStarting, options, tenure } = this;
    return { link: options.link, isStarting, isClosing: tenure.isClosing, hasEngine: tenure.engine !== null };
  }
}
