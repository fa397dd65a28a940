/**
 * Unfinished pieces outlive the worker: one that is not finished a second after something came of it is in a loose segment, unverified,
 * apart from all files, until the piece has its own. One that stands in its files has only its record here.
 */
import type { KeptPiece, Range } from '../../engine/events.ts';
import type { Log } from '../../engine/ports.ts';
import type { Catalogue } from './catalogue.ts';
import { problemOf, type SegmentFiles } from './folder.ts';
import type { StoredFile } from './group.ts';
import { PieceBuffer, type Handle, type Saved, type Target } from './piece-buffer.ts';
import { RangeSet } from './ranges.ts';
import type { BufferRecord, Records } from './records.ts';
import { LOOSE, type Writer } from './writer.ts';

/**
 * Ms between two looks. What came is in memory alone until the second, and so for twice as long at most: most pieces are finished by then, and
 * were never worth writing twice.
 */
const LOOK = 700;
/** Loose segments may hold so much beside twice what is still of use, bytes: beyond it they are written anew. */
export const WASTE = 32 << 20;

interface LooseSegment {
  length: number;
  live: number;
}

export class Keeping {
  /** What has something that is nowhere else, since before the last look, and since then. */
  private due = new Set<PieceBuffer>();
  private fresh = new Set<PieceBuffer>();
  private spill: (buffer: PieceBuffer) => void = () => undefined;
  private readonly withSaved = new Set<PieceBuffer>();
  private readonly loose = new Map<number, LooseSegment>();
  private isScheduled = false;

  constructor(
    private readonly records: Records,
    private readonly files: SegmentFiles,
    private readonly writer: Writer,
    private readonly after: (ms: number, run: () => void) => void,
    private readonly log: Log,
  ) {}

  /** How what stands in its files is brought there. */
  onSpill(spill: (buffer: PieceBuffer) => void): void {
    this.spill = spill;
  }

  /** Something landed in it. */
  landed(buffer: PieceBuffer): void {
    if (!this.due.has(buffer)) this.fresh.add(buffer);
    this.schedule();
  }

  /** More of it stands in its files. */
  backed(buffer: PieceBuffer): void {
    if (buffer.state === 'open' && !buffer.isDropped) this.record(buffer);
  }

  /** Nothing of it is to be found by a later engine. */
  forget(buffer: PieceBuffer): void {
    this.due.delete(buffer);
    this.fresh.delete(buffer);
    buffer.savings += 1;
    this.release(buffer.saved);
    buffer.saved = [];
    this.withSaved.delete(buffer);
    if (!buffer.isRecorded) return;
    buffer.isRecorded = false;
    this.records.putBuffer(buffer.id, null);
  }

  /** These ranges of it are not: what else is kept of it stays. */
  lose(buffer: PieceBuffer, ranges: readonly Range[]): void {
    const lost = new RangeSet(ranges);
    const kept: Saved[] = [];
    const dead: Saved[] = [];
    for (const saved of buffer.saved) {
      const parts = lost.missing(saved.offset, saved.length);
      for (const part of parts) kept.push({ segment: saved.segment, place: saved.place + part.offset - saved.offset, ...part });
      dead.push({ ...saved, length: saved.length - parts.reduce((sum, { length }) => sum + length, 0) });
    }
    if (buffer.have.bytes === 0) return this.forget(buffer);
    buffer.saved = kept;
    this.release(dead);
    // What is being written just now counts no more: it may be of these.
    buffer.savings += 1;
    if (buffer.isRecorded) this.record(buffer);
    this.landed(buffer);
  }

  /** What an earlier life has left. Its bytes are read when they are asked for. */
  restore(id: number, record: BufferRecord, catalogue: Catalogue): PieceBuffer {
    const targets: Target[] = [];
    for (let at = 0; at + 3 < record.places.length; at += 4) {
      const [group = 0, file = 0, offset = 0, length = 0] = record.places.slice(at, at + 4);
      const handle = file === 0 ? null : new LateHandle(() => catalogue.byNumber(group, file));
      targets.push({ handle, offset, length });
    }
    const buffer = new PieceBuffer(id, record.length, record.tag, targets, record.isBacked);
    buffer.isRecorded = true;
    const { there } = record;
    if (record.isBacked) {
      for (let at = 0; at + 1 < there.length; at += 2) {
        buffer.have.add(there[at]!, there[at + 1]!);
        buffer.written.add(there[at]!, there[at + 1]!);
      }
      return buffer;
    }
    const saved: Saved[] = [];
    for (let at = 0; at + 3 < there.length; at += 4) {
      const [segment = 0, place = 0, offset = 0, length = 0] = there.slice(at, at + 4);
      saved.push({ segment, place, offset, length });
      for (const set of [buffer.have, buffer.awaited]) set.add(offset, length);
      this.count(segment, length, length);
    }
    buffer.saved = saved;
    this.withSaved.add(buffer);
    return buffer;
  }

  /** Loose segments that nothing is known of go. */
  async sweep(before: number): Promise<void> {
    for (const id of await this.files.list(LOOSE)) {
      if (id < before && !this.loose.has(id)) await this.files.remove(LOOSE, id);
    }
  }

  /** Resolves once all that an earlier life left of it is in memory, as far as it can be read. */
  recall(buffer: PieceBuffer): Promise<void> {
    buffer.recalling ??= buffer.awaited.bytes > 0 ? this.recallNow(buffer) : Promise.resolve();
    return buffer.recalling;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.after(LOOK, () => {
      this.isScheduled = false;
      this.save();
    });
  }

