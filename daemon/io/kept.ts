/** Buffers whose connection is gone: they wait a while for the next one to use or to drop them. */
import type { KeptBuffer } from '../wire/frames.ts';
import type { Landing } from './landing.ts';
import { KEEP } from './limits.ts';

export class Kept {
  readonly #landing: Landing;
  readonly #unclaimed = new Set<number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(landing: Landing) {
    this.#landing = landing;
  }

  /** A connection has ended: everything that is there has no owner. */
  orphan(): void {
    for (const { buffer } of this.#landing.list()) this.#unclaimed.add(buffer);
    this.#wait();
  }

  /** What the new connection may adopt; the time to do so begins now. */
  offer(): KeptBuffer[] {
    if (this.#unclaimed.size > 0) this.#wait();
    return this.#landing.list();
  }

  /** The client has used its number. */
  adopt(buffer: number): void {
    this.#unclaimed.delete(buffer);
  }

  isUnclaimed(buffer: number): boolean {
    return this.#unclaimed.has(buffer);
  }

  #wait(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const buffer of this.#unclaimed) this.#landing.drop(buffer);
      this.#unclaimed.clear();
    }, KEEP);
  }
}
