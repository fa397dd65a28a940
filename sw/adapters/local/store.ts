/**
 * The store of the browser: files as runs of write-once segments in its private file system, pieces in the making in memory, and in
 * IndexedDB what lies where. A segment is recorded once it is whole, and counts from then on; what no record names is a leftover.
 */
import type { DigestSpec, FilePlace, FileProblem, KeptPiece, Range, Span } from '../../engine/events.ts';
import type { Log, Store } from '../../engine/ports.ts';
import { type BlockSink, MAX_READ, type SpanSource } from './blocks.ts';
import { BACKED, Buffers } from './buffers.ts';
import { Catalogue } from './catalogue.ts';
import { Deposit } from './deposit.ts';
import { type Bytes, holds, isDigest, leavesOf, WHOLE } from './digests.ts';
import { type Folder, problemOf, SegmentFiles } from './folder.ts';
import { Keeping, keptPiece } from './keeping.ts';
import { type FilePart, OpenFiles } from './open-files.ts';
import type { CommitDone } from './piece-buffer.ts';
import { Records } from './records.ts';
import { SegmentReader, Unreadable } from './spans.ts';
import { Turns } from './turns.ts';
import { LOOSE, SEGMENT_BYTES, Writer } from './writer.ts';

/** Reads for senders at once, of {@link MAX_READ} each at most. */
export const READS = 16;
/** Pieces that are read again as a whole to be hashed, at once. */
export const WHOLES = 2;
/** Copies from file to file that wait. */
export const COPIES = 1024;

const NOTHING = new Uint8Array(0);

export interface LocalStoreOptions {
  /** Of the browser's private file system: all in it is the store's. */
  readonly folder: Folder;
  /** Of its database in IndexedDB. */
  readonly database: string;
  /** What its only root is called. */
  readonly root: string;
  /** Bytes that there is room for; less than 0 where that is not known. */
  readonly room: () => Promise<number>;
  readonly log: Log;
  /** ms since 1970. */
  readonly wall: () => number;
  /** Ms, of a clock that nobody sets. */
  readonly ticks: () => number;
  readonly after: (ms: number, run: () => void) => void;
  /** Bytes of these files are gone that were there when they were written: the browser has taken them, or the disk. */
  readonly lost: (files: readonly FilePlace[]) => void;
  /** Nothing is kept any more: the browser has closed the database. Another store has to be opened. */
  readonly gone: () => void;
}

export class LocalStore implements Store, BlockSink, SpanSource {
  readonly backed = BACKED;
  /** Pieces that an earlier life has left unfinished, for Session.attach. */
  readonly kept: readonly KeptPiece[];
  private readonly files: OpenFiles;
  private copies = 0;
  private copying: Promise<unknown> = Promise.resolve();
  private readonly reads = new Turns(READS);

  private constructor(
    options: LocalStoreOptions,
    private readonly records: Records,
    private readonly reader: SegmentReader,
    private readonly writer: Writer,
    private readonly buffers: Buffers,
    private readonly wholes: Turns,
    private readonly catalogue: Catalogue,
    kept: readonly KeptPiece[],
  ) {
    this.kept = kept;
    this.files = new OpenFiles(options.root, catalogue, buffers);
  }

  /** Throws where the browser lets nothing be kept. One at a time may be open. */
  static async open(options: LocalStoreOptions): Promise<LocalStore> {
    const { folder, database, room, log, after, gone } = options;
    const records = await Records.open(database, after, gone);
    const files = new SegmentFiles(folder, room);
    const [before, tops, unfinished] = await Promise.all([records.epoch(), records.tops(), records.buffers()]);
    // Where the database was cleared and the files were not, their numbers are not given again: they are leftovers.
    const epoch = await records.nextEpoch(before > 0 ? 1 : Catalogue.epochOf(await files.highest(LOOSE)) + 1);
    const first = Catalogue.firstOf(epoch);
    const catalogue = new Catalogue(records, files, first, tops, options);
    const writer = new Writer(files, catalogue, after);
    const reader = new SegmentReader(files, catalogue);
    const keeping = new Keeping(records, files, writer, after, log);
    const wholes = new Turns(WHOLES);
    const buffers = new Buffers(writer, reader, keeping, wholes);
    const restored = unfinished.map(([id, record]) => keeping.restore(id, record, catalogue));
    for (const buffer of restored) buffers.add(buffer);
    catalogue
      .sweep(LOOSE)
      .then(() => keeping.sweep(first))
      .catch((error: unknown) => log('warn', `leftovers could not be looked for: ${problemOf(error)}`));
    return new LocalStore(options, records, reader, writer, buffers, wholes, catalogue, restored.map(keptPiece));
  }

