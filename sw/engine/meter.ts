/** A rate in bytes a second, as an average that forgets over a few seconds. O(1) per call, no timer. */
export class Meter {
  /** Bytes in all. */
  total = 0;
  private average = 0;
  private pending = 0;
  private since: number;
  private started = false;

  constructor(
    now: number,
    /** Time constant in ms. */
    private readonly memory = 3000,
  ) {
    this.since = now;
  }

  add(bytes: number, now: number): void {
    if (!this.started) {
      this.started = true;
      this.since = now;
    }
    this.total += bytes;
    this.pending += bytes;
    if (now - this.since >= 250) this.fold(now);
  }

  /** Bytes a second, now. */
  rate(now: number): number {
    if (now - this.since >= 250) this.fold(now);
    return this.average < 16 ? 0 : this.average;
  }

  private fold(now: number): void {
    const elapsed = now - this.since;
    const sample = (this.pending * 1000) / elapsed;
    // Right after the start the average is what was seen so far; it need not climb from zero.
    const weight = this.average === 0 ? 1 : 1 - Math.exp(-elapsed / this.memory);
    this.average += (sample - this.average) * weight;
    this.pending = 0;
    this.since = now;
  }
}
