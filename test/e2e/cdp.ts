/**
 * The DevTools protocol, raw: the tests attach to pages alone, because a browser never ends a worker that someone is
 * attached to, and libraries attach to everything.
 */
import type { Readable, Writable } from 'node:stream';

interface Reply {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export type Listener = (params: Record<string, unknown>) => void;

export class Cdp {
  #next = 1;
  readonly #to: Writable;
  readonly #waiting = new Map<number, { method: string; resolve: (result: never) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, Listener[]>();
  /** The parts of a message that has not ended yet. */
  #parts: Buffer[] = [];

  /** Over the two pipes of `--remote-debugging-pipe`: messages end with a zero byte. */
  constructor(to: Writable, from: Readable) {
    this.#to = to;
    to.on('error', () => undefined);
    from.on('data', (data: Buffer) => this.#read(data));
    from.on('close', () => {
      for (const { method, reject } of this.#waiting.values()) reject(new Error(`${method}: the browser is gone`));
      this.#waiting.clear();
    });
  }

  send<T = Record<string, unknown>>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      this.#to.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });
  }

  /** `sessionId` undefined listens to the browser itself. */
  on(method: string, sessionId: string | undefined, listener: Listener): void {
    const key = `${sessionId ?? ''}/${method}`;
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), listener]);
  }

  #read(data: Buffer): void {
    let from = 0;
    for (let end = data.indexOf(0); end >= 0; end = data.indexOf(0, from)) {
      this.#parts.push(data.subarray(from, end));
      const text = Buffer.concat(this.#parts).toString();
      this.#parts = [];
      from = end + 1;
      this.#hear(JSON.parse(text) as Reply);
    }
    if (from < data.length) this.#parts.push(data.subarray(from));
  }

  #hear(message: Reply): void {
    if (message.id !== undefined) {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) waiting?.reject(new Error(`${waiting.method}: ${message.error.message}`));
      else waiting?.resolve((message.result ?? {}) as never);
      return;
    }
    for (const listener of this.#listeners.get(`${message.sessionId ?? ''}/${message.method ?? ''}`) ?? []) {
      listener(message.params ?? {});
    }
  }
}
