/**
 * How much may be under way at once (LEDBAT, RFC 6817, in the form of BEP 29): as much as keeps the queue on the path at
 * 100 ms, so that whatever else goes over the line finds it nearly empty. Bytes and ms; delays in µs modulo 2^32.
 */

/** The queueing delay that is aimed at, µs. */
const TARGET = 100_000;
/** In slow start the window doubles each round trip, until the queue is this long, µs. */
const SLOW_START_UNTIL = TARGET / 2;
/** Bytes that the window grows by in a round trip at most. */
const GROWTH = 3_000;
/**
 * The part of the window that goes in a round trip where the delay is twice the target or more. RFC 6817 takes one packet
 * at a time, and then a queue once built stays for minutes.
 */
const SHRINK = 0.125;
/** The shortest delay is that of the last so many periods of so many ms. */
const PERIODS = 3;
const PERIOD = 60_000;
/** The delay now is the least of so many samples: one that was held up says nothing of the path. */
const SAMPLES = 4;
/** Packets, and bytes. */
const FIRST_WINDOW = 4;
const LEAST_WINDOW = 2;
const MAX_WINDOW = 4 << 20;

export class Ledbat {
  /** Bytes. */
  window: number;
  readonly #packet: number;
  #threshold = Infinity;
  /** The least delay of each period, the current one last. They are differences between two clocks: their level means nothing. */
  #bases: number[] = [];
  #periodSince = -Infinity;
  #samples: number[] = [];

  /** `packet`: payload bytes of a full one. */
  constructor(packet: number) {
    this.#packet = packet;
    this.window = FIRST_WINDOW * packet;
  }

  /** µs that packets wait on their way, as far as is known. */
  get queueing(): number {
    const [base] = this.#bases;
    if (base === undefined) return 0;
    const least = this.#bases.reduce((a, b) => (isShorter(b, a) ? b : a), base);
    let delay = Infinity;
    for (const sample of this.#samples) delay = Math.min(delay, Math.max(0, (sample - least) | 0));
    return Number.isFinite(delay) ? delay : 0;
  }

  /** The other side has told the delay of a packet of ours. Whatever it says, the window moves by a little each round trip. */
  sampled(delay: number, now: number): void {
    if (now - this.#periodSince >= PERIOD) {
      this.#periodSince = now;
      this.#bases.push(delay);
      if (this.#bases.length > PERIODS) this.#bases.shift();
    }
    const last = this.#bases.length - 1;
    if (isShorter(delay, this.#bases[last] ?? delay)) this.#bases[last] = delay;
    this.#samples.push(delay);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** `bytes` have been acknowledged, of `flight` that were under way: where that was less than was allowed, there is nothing to learn. */
  acked(bytes: number, flight: number): void {
    const { queueing } = this;
    const room = (TARGET - queueing) / TARGET;
    const share = Math.min(1, bytes / this.window);
    if (room < 0) {
      this.#threshold = Math.min(this.#threshold, this.window);
      this.#set(this.window * (1 + SHRINK * Math.max(-1, room) * share));
      return;
    }
    if (flight + 2 * this.#packet < this.window) return;
    if (this.window < this.#threshold && queueing < SLOW_START_UNTIL) {
      this.#set(this.window + bytes);
      return;
    }
    this.#threshold = Math.min(this.#threshold, this.window);
    this.#set(this.window + GROWTH * room * share);
  }

  /** A packet was lost; to be told once a round trip. */
  lost(): void {
    this.#set(this.window / 2);
    this.#threshold = this.window;
  }

  /** Nothing was heard for too long. */
  timedOut(): void {
    this.#threshold = Math.max(this.window / 2, LEAST_WINDOW * this.#packet);
    this.window = LEAST_WINDOW * this.#packet;
  }

  #set(bytes: number): void {
    this.window = Math.max(LEAST_WINDOW * this.#packet, Math.min(MAX_WINDOW, bytes));
  }
}

function isShorter(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
