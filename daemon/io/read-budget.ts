/** The memory that all reads for sends share; who found it used up is called, in turn, once there is some again. */
import { READ_BYTES } from './limits.ts';
import type { MemoryPool } from './memory.ts';

export class ReadBudget {
  #used = 0;
  readonly #waiting = new Set<() => void>();
  readonly #memory: MemoryPool;

  constructor(memory: MemoryPool) {
    this.#memory = memory;
  }

  get used(): number {
    return this.#used;
  }

  get isUsedUp(): boolean {
    return this.#used >= READ_BYTES;
  }

  take(bytes: number): ArrayBuffer {
    this.#used += bytes;
    return this.#memory.take(bytes);
  }

  give(memory: ArrayBuffer): void {
    this.#used -= memory.byteLength;
    this.#memory.give(memory);
    for (const wake of this.#waiting) {
      if (this.isUsedUp) return;
      this.#waiting.delete(wake);
      wake();
    }
  }

  /** `wake` is called once. */
  wait(wake: () => void): void {
    this.#waiting.add(wake);
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }
}