  private save(): void {
    const { due, isWasteful } = this;
    this.due = this.fresh;
    this.fresh = new Set();
    if (isWasteful) for (const buffer of this.withSaved) due.add(buffer);
    for (const buffer of due) {
      if (buffer.state !== 'open') continue;
      if (buffer.isBacked) this.spill(buffer);
      // One without a tag no later engine would know.
      else if (buffer.tag.length > 0) this.saveOne(buffer, isWasteful);
    }
    if (this.due.size > 0) this.schedule();
  }

  private saveOne(buffer: PieceBuffer, isWasteful: boolean): void {
    const { memory, savings } = buffer;
    if (buffer.isSaving) return this.again(buffer);
    // What is in no memory cannot be written anew.
    const isAnew = isWasteful && buffer.awaited.bytes === 0;
    const ranges = isAnew ? buffer.have.list() : buffer.unsaved;
    if (!memory || ranges.length === 0) return;
    buffer.isSaving = true;
    const chunks = ranges.map(({ offset, length }) => memory.subarray(offset, offset + length));
    this.writer.add({
      group: LOOSE,
      chunks,
      parts: [],
      done: (problem, segment, place) => {
        buffer.isSaving = false;
        const saved: Saved[] = [];
        for (const { offset, length } of segment ? ranges : []) {
          saved.push({ segment: segment!.id, place, offset, length });
          this.count(segment!.id, segment!.length, length);
          place += length;
        }
        if (buffer.savings !== savings) return this.release(saved);
        if (problem) {
          this.log('debug', `what came of a piece could not be kept: ${problem}`);
          return this.again(buffer);
        }
        if (isAnew) this.release(buffer.saved);
        buffer.saved = isAnew ? saved : [...buffer.saved, ...saved];
        this.withSaved.add(buffer);
        this.record(buffer);
      },
    });
  }

  private again(buffer: PieceBuffer): void {
    this.due.add(buffer);
    this.schedule();
  }

  private record(buffer: PieceBuffer): void {
    const { tag, length, isBacked, targets } = buffer;
    if (tag.length === 0) return;
    const places: number[] = [];
    for (const { handle, offset, length: part } of targets) {
      const file: StoredFile | null = handle?.file ?? null;
      if (handle && !file) {
        const { savings } = buffer;
        void handle.ready.then(problem => {
          if (problem === null && buffer.savings === savings) this.record(buffer);
        });
        return;
      }
      places.push(file?.group.id ?? 0, file?.id ?? 0, offset, part);
    }
    const there = isBacked
      ? buffer.written.list().flatMap(range => [range.offset, range.length])
      : buffer.saved.flatMap(({ segment, place, offset, length: part }) => [segment, place, offset, part]);
    buffer.isRecorded = true;
    this.records.putBuffer(buffer.id, { tag, length, places, isBacked, there });
  }

  private async recallNow(buffer: PieceBuffer): Promise<void> {
    buffer.memory ??= new Uint8Array(buffer.length);
    for (const { segment, place, offset, length } of buffer.saved) {
      if (buffer.isDropped || !buffer.memory) return;
      try {
        const file = await this.files.open(LOOSE, segment);
        buffer.recall(offset, new Uint8Array(await file.slice(place, place + length).arrayBuffer()));
      } catch (error) {
        // It was told to be there: the piece will not hash to what it should, and comes again.
        this.log('warn', `what had come of a piece could not be read again: ${problemOf(error)}`);
      }
    }
  }

  private get isWasteful(): boolean {
    let [length, live] = [0, 0];
    for (const segment of this.loose.values()) {
      length += segment.length;
      live += segment.live;
    }
    return length > 2 * live + WASTE;
  }

  private count(id: number, length: number, live: number): void {
    const segment = this.loose.get(id) ?? { length: 0, live: 0 };
    segment.live += live;
    segment.length = Math.max(length, segment.live);
    this.loose.set(id, segment);
  }

  private release(saved: readonly Saved[]): void {
    const dead: number[] = [];
    for (const { segment: id, length } of saved) {
      const segment = this.loose.get(id);
      if (!segment) continue;
      segment.live -= length;
      if (segment.live > 0) continue;
      this.loose.delete(id);
      dead.push(id);
    }
    if (dead.length === 0) return;
    // Not before no record names them.
    queueMicrotask(() => {
      this.records
        .flush(false)
        .then(async () => {
          for (const id of dead) if (!this.loose.has(id)) await this.files.remove(LOOSE, id);
        })
        .catch(() => undefined);
    });
  }
}

/** A file that an earlier life had open, found when it is asked for. */
class LateHandle implements Handle {
  file: StoredFile | null = null;
  private found: Promise<null | 'gone' | 'io'> | null = null;

  constructor(private readonly find: () => Promise<StoredFile | null>) {}

  get ready(): Promise<null | 'gone' | 'io'> {
    this.found ??= this.find().then(
      file => {
        this.file = file;
        return file ? null : 'gone';
      },
      () => 'io' as const,
    );
    return this.found;
  }
}

/** As an engine that attaches anew is told of it. */
export function keptPiece(buffer: PieceBuffer): KeptPiece {
  return { buffer: buffer.id, tag: buffer.tag, length: buffer.length, state: 'open', ranges: buffer.ranges };
}
