/** Where the bytes of a file lie: runs of it in segments, the newest that was written to a place before all others. */

/** A file of OPFS that is written once, with the bytes of one commit or of several. */
export interface Segment {
  readonly id: number;
  /** Whose folder it lies in. */
  readonly group: number;
  readonly length: number;
  /** When it had been written, ms since 1970; never less than that of one before. */
  readonly time: number;
  /** See {@link touchSum}. */
  readonly sum: number;
  /** Bytes of it that are still part of something. With none it can go. */
  live: number;
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly segment: Segment;
  /** Where in the segment it begins, bytes. */
  readonly place: number;
}

/** A part of a file; `segment` is null where nothing was ever written. */
export interface Part {
  readonly offset: number;
  readonly length: number;
  readonly segment: Segment | null;
  readonly place: number;
}

export class Extents {
  /** By offset; they do not overlap. */
  private list: Extent[] = [];

  /** Just behind the last byte there is. */
  get end(): number {
    const last = this.list.at(-1);
    return last ? last.offset + last.length : 0;
  }

  get all(): readonly Extent[] {
    return this.list;
  }

  /** Puts a part of a segment in the place of whatever lay there. Tells the segments that have nothing left by that. */
  insert(offset: number, length: number, segment: Segment, place: number): Segment[] {
    if (length === 0) return [];
    const end = offset + length;
    const first = this.firstBehind(offset);
    let next = first;
    const before: Extent[] = [];
    const after: Extent[] = [];
    const dead: Segment[] = [];
    segment.live += length;
    for (; next < this.list.length && this.list[next]!.offset < end; next++) {
      const old = this.list[next]!;
      const oldEnd = old.offset + old.length;
      if (old.offset < offset) before.push({ ...old, length: offset - old.offset });
      if (oldEnd > end) after.push({ ...old, offset: end, length: oldEnd - end, place: old.place + end - old.offset });
      old.segment.live -= Math.min(oldEnd, end) - Math.max(old.offset, offset);
      if (old.segment.live === 0) dead.push(old.segment);
    }
    let from = first;
    let added: Extent = { offset, length, segment, place };
    // What lies side by side in the file and in its segment is one.
    const left = before.length > 0 ? undefined : this.list[first - 1];
    if (left && left.segment === segment && left.offset + left.length === offset && left.place + left.length === place) {
      from -= 1;
      added = { ...left, length: left.length + length };
    }
    this.list.splice(from, next - from, ...before, added, ...after);
    return dead;
  }

  /** Puts one behind all others, as they were recorded. */
  append(extent: Extent): void {
    extent.segment.live += extent.length;
    this.list.push(extent);
  }

  /** Nothing of these segments is here any more. Tells whether something was. */
  drop(segments: ReadonlySet<Segment>): boolean {
    const kept = this.list.filter(({ segment }) => !segments.has(segment));
    const isChanged = kept.length < this.list.length;
    this.list = kept;
    return isChanged;
  }

  /** Tells the segments that have nothing left by that. */
  clear(): Segment[] {
    const dead: Segment[] = [];
    for (const { segment, length } of this.list) {
      segment.live -= length;
      if (segment.live === 0) dead.push(segment);
    }
    this.list = [];
    return dead;
  }

  /** The range in parts, in their order, holes among them. */
  parts(offset: number, length: number): Part[] {
    const end = offset + length;
    const parts: Part[] = [];
    let at = offset;
    for (let next = this.firstBehind(offset); at < end; next++) {
      const extent = this.list[next];
      const hole = Math.min(extent?.offset ?? end, end) - at;
      if (hole > 0) {
        parts.push({ offset: at, length: hole, segment: null, place: 0 });
        at += hole;
      }
      if (!extent || at === end) break;
      const skip = at - extent.offset;
      const take = Math.min(extent.length - skip, end - at);
      parts.push({ offset: at, length: take, segment: extent.segment, place: extent.place + skip });
      at += take;
    }
    return parts;
  }

  covers(offset: number, length: number): boolean {
    return this.parts(offset, length).every(({ segment }) => segment !== null);
  }

  /** Index of the first that ends behind `position`. */
  private firstBehind(position: number): number {
    let [low, high] = [0, this.list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { offset, length } = this.list[middle]!;
      if (offset + length <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Bytes of which four are looked at, somewhere else in each eight of them: a disk loses no fewer at once than eight. */
const SECTOR = 512;

/**
 * A sum over a few bytes of each 512 and the length: tells a segment that came whole to the disk from one of which a page did not. It is no
 * proof against anything else; what a piece is, its hash says.
 */
export function touchSum(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const from = at + ((at >>> 3) & 448);
    for (let next = from; next < from + 4; next++) sum = (Math.imul(sum, 31) + (bytes[next] ?? 0)) | 0;
  }
  return sum >>> 0;
}
