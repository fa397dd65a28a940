import type { Ids, Outbox } from './effects.ts';
import type { FilePlace, Span } from './events.ts';
import { Bitfield } from './model/bitfield.ts';
import type { Parts } from './parts.ts';
import type { FileEntry, FileSpan, Layout } from './model/layout.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Files of one torrent that stay open; past it those unused for longest are closed. */
const MAX_OPEN_FILES = 100;
/** Ms from the first piece written to the flush; a flush and a record later it is durable, well within 2 s. */
const FLUSH_AFTER = 1000;

/** What a file looked like when it was last flushed: bytes, and whole ms since 1970. */
export interface FileStat {
  readonly size: number;
  readonly mtime: number;
}

/**
 * The files of a torrent and how far they can be relied on. A piece is *written* when the store says so, and *durable*
 * once its files were flushed after that; only durable pieces are recorded (invariant: data, flush, then the record).
 *
 * idle → syncing → recording → idle
 */
export class Storage {
  /** Written and flushed. */
  readonly durable: Bitfield;
  /** By index of the file, the parts file's last. */
  readonly stats: (FileStat | null)[];
  /** Files that were opened to be made where they were not there. */
  readonly made = new Set<number>();
  stage: 'idle' | 'syncing' | 'recording' = 'idle';
  /** When the next flush or record is due; Infinity where there is nothing to keep. */
  dueAt = Infinity;
  /** Files, by index, whose space has been taken on the disk. */
  readonly allocated = new Set<number>();
  /** Numbers of the files whose space is being taken. */
  private readonly allocating = new Set<number>();
  /** File number by index, in order of last use. */
  private readonly open = new Map<number, number>();
  private readonly indexOf = new Map<number, number>();
  /** Those that were opened to be read: their numbers are not written through. */
  private readonly onlyRead = new Set<number>();
  /** Pieces written and not flushed, with the buffers that wait for their acknowledgement. */
  private written = new Map<number, number>();
  private syncing = new Map<number, number>();
  private acknowledgeable: number[] = [];
  private dirty = new Set<number>();
  /** The files of the running flush: number, index. */
  private flushing = new Map<number, number>();

  constructor(
    private readonly layout: Layout,
    readonly parts: Parts,
    private readonly where: Pick<Whereabouts, 'of'>,
    private readonly ids: Ids,
    private readonly out: Outbox,
    /** Whether the space of the file is to be taken before it is written, as something of it is yet to come. */
    private readonly allocates: (index: number) => boolean,
    saved: { durable: Bitfield; stats: (FileStat | null)[] } | null,
  ) {
    this.durable = saved?.durable ?? new Bitfield(layout.pieceCount);
    this.stats = saved?.stats ?? new Array<FileStat | null>(parts.index + 1).fill(null);
    // An engine that ended before its first record may have left one.
    if (!parts.isEmpty || (layout.files.length > 1 && !this.durable.isFull)) this.made.add(parts.index);
  }

  /**
   * The file's number, opening it if need be: to be written, and made where it isn't there; or, without `create`, to be read, from
   * a disk that is read-only as well.
   */
  file(index: number, create = true): number {
    if (create && this.onlyRead.has(index)) this.close(index);
    const known = this.open.get(index);
    if (known !== undefined) {
      this.open.delete(index);
      this.open.set(index, known);
      return known;
    }
    const entry = this.entry(index);
    const file = this.ids.file();
    this.open.set(index, file);
    this.indexOf.set(file, index);
    if (create) this.made.add(index);
    else this.onlyRead.add(index);
    // The parts file may grow to the size of the torrent, and never does.
    const allocate = create && index !== this.parts.index && !this.allocated.has(index) && this.allocates(index);
    if (allocate) this.allocating.add(file);
    this.out({ do: 'openFile', file, ...entry.place, size: entry.length, create, allocate });
    return file;
  }

  /** Whether nothing more is to be begun until there is space for what was: else it would fill the memory. */
  get isAllocating(): boolean {
    return this.allocating.size > 0;
  }

  /** It is open, or could not be. True where others had to wait for its space. */
  opened(file: number, ok: boolean): boolean {
    if (!this.allocating.delete(file)) return false;
    const index = this.indexOf.get(file);
    if (ok && index !== undefined) this.allocated.add(index);
    return true;
  }

  /** Where it lies, and how long it may be. The parts file is one of them. */
  entry(index: number): Pick<FileEntry, 'length'> & { readonly place: FilePlace } {
    const length = index === this.parts.index ? this.parts.size : this.layout.files[index]?.length;
    if (length === undefined) throw new RangeError(`no file ${index}`);
    return { place: this.where.of(index), length };
  }

  /** What it is called, for people. */
  nameOf(index: number): string {
    return this.where.of(index).path.join('/');
  }

  /** The pieces that lie in a file, in whole or in part. */
  *piecesIn(index: number): Generator<number> {
    if (index === this.parts.index) yield* this.parts.pieces();
    const span = this.layout.piecesOf(index);
    if (!span) return;
    for (let piece = span.first; piece <= span.last; piece++) if (!this.parts.holds(piece, index)) yield piece;
  }

  /** Where a piece lies, by indexes of files; a pad is −1. */
  places(piece: number): FileSpan[] {
    return this.parts.spans(piece);
  }

  /** Opens it anew, if it is there, to hear how it looks now. */
  look(index: number): number {
    this.close(index);
    return this.file(index, false);
  }

  close(index: number): void {
    const known = this.open.get(index);
    if (known === undefined) return;
    this.open.delete(index);
    this.onlyRead.delete(index);
    this.indexOf.delete(known);
    this.allocating.delete(known);
    this.out({ do: 'closeFile', file: known });
  }