  /** Brings to the disk what is on its way there. Nothing may be asked after it. */
  async close(): Promise<void> {
    await this.writer.settled();
    await this.records.flush(true).catch(() => undefined);
    await this.records.close();
  }

  /** Whether a file is called so, or a folder of files, at the top. */
  has(top: string): boolean {
    return this.catalogue.has(top);
  }

  /** Takes in files of these lengths, whose bytes come in their order. */
  deposit(lengths: readonly number[]): Deposit {
    return new Deposit(this.catalogue, this.writer, lengths);
  }

  openFile(...[file, root, components, size, create, , done]: Parameters<Store['openFile']>): void {
    this.files.openFile(file, root, components, size, create, done);
  }

  closeFile(file: number): void {
    this.files.close(file);
  }

  sync(...[files, done]: Parameters<Store['sync']>): void {
    const handles = files.map(file => [file, this.files.handle(file)] as const);
    this.buffers.spillAll();
    this.writer
      .settled()
      .then(async () => {
        const stat = await this.files.stat(handles);
        await this.records.flush(true);
        if (stat) done(null, stat);
        else done('gone', new Map());
      })
      .catch((error: unknown) => done(problemOf(error), new Map()));
  }

  copy(from: Span, to: number, offset: number, done: (problem: FileProblem | null) => void): void {
    if (this.copies >= COPIES) return queueMicrotask(() => done('limit'));
    const targets = this.files.targets([from, { file: to, offset, length: from.length }]);
    this.copies += 1;
    const mine = this.copying.then(async () => {
      const parts = await this.files.parts(targets);
      const problem = parts ? await this.copyOne(parts) : 'gone';
      this.copies -= 1;
      done(problem);
    });
    this.copying = mine;
  }

  moveFile(...[from, to, size, done]: Parameters<Store['moveFile']>): void {
    void this.files.move(from, to, size).then(({ problem, found }) => done(problem, found));
  }

  deleteFile(...[root, components, size, trash, done]: Parameters<Store['deleteFile']>): void {
    // There is none here.
    if (trash) return queueMicrotask(() => done('denied'));
    void this.files.remove(root, components, size).then(done);
  }

  begin(buffer: number, length: number, tag: Uint8Array, spans: readonly Span[], there: readonly Range[]): void {
    this.buffers.begin(buffer, length, tag, this.files.targets(spans), there);
  }

  land(buffer: number, offset: number, bytes: Uint8Array): ReturnType<BlockSink['land']> {
    return this.buffers.land(buffer, offset, bytes);
  }

  room(): Promise<void> {
    return this.buffers.room();
  }

  put(buffer: number, offset: number, bytes: Uint8Array): void {
    this.buffers.put(buffer, offset, bytes);
  }

  park(buffer: number, done: (there: readonly Range[] | null) => void): void {
    this.buffers.park(buffer, done);
  }

  onRefused(handler: (buffer: number, problem: FileProblem) => void): void {
    this.buffers.onRefused(handler);
  }

  commit(buffer: number, digests: readonly DigestSpec[], wantBlocks: boolean, done: CommitDone): void {
    this.buffers.commit(buffer, digests, wantBlocks, done);
  }

  acknowledge(buffer: number): void {
    this.buffers.drop(buffer);
  }

  reset(buffer: number, ranges: readonly Range[]): void {
    this.buffers.reset(buffer, ranges);
  }

  drop(buffer: number): void {
    this.buffers.drop(buffer);
  }

