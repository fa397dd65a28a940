/**
 * Frames to the client: all of one turn of the event loop leave as one message, and with it what was worth no message of its
 * own. A message costs both ends more than the few frames in it.
 */
import { encode, encodeBatch } from '../wire/codec.ts';
import { type Frame, MAX_FRAME } from '../wire/frames.ts';
import { TELL_AFTER } from './limits.ts';

export class Outbox {
  readonly #send: (message: Uint8Array) => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #leaving: NodeJS.Immediate | null = null;
  #tellers: (() => void)[] = [];
  #telling: NodeJS.Timeout | null = null;

  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  push(frame: Frame): void {
    const bytes = encode(frame);
    // An envelope and a length word for each frame go on top.
    if (this.#bytes + bytes.length + 8 * (this.#frames.length + 2) > MAX_FRAME) this.#leave();
    this.#leaving ??= setImmediate(() => this.flush());
    this.#frames.push(bytes);
    this.#bytes += bytes.length;
  }

  /** `tell` is called once, when the next message leaves or in TELL_AFTER, and pushes what it has to tell by then. */
  later(tell: () => void): void {
    this.#telling ??= setTimeout(() => this.flush(), TELL_AFTER);
    this.#tellers.push(tell);
  }

  flush(): void {
    for (const tell of this.#tellers.splice(0)) tell();
    if (this.#telling !== null) clearTimeout(this.#telling);
    if (this.#leaving !== null) clearImmediate(this.#leaving);
    this.#telling = null;
    this.#leaving = null;
    this.#leave();
  }

  #leave(): void {
    const frames = this.#frames;
    const [first] = frames;
    if (first === undefined) return;
    this.#frames = [];
    this.#bytes = 0;
    this.#send(frames.length === 1 ? first : encodeBatch(frames));
  }
}
