/** How long sockets that land have rested for memory or the disk, and a word where that lasts. */
import type { Log } from './log.ts';

/** A disk that is merely busy gives way sooner, ms. */
export const LONG = 5_000;

export class Rests {
  readonly #log: Log;
  readonly #now: () => number;
  #since = -1;
  #total = 0;
  #timer: NodeJS.Timeout | null = null;
  #isTold = false;

  /** `now`: monotonic ms. */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** ms in all. */
  get total(): number {
    return this.#total + (this.#since < 0 ? 0 : this.#now() - this.#since);
  }

  /** Called whenever it changes. */
  changed(isResting: boolean): void {
    if (isResting === this.#since >= 0) return;
    if (isResting) {
      this.#since = this.#now();
      // One timer serves many short rests: it is looked at again when it fires.
      this.#timer ??= setTimeout(() => this.#look(), LONG).unref();
      return;
    }
    const lasted = this.#now() - this.#since;
    this.#total += lasted;
    this.#since = -1;
    if (this.#isTold) this.#log.info({ seconds: Math.round(lasted / 1000) }, 'peers are read again');
    this.#isTold = false;
  }

  #look(): void {
    this.#timer = null;
    if (this.#since < 0) return;
    const left = this.#since + LONG - this.#now();
    if (left > 0) this.#timer = setTimeout(() => this.#look(), left).unref();
    else {
      this.#isTold = true;
      this.#log.warn('peers are not read: the disk does not keep up, or memory for landing is full');
    }
  }
}
