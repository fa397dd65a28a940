/** Ends a host that nothing and nobody needs any more, where a person has said after how long. */

const LOOK_MS = 10_000;
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
  private idleSince: number;
  private callOff: () => void;

  constructor(options: IdleExitOptions) {
    this.options = options;
    this.idleSince = options.clock.now();
    this.callOff = options.clock.after(LOOK_MS, () => this.look());
  }

  stop(): void {
    this.callOff();
  }

  private look(): void {
    const { after, isNeeded, end, clock } = this.options;
    const now = clock.now();
    const minutes = after();
    // What was needed, or was not to end, begins to wait from here.
    if (minutes === 0 || isNeeded()) this.idleSince = now;
    if (minutes > 0 && now - this.idleSince >= minutes * MINUTE) end();
    else this.callOff = clock.after(LOOK_MS, () => this.look());
  }
}
