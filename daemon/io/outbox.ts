/** Frames to the client: all of one turn of the event loop leave as one message. */
import { encode, encodeBatch } from '../wire/codec.ts';
import { type Frame, MAX_FRAME } from '../wire/frames.ts';

export class Outbox {
  readonly #send: (message: Uint8Array) => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;

  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  push(frame: Frame): void {
    const bytes = encode(frame);
    // An envelope and a length word for each frame go on top.
    if (this.#bytes + bytes.length + 8 * (this.#frames.length + 2) > MAX_FRAME) this.flush();
    if (this.#frames.length === 0) setImmediate(() => this.flush());
    this.#frames.push(bytes);
    this.#bytes += bytes.length;
  }

  flush(): void {
    const frames = this.#frames;
    const [first] = frames;
    if (first === undefined) return;
    this.#frames = [];
    this.#bytes = 0;
    this.#send(frames.length === 1 ? first : encodeBatch(frames));
  }
}
