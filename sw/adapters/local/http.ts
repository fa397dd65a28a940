/** Http by `fetch`, for torrent files that a link names: one GET, bounded in size and time. */
import type { Http } from '../../engine/ports.ts';
import { after } from '../platform.ts';
import { joined } from './gathered.ts';
import { Misled, type Reach } from './reach.ts';

/** Requests at once, each of at most so long, ms, and so many bytes. */
const MAX_REQUESTS = 32;
const LONGEST = 120_000;
const MAX_BODY = 10_000_000;
const NOTHING = new Uint8Array(0);

class TooLarge extends Error {}

export class FetchHttp implements Http {
  private running = 0;

  constructor(private readonly reach: Reach) {}

  /** Over which family of addresses is the browser's to choose. After it is called off, `done` is not called any more. */
  get(...[url, , maxBytes, timeoutMs, done]: Parameters<Http['get']>): () => void {
    const control = new AbortController();
    let isWanted = true;
    let isLate = false;
    const finish = (problem: string, status = 0, body: Uint8Array = NOTHING): void => {
      if (isWanted) done(problem, status, body);
      isWanted = false;
    };
    const refusal = this.running >= MAX_REQUESTS ? 'Too many requests at once.' : this.reach.refusal(url);
    if (refusal !== '') queueMicrotask(() => finish(refusal));
    else {
      const callOff = after(Math.min(timeoutMs, LONGEST), () => {
        isLate = true;
        control.abort();
      });
      this.running += 1;
      this.ask(url, Math.min(maxBytes, MAX_BODY), control.signal)
        .then(
          ({ status, body }) => finish('', status, body),
          async (cause: unknown) => {
            if (isLate) finish('No answer in time.');
            else if (cause instanceof TooLarge) finish('The answer is too large.');
            else if (cause instanceof Misled) finish(cause.message);
            else if (isWanted) finish((await this.reach.explain(url)).problem);
          },
        )
        .finally(() => {
          callOff();
          this.running -= 1;
        });
    }
    return () => {
      isWanted = false;
      control.abort();
    };
  }

  private async ask(url: string, maxBytes: number, signal: AbortSignal): Promise<{ status: number; body: Uint8Array }> {
    const response = await this.reach.fetch(url, { signal });
    const parts: Uint8Array[] = [];
    let length = 0;
    if (response.body !== null)
      for await (const part of response.body) {
        length += part.length;
        if (length > maxBytes) throw new TooLarge();
        parts.push(part);
      }
    return { status: response.status, body: joined(parts, length) };
  }
}
