/** An authenticated connection: its messages in, what is wrong with them refused, and its frames out. */
import { WireError } from '../wire/bytes.ts';
import { decodeFrame, splitMessage } from '../wire/codec.ts';
import { ErrorCode, type Frame, MAX_FRAME, Op } from '../wire/frames.ts';
import { ClientDigests } from './client-digests.ts';
import { ClientFiles } from './client-files.ts';
import { ClientLanding } from './client-landing.ts';
import { ClientSockets } from './client-sockets.ts';
import { dispatch, type Handlers } from './dispatch.ts';
import { HttpOut } from './http-out.ts';
import { Journal } from './journal.ts';
import { TASKS } from './limits.ts';
import { Outbox } from './outbox.ts';
import type { Services } from './services.ts';
import { Streams } from './streams.ts';

const CONTINUE: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.UNKNOWN_OPCODE,
  ErrorCode.LIMIT,
  ErrorCode.NO_SUCH_SOCK,
  ErrorCode.NO_SUCH_BUFFER,
  ErrorCode.NO_SUCH_FILE,
  ErrorCode.BAD_STATE,
]);

export class Client {
  readonly #handlers: Handlers;
  readonly #outbox: Outbox;
  readonly #journal: Journal;
  readonly #fail: () => void;
  #tasks = 0;
  #isEnded = false;

  /**
   * `send` takes a whole message, and `unread` are the bytes of them that wait to be taken; `fail` closes the connection
   * after an ERROR that it cannot outlive.
   */
  constructor(services: Services, send: (message: Uint8Array) => void, unread: () => number, fail: () => void) {
    const push = (frame: Frame) => this.push(frame);
    const out = { push, later: (tell: () => void) => this.#outbox.later(tell) };
    this.#outbox = new Outbox(send);
    this.#journal = new Journal(services.log, services.tally);
    this.#fail = fail;
    const files = new ClientFiles(services.files, push);
    const sockets = new ClientSockets(services, files, out, unread);
    const http = new HttpOut(services.guard, services.landing, sockets.throttle, services.counters, out);
    this.#handlers = {
      services,
      sockets,
      landing: new ClientLanding(services, files, sockets.tcp, http, out),
      files,
      digests: new ClientDigests(files, services.pool, push),
      streams: new Streams(services.files, push),
      http,
      push,
    };
    services.landing.onPressure = () => {
      services.rests.changed(services.landing.isFull);
      sockets.tcp.steer();
      http.steer();
    };
  }

  get files(): ClientFiles {
    return this.#handlers.files;
  }

  get sockets(): ClientSockets {
    return this.#handlers.sockets;
  }

  /** The answers to its requests of `/stream`. */
  get streams(): Streams {
    return this.#handlers.streams;
  }

  push(frame: Frame): void {
    if (this.#isEnded) return;
    this.#journal.told(frame);
    this.#outbox.push(frame);
  }

  receive(message: Uint8Array): void {
    try {
      for (const frame of splitMessage(message, MAX_FRAME)) {
        if (this.#isEnded) return;
        this.#receiveFrame(frame);
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Sockets and listeners go at once; buffers, and writes begun, do not. `last` is what the client hears last. */
  end(last: Frame | null): void {
    if (this.#isEnded) return;
    this.#outbox.flush();
    if (last !== null) this.push(last);
    this.#outbox.flush();
    this.#isEnded = true;
    const { http, sockets, streams, files, services } = this.#handlers;
    http.end();
    sockets.end();
    streams.end();
    files.end();
    services.kept.orphan();
  }

  #receiveFrame(bytes: Uint8Array): void {
    try {
      const frame = decodeFrame(bytes);
      this.#journal.asked(frame);
      const answer = dispatch(frame, this.#handlers);
      if (answer !== undefined) this.#follow(frame.id, answer);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    const frame: Frame = { op: Op.ERROR, id: error.requestId, code: error.code, text: error.message };
    if (CONTINUE.has(error.code)) this.push(frame);
    else if (!this.#isEnded) {
      this.end(frame);
      this.#fail();
    }
  }

  /** What answers by itself later: only what it throws is told here. */
  #follow(id: number, answer: Promise<void>): void {
    this.#tasks++;
    answer
      .catch((error: unknown) => {
        const isOurs = !(error instanceof WireError);
        if (isOurs) this.#handlers.services.log.error({ err: error }, 'a request failed');
        this.#refuse(isOurs ? new WireError(ErrorCode.BAD_STATE, 'it failed', id) : error);
      })
      .finally(() => this.#tasks--)
      .catch(() => undefined);
    if (this.#tasks > TASKS) {
      this.end({ op: Op.ERROR, id, code: ErrorCode.LIMIT, text: 'too many requests at once' });
      this.#fail();
    }
  }
}
