/** One assembly buffer: the states that it goes through, what of it is there, and who is filling which part. */
import { type DigestOf, FileStatus, type KeptBuffer, type LandStatus } from '../wire/frames.ts';
import type { Backing } from './backing.ts';
import { isDigest } from './digests.ts';
import { type Range, RangeSet } from './ranges.ts';
import type { Place } from './shared-file.ts';

type BufferState = KeptBuffer['state'];
type Input = 'commit' | 'reset' | 'ok' | 'mismatch' | 'error';

/** Every move of a buffer; what a state does not list is refused. Dropped, it is gone, from whichever state. */
const MOVES: Readonly<Record<BufferState, Partial<Record<Input, BufferState>>>> = {
  open: { commit: 'committing', reset: 'open', error: 'error' },
  committing: { ok: 'ok', mismatch: 'mismatch', error: 'error' },
  mismatch: { commit: 'committing', reset: 'open' },
  error: { commit: 'committing', reset: 'open' },
  ok: {},
};

/** What a buffer must hash to, and whether the digests of its blocks are wanted where it does. */
export interface CommitOrder {
  readonly digests: readonly DigestOf[];
  readonly wantBlocks: boolean;
}

/** How a commit ended, as LAND_RESULT tells it. */
export interface CommitResult {
  readonly status: LandStatus;
  readonly file: FileStatus;
  readonly blocks: Uint8Array;
}

export class Assembly {
  readonly id: number;
  readonly tag: Uint8Array;
  readonly length: number;
  /** Where it will be written, in its order; none any more once it is. */
  places: readonly Place[];
  /** Taken when the first byte comes, away while a thread has it, given back when all are written. */
  memory: ArrayBuffer | null = null;
  bytes = new Uint8Array(0);
  /** Where it stands in its files instead: then it has no memory. */
  backing: Backing | null = null;
  readonly have = new RangeSet();
  readonly claims = new Set<Claim>();
  /** What it is to be committed with as soon as it is whole. */
  order: CommitOrder | null = null;
  /** Who hears how the commit that was asked for last ends. */
  done: ((result: CommitResult) => void) | null = null;
  /** Why bytes of it could not be written, where nobody was told yet. */
  problem: FileStatus = FileStatus.OK;
  /** It is to go as soon as the running commit has ended. */
  isDropped = false;
  /** Ends a commit that still waits for its files. */
  callOff: () => void = () => undefined;
  #state: BufferState = 'open';
  readonly #zeroBytes: number;

  constructor(id: number, length: number, tag: Uint8Array, places: readonly Place[]) {
    this.id = id;
    this.tag = tag.slice();
    this.length = length;
    this.places = places;
    this.#zeroBytes = places.reduce((sum, place) => sum + (place.file === null ? place.length : 0), 0);
  }

  get state(): BufferState {
    return this.#state;
  }

  get takesBytes(): boolean {
    return this.#state === 'open';
  }

  /** Bytes arrived everywhere but where zeros stand, which a sender may leave out or send. */
  get isWhole(): boolean {
    if (this.have.bytes + this.#zeroBytes < this.length) return false;
    return this.have.bytes === this.length || this.#withZeros().covers(this.length);
  }

  /** What is there, zeros included. */
  get ranges(): Range[] {
    return this.#withZeros().list();
  }

  /** Tells who asked for the commit, once. */
  answer(result: CommitResult): void {
    const { done } = this;
    this.done = null;
    done?.(result);
  }

  /** False where the state has no such move, and stays. */
  move(input: Input): boolean {
    const next = MOVES[this.#state][input];
    if (next !== undefined) this.#state = next;
    return next !== undefined;
  }

  /** Recycled memory holds an older piece where this one has zeros, and a hostile sender may have put anything there. */
  fillZeros(): void {
    for (const { offset, length } of this.#zeros()) this.bytes.fill(0, offset, offset + length);
  }

  /** Whether another socket is half-way into some of the range. */
  isBeingFilled(range: Range): boolean {
    if (this.claims.size === 0) return false;
    for (const claim of this.claims) if (claim.isLive && claim.staged === null && overlap(claim, range)) return true;
    return false;
  }

  takesDigest(digest: DigestOf): boolean {
    return digest.offset + digest.length <= this.length && isDigest(digest, digest.length);
  }

  /** The claims, running or done, on any of the range. */
  *claimsOn(range: Range): Iterable<Claim> {
    for (const claim of this.claims) if (overlap(claim, range)) yield claim;
  }

  #withZeros(): RangeSet {
    const set = new RangeSet();
    for (const { offset, length } of this.have.list()) set.add(offset, length);
    for (const { offset, length } of this.#zeros()) set.add(offset, length);
    return set;
  }

  *#zeros(): Iterable<Range> {
    let offset = 0;
    for (const { file, length } of this.places) {
      if (file === null) yield { offset, length };
      offset += length;
    }
  }
}

/**
 * A range that one socket is filling. `staged`: its bytes go aside, as another was there first and has not finished, or as
 * they are to be written whole.
 */
export class Claim implements Range {
  readonly assembly: Assembly;
  readonly offset: number;
  readonly length: number;
  staged: Uint8Array | null;
  /** False once its range is there from elsewhere, or closed: its bytes go nowhere. */
  isLive = true;

  constructor(assembly: Assembly, { offset, length }: Range, isStaged: boolean) {
    this.assembly = assembly;
    this.offset = offset;
    this.length = length;
    this.staged = isStaged ? Buffer.allocUnsafeSlow(length) : null;
  }

  get buffer(): number {
    return this.assembly.id;
  }
}

function overlap(a: Range, b: Range): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
