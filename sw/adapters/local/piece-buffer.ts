/** A piece in the making: the states that it goes through, what of it is there, and where it will lie. */
import type { CommitStatus, DigestSpec, FileProblem, Range } from '../../engine/events.ts';
import type { StoredFile, Written } from './group.ts';
import { RangeSet } from './ranges.ts';
import type { Spare } from './spare.ts';

type State = 'open' | 'committing' | 'ok' | 'mismatch' | 'error';
type Input = 'commit' | 'reset' | 'ok' | 'mismatch' | 'error';

/** Every move of a buffer; what a state does not list is refused. Dropped, it is gone, from whichever state. */
const MOVES: Readonly<Record<State, Partial<Record<Input, State>>>> = {
  open: { commit: 'committing', reset: 'open', error: 'error' },
  committing: { ok: 'ok', mismatch: 'mismatch', error: 'error' },
  mismatch: { commit: 'committing', reset: 'open' },
  error: { commit: 'committing', reset: 'open' },
  ok: {},
};

/** A file that is open, or about to be. */
export interface Handle {
  readonly ready: Promise<FileProblem | null>;
  /** Once it is ready, and there was no problem. */
  readonly file: StoredFile | null;
}

/** A part of a piece and where it will lie; without a file it is zeros. */
export interface Target {
  readonly handle: Handle | null;
  readonly offset: number;
  readonly length: number;
}

export interface Order {
  readonly digests: readonly DigestSpec[];
  readonly wantBlocks: boolean;
}

/** A part of an unfinished piece in a loose segment. */
export interface Saved extends Range {
  readonly segment: number;
  readonly place: number;
}

export type CommitDone = (status: CommitStatus, problem: FileProblem | null, blocks: Uint8Array) => void;

const NOTHING = new Uint8Array(0);

export class PieceBuffer {
  readonly tag: Uint8Array;
  /** What came, as one was told. */
  readonly have = new RangeSet();
  /** What is in loose segments, since it was last begun anew. */
  saved: readonly Saved[] = [];
  savings = 0;
  isSaving = false;
  isRecorded = false;
  /** Taken with the first byte; null where it stands in its files, or is done. */
  memory: Uint8Array | null = null;
  /** Whether it stands in its files, and what of it is not written yet. */
  isBacked: boolean;
  held: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  heldBytes = 0;
  /** What of it each of those writes brings, and nobody has lost meanwhile. */
  readonly going = new Set<RangeSet>();
  /** What of it is in its files. */
  readonly written = new RangeSet();
  /** Writes of it that are under way, in its files. */
  writing = new Set<Promise<void>>();
  /** What came of it in an earlier life and is not in memory yet; and its being read, once it is. */
  readonly awaited = new RangeSet();
  recalling: Promise<void> | null = null;
  /** Why bytes of it could not be written, where nobody was told yet. */
  problem: FileProblem | null = null;
  order: Order | null = null;
  done: CommitDone | null = null;
  /** It is gone, or goes once it was hashed and written. */
  isDropped = false;
  private current: State = 'open';
  private readonly zeros = new RangeSet();

  constructor(
    readonly id: number,
    readonly length: number,
    tag: Uint8Array,
    readonly targets: readonly Target[],
    isBacked: boolean,
  ) {
    this.tag = tag.slice();
    this.isBacked = isBacked;
    let at = 0;
    for (const target of targets) {
      if (target.handle === null) this.zeros.add(at, target.length);
      at += target.length;
    }
  }

  get state(): State {
    return this.current;
  }

  /** Bytes came everywhere but where zeros stand, which a sender may leave out or send. */
  get isWhole(): boolean {
    if (this.have.bytes + this.zeros.bytes < this.length) return false;
    return (
      this.have.bytes === this.length ||
      this.have.missing(0, this.length).every(gap => this.zeros.contains(gap.offset, gap.length))
    );
  }

  /** What is there, zeros included. */
  get ranges(): Range[] {
    return new RangeSet([...this.have.list(), ...this.zeros.list()]).list();
  }

  /** False where the state has no such move, and stays. */
  move(input: Input): boolean {
    const next = MOVES[this.current][input];
    if (next !== undefined) this.current = next;
    return next !== undefined;
  }

  /** Tells who asked for the commit, once. */
  answer(status: CommitStatus, problem: FileProblem | null = null, blocks: Uint8Array = NOTHING): void {
    const { done } = this;
    this.done = null;
    done?.(status, problem, blocks);
  }

  /** Takes bytes into its memory, which it has from `spare`; what is there already stays. */
  take(offset: number, bytes: Uint8Array, spare: Spare): void {
    this.memory ??= spare.take(this.length);
    const { memory } = this;
    this.fill(offset, bytes, (at, part) => memory.set(part, at));
  }

  /** Takes bytes that are to be written to its files. */
  hold(offset: number, bytes: Uint8Array): void {
    this.fill(offset, bytes, (at, part) => {
      this.held.push({ offset: at, bytes: part.slice() });
      this.heldBytes += part.length;
    });
  }

  /** Bytes that an earlier life left: what is not awaited any more stays. */
  recall(offset: number, bytes: Uint8Array): void {
    const here = new RangeSet([{ offset, length: bytes.length }]);
    for (const gap of this.awaited.missing(offset, bytes.length)) here.delete(gap.offset, gap.length);
    for (const { offset: at, length } of here.list()) this.memory?.set(bytes.subarray(at - offset, at - offset + length), at);
    this.awaited.delete(offset, bytes.length);
  }

  /** Nothing of these ranges is there. */
  lose(ranges: readonly Range[]): void {
    for (const { offset, length } of ranges) {
      for (const set of [this.have, this.written, this.awaited, ...this.going]) set.delete(offset, length);
    }
  }

  /** Of what is in memory, what is nowhere else. */
  get unsaved(): Range[] {
    const saved = new RangeSet(this.saved);
    return this.have.list().flatMap(({ offset, length }) => saved.missing(offset, length));
  }

  /** A hostile sender may have put anything there. */
  fillZeros(): void {
    for (const { offset, length } of this.zeros.list()) this.memory?.fill(0, offset, offset + length);
  }

  /** What of which file a range is, with its bytes; zeros and files that are not open are left out. */
  split(offset: number, bytes: Uint8Array): { readonly file: StoredFile; readonly part: Written; readonly chunk: Uint8Array }[] {
    const split: { file: StoredFile; part: Written; chunk: Uint8Array }[] = [];
    const end = offset + bytes.length;
    let at = 0;
    for (const { handle, offset: inFile, length } of this.targets) {
      const [from, to] = [Math.max(at, offset), Math.min(at + length, end)];
      const file = handle?.file;
      if (file && from < to) {
        const part = { file: file.id, offset: inFile + from - at, length: to - from };
        split.push({ file, part, chunk: bytes.subarray(from - offset, to - offset) });
      }
      at += length;
    }
    return split;
  }

  isFor(file: StoredFile): boolean {
    return this.targets.some(({ handle }) => handle?.file === file);
  }

  private fill(offset: number, bytes: Uint8Array, each: (at: number, part: Uint8Array) => void): void {
    for (const gap of this.have.missing(offset, bytes.length)) {
      each(gap.offset, bytes.subarray(gap.offset - offset, gap.offset - offset + gap.length));
    }
    this.have.add(offset, bytes.length);
  }
}