  verify(...[items, done]: Parameters<Store['verify']>): void {
    const asked = items.map(({ spans, digest }) => ({ targets: this.files.targets(spans), digest }));
    const verdicts: (boolean | null)[] = [];
    const run = async (): Promise<void> => {
      for (const { targets, digest } of asked) {
        const parts = await this.files.parts(targets);
        verdicts.push(parts ? await this.wholes.through(() => this.verdict(parts, digest)) : null);
      }
    };
    void run().then(() => done(verdicts));
  }

  leaves(spans: readonly Span[], done: (leaves: Uint8Array) => void): void {
    const targets = this.files.targets(spans);
    const run = async (): Promise<Uint8Array> => {
      const parts = await this.files.parts(targets);
      const bytes = parts && this.bytesOf(parts);
      return bytes && bytes.length <= WHOLE ? leavesOf(bytes, 0, bytes.length) : NOTHING;
    };
    this.wholes.through(run).then(done, () => done(NOTHING));
  }

  read(spans: readonly Span[], done: (problem: FileProblem | null, bytes: Uint8Array) => void): () => void {
    const targets = this.files.targets(spans);
    const length = spans.reduce((sum, span) => sum + span.length, 0);
    let isOff = false;
    const tell = (problem: FileProblem | null, bytes: Uint8Array): void => {
      if (!isOff) done(problem, bytes);
    };
    const run = (): Promise<void> =>
      this.readNow(targets, length).then(
        bytes => tell(null, bytes),
        (error: unknown) => tell(error instanceof Unreadable ? error.problem : 'io', NOTHING),
      );
    if (length > MAX_READ) queueMicrotask(() => tell('limit', NOTHING));
    const callOff = length > MAX_READ ? () => undefined : this.reads.take(run);
    return () => {
      isOff = true;
      callOff();
    };
  }

  private async readNow(targets: ReturnType<OpenFiles['targets']>, length: number): Promise<Uint8Array> {
    const parts = await this.files.parts(targets);
    if (!parts) throw new Unreadable('gone');
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const { file, offset, length: part } of parts) {
      if (file) await this.reader.copy(file.extents, offset, part, bytes, at);
      at += part;
    }
    return bytes;
  }

  private async copyOne([from, to]: readonly FilePart[]): Promise<FileProblem | null> {
    const [source, target] = [from?.file, to?.file];
    if (!source || !target) return 'gone';
    try {
      for (let at = 0; at < from!.length; at += SEGMENT_BYTES) {
        const length = Math.min(SEGMENT_BYTES, from!.length - at);
        const bytes = await this.reader.read(source.extents, from!.offset + at, length, false);
        const part = { file: target.id, offset: to!.offset + at, length };
        const problem = await new Promise<FileProblem | null>(done =>
          this.writer.add({ group: target.group.id, chunks: [bytes], parts: [part], done }),
        );
        if (problem) return problem;
      }
      return target.isGone ? 'gone' : null;
    } catch (error) {
      return error instanceof Unreadable ? error.problem : 'io';
    }
  }

  private async verdict(parts: readonly FilePart[], digest: DigestSpec): Promise<boolean | null> {
    if (parts.some(({ file, offset, length }) => file && offset + length > file.size)) return null;
    // What was never written is not as it should be, whatever that is.
    if (parts.some(({ file, offset, length }) => file && !file.extents.covers(offset, length))) return false;
    const bytes = this.bytesOf(parts);
    const whole = { ...digest, offset: 0, length: bytes.length };
    if (!isDigest(whole, bytes.length)) return false;
    try {
      return await holds(bytes, whole);
    } catch {
      return null;
    }
  }

  /** Parts of files, one after the other. */
  private bytesOf(parts: readonly FilePart[]): Bytes {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return {
      length,
      read: async (from, count) => {
        const [only] = parts;
        if (only?.file && parts.length === 1) return this.reader.read(only.file.extents, only.offset + from, count, false);
        const bytes = new Uint8Array(count);
        let at = 0;
        for (const { file, offset, length: part } of parts) {
          const [begin, end] = [Math.max(at, from), Math.min(at + part, from + count)];
          if (file && begin < end)
            bytes.set(await this.reader.read(file.extents, offset + begin - at, end - begin, false), begin - from);
          at += part;
        }
        return bytes;
      },
    };
  }
}
