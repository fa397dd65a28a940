/** Ms without payload after which a torrent is slow. A seed that nobody asks anything of costs less to find out. */
const PATIENCE = { fetch: 5 * 60_000, download: 5 * 60_000, seed: 60_000 } as const;
/** Ms of payload, with no gap longer than that, until a slow one is not any more. */
const STEADY = 30_000;
const GAP = 10_000;
/** More than this between two looks, ms, is a computer that slept. */
const MAX_STEP = 2_000;

/** Whether anything comes of a torrent that is at work. It takes minutes to be slow, and half a minute of payload not to be. */
export class Pace {
  isSlow = false;
  private lookedAt = 0;
  private payload = 0;
  private quiet = 0;
  private steady = 0;

  /** It begins anew; `payload` is what it has moved so far. */
  begin(payload: number, now: number): void {
    this.isSlow = false;
    this.quiet = 0;
    this.steady = 0;
    this.payload = payload;
    this.lookedAt = now;
  }

  /** `payload`: all bytes so far. True if {@link isSlow} changed. */
  look(kind: keyof typeof PATIENCE, payload: number, now: number): boolean {
    const step = Math.min(now - this.lookedAt, MAX_STEP);
    this.lookedAt = now;
    const moved = payload > this.payload;
    this.payload = payload;
    this.quiet = moved ? 0 : this.quiet + step;
    this.steady = this.quiet > GAP ? 0 : this.steady + step;
    const wasSlow = this.isSlow;
    this.isSlow = wasSlow ? this.steady < STEADY : this.quiet >= PATIENCE[kind];
    return this.isSlow !== wasSlow;
  }
}
