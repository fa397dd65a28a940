/** Files of one torrent, and the segments that hold their bytes: no other torrent's are in them. */
import type { FilePlace } from '../../engine/events.ts';
import { Extents, type Segment } from './extents.ts';
import type { FileRecord, FoldRecord, SegmentRecord } from './records.ts';

/** A file of the store. It is as long as what was ever written to it reaches. */
export class StoredFile {
  readonly extents = new Extents();
  /** Those who have it open. */
  handles = 0;
  isGone = false;
  /** When it was made, or lost something. */
  touched: number;
  private writtenAt = 0;

  constructor(
    readonly group: Group,
    readonly id: number,
    /** Components joined by slashes. */
    public path: string,
    touched: number,
  ) {
    this.touched = touched;
  }

  get size(): number {
    return this.extents.end;
  }

  /** ms since 1970. */
  get mtime(): number {
    return Math.max(this.touched, this.writtenAt);
  }

  get record(): FileRecord {
    return { path: this.path, touched: this.touched };
  }

  place(root: string): FilePlace {
    return { root, path: this.path.split('/') };
  }

  wrote(segment: Segment): void {
    this.writtenAt = Math.max(this.writtenAt, segment.time);
  }
}

/** A part of a file as it lies in a segment, in order. */
export interface Written {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

export class Group {
  readonly files = new Map<number, StoredFile>();
  /** By path. */
  readonly paths = new Map<string, StoredFile>();
  readonly segments = new Map<number, Segment>();
  /** Segments written until then, ms since 1970, are on the disk for sure; null until those of earlier lives were looked at. */
  sound: number | null = null;
  /** Segments that have a record of their own. */
  loose = 0;

  constructor(readonly id: number) {}

  add(id: number, path: string, touched: number): StoredFile {
    const file = new StoredFile(this, id, path, touched);
    this.files.set(id, file);
    this.paths.set(path, file);
    return file;
  }

  remove(file: StoredFile): void {
    file.isGone = true;
    this.files.delete(file.id);
    this.paths.delete(file.path);
  }

  rename(file: StoredFile, path: string): void {
    this.paths.delete(file.path);
    file.path = path;
    this.paths.set(path, file);
  }

  /** A segment was written. Tells those that have nothing left by that, itself among them where its files are gone. */
  apply(segment: Segment, parts: readonly Written[]): Segment[] {
    const dead: Segment[] = [];
    let place = 0;
    for (const { file: id, offset, length } of parts) {
      const file = this.files.get(id);
      if (file) {
        dead.push(...file.extents.insert(offset, length, segment, place));
        file.wrote(segment);
      }
      place += length;
    }
    if (segment.live > 0) this.segments.set(segment.id, segment);
    else dead.push(segment);
    for (const { id } of dead) this.segments.delete(id);
    return dead;
  }

  /** They are not there any more. Gives the files that had something in them. */
  lose(segments: ReadonlySet<Segment>, now: number): StoredFile[] {
    for (const segment of segments) {
      this.segments.delete(segment.id);
      segment.live = 0;
    }
    const lost: StoredFile[] = [];
    for (const file of this.files.values()) {
      if (!file.extents.drop(segments)) continue;
      file.touched = Math.max(now, file.mtime + 1);
      lost.push(file);
    }
    return lost;
  }

  /** As they were recorded. Numbers that make no sense are left out, and so is what is of no file. */
  load(files: readonly [number, FileRecord][], fold: FoldRecord | null, segments: readonly [number, SegmentRecord][]): void {
    for (const [id, { path, touched }] of files) this.add(id, path, touched);
    if (fold) this.unfold(fold);
    for (const [id, record] of segments) {
      if (id <= (fold?.upTo ?? 0)) continue;
      const [length = 0, time = 0, sum = 0] = record;
      const parts: Written[] = [];
      for (let at = 3; at + 2 < record.length; at += 3) {
        parts.push({ file: record[at]!, offset: record[at + 1]!, length: record[at + 2]! });
      }
      this.apply({ id, group: this.id, length, time, sum, live: 0 }, parts);
      this.loose += 1;
    }
  }

  /** All its segments in one record. */
  fold(upTo: number): FoldRecord {
    const segments = new Float64Array(this.segments.size * 4);
    let at = 0;
    for (const { id, length, time, sum } of this.segments.values()) {
      segments.set([id, length, time, sum], at);
      at += 4;
    }
    let count = 0;
    for (const { extents } of this.files.values()) count += extents.all.length;
    const extents = new Float64Array(count * 5);
    at = 0;
    for (const file of this.files.values()) {
      for (const { offset, length, segment, place } of file.extents.all) {
        extents[at++] = file.id;
        extents[at++] = offset;
        extents[at++] = length;
        extents[at++] = segment.id;
        extents[at++] = place;
      }
    }
    this.loose = 0;
    return { upTo, segments, extents };
  }

  private unfold({ segments, extents }: FoldRecord): void {
    for (let at = 0; at + 3 < segments.length; at += 4) {
      const [id, length, time, sum] = segments.subarray(at, at + 4) as unknown as [number, number, number, number];
      this.segments.set(id, { id, group: this.id, length, time, sum, live: 0 });
    }
    let file: StoredFile | undefined;
    for (let at = 0; at + 4 < extents.length; at += 5) {
      const id = extents[at]!;
      if (file?.id !== id) file = this.files.get(id);
      const segment = this.segments.get(extents[at + 3]!);
      if (!file || !segment) continue;
      file.extents.append({ offset: extents[at + 1]!, length: extents[at + 2]!, segment, place: extents[at + 4]! });
      file.wrote(segment);
    }
    for (const [id, { live }] of this.segments) if (live === 0) this.segments.delete(id);
  }
}

export function encodeSegment({ length, time, sum }: Segment, parts: readonly Written[]): SegmentRecord {
  const record = new Float64Array(3 + parts.length * 3);
  record.set([length, time, sum]);
  parts.forEach(({ file, offset, length: bytes }, index) => record.set([file, offset, bytes], 3 + index * 3));
  return record;
}
