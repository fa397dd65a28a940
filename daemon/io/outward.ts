/**
 * What one socket has to send while its rate is limited. Payload goes in slices, each in its turn; a message overtakes
 * payload that is not begun, and waits for no turn: what it takes, payload has to wait for.
 */
import type { Flow, Throttle } from '../wire/throttle.ts';

const CLOSED = 'the socket was closed';

type Written = (error?: Error | null) => void;

interface Payload {
  parts: Uint8Array[];
  left: number;
  isBegun: boolean;
  /** The system has a slice of it and has not taken all of that. */
  isUnderWay: boolean;
  readonly written: Written;
}

export class Outward {
  readonly flow: Flow;
  readonly #put: (parts: readonly Uint8Array[], written?: Written) => void;
  #payload: Payload | null = null;
  /** Said while payload is half-way: it must not be cut. */
  #messages: Uint8Array[] = [];
  #messageBytes = 0;

  /** `put` hands bytes to the system, which calls back when it has taken them. */
  constructor(throttle: Throttle, put: (parts: readonly Uint8Array[], written?: Written) => void) {
    this.flow = throttle.flow(bytes => this.#turn(bytes));
    this.#put = put;
  }

  /** Bytes that wait here. */
  get bytes(): number {
    return (this.#payload?.left ?? 0) + this.#messageBytes;
  }

  /** Payload waits for its turns. */
  get isBusy(): boolean {
    return this.#payload !== null;
  }

  send(parts: readonly Uint8Array[]): void {
    const bytes = lengthOf(parts);
    if (this.#payload?.isBegun === true) {
      this.#messages.push(...parts);
      this.#messageBytes += bytes;
    } else {
      this.flow.spend(bytes);
      this.#put(parts);
    }
  }

  /** Not while {@link isBusy}. `written` is called once, when the system has all of it or the socket has closed. */
  pay(parts: readonly Uint8Array[], written: Written): void {
    if (!this.flow.isLimited) {
      this.#put(parts, written);
      return;
    }
    this.#payload = { parts: [...parts], left: lengthOf(parts), isBegun: false, isUnderWay: false, written };
    this.flow.want(this.#payload.left);
  }

  end(): void {
    this.flow.leave();
    const payload = this.#payload;
    this.#payload = null;
    // The memory of a slice that is under way is not to be used again before that has left.
    if (payload?.isUnderWay === false) payload.written(new Error(CLOSED));
  }

  #turn(bytes: number): void {
    const payload = this.#payload;
    if (payload === null) return;
    payload.isBegun = true;
    payload.left -= bytes;
    const slice = cut(payload.parts, bytes);
    if (payload.left > 0) {
      // The next turn is asked for when the system has taken this one: a peer that does not read stands in nobody's way.
      payload.isUnderWay = true;
      this.#put(slice, () => {
        payload.isUnderWay = false;
        if (this.#payload === payload) this.flow.want(payload.left);
        else payload.written(new Error(CLOSED));
      });
      return;
    }
    this.#payload = null;
    this.#put(slice, payload.written);
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    this.#messageBytes = 0;
    this.send(messages);
  }
}

/** Takes that many bytes off the front. */
function cut(parts: Uint8Array[], bytes: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let left = bytes; left > 0;) {
    const [first] = parts as [Uint8Array];
    if (first.length <= left) parts.shift();
    else parts[0] = first.subarray(left);
    const part = first.length <= left ? first : first.subarray(0, left);
    taken.push(part);
    left -= part.length;
  }
  return taken;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
