/** Web by `fetch`: what web seeds send lands in the store's buffers as it comes. */
import { isRange, isWhole, retryAfter, type Answer } from '../../../daemon/wire/http-answer.ts';
import type { Flow, Throttle } from '../../../daemon/wire/throttle.ts';
import type { FetchEnd } from '../../engine/events.ts';
import type { Web } from '../../engine/ports.ts';
import { after } from '../platform.ts';
import type { BlockSink } from './blocks.ts';
import { LandingBody, Misfit } from './landing-body.ts';
import { Misled, type Reach } from './reach.ts';

/** Requests at once, each of at most so long, ms, and so many bytes. */
const MAX_REQUESTS = 64;
const LONGEST = 600_000;
const MAX_BODY = 64 << 20;
/** Of the body of a refusal so much is read, bytes. */
const NOTE = 16 << 10;

type Request = Parameters<Web['land']>[0];
type Landed = Parameters<Web['land']>[1];

export class FetchWeb implements Web {
  private running = 0;

  constructor(
    private readonly sink: BlockSink,
    private readonly throttle: Throttle,
    private readonly reach: Reach,
  ) {}

  land(...[request, landed, ended]: Parameters<Web['land']>): () => void {
    let isWanted = true;
    const fetching = new Fetching(request, this.sink, this.throttle, this.reach, (place, earlier) => {
      if (isWanted) landed(place, earlier);
    });
    const finish = (end: FetchEnd): void => {
      if (isWanted) ended(end);
      isWanted = false;
    };
    const refusal = this.reach.refusal(request.url);
    if (refusal !== '') queueMicrotask(() => finish({ ...FAILED, kind: 'forbidden', problem: refusal }));
    else if (this.running >= MAX_REQUESTS) queueMicrotask(() => finish({ ...FAILED, problem: 'Too many requests at once.' }));
    else {
      this.running += 1;
      void fetching.run().then(end => {
        this.running -= 1;
        finish(end);
      });
    }
    return () => {
      isWanted = false;
      fetching.cancel();
    };
  }
}

const FAILED: FetchEnd = { kind: 'failed', problem: '', status: 0, retryAfter: -1 };
const LATE: FetchEnd = { ...FAILED, problem: 'No answer in time.' };

/** One request. */
class Fetching {
  private readonly control = new AbortController();
  private readonly length: number;
  private isLate = false;
  private turns: Turns | null = null;

  constructor(
    private readonly request: Request,
    private readonly sink: BlockSink,
    private readonly throttle: Throttle,
    private readonly reach: Reach,
    private readonly landed: Landed,
  ) {
    this.length = request.places.reduce((sum, place) => sum + place.length, 0);
  }

  cancel(): void {
    this.control.abort();
    this.turns?.end();
  }

  /** It never fails: what went wrong is how it ended. */
  async run(): Promise<FetchEnd> {
    if (this.length > MAX_BODY) return { ...FAILED, problem: 'Too much at once.' };
    let isAnswered = false;
    const callOff = after(LONGEST, () => this.giveUp());
    try {
      const response = await this.unlessSilent(this.ask());
      isAnswered = true;
      const { status } = response;
      if (status !== 200 && status !== 206) return await this.refused(response);
      const { range } = this.request;
      const wrong = (range ? isRange(range.from, this.length, range.total) : isWhole(this.length))(this.answerOf(response));
      if (wrong !== null) throw new Misfit(wrong);
      await this.fill(response);
      return { kind: 'done', problem: '', status, retryAfter: -1 };
    } catch (cause) {
      if (cause instanceof Misfit) return { ...FAILED, kind: 'misfit', problem: cause.message };
      if (cause instanceof Misled) return { ...FAILED, kind: 'forbidden', problem: cause.message };
      if (this.isLate) return LATE;
      if (isAnswered || this.control.signal.aborted) return { ...FAILED, problem: 'The connection failed.' };
      const { isFinal, problem } = await this.reach.explain(this.request.url);
      return { ...FAILED, kind: isFinal ? 'forbidden' : 'failed', problem };
    } finally {
      callOff();
      this.control.abort();
    }
  }

  private ask(): Promise<Response> {
    const { url, range } = this.request;
    const headers: Record<string, string> = range ? { range: `bytes=${range.from}-${range.from + this.length - 1}` } : {};
    return this.reach.fetch(url, { headers, signal: this.control.signal });
  }

  private answerOf({ status, headers, type }: Response): Answer {
    const names = ['content-length', 'content-range', 'content-encoding', 'retry-after'];
    const seen = Object.fromEntries(names.map(name => [name, headers.get(name) ?? '']));
    const { range } = this.request;
    // Most servers that let a page read do not let it see that header: then it is for the digests to say what came.
    if (type === 'cors' && status === 206 && seen['content-range'] === '' && range)
      seen['content-range'] = `bytes ${range.from}-${range.from + this.length - 1}/${range.total}`;
    return { statusCode: status, headers: seen };
  }

  private async fill({ body }: Response): Promise<void> {
    const landing = new LandingBody(this.sink, this.request.places, this.landed);
    const turns = new Turns(this.throttle, this.request.group);
    this.turns = turns;
    try {
      const reader = body?.getReader();
      for (let part = await this.next(reader); part; part = await this.next(reader)) {
        await landing.write(part);
        // It is paid for after it was read: nothing more is, until that much has had its turns.
        await turns.pass(part.length);
        this.control.signal.throwIfAborted();
      }
      landing.end();
    } finally {
      turns.end();
    }
  }

  private async refused(response: Response): Promise<FetchEnd> {
    const decoder = new TextDecoder('latin1');
    const reader = response.body?.getReader();
    let note = '';
    for (let part = await this.next(reader); part && note.length <= NOTE; part = await this.next(reader))
      note += decoder.decode(part);
    const wait = retryAfter(this.answerOf(response), note, Date.now());
    return { kind: 'refused', problem: '', status: response.status, retryAfter: wait ?? -1 };
  }

  private async next(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<Uint8Array | undefined> {
    return reader && (await this.unlessSilent(reader.read())).value;
  }

  /** Gives the request up where that takes too long. */
  private async unlessSilent<T>(answer: Promise<T>): Promise<T> {
    const callOff = after(Math.min(this.request.silence, LONGEST), () => this.giveUp());
    try {
      return await answer;
    } finally {
      callOff();
    }
  }

  private giveUp(): void {
    this.isLate = true;
    this.cancel();
  }
}

/** Bytes that were read, in their turns where their rate is limited. */
class Turns {
  private readonly flow: Flow;
  private owed = 0;
  private goOn = (): void => undefined;

  constructor(throttle: Throttle, group: number) {
    this.flow = throttle.flow(bytes => {
      this.owed -= bytes;
      if (this.owed > 0) this.flow.want(this.owed);
      else this.goOn();
    });
    this.flow.join(group);
  }

  async pass(bytes: number): Promise<void> {
    if (!this.flow.isLimited) return;
    this.owed = bytes;
    await new Promise<void>(resolve => {
      this.goOn = resolve;
      this.flow.want(bytes);
    });
  }

  end(): void {
    this.flow.leave();
    this.goOn();
  }
}
