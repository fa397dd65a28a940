/**
 * The torrents of the browser by itself: when their engine runs, and what the windows ask of it. It needs nobody outside, so it
 * runs as soon as its records are read, and while somebody is there.
 */
import type { Added, Command, LeftFiles, Told } from './api.ts';
import { refusal } from './engine/index.ts';
import type { Giver } from './delivery.ts';
import { ban, configure, perform } from './perform.ts';
import type { Engine } from './perform.ts';
import { BROWSER_ROOT } from './view-model.ts';
import type { DetailPart, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';

/** How often it is looked how much room there is, and how soon it is tried again to open it, in ms. */
const LOOK = 5_000;

interface Running extends Giver {
  /** After the engine has ended: what it worked on is brought to the disk, and closed. */
  readonly end: () => Promise<void>;
}

export interface LocalTorrentsOptions {
  /** An engine with its records, at work on its files. Rejects with a sentence for people. `gone`: it can keep nothing any more, and why. */
  readonly open: (gone: (problem: string) => void) => Promise<Running>;
  /** Bytes that the browser still gives us; -1 where it does not say. */
  readonly room: () => Promise<number>;
  /** Calls back once after `ms`; the answer calls it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Says how long after the worker's start something was reached. */
  readonly mark: (name: string) => void;
  /** The list was replaced as a whole. */
  readonly replaced: () => void;
}

/** What windows ask of an engine. */
export type EngineCommand = Exclude<Command, { do: 'pair' | 'unpair' | 'reconnect' | 'take' | 'host' }>;

export class LocalTorrents {
  private readonly options: LocalTorrentsOptions;
  private current: Running | null = null;
  /** While it opens or ends; each waits for the one before. */
  private turn: Promise<void> = Promise.resolve();
  /** Whether this worker is the one at work. */
  private isBegun = false;
  private tellBegun = (): void => undefined;
  private readonly begun = new Promise<void>(resolve => (this.tellBegun = resolve));
  private isNeeded = false;
  private isOver = false;
  private free = -1;
  private callOff = (): void => undefined;
  /** Why it cannot be used, a sentence for people; empty where it can, or will. */
  problem = '';

  constructor(options: LocalTorrentsOptions) {
    this.options = options;
  }

  /** Null while there is none. */
  get giver(): Giver | null {
    return this.current;
  }

  get isReady(): boolean {
    return this.current !== null;
  }

  /** This worker is the one at work. */
  begin(): void {
    this.isBegun = true;
    if (this.isNeeded) this.next(() => this.open());
    this.tellBegun();
  }

  /** Somebody is there. */
  wake(): void {
    if (this.isNeeded || this.isOver) return;
    this.isNeeded = true;
    if (this.isBegun) this.next(() => this.open());
  }

  /** Resolves when it is at work, as far as it will be. */
  async settled(): Promise<void> {
    await this.begun;
    await this.turn;
  }

  /** Nobody is: it makes durable what it has, and ends. */
  async rest(): Promise<void> {
    if (!this.isNeeded) return;
    this.isNeeded = false;
    this.next(() => this.end());
    await this.turn;
  }

  /** For good, so that the next version can take over. */
  async close(): Promise<void> {
    this.isOver = true;
    await this.rest();
  }

  rows(): readonly TorrentRow[] {
    return this.current?.engine.rows().map(placed) ?? [];
  }

  has(id: TorrentId): boolean {
    return this.current?.engine.has(id) ?? false;
  }

  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
  } {
    if (this.current === null) return { rows: [], removed: [], left: [] };
    const changes = this.current.engine.takeChanges();
    return { ...changes, rows: changes.rows.map(placed) };
  }

  detail(id: TorrentId, part: DetailPart | null = null): TorrentDetail | null {
    return this.current?.engine.detail(id, part) ?? null;
  }

  settings(): Settings | null {
    return this.current?.engine.settings ?? null;
  }

  /** The storage of the browser, as a place that downloads go to. */
  place(): RootRow {
    return { token: BROWSER_ROOT, name: 'This browser', free: this.free, isDefault: false, trash: false, problem: this.problem };
  }

  async run(command: EngineCommand): Promise<Added | Told | null> {
    const engine = await this.ready();
    switch (command.do) {
      case 'configure':
        await configure(engine, command.settings);
        return null;
      case 'ban':
        await ban(engine, command);
        return null;
      case 'relocate':
        throw refusal('needs-helper');
      case 'start':
        return perform(engine, { ...command, root: BROWSER_ROOT });
      case 'restore':
        return perform(engine, { ...command, torrent: { ...command.torrent, root: BROWSER_ROOT } });
      case 'remove':
      case 'dismiss':
        // Nothing else leads to files in the storage of a browser.
        return perform(engine, { ...command, withData: true });
      default:
        return perform(engine, command);
    }
  }

  /** The engine, once it is there. @throws {Refusal} */
  async ready(): Promise<Engine<never>> {
    await this.turn;
    if (this.current !== null) return this.current.engine;
    if (this.isOver) throw refusal('updating');
    throw this.problem === '' ? refusal('at-rest') : refusal('told', { text: this.problem });
  }

  /** Once what is under way is over, however that ends. */
  private next(action: () => Promise<void>): void {
    this.turn = this.turn.then(action, action);
  }

  private async open(): Promise<void> {
    if (!this.isNeeded || this.current !== null) return;
    try {
      let running: Running | null = null;
      const gone = (problem: string): void => {
        this.next(() => this.renew(running, problem));
      };
      running = await this.options.open(gone);
      this.current = running;
      this.problem = '';
      this.options.mark('local engine');
      void this.look();
    } catch (error) {
      this.tryAgain(error instanceof Error ? error.message : String(error));
    }
    this.options.replaced();
  }

  /** What the browser has closed it may open again. */
  private tryAgain(problem: string): void {
    this.problem = problem;
    this.callOff();
    this.callOff = this.options.after(LOOK, () => {
      this.next(() => this.open());
    });
  }

  /** The engine of a storage that is closed can keep nothing: another one goes on from what there is. */
  private async renew(running: Running | null, problem: string): Promise<void> {
    if (running === null || this.current !== running) return;
    try {
      await this.stop(running);
    } finally {
      this.tryAgain(problem);
      this.options.replaced();
    }
  }

  private async end(): Promise<void> {
    const { current } = this;
    if (this.isNeeded && !this.isOver) return;
    this.callOff();
    if (current === null) return;
    await this.stop(current);
    this.options.replaced();
  }

  private async stop(running: Running): Promise<void> {
    this.callOff();
    try {
      await new Promise<void>(resolve => running.engine.close(resolve));
    } finally {
      await running.end().finally(() => (this.current = null));
    }
  }

  /** How much room there is, now and again. Torrents that wait for some hear of it. */
  private async look(): Promise<void> {
    const { current } = this;
    this.callOff();
    // Where it cannot be told just now, it may be the next time.
    const room = await this.options.room().catch(() => null);
    if (current === null || this.current !== current) return;
    if (room !== null) {
      this.free = room;
      current.engine.roots.tell([this.place()]);
    }
    this.callOff = this.options.after(LOOK, () => void this.look());
  }
}

/** Also one that was not started yet goes nowhere else. */
function placed(row: TorrentRow): TorrentRow {
  return { ...row, root: BROWSER_ROOT };
}
