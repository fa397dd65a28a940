/** How long the event loop is held up, measured only while somebody asks: a process at rest is to have no timer for it. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 20;
/** Nobody has asked for so long: it is not measured any more, ms. */
const UNASKED = 120_000;

export class LoopDelay {
  #histogram: IntervalHistogram | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** The longest since it was last asked, ms; 0 for the first. */
  read(): number {
    this.#timer ??= setTimeout(() => this.#stop(), UNASKED).unref();
    this.#timer.refresh();
    if (this.#histogram === null) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.#histogram.enable();
      return 0;
    }
    const { count, max } = this.#histogram;
    this.#histogram.reset();
    return count === 0 ? 0 : Math.max(0, Math.round(max / 1e6) - RESOLUTION);
  }

  #stop(): void {
    this.#histogram?.disable();
    this.#histogram = null;
    this.#timer = null;
  }
}
