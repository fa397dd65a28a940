/** What is asked over HTTP, for trackers and web seeds: bounded in size and time; a body comes back, or lands in buffers. */
import type { IncomingMessage } from 'node:http';
import { type Frame, type FrameOf, NetStatus, NO_RETRY_AFTER, Op } from '../wire/frames.ts';
import { isRange, isWhole, retryAfter } from '../wire/http-answer.ts';
import { HttpClient, HttpProblem, problemOf } from './http-client.ts';
import { LandingBody } from './http-landing.ts';
import type { Guard } from './guard.ts';
import type { Landing } from './landing.ts';
import type { Outbox } from './outbox.ts';
import type { Flow, Throttle } from '../wire/throttle.ts';
import { HTTP_LAND_TIME, HTTP_NOTE, HTTP_PART, HTTP_REQUESTS, HTTP_TIMEOUT, LIMITS } from './limits.ts';

type Get = FrameOf<typeof Op.HTTP_GET>['request'];
type Land = FrameOf<typeof Op.HTTP_LAND>;
type Ended = Omit<FrameOf<typeof Op.HTTP_ENDED>, 'op' | 'id'>;
type Result = Omit<FrameOf<typeof Op.HTTP_RESULT>, 'op' | 'id'>;

/** What the caller may not set: it belongs to the connection, or would change what comes back. */
const OURS = new Set([
  'host',
  'connection',
  'accept-encoding',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'cookie',
]);
const NOTHING = new Uint8Array(0);

export class HttpOut {
  readonly #client: HttpClient;
  readonly #landing: Landing;
  readonly #throttle: Throttle;
  readonly #counters: { netIn: number };
  readonly #push: (frame: Frame) => void;
  readonly #later: (tell: () => void) => void;
  readonly #running = new Map<number, AbortController>();
  /** Bodies that are landing. */
  readonly #bodies = new Set<Reading>();

  constructor(
    guard: Guard,
    landing: Landing,
    throttle: Throttle,
    counters: { netIn: number },
    { push, later }: Pick<Outbox, 'push' | 'later'>,
  ) {
    this.#client = new HttpClient(guard);
    this.#landing = landing;
    this.#throttle = throttle;
    this.#counters = counters;
    this.#push = push;
    this.#later = later;
  }

  /** The body comes back whole, with whatever status. */
  async get(id: number, { url, family, headers, maxBytes, timeoutMs }: Get): Promise<void> {
    const limit = Math.min(maxBytes, LIMITS.httpBody);
    const failed = ({ net, message }: HttpProblem): Result => ({ net, status: 0, detail: message, body: NOTHING });
    const outcome = await this.#run(id, Math.min(timeoutMs, HTTP_TIMEOUT), failed, async control =>
      receive(await this.#client.open({ address: url, family, headers: allowed(headers), keep: false }, control.signal), limit),
    );
    let { body } = outcome;
    for (; body.length > HTTP_PART; body = body.subarray(HTTP_PART)) {
      this.#push({ op: Op.HTTP_BODY, id: 0, request: id, bytes: body.subarray(0, HTTP_PART) });
    }
    this.#push({ op: Op.HTTP_RESULT, id, ...outcome, body });
  }

  /** The body lands, if it is exactly what was asked for; else nothing of it, or no more. */
  async land(id: number, frame: Land): Promise<void> {
    const failed = ({ net, message }: HttpProblem): Ended => ({ net, status: 0, retryAfter: NO_RETRY_AFTER, detail: message });
    const outcome = await this.#run(id, HTTP_LAND_TIME, failed, control => this.#land(id, frame, control));
    this.#push({ op: Op.HTTP_ENDED, id, ...outcome });
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort(new HttpProblem(NetStatus.CANCELLED, 'cancelled'));
  }