  /** Closes what is open beyond the limit, but for those `inUse`. Never while spans are put together: those name open files. */
  trim(inUse: (index: number) => boolean = () => false): void {
    for (const index of this.open.keys()) {
      if (this.open.size <= MAX_OPEN_FILES) return;
      if (!inUse(index)) this.close(index);
    }
  }

  fileIndex(file: number): number | undefined {
    return this.indexOf.get(file);
  }

  /** It could not be opened: a later use tries again. */
  forget(index: number): void {
    this.made.delete(index);
    const file = this.open.get(index);
    if (file === undefined) return;
    this.open.delete(index);
    this.onlyRead.delete(index);
    this.indexOf.delete(file);
    this.dirty.delete(index);
  }

  /** Where it lies on disk: to be written there, or with no `create` to be read. */
  spans(piece: number, create = true): Span[] {
    return this.places(piece).map(span => ({
      file: span.file < 0 ? 0 : this.file(span.file, create),
      offset: span.offset,
      length: span.length,
    }));
  }

  /** Where a block of a piece lies on disk. */
  blockSpans(piece: number, begin: number, length: number): Span[] {
    const spans: Span[] = [];
    let skip = begin;
    let left = length;
    for (const span of this.places(piece)) {
      if (left === 0) break;
      if (skip >= span.length) {
        skip -= span.length;
        continue;
      }
      const take = Math.min(span.length - skip, left);
      spans.push({
        file: span.file < 0 ? 0 : this.file(span.file, false),
        offset: span.file < 0 ? 0 : span.offset + skip,
        length: take,
      });
      skip = 0;
      left -= take;
    }
    return spans;
  }

  /** A piece was verified and written. */
  wrote(piece: number, buffer: number, now: number): void {
    this.written.set(piece, buffer);
    this.touch(piece);
    this.recordSoon(now);
  }

  /** Something was or will be written to where a piece lies, verified or not: its files look otherwise from then on. */
  touch(piece: number): void {
    for (const span of this.places(piece)) if (span.file >= 0) this.dirty.add(span.file);
  }

  /** Something was copied into a file. */
  filled(index: number, now: number): void {
    this.dirty.add(index);
    this.recordSoon(now);
  }

  /** Something else of the record changed. */
  recordSoon(now: number): void {
    this.dueAt = Math.min(this.dueAt, now + FLUSH_AFTER);
  }

  /** Pieces that may be on disk beyond what is durable. */
  *undurable(): Generator<number> {
    yield* this.written.keys();
    yield* this.syncing.keys();
  }

  /** Starts a flush if one is due; true if the record should be written right away instead (nothing to flush). */
  flush(now: number): boolean {
    if (this.stage !== 'idle' || now < this.dueAt) return false;
    this.dueAt = Infinity;
    if (this.written.size === 0 && this.dirty.size === 0) {
      this.stage = 'recording';
      return true;
    }
    this.syncing = this.written;
    this.written = new Map();
    // What was only found, and not written, may be on a disk that is read-only.
    this.flushing = new Map([...this.dirty].map(index => [this.file(index, this.made.has(index)), index]));
    this.dirty = new Set();
    this.parts.flush();
    this.stage = 'syncing';
    this.out({ do: 'sync', files: [...this.flushing.keys()] });
    return false;
  }

  /** The flush is through: its pieces are durable, and the record is to be written now. True where there were such pieces. */
  synced(stat: ReadonlyMap<number, FileStat>): boolean {
    for (const [file, value] of stat) {
      const index = this.flushing.get(file);
      if (index !== undefined) this.stats[index] = { size: value.size, mtime: Math.floor(value.mtime) };
    }
    for (const [piece, buffer] of this.syncing) {
      this.durable.set(piece);
      if (buffer > 0) this.acknowledgeable.push(buffer);
    }
    const isMore = this.syncing.size > 0;
    this.syncing = new Map();
    this.parts.flushed();
    this.stage = 'recording';
    return isMore;
  }

  /** The record is flushed: the store need not remember those results any longer. */
  recorded(): void {
    for (const buffer of this.acknowledgeable) this.out({ do: 'acknowledge', buffer });
    this.acknowledgeable = [];
    this.stage = 'idle';
    if (this.parts.isEmpty) this.deleteParts();
  }

  /** Nobody needs the parts file any more. */
  deleteParts(): void {
    const { index, size } = this.parts;
    if (!this.made.delete(index) && this.stats[index] === null) return;
    this.close(index);
    this.dirty.delete(index);
    this.stats[index] = null;
    this.parts.reset();
    this.out({ do: 'deleteFile', ...this.where.of(index), size, trash: false });
  }

  /** The record could not be written: try again in a while; nothing is acknowledged. */
  notRecorded(now: number): void {
    this.stage = 'idle';
    this.dueAt = Math.min(this.dueAt, now + 5000);
  }

  /** Not on disk as it should be. */
  lose(piece: number): void {
    this.durable.clear(piece);
    this.written.delete(piece);
    this.syncing.delete(piece);
  }

  /** Everything that was open is gone with the connection. Returns the pieces that may or may not be on disk. */
  detach(): number[] {
    const doubtful = [...this.undurable()];
    this.written.clear();
    this.syncing.clear();
    this.acknowledgeable = [];
    this.dirty.clear();
    this.parts.stop();
    this.open.clear();
    this.onlyRead.clear();
    this.indexOf.clear();
    this.allocating.clear();
    this.stage = 'idle';
    this.dueAt = Infinity;
    return doubtful;
  }

  closeAll(): void {
    for (const file of this.open.values()) this.out({ do: 'closeFile', file });
    this.open.clear();
    this.onlyRead.clear();
    this.indexOf.clear();
    this.allocating.clear();
  }

  get idle(): boolean {
    return this.stage === 'idle' && this.dueAt === Infinity;
  }
}
