import { Meter } from './meter.ts';
import type { Bitfield } from './model/bitfield.ts';
import { BLOCK } from './model/layout.ts';
import type { FetchEnd } from './events.ts';

/** Has files (BEP 19), or pieces (BEP 17). */
export type WebSeedKind = 'files' | 'pieces';

/**
 * Where a web seed stands. `ready`: may be asked; `waiting`: after a failure, until it may be again; `resting`: failed so often
 * in a row that it is left alone for longer; `banned`: never again, unless a person wants it.
 */
export type WebSeedState = 'ready' | 'waiting' | 'resting' | 'banned';

/** Requests to one server at once: one until it has answered, so that one that is dead costs no more. */
const SLOTS = 4;
/** A request should take so many seconds, and is of so many bytes at most. */
const REQUEST_SECONDS = 4;
const MAX_REQUEST = 8 << 20;
/** Ms. */
const FIRST_WAIT = 5_000;
const REST = 10 * 60_000;
const LONGEST_REST = 2 * 3600_000;
const LONGEST_WAIT = 24 * 3600_000;
/** Failures in a row after which it rests. */
const PATIENCE = 3;

/** One server that has what the torrent is of: how it is doing, and how much to ask of it at once. It decides nothing else. */
export class WebSeed {
  state: WebSeedState = 'ready';
  /** Why it is not ready; from outside in part. */
  reason = '';
  /** Monotonic ms. */
  retryAt = 0;
  /** What it has; null while it takes no part. Its files that were not there are missing. */
  has: Bitfield | null = null;
  /** Indexes of files that were not there, or not as they should be. */
  readonly missing = new Set<number>();
  /** The piece that follows on what it was asked for last. */
  next = 0;
  /** Requests under way. */
  running = 0;
  readonly down: Meter;
  private failures = 0;
  private failedAt = -Infinity;
  private hasAnswered = false;
  private bytes = 0;

  constructor(
    readonly url: string,
    readonly kind: WebSeedKind,
    now: number,
  ) {
    this.down = new Meter(now);
  }

  /** How many more requests it may be sent. */
  free(now: number): number {
    if (this.state === 'banned' || now < this.retryAt) return 0;
    return (this.hasAnswered && this.failures === 0 ? SLOTS : 1) - this.running;
  }

  /** Blocks that the next request should be of: those of a piece of ordinary size, or more, as far as `share` bytes go. */
  blocks(pieceLength: number, share: number): number {
    return Math.ceil(Math.min(MAX_REQUEST, Math.max(Math.min(this.bytes, share), pieceLength)) / BLOCK);
  }

  /** A request is through, `bytes` in so many ms. */
  succeeded(bytes: number, ms: number): void {
    this.state = 'ready';
    this.reason = '';
    this.failures = 0;
    this.hasAnswered = true;
    const fitting = (bytes * REQUEST_SECONDS * 1000) / Math.max(1, ms);
    // It grows step by step: the first ones say little of what a connection can do.
    this.bytes = Math.min(fitting, 2 * bytes);
  }

  /** A request that began at `startedAt` failed; those that were under way at once count as one: false for the others. */
  failed(end: Pick<FetchEnd, 'problem' | 'status' | 'retryAfter'>, startedAt: number, now: number): boolean {
    if (this.state === 'banned' || startedAt < this.failedAt) return false;
    this.failedAt = now;
    this.failures += 1;
    this.bytes = 0;
    this.reason = end.problem === '' ? `It answers with status ${end.status}.` : end.problem;
    const rests = this.failures >= PATIENCE;
    this.state = rests ? 'resting' : 'waiting';
    const usual = rests ? Math.min(LONGEST_REST, REST * 2 ** (this.failures - PATIENCE)) : FIRST_WAIT * 2 ** (this.failures - 1);
    this.retryAt = now + Math.max(usual, Math.min(LONGEST_WAIT, end.retryAfter * 1000));
    return true;
  }

  /** A person wants it tried again: whatever it did is forgotten. */
  forgive(): void {
    this.state = 'ready';
    this.reason = '';
    this.retryAt = 0;
    this.failures = 0;
    this.missing.clear();
  }

  ban(reason: string): void {
    this.state = 'banned';
    this.reason = reason;
  }
}
