/**
 * Keeps the worker running while a window is open. Each window reads one endless stream from here, which a browser
 * does not cut short (Chromium), and asks for PING_PATH now and then, which starts its patience anew (Firefox).
 */
import { KEEPALIVE_PATH, KEEPALIVE_TYPE } from './api.ts';

const PING_PATH = '/~ping';
/** A byte now and then, in ms, so that nothing on the way takes the stream for dead. */
const BEAT = 20_000;
/** More windows than anyone opens; a page that asks for more gets none. */
const MAX_STREAMS = 256;

export class Lifetime {
  private readonly streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  private beat: ReturnType<typeof setInterval> | null = null;
  private isOver = false;
  private readonly held: () => void;
  private readonly released: () => void;

  /** `held` is called when a window holds on to this worker, `released` when one has let go. */
  constructor(held: () => void, released: () => void) {
    this.held = held;
    this.released = released;
  }

  /** How many windows hold the worker now. */
  get windows(): number {
    return this.streams.size;
  }

  /** The answer to a request that is about this, else null. */
  respond(url: URL): Response | null {
    switch (url.pathname) {
      case PING_PATH:
        return new Response(null, { status: 204 });
      case KEEPALIVE_PATH:
        return this.isOver || this.streams.size >= MAX_STREAMS ? new Response(null, { status: 503 }) : this.open();
      default:
        return null;
    }
  }

  /** Ends every stream and opens no more, so that this worker can make room for the next version. */
  end(): void {
    this.isOver = true;
    for (const controller of this.streams) controller.close();
    this.streams.clear();
    this.rest();
  }

  private open(): Response {
    let own: ReadableStreamDefaultController<Uint8Array> | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: controller => {
        own = controller;
        this.streams.add(controller);
        // The first byte lets the window see at once that it is held.
        controller.enqueue(new Uint8Array(1));
        this.beat ??= setInterval(() => this.tick(), BEAT);
        this.held();
      },
      cancel: () => {
        if (own !== null) this.streams.delete(own);
        this.rest();
        this.released();
      },
    });
    return new Response(body, { headers: { 'content-type': KEEPALIVE_TYPE, 'cache-control': 'no-store' } });
  }

  private tick(): void {
    for (const controller of this.streams) {
      // A window that does not read holds the worker all the same.
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(new Uint8Array(1));
    }
  }

  private rest(): void {
    if (this.streams.size > 0 || this.beat === null) return;
    clearInterval(this.beat);
    this.beat = null;
  }
}
