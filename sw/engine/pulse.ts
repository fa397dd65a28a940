/** Ms. */
export const BEAT = 500;
const SECOND = 1000;

/** The session's clock: it beats twice a second while anything has something to do, and not otherwise. */
export class Pulse {
  private ticking = false;
  private lastSecond = 0;
  /** It stood still, as nothing was to be done, at some time since the last second that it beat, or its beginning. */
  rested = true;

  constructor(
    private readonly clock: {
      /** Monotonic ms. */
      now(): number;
      wake(at: number, callback: () => void): void;
    },
    private readonly isIdle: () => boolean,
    /** `second`: a second has gone by since the last such beat. */
    private readonly beat: (now: number, second: boolean) => void,
  ) {}

  /** Something may be to be done. */
  goOn(): void {
    if (this.ticking) return;
    if (this.isIdle()) {
      this.rested = true;
      return;
    }
    this.ticking = true;
    this.clock.wake(this.clock.now() + BEAT, () => {
      this.ticking = false;
      this.tick();
    });
  }

  private tick(): void {
    const now = this.clock.now();
    const second = now - this.lastSecond >= SECOND - BEAT / 4;
    if (second) this.lastSecond = now;
    try {
      this.beat(now, second);
    } finally {
      if (second) this.rested = false;
      this.goOn();
    }
  }
}
