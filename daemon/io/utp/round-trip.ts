/** The time to the other side and back, and how long to wait for it (BEP 29). Ms. */

const FIRST = 1_000;
const SHORTEST = 500;
const LONGEST = 16_000;

export class RoundTrip {
  /** 0 until there is a sample. */
  #mean = 0;
  #deviation = 0;
  #backoff = 1;

  /** Wait so long for an acknowledgement: twice as long after each time in vain. */
  get timeout(): number {
    const base = this.#mean === 0 ? FIRST : Math.max(SHORTEST, this.#mean + 4 * this.#deviation);
    return Math.min(LONGEST, base * this.#backoff);
  }

  /** A packet that was sent once has been acknowledged. */
  sampled(ms: number): void {
    if (this.#mean === 0) {
      this.#mean = Math.max(ms, 0.01);
      this.#deviation = ms / 2;
      return;
    }
    this.#deviation += (Math.abs(ms - this.#mean) - this.#deviation) / 4;
    this.#mean += (ms - this.#mean) / 8;
  }

  timedOut(): void {
    this.#backoff = Math.min(this.#backoff * 2, LONGEST / SHORTEST);
  }

  /** Something new has been acknowledged. */
  progressed(): void {
    this.#backoff = 1;
  }
}
