/**
 * Who else may read a file by /stream: pages of one origin, with a secret that is good for that one file and for a short while. It opens
 * nothing else, and an answer that it began ends when it is taken back.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { WireError } from '../wire/bytes.ts';
import { ErrorCode, type FrameOf, type Op } from '../wire/frames.ts';
import { GRANT_TIME, GRANTS } from './limits.ts';

const ORIGIN = /^https?:\/\/[\x21-\x7e]{1,256}$/;

export class StreamGrant {
  readonly #file: string;
  readonly #origin: string;
  readonly #secretHash: Buffer;
  readonly #until: number;
  readonly #answers = new Set<ServerResponse>();

  /** `until`: ms of the clock that {@link StreamGrants} was given. */
  constructor(file: number, origin: string, secret: string, until: number) {
    this.#file = String(file);
    this.#origin = origin;
    this.#secretHash = hashOf(secret);
    this.#until = until;
  }

  isFor(origin: string, now: number): boolean {
    return origin === this.#origin && now < this.#until;
  }

  /** `file` as it stands in the path of the request. */
  admits(secretHash: Buffer, file: string): boolean {
    return timingSafeEqual(secretHash, this.#secretHash) && file === this.#file;
  }

  /** An answer is given on it. */
  began(answer: ServerResponse): void {
    this.#answers.add(answer);
    answer.once('close', () => this.#answers.delete(answer));
  }

  /** Its answers end short of their length, so that who reads knows. */
  revoke(): void {
    for (const answer of this.#answers) answer.destroy();
  }
}

export class StreamGrants {
  readonly #clock: () => number;
  readonly #byNumber = new Map<number, StreamGrant>();

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** @throws {WireError} where the number is taken, the origin is none, or there are too many */
  grant({ id, grant, file, origin }: FrameOf<typeof Op.STREAM_GRANT>, granted: (secret: string) => void): void {
    if (this.#byNumber.has(grant)) throw new WireError(ErrorCode.BAD_STATE, `grant ${grant} is taken`, id);
    if (!ORIGIN.test(origin)) throw new WireError(ErrorCode.BAD_STATE, 'no origin', id);
    if (this.#byNumber.size >= GRANTS) throw new WireError(ErrorCode.LIMIT, 'too many grants', id);
    const secret = randomBytes(32).toString('base64url');
    this.#byNumber.set(grant, new StreamGrant(file, origin, secret, this.#clock() + GRANT_TIME));
    granted(secret);
  }

  revoke(grant: number): void {
    this.#byNumber.get(grant)?.revoke();
    this.#byNumber.delete(grant);
  }

  end(): void {
    for (const grant of [...this.#byNumber.keys()]) this.revoke(grant);
  }

  /** Whether pages of that origin may read anything. */
  knows(origin: string): boolean {
    const now = this.#clock();
    return [...this.#byNumber.values()].some(grant => grant.isFor(origin, now));
  }

  /** That which lets a page of that origin read the file; null where none does. */
  find(origin: string, secret: string, file: string): StreamGrant | null {
    const [now, hash] = [this.#clock(), hashOf(secret)];
    return [...this.#byNumber.values()].find(grant => grant.isFor(origin, now) && grant.admits(hash, file)) ?? null;
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
