/**
 * Memory by exact size. Pieces of a torrent are all as long, so what one gives back the next takes: the process neither
 * grows nor zeroes pages again and again. It moves to a hash thread and back instead of being shared with it, as
 * copying into shared memory goes byte by byte wherever source and target are not aligned alike.
 */
import { SPARE } from './limits.ts';

export class MemoryPool {
  readonly #spare = new Map<number, ArrayBuffer[]>();
  #spareBytes = 0;

  /** Its content is whatever was there before. */
  take(length: number): ArrayBuffer {
    const memory = this.#spare.get(length)?.pop();
    if (memory === undefined) return new ArrayBuffer(length);
    this.#spareBytes -= length;
    return memory;
  }

  give(memory: ArrayBuffer): void {
    const length = memory.byteLength;
    if (length > SPARE) return;
    while (this.#spareBytes + length > SPARE) this.#evict();
    let stack = this.#spare.get(length);
    // The size used last is the last of the map, so that eviction begins with sizes out of use.
    if (stack !== undefined) this.#spare.delete(length);
    else stack = [];
    this.#spare.set(length, stack);
    stack.push(memory);
    this.#spareBytes += length;
  }

  #evict(): void {
    for (const [length, stack] of this.#spare) {
      if (stack.pop() === undefined) this.#spare.delete(length);
      else {
        this.#spareBytes -= length;
        return;
      }
    }
  }
}
