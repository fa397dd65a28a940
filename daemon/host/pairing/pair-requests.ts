/**
 * Apps that ask to be paired without a link: one at a time, shown to a person on this computer's own screen with the origin
 * that the browser vouches for and a code that the page shows as well. The token is made when the page that asked hears of
 * the yes, and only then; a no, or no answer, is followed by a rest that grows, so that nobody is worn down by questions.
 */
import { randomInt } from 'node:crypto';
import type { Answer, Question } from './approval/approver.ts';
import { randomSecret, sha256 } from './tokens.ts';

/** How long a person has for the answer, in ms. */
export const REQUEST_MS = 120_000;
/** A page that asks for no status for so long has gone. */
export const SILENCE_MS = 20_000;
/** The first rest after a no, and after a page that took its question back; each in a row is twice as long. */
const REFUSED_REST_MS = 30_000;
const CANCELLED_REST_MS = 5_000;
const MAX_REST_MS = 600_000;

/**
 * `waiting` for the person. `allowed`: the page has not heard it yet. `claimed`: it has its token. `unasked`: there was no
 * screen or terminal to ask on. `over`: its time was, or the page went away.
 */
type State = 'waiting' | 'allowed' | 'claimed' | 'refused' | 'unasked' | 'over';
type Input = 'allow' | 'refuse' | 'unasked' | 'claim' | 'unsaved' | 'end';

/** Every move there is; what stands in no row changes nothing. */
const MOVES: Readonly<Record<State, Partial<Record<Input, State>>>> = {
  waiting: { allow: 'allowed', refuse: 'refused', unasked: 'unasked', end: 'over' },
  allowed: { claim: 'claimed', end: 'over' },
  claimed: { unsaved: 'allowed' },
  refused: {},
  unasked: {},
  over: {},
};

export interface Asking {
  readonly origin: string;
  readonly installId: string;
  readonly name: string;
}

export type Asked =
  | { readonly outcome: 'asked'; readonly id: string; readonly code: string }
  /** Another one is being asked about, or somebody has just said no. */
  | { readonly outcome: 'later'; readonly retryMs: number };

export type PairStatus =
  { readonly state: 'waiting' | 'refused' | 'unasked' | 'over' } | { readonly state: 'paired'; readonly token: string };

export interface PairRequestsOptions {
  readonly issue: (asking: Asking) => Promise<string>;
  /** Asks a person; ends with the signal. */
  readonly approve: (question: Question, signal: AbortSignal) => Promise<Answer>;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => () => void;
}

interface Request extends Asking {
  readonly digest: string;
  readonly until: number;
  readonly ended: AbortController;
  state: State;
  callOff: () => void;
}

export class PairRequests {
  private readonly options: PairRequestsOptions;
  /** The last one, so that its page hears how it ended. */
  private current: Request | null = null;
  private restUntil = -Infinity;
  private restsInARow = 0;

  constructor(options: PairRequestsOptions) {
    this.options = options;
  }

  ask(asking: Asking): Asked {
    const now = this.options.now();
    const { current } = this;
    if (current?.state === 'waiting' || current?.state === 'allowed') {
      return { outcome: 'later', retryMs: Math.min(current.until - now, SILENCE_MS) };
    }
    if (now < this.restUntil) return { outcome: 'later', retryMs: this.restUntil - now };
    if (now - this.restUntil > MAX_REST_MS) this.restsInARow = 0;
    const id = randomSecret();
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    const ended = new AbortController();
    const digest = digestOf(id);
    const request: Request = { ...asking, digest, until: now + REQUEST_MS, ended, state: 'waiting', callOff: () => undefined };
    this.current = request;
    this.expectPage(request);
    void this.options.approve({ origin: asking.origin, code }, ended.signal).then(
      answer => this.move(request, answer),
      () => this.move(request, 'unasked'),
    );
    return { outcome: 'asked', id, code };
  }

  /** What became of it, for the page that asked and no other. Rejects where its token cannot be written. */
  async status(id: string, origin: string): Promise<PairStatus> {
    const request = this.find(id, origin);
    if (request === null) return { state: 'over' };
    switch (request.state) {
      case 'waiting':
        this.expectPage(request);
        return { state: 'waiting' };
      case 'allowed':
        this.move(request, 'claim');
        try {
          return { state: 'paired', token: await this.options.issue(request) };
        } catch (error) {
          // The yes stands: its page may ask again.
          this.move(request, 'unsaved');
          throw error;
        }
      case 'refused':
      case 'unasked':
      case 'over':
        return { state: request.state };
      case 'claimed':
        return { state: 'over' };
      default:
        return request.state satisfies never;
    }
  }

  /** The page takes it back. */
  cancel(id: string, origin: string): void {
    const request = this.find(id, origin);
    if (request !== null) this.move(request, 'end');
  }

  /** Nobody is asked any more. */
  stop(): void {
    if (this.current !== null) this.move(this.current, 'end');
  }

  private find(id: string, origin: string): Request | null {
    const { current } = this;
    return current !== null && current.digest === digestOf(id) && current.origin === origin ? current : null;
  }

  /** It is over when its time is, or when its page is heard of no more. */
  private expectPage(request: Request): void {
    request.callOff();
    const left = Math.min(SILENCE_MS, request.until - this.options.now());
    request.callOff = this.options.after(left, () => this.move(request, 'end'));
  }

  private move(request: Request, input: Input): void {
    const next = MOVES[request.state][input];
    if (next === undefined) return;
    const before = request.state;
    request.state = next;
    switch (next) {
      case 'allowed':
        this.expectPage(request);
        this.restsInARow = 0;
        return;
      case 'refused':
        this.rest(REFUSED_REST_MS);
        break;
      case 'over':
        if (before === 'waiting') this.rest(this.options.now() < request.until ? CANCELLED_REST_MS : REFUSED_REST_MS);
        break;
      case 'waiting':
      case 'claimed':
      case 'unasked':
        break;
      default:
        next satisfies never;
    }
    request.callOff();
    request.ended.abort();
  }

  private rest(ms: number): void {
    this.restUntil = this.options.now() + Math.min(MAX_REST_MS, ms * 2 ** this.restsInARow++);
  }
}

function digestOf(id: string): string {
  return sha256(id).toString('hex');
}
