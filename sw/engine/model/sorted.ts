/** A list that stays in order. To find takes log n steps; to add or delete moves what comes after. */
export class Sorted<T> {
  readonly #items: T[] = [];

  /** `compare` is a total order: 0 for the same item alone. What it reads must not change while an item is in here. */
  constructor(private readonly compare: (a: T, b: T) => number) {}

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  get last(): T | undefined {
    return this.#items[this.#items.length - 1];
  }

  at(index: number): T | undefined {
    return this.#items[index];
  }

  values(): IterableIterator<T> {
    return this.#items.values();
  }

  add(item: T): void {
    this.#items.splice(this.#lowerBound(item), 0, item);
  }

  delete(item: T): void {
    const index = this.indexOf(item);
    if (index >= 0) this.#items.splice(index, 1);
  }

  /** −1 where it is not in here. */
  indexOf(item: T): number {
    const index = this.#lowerBound(item);
    return this.#items[index] === item ? index : -1;
  }

  #lowerBound(item: T): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.#items[middle]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
