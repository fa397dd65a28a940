import type { Range } from '../../engine/events.ts';

/** A set of byte positions as ranges, ascending and apart from each other. */
export class RangeSet {
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private total = 0;

  constructor(ranges: Iterable<Range> = []) {
    for (const { offset, length } of ranges) this.add(offset, length);
  }

  /** How many positions there are. */
  get bytes(): number {
    return this.total;
  }

  /** Of how many ranges it is made. */
  get count(): number {
    return this.starts.length;
  }

  add(offset: number, length: number): void {
    if (length === 0) return;
    const last = this.ends.length - 1;
    // Most come one after the other.
    if (last >= 0 && this.ends[last] === offset) {
      this.ends[last] = offset + length;
      this.total += length;
      return;
    }
    let [start, end] = [offset, offset + length];
    const first = this.find(start);
    let next = first;
    for (; next < this.starts.length && this.starts[next]! <= end; next++) {
      this.total -= this.ends[next]! - this.starts[next]!;
      start = Math.min(start, this.starts[next]!);
      end = Math.max(end, this.ends[next]!);
    }
    this.total += end - start;
    this.starts.splice(first, next - first, start);
    this.ends.splice(first, next - first, end);
  }

  delete(offset: number, length: number): void {
    if (length === 0) return;
    const end = offset + length;
    const first = this.find(offset + 1);
    let next = first;
    const kept: [number, number][] = [];
    for (; next < this.starts.length && this.starts[next]! < end; next++) {
      const [from, to] = [this.starts[next]!, this.ends[next]!];
      this.total -= Math.min(to, end) - Math.max(from, offset);
      if (from < offset) kept.push([from, offset]);
      if (to > end) kept.push([end, to]);
    }
    this.starts.splice(first, next - first, ...kept.map(([from]) => from));
    this.ends.splice(first, next - first, ...kept.map(([, to]) => to));
  }

  clear(): void {
    this.starts.length = this.ends.length = this.total = 0;
  }

  /** Whether every position of the range is in the set. */
  contains(offset: number, length: number): boolean {
    if (length === 0) return true;
    const at = this.find(offset + length);
    return at < this.starts.length && this.starts[at]! <= offset;
  }

  /** Those parts of the range that are not in the set. */
  missing(offset: number, length: number): Range[] {
    const end = offset + length;
    const gaps: Range[] = [];
    let from = offset;
    for (let at = this.find(offset + 1); at < this.starts.length && this.starts[at]! < end; at++) {
      if (this.starts[at]! > from) gaps.push({ offset: from, length: this.starts[at]! - from });
      from = Math.max(from, this.ends[at]!);
    }
    if (from < end) gaps.push({ offset: from, length: end - from });
    return gaps;
  }

  list(): Range[] {
    return this.starts.map((offset, at) => ({ offset, length: this.ends[at]! - offset }));
  }

  /** Index of the first range that ends at or after `position`. */
  private find(position: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
