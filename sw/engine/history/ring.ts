import type { Moved } from './moved.ts';

/** Rates over time, bytes a second; −1 where nothing was measured. The last value is of a slot that may go on. */
export interface Series {
  /** Ms since 1970 of the first slot, and the length of each. */
  readonly from: number;
  readonly step: number;
  readonly down: readonly number[];
  readonly up: readonly number[];
}

/**
 * What moved in each of the last `size` slots of `step` ms, by the clock on the wall. A slot knows for how long of it anybody
 * measured: its rate is that of the time measured, and none where there was none. O(1) a second, no memory but its own.
 */
export class Ring {
  private readonly down: Float32Array;
  private readonly up: Float32Array;
  /** Ms. */
  private readonly measured: Float32Array;
  /** The newest slot, in steps since 1970; −1 while there is none. */
  private last = -1;

  constructor(
    readonly step: number,
    readonly size: number,
  ) {
    this.down = new Float32Array(size);
    this.up = new Float32Array(size);
    this.measured = new Float32Array(size);
  }

  /** So much moved, evenly, between two moments, ms since 1970. */
  add(from: number, to: number, { down, up }: Moved): void {
    const newest = Math.floor((to - 1) / this.step);
    for (let slot = Math.max(Math.floor(from / this.step), newest - this.size + 1); slot <= newest; slot++) {
      const part = Math.min(to, (slot + 1) * this.step) - Math.max(from, slot * this.step);
      if (part <= 0) continue;
      this.reach(slot);
      const at = slot % this.size;
      this.down[at]! += (down * part) / (to - from);
      this.up[at]! += (up * part) / (to - from);
      this.measured[at]! += part;
    }
  }

  /** What lies behind that moment is forgotten: the clock was set back to it. */
  cut(at: number): void {
    const slot = Math.floor(at / this.step);
    if (this.last - slot >= this.size) this.empty();
    else while (this.last > slot) this.clear(this.last--);
  }

  /** The slots that lie before that moment. */
  read(until: number): Series {
    const first = Math.floor((until - 1) / this.step) - this.size + 1;
    const down: number[] = [];
    const up: number[] = [];
    for (let slot = first; slot < first + this.size; slot++) {
      const at = slot % this.size;
      const seconds = slot > this.last - this.size && slot <= this.last ? (this.measured[at] ?? 0) / 1000 : 0;
      down.push(seconds > 0 ? Math.round((this.down[at] ?? 0) / seconds) : -1);
      up.push(seconds > 0 ? Math.round((this.up[at] ?? 0) / seconds) : -1);
    }
    return { from: first * this.step, step: this.step, down, up };
  }

  /** The newest slot, and three numbers of each in the order of the slots' places. */
  save(): { readonly last: number; readonly bytes: Uint8Array } {
    const bytes = new Uint8Array(this.size * 12);
    const view = new DataView(bytes.buffer);
    [this.down, this.up, this.measured].forEach((values, row) =>
      values.forEach((value, at) => view.setFloat32((row * this.size + at) * 4, value, true)),
    );
    return { last: this.last, bytes };
  }

  /** What was saved; of what does not fit nothing is taken. */
  restore(last: number, bytes: Uint8Array): void {
    if (bytes.length !== this.size * 12) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.last = last;
    [this.down, this.up, this.measured].forEach((values, row) => {
      for (let at = 0; at < this.size; at++) {
        const value = view.getFloat32((row * this.size + at) * 4, true);
        values[at] = Number.isFinite(value) && value > 0 ? value : 0;
      }
    });
  }

  private reach(slot: number): void {
    if (this.last < 0 || slot - this.last >= this.size) {
      this.empty();
      this.last = slot;
    }
    while (this.last < slot) this.clear(++this.last);
  }

  private clear(slot: number): void {
    const at = slot % this.size;
    this.down[at] = this.up[at] = this.measured[at] = 0;
  }

  private empty(): void {
    for (const values of [this.down, this.up, this.measured]) values.fill(0);
    this.last = -1;
  }
}