  /** Reads or rests, by what landing memory allows just now. */
  steer(): void {
    for (const body of this.#bodies) this.#steerBody(body);
  }

  end(): void {
    for (const id of this.#running.keys()) this.cancel(id);
    this.#client.end();
  }

  async #run<T extends { readonly detail: string }>(
    id: number,
    timeMs: number,
    failed: (problem: HttpProblem) => T,
    task: (control: AbortController) => Promise<T>,
  ): Promise<T> {
    if (this.#running.has(id)) return failed(new HttpProblem(NetStatus.FAILED, 'the number is taken'));
    if (this.#running.size >= HTTP_REQUESTS) return failed(new HttpProblem(NetStatus.LIMIT, 'too many requests at once'));
    const control = new AbortController();
    this.#running.set(id, control);
    const timer = setTimeout(() => control.abort(late()), timeMs);
    try {
      return await task(control);
    } catch (error) {
      const outcome = failed(problemOf(control.signal.aborted ? control.signal.reason : error));
      return { ...outcome, detail: outcome.detail.slice(0, 200) };
    } finally {
      clearTimeout(timer);
      this.#running.delete(id);
    }
  }

  async #land(id: number, { url, range, from, total, silenceMs, group, places }: Land, control: AbortController): Promise<Ended> {
    const length = places.reduce((sum, place) => sum + place.length, 0);
    const headers: Record<string, string> = range ? { range: `bytes=${from}-${from + length - 1}` } : {};
    const reading: Reading = { owed: 0, response: null, heard: () => silence.refresh() };
    const flow = this.#throttle.flow(bytes => {
      reading.owed -= bytes;
      if (reading.owed > 0) flow.want(reading.owed);
      else this.#steerBody(reading);
    });
    flow.join(group);
    const silence = setTimeout(
      () => {
        // While memory is short, or it is not its turn, it is us who do not read.
        if (this.#landing.isFull || reading.owed > 0) silence.refresh();
        else control.abort(late());
      },
      Math.min(silenceMs, HTTP_LAND_TIME),
    );
    try {
      const response = await this.#client.open({ address: url, family: 0, headers, keep: true }, control.signal);
      const { statusCode: status = 0 } = response;
      if (status !== 200 && status !== 206) return await refusal(response, status);
      const wrong = (range ? isRange(from, length, total) : isWhole(length))(response);
      if (wrong !== null) {
        response.destroy();
        throw new HttpProblem(NetStatus.MISFIT, wrong);
      }
      const tell = (ranges: Land['places'], earlier: boolean): void =>
        this.#push({ op: Op.HTTP_LANDED, id: 0, request: id, earlier, ranges });
      reading.response = response;
      await this.#fill(response, reading, flow, new LandingBody(this.#landing, places, tell, this.#later));
      return { net: NetStatus.OK, status, retryAfter: NO_RETRY_AFTER, detail: '' };
    } finally {
      clearTimeout(silence);
      flow.leave();
    }
  }

  async #fill(response: IncomingMessage, reading: Reading, flow: Flow, body: LandingBody): Promise<void> {
    this.#bodies.add(reading);
    try {
      await new Promise<void>((resolve, reject) => {
        response.on('end', resolve);
        response.on('error', reject);
        response.on('close', () => reject(new HttpProblem(NetStatus.FAILED, 'the connection was closed')));
        response.on('data', (bytes: Buffer) => {
          reading.heard();
          this.#counters.netIn += bytes.length;
          if (flow.isLimited) {
            // It is paid for after it was read: nothing more is, until that much has had its turns.
            reading.owed += bytes.length;
            flow.want(reading.owed);
            this.#steerBody(reading);
          }
          try {
            body.write(bytes);
          } catch (error) {
            response.destroy();
            reject(problemOf(error));
          }
        });
        this.#steerBody(reading);
      });
      body.end();
    } finally {
      body.close();
      this.#bodies.delete(reading);
    }
  }

  #steerBody({ response, owed, heard }: Reading): void {
    if (this.#landing.isFull || owed > 0) response?.pause();
    else if (response !== null) {
      if (response.isPaused()) heard();
      response.resume();
    }
  }
}

/** A body that is landing; `owed`: bytes read ahead of their turns. */
interface Reading {
  owed: number;
  response: IncomingMessage | null;
  /** Counts the silence anew. */
  readonly heard: () => void;
}

function late(): HttpProblem {
  return new HttpProblem(NetStatus.TIMEOUT, 'no answer in time');
}

async function receive(response: IncomingMessage, limit: number): Promise<Result> {
  const { statusCode: status = 0, headers } = response;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    response.destroy();
    throw new HttpProblem(NetStatus.FAILED, 'an encoding that was not asked for');
  }
  const tooLarge = new HttpProblem(NetStatus.TOO_LARGE, `more than ${limit} bytes`);
  const parts: Buffer[] = [];
  let length = 0;
  if (Number(headers['content-length'] ?? 0) > limit) {
    response.destroy();
    throw tooLarge;
  }
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw tooLarge;
    parts.push(part);
  }
  return { net: NetStatus.OK, status, detail: '', body: Buffer.concat(parts) };
}

/** Of an answer that brings nothing to land: when to ask again. A short body is read to its end, so that its connection can be kept. */
async function refusal(response: IncomingMessage, status: number): Promise<Ended> {
  let note = '';
  for await (const part of response as AsyncIterable<Buffer>) {
    note += part.toString('latin1');
    if (note.length > HTTP_NOTE) break;
  }
  const wait = retryAfter(response, note, Date.now());
  return { net: NetStatus.OK, status, retryAfter: wait ?? NO_RETRY_AFTER, detail: response.statusMessage?.slice(0, 200) ?? '' };
}

function allowed(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.has(name.toLowerCase())));
}
