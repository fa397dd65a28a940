/** The memory that all reads for sends share; who found it used up is called, in turn, once there is some again. */
import { READ_BYTES, STALL_TIME } from './limits.ts';
import type { MemoryPool } from './memory.ts';
import { type Holder, Stalls } from './stalls.ts';
import { PROCESS_TIME } from './process-time.ts';
import type { Time } from '../wire/throttle.ts';

export class ReadBudget {
  #used = 0;
  readonly #holders = new Set<Holder>();
  readonly #waiting = new Set<Holder>();
  readonly #stalls: Stalls;
  readonly #memory: MemoryPool;

  /** `patience`: ms that one who takes nothing may have what others wait for. */
  constructor(memory: MemoryPool, patience = STALL_TIME, time: Time = PROCESS_TIME) {
    this.#memory = memory;
    this.#stalls = new Stalls(this.#holders, this.#waiting, patience, time);
  }

  get used(): number {
    return this.#used;
  }

  get isUsedUp(): boolean {
    return this.#used >= READ_BYTES;
  }

  take(bytes: number, holder: Holder): ArrayBuffer {
    this.#used += bytes;
    holder.held += bytes;
    this.#holders.add(holder);
    return this.#memory.take(bytes);
  }

  give(memory: ArrayBuffer, holder: Holder): void {
    this.#used -= memory.byteLength;
    holder.held -= memory.byteLength;
    if (holder.held === 0) this.#holders.delete(holder);
    this.#memory.give(memory);
    for (const next of this.#waiting) {
      if (this.isUsedUp) return;
      this.#waiting.delete(next);
      next.wake();
    }
  }

  /** It is woken once. */
  wait(holder: Holder): void {
    this.#waiting.add(holder);
    this.#stalls.watch();
  }

  forget(holder: Holder): void {
    this.#waiting.delete(holder);
  }
}
