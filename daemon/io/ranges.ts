/** A set of byte positions as ranges, ascending, apart from each other. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

export class RangeSet {
  #starts: number[] = [];
  #ends: number[] = [];
  #bytes = 0;

  /** How many positions there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Index of the first range that ends at or after `position`. */
  #find(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(offset: number, length: number): void {
    if (length === 0) return;
    let start = offset;
    let end = offset + length;
    const first = this.#find(start);
    let next = first;
    let merged = 0;
    for (; next < this.#starts.length && (this.#starts[next] as number) <= end; next++) {
      merged += (this.#ends[next] as number) - (this.#starts[next] as number);
      start = Math.min(start, this.#starts[next] as number);
      end = Math.max(end, this.#ends[next] as number);
    }
    this.#bytes += end - start - merged;
    if (next === first + 1) {
      this.#starts[first] = start;
      this.#ends[first] = end;
      return;
    }
    this.#starts.splice(first, next - first, start);
    this.#ends.splice(first, next - first, end);
  }

  delete(offset: number, length: number): void {
    if (length === 0) return;
    const end = offset + length;
    const starts: number[] = [];
    const ends: number[] = [];
    for (let i = 0; i < this.#starts.length; i++) {
      const s = this.#starts[i] as number;
      const e = this.#ends[i] as number;
      if (s < offset) keep(s, Math.min(e, offset));
      if (e > end) keep(Math.max(s, end), e);
    }
    this.#starts = starts;
    this.#ends = ends;
    this.#bytes = this.list().reduce((sum, range) => sum + range.length, 0);

    function keep(from: number, to: number): void {
      starts.push(from);
      ends.push(to);
    }
  }

  /** Of how many ranges it is made. */
  get count(): number {
    return this.#starts.length;
  }

  get isEmpty(): boolean {
    return this.#starts.length === 0;
  }

  /** Whether any position of the range is in the set. */
  overlaps(offset: number, length: number): boolean {
    const at = this.#find(offset + 1);
    return length > 0 && at < this.#starts.length && (this.#starts[at] as number) < offset + length;
  }

  /** Whether every position of the range is in the set. */
  contains(offset: number, length: number): boolean {
    const at = this.#find(offset + length);
    return at < this.#starts.length && (this.#starts[at] as number) <= offset;
  }

  /** Whether every position from 0 to `length` is in the set. */
  covers(length: number): boolean {
    return length === 0 || (this.#starts[0] === 0 && (this.#ends[0] as number) >= length);
  }

  list(): Range[] {
    return this.#starts.map((start, index) => ({ offset: start, length: (this.#ends[index] as number) - start }));
  }
}
