/**
 * Whether anybody needs the engine in this browser: a window, or who reads a file through it. A page that is loaded anew is gone for a
 * moment only, so it is looked twice.
 */
/** How long nobody may be there before that counts, in ms. */
const PATIENCE = 1_000;

export interface PresenceOptions {
  /** Calls back once after `ms`, unless it is called off. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Whether a window is open, held by this worker or still loading, or anything is being read. */
  readonly isSomebodyThere: () => Promise<boolean>;
  /** Somebody came who needs the engine. */
  readonly came: () => void;
  /** Nobody does any more. */
  readonly left: () => void;
}

export class Presence {
  private readonly options: PresenceOptions;
  private callOff = (): void => undefined;
  /** Counts who came, so that a look that was under way then is not believed. */
  private arrivals = 0;

  constructor(options: PresenceOptions) {
    this.options = options;
  }

  /** Somebody is there, for a moment at least. */
  come(): void {
    this.arrivals++;
    this.options.came();
    this.lookLater();
  }

  /** Somebody went. */
  lookLater(): void {
    this.callOff();
    this.callOff = this.options.after(PATIENCE, () => void this.look());
  }

  private async look(): Promise<void> {
    const { arrivals } = this;
    const isThere = await this.options.isSomebodyThere();
    if (arrivals !== this.arrivals) return;
    if (isThere) this.lookLater();
    else this.options.left();
  }
}
