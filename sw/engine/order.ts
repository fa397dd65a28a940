import { Sorted } from './model/sorted.ts';

/** What stands in a line: its place is a whole number, the least first, kept with it. */
export interface Placed {
  readonly id: string;
  place: number;
}

/** Where to move: to an end, past the neighbour, or to an index of the whole line. */
export type MoveTo = 'top' | 'up' | 'down' | 'bottom' | number;

/** Between two that came one after the other: room for as many moves as it has binary digits. */
const STRIDE = 2 ** 32;

/** The order that a person gave the torrents. A move gives one a new place, and all others keep theirs while there is room between. */
export class Order<T extends Placed> {
  private readonly line = new Sorted<T>(inOrder);

  /** `replace` is to call `set`, which gives the item its new place. All others stand as before then, or where they will. */
  constructor(private readonly replace: (item: T, set: () => void) => void) {}

  /** Ends where it has no place yet (0) come last, at `least` or after. */
  add(item: T, least: number): void {
    if (item.place === 0) item.place = Math.max(least, (this.line.last?.place ?? 0) + STRIDE);
    this.line.add(item);
  }

  delete(item: T): void {
    this.line.delete(item);
  }

  values(): IterableIterator<T> {
    return this.line.values();
  }

  /** Moves them together, in the order that they are in. `isNeighbour`: up and down pass others of its kind alone. */
  move(items: readonly T[], to: MoveTo, isNeighbour: (of: T, other: T) => boolean): void {
    const inLine = items.filter(item => this.line.indexOf(item) >= 0).sort(inOrder);
    if (to === 'up') {
      const passed = new Set<T>();
      for (const item of inLine) {
        const next = this.next(item, -1, isNeighbour);
        if (next && !passed.has(next)) this.put(item, this.line.indexOf(next));
        passed.add(item);
      }
    } else if (to === 'down') {
      const passed = new Set<T>();
      for (const item of inLine.reverse()) {
        const next = this.next(item, 1, isNeighbour);
        if (next && !passed.has(next)) this.put(item, this.line.indexOf(next));
        passed.add(item);
      }
    } else {
      const moving = new Set(inLine);
      const rest = [...this.line.values()].filter(item => !moving.has(item));
      // From behind, each before the one that was put last.
      let next = to === 'bottom' ? undefined : rest[to === 'top' ? 0 : to];
      for (const item of inLine.reverse()) {
        const index = next ? this.line.indexOf(next) : this.line.size;
        this.put(item, this.line.indexOf(item) < index ? index - 1 : index);
        next = item;
      }
    }
  }

  /** To that index of the line without it. */
  private put(item: T, index: number): void {
    if (this.line.indexOf(item) === index) return;
    this.line.delete(item);
    const before = this.line.at(index - 1)?.place;
    const after = this.line.at(index)?.place;
    if (before === undefined) this.set(item, (after ?? 0) - STRIDE || -STRIDE);
    else if (after === undefined) this.set(item, before + STRIDE || STRIDE);
    else {
      const between = before + Math.floor((after - before) / 2);
      // 0 stands for none.
      if (between === before || between === 0) this.spread(item, index);
      else this.set(item, between);
    }
    this.line.add(item);
  }

  /** There is no room between: everyone gets a new place, on the far side of all old ones, whoever comes to stand there first. */
  private spread(item: T, index: number): void {
    const all = [...this.line.values()];
    const [first, last] = [this.line.first?.place ?? 0, this.line.last?.place ?? 0];
    all.splice(index, 0, item);
    if (last > 0) all.forEach((each, at) => this.set(each, Math.min(first, 0) - (all.length - at) * STRIDE));
    else for (let at = all.length - 1; at >= 0; at--) this.set(all[at]!, (at + 1) * STRIDE);
  }

  private set(item: T, place: number): void {
    this.replace(item, () => (item.place = place));
  }

  private next(item: T, step: 1 | -1, isNeighbour: (of: T, other: T) => boolean): T | null {
    for (let index = this.line.indexOf(item) + step; ; index += step) {
      const other = this.line.at(index);
      if (!other) return null;
      if (isNeighbour(item, other)) return other;
    }
  }
}

export function inOrder(a: Placed, b: Placed): number {
  return a.place - b.place || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
