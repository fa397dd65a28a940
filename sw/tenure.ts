/**
 * The engine of this browser while it holds the lease: made of the host's records, joined to the io-daemon whenever that is
 * there, and ended so that another can go on.
 */
import type { Engine, StateRecord } from './perform.ts';
import { holdsLease, type Link } from './standing.ts';
import type { RootRow } from './view-model.ts';

/** `silence` cuts the engine off from its clock, so that it never acts again. */
interface Running<Kept> {
  readonly engine: Engine<Kept>;
  readonly silence: () => void;
}

export interface TenureOptions<Kept> {
  readonly link: Link;
  /** A new engine on the same ports. */
  readonly newEngine: () => Running<Kept>;
  /** All records, or null where the host went away in between. */
  readonly loadRecords: (done: (records: readonly StateRecord[] | null) => void) => void;
  /** Ms since 1970. */
  readonly wall: () => number;
  /** Says how long after the worker's start something was reached. */
  readonly mark: (name: string) => void;
}

export interface TenureEvents {
  /** An engine has its records. */
  began(): void;
  /** It can be asked. */
  ready(): void;
  /** It is about to go, and can be looked at for the last time. */
  ending(): void;
  /** It is gone. */
  ended(): void;
}

export class Tenure<Kept> {
  private readonly options: TenureOptions<Kept>;
  private readonly events: TenureEvents;
  private current: Running<Kept> | null = null;
  private isLoading = false;
  private isOver = false;
  /** While the engine makes durable what it has, to end; `giveUp`: nothing is taken from it any more. */
  private ending: { readonly done: Promise<void>; readonly giveUp: () => void } | null = null;
  /** What outlived the last connection, while there is one that the engine was not told of yet. */
  private unattached: readonly Kept[] | null = null;
  private lastEpoch = 0;
  /** When the io-daemon was lost, until an engine is attached again: the next one may be another. Ms since 1970. */
  private lostAt: number | null = null;
  /** What the engine knows of the folders. */
  private toldRoots: readonly RootRow[] = [];

  constructor(options: TenureOptions<Kept>, events: TenureEvents) {
    this.options = options;
    this.events = events;
  }

  /** Null while there is none that has its records. */
  get engine(): Engine<Kept> | null {
    return this.current?.engine ?? null;
  }

  /** The one that may be given something to do: what it records is kept. */
  get ready(): Engine<Kept> | null {
    return holdsLease(this.options.link) && !this.isOver && this.ending === null ? this.engine : null;
  }

  /** There will be none any more. */
  get isClosing(): boolean {
    return this.isOver;
  }

  /** There is, or may be, something to be done while nobody looks. */
  get hasWork(): boolean {
    return this.current?.engine.hasWork ?? true;
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
    this.discard();
    this.load();
  }

  /** The io-daemon can be used. */
  linked(kept: readonly Kept[]): void {
    this.options.mark('linked');
    this.unattached = kept;
    this.attach();
  }

  /** It cannot any more. */
  unlinked(): void {
    const wasAttached = this.unattached === null;
    this.unattached = null;
    if (!wasAttached || this.current === null) return;
    this.lostAt ??= this.options.wall();
    this.current.engine.detach();
  }

  /** The engine hears of the folders where something of them is another. */
  tellRoots(): void {
    const { roots } = this.options.link;
    if (this.current === null || this.toldRoots === roots) return;
    this.toldRoots = roots;
    this.current.engine.roots.tell(roots);
  }

  /** Ends for good. */
  async close(isUpdate: boolean): Promise<void> {
    this.isOver = true;
    await this.end(isUpdate);
  }

  /** Has the engine make durable what it has, and end; then somebody else may have the lease. */
  async end(isUpdate: boolean): Promise<void> {
    const { current, hasWork } = this;
    if (this.ending !== null) return this.ending.done;
    if (current !== null) {
      let giveUp = (): void => undefined;
      const done = new Promise<void>(resolve => {
        giveUp = resolve;
        current.engine.close(resolve);
      });
      this.ending = { done, giveUp };
      try {
        await done;
      } finally {
        this.ending = null;
        // Else the lease went meanwhile, and the engine with it.
        if (this.current === current) this.leave(isUpdate, hasWork);
      }
    } else {
      this.leave(isUpdate, hasWork);
    }
  }

  /** Nothing of the engine is taken any more: it is gone at once. */
  drop(): void {
    this.lostAt = null;
    this.discard();
  }

  private discard(): void {
    this.ending?.giveUp();
    if (this.current === null) return;
    this.events.ending();
    this.current.silence();
    this.current = null;
    this.events.ended();
  }

  private leave(isUpdate: boolean, hasWork: boolean): void {
    this.drop();
    this.options.link.yield(isUpdate, hasWork);
  }

  private load(): void {
    if (this.isLoading || this.isOver) return;
    this.isLoading = true;
    const epoch = this.lastEpoch;
    this.options.loadRecords(records => {
      this.isLoading = false;
      if (records === null || this.isOver || !holdsLease(this.options.link)) return;
      if (epoch !== this.lastEpoch) {
        this.load();
        return;
      }
      this.options.mark(`records (${records.length})`);
      this.current = this.options.newEngine();
      this.toldRoots = [];
      this.current.engine.load(records);
      this.options.mark('loaded');
      this.events.began();
      this.attach();
      this.events.ready();
    });
  }

  private attach(): void {
    if (this.current === null || this.unattached === null) return;
    const kept = this.unattached;
    this.unattached = null;
    this.current.engine.attach(kept, this.lostAt);
    this.lostAt = null;
    this.options.mark('attached');
  }
}
