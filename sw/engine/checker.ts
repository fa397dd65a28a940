import type { Content } from './content.ts';
import type { Outbox } from './effects.ts';
import type { PieceHashes } from './piece-hashes.ts';
import type { DigestSpec, FileProblem, Span } from './events.ts';
import type { FileStat } from './storage.ts';

/** Files asked about, and bytes sent for verification, at once. */
const FILES_AT_ONCE = 32;
const SPANS_AT_ONCE = 256;
const BYTES_AT_ONCE = 32 << 20;

/**
 * Compares the files on disk with the record before anything else is done with them. What the record vouches for and
 * the disk does not contradict (size and mtime) is neither read nor fetched; the rest is verified by its hashes.
 *
 * looking at files → verifying pieces → finished, or failed with a file's problem
 */
export class Checker {
  private readonly files: number[];
  /** Verified bytes that are in a file itself, and not aside. */
  private readonly inside: (file: number) => number;
  private nextFile = 0;
  /** Files asked about and not answered: number, index. Answers to an earlier check are none of these. */
  private readonly looking = new Map<number, number>();
  private readonly pieces = new Set<number>();
  /** Bytes of the files that were looked at and are there. */
  private readonly sizes = new Map<number, number>();
  /** Files that were looked for and are not there. */
  readonly absent = new Set<number>();
  /** How files look that are not as they were recorded. */
  private readonly changed = new Map<number, FileStat>();
  private queue: number[] | null = null;
  private readonly verifying = new Set<readonly number[]>();
  problem: FileProblem | null = null;
  /** The file that the problem is about. */
  problemFile = '';

  constructor(
    private readonly content: Content,
    private readonly hashes: PieceHashes,
    /** A file that vanished is fetched anew instead of being a problem. */
    private readonly refetchMissing: boolean,
    private readonly out: Outbox,
  ) {
    const { layout, storage, downloader } = content;
    const aside = storage.parts.bytesByFile(downloader.have);
    this.inside = index => (content.fileDone[index] ?? 0) - (aside.get(index) ?? 0);
    this.files = [...layout.files.keys()].filter(index => {
      const file = layout.files[index];
      const isThere = content.isWanted(index) || this.inside(index) > 0 || !!storage.stats[index];
      return file && !file.pad && file.length > 0 && isThere;
    });
    if (!storage.parts.isEmpty) this.files.push(storage.parts.index);
    for (const piece of content.maybe) this.pieces.add(piece);
    for (const piece of content.suspects) this.pieces.add(piece);
  }

  start(): void {
    this.step();
  }

  get finished(): boolean {
    return this.problem === null && this.queue?.length === 0 && this.verifying.size === 0;
  }

  /** The answer about one file; false where it was not asked for here. */
  opened(file: number, problem: FileProblem | null, size: number, mtime: number): boolean {
    const index = this.looking.get(file);
    if (index === undefined) return false;
    this.looking.delete(file);
    const { storage } = this.content;
    const known = storage.stats[index] ?? null;
    // Nobody misses the parts file for itself: what was in it is fetched again.
    const hasPieces = index !== storage.parts.index && this.inside(index) > 0;
    if (problem === null) {
      this.sizes.set(index, size);
      storage.close(index);
    } else storage.forget(index);
    if (problem === 'gone') {
      storage.stats[index] = null;
      this.absent.add(index);
      if (hasPieces && !this.refetchMissing) this.fail('gone', index);
      else this.lose(index);
    } else if (problem !== null) {
      this.fail(problem, index);
    } else if (this.isShort(index, size) || (!this.inMotion(index) && this.isOther(known, size, mtime))) {
      this.changed.set(index, { size, mtime: Math.floor(mtime) });
      for (const piece of storage.piecesIn(index)) this.pieces.add(piece);
      this.content.assembly.forgetPartials(index);
    }
    this.step();
    return true;
  }

