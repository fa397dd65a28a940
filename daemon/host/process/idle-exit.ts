/** Ends a host that nothing and nobody needs any more, where a person has said after how long. */

const LOOK_MS = 10_000;
/** The same where its time is over and only a visit is still under way. */
const SOON_MS = 500;
/** An engine that came only to tell of the torrents has ended by itself by then; one that is still there has work to do. */
const VISIT_MS = 30_000;
const MINUTE = 60_000;

export interface IdleExitOptions {
  /** After how long, in minutes; 0: never. */
  readonly after: () => number;
  /** An app is there, an engine is at work, or something may come that has to be started. */
  readonly isNeeded: () => boolean;
  readonly end: () => void;
  /** Ms of a clock that never goes back. */
  readonly clock: { readonly now: () => number; readonly after: (ms: number, act: () => void) => () => void };
}

export class IdleExit {
  private readonly options: IdleExitOptions;
  private idleSince = 0;
  private visitedAt = -Infinity;
  private callOff = (): void => undefined;

  constructor(options: IdleExitOptions) {
    this.options = options;
  }

  /** The time runs from now on. */
  begin(): void {
    this.idleSince = this.options.clock.now();
    this.lookAfter(LOOK_MS);
  }

  /**
   * Somebody asks how things stand, for which an engine may come and go. That is no need: who asks every minute would keep the host for
   * ever. It is answered all the same before the host ends.
   */
  visited(): void {
    if (!this.options.isNeeded()) this.visitedAt = this.options.clock.now();
  }

  /** An app came or went: whatever else is asked meanwhile, the time runs from here. */
  used(): void {
    this.idleSince = this.options.clock.now();
    this.visitedAt = -Infinity;
  }

  stop(): void {
    this.callOff();
  }

  private look(): void {
    const { after, isNeeded, end, clock } = this.options;
    const now = clock.now();
    const minutes = after();
    const isBusy = isNeeded();
    const isVisit = isBusy && now - this.visitedAt < VISIT_MS;
    // What was needed, or was not to end, begins to wait from here.
    if (minutes === 0 || (isBusy && !isVisit)) this.idleSince = now;
    const isOver = minutes > 0 && now - this.idleSince >= minutes * MINUTE;
    if (isOver && !isBusy) end();
    else this.lookAfter(isOver ? SOON_MS : LOOK_MS);
  }

  private lookAfter(ms: number): void {
    this.callOff = this.options.clock.after(ms, () => this.look());
  }
}