  /** `verdicts` in the order of `pieces`; null where a piece could not be read. */
  verdicts(pieces: readonly number[], verdicts: readonly (boolean | null)[], now: number): void {
    if (!this.verifying.delete(pieces)) return;
    pieces.forEach((piece, at) => {
      if (verdicts[at] === true) this.content.vouch(piece, now);
      if (verdicts[at] === true) this.content.found(piece, now);
      else if (verdicts[at] === null && this.isWithin(piece)) this.content.unread(piece);
      else this.content.refuted(piece);
    });
    this.step();
  }

  /** It has finished: what was read again need not be at the next check. */
  keep(): void {
    for (const [index, stat] of this.changed) this.content.storage.stats[index] = stat;
    this.content.suspects.clear();
  }

  private isOther(known: FileStat | null, size: number, mtime: number): boolean {
    return known ? known.size !== size || known.mtime !== Math.floor(mtime) : size > 0;
  }

  /** Whether it ends before what is said to be in it, whatever was recorded of its size. */
  private isShort(index: number, size: number): boolean {
    const { layout, downloader, storage } = this.content;
    const span = layout.piecesOf(index);
    if (!span || index === storage.parts.index) return false;
    for (let piece = span.last; piece >= span.first; piece--) {
      if (!downloader.have.get(piece) || storage.parts.holds(piece, index)) continue;
      return storage.places(piece).some(place => place.file === index && place.offset + place.length > size);
    }
    return false;
  }

  /** Whether its files are long enough to hold it. */
  private isWithin(piece: number): boolean {
    return this.content.storage
      .places(piece)
      .every(({ file, offset, length }) => file < 0 || offset + length <= (this.sizes.get(file) ?? 0));
  }

  /** While pieces of a file were being written its mtime says nothing; those pieces are verified by themselves. */
  private inMotion(index: number): boolean {
    const span = this.content.layout.piecesOf(index);
    if (!span || !this.content.storage.stats[index]) return false;
    for (const piece of this.content.maybe) if (piece >= span.first && piece <= span.last) return true;
    return false;
  }

  private step(): void {
    if (this.problem !== null) return;
    while (this.looking.size < FILES_AT_ONCE && this.nextFile < this.files.length) {
      const index = this.files[this.nextFile++];
      if (index === undefined) break;
      this.looking.set(this.content.storage.look(index), index);
    }
    if (this.looking.size > 0) return;
    this.queue ??= [...this.pieces].sort((a, b) => b - a);
    while (this.verifying.size < 2 && this.queue.length > 0) this.verifyNext(this.queue);
  }

  private verifyNext(queue: number[]): void {
    const { layout, storage } = this.content;
    const pieces: number[] = [];
    const items: { spans: Span[]; digest: DigestSpec }[] = [];
    let spans = 0;
    for (let bytes = 0; bytes < BYTES_AT_ONCE && spans < SPANS_AT_ONCE && queue.length > 0;) {
      const piece = queue.pop();
      if (piece === undefined) break;
      if (!storage.places(piece).every(({ file }) => file < 0 || this.sizes.has(file))) {
        this.content.refuted(piece);
        continue;
      }
      const parts = storage.spans(piece, false);
      const item = this.hashes.check(piece, parts);
      if (!item) {
        this.content.doubtful(piece);
        continue;
      }
      pieces.push(piece);
      spans += parts.length;
      items.push(item);
      bytes += layout.pieceSize(piece);
    }
    if (pieces.length === 0) return;
    this.verifying.add(pieces);
    this.out({ do: 'verify', pieces, items });
    storage.trim();
  }

  private lose(index: number): void {
    this.content.assembly.forgetPartials(index);
    for (const piece of this.content.storage.piecesIn(index)) {
      if (this.content.maybe.has(piece)) this.content.refuted(piece);
      else this.content.lost(piece);
      this.pieces.delete(piece);
    }
  }

  private fail(problem: FileProblem, index: number): void {
    this.problem ??= problem;
    this.problemFile ||= this.content.storage.nameOf(index);
  }
}
