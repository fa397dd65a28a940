/** Writes that came by HTTP: the memory that their bodies share, and those that were begun, which a new client waits for. */
import { LIMITS, WRITE_HELD } from './limits.ts';
import { Lane } from './lane.ts';

export class Writes {
  #held = 0;
  readonly #running = new Set<Promise<unknown>>();
  /** One at a time asks for memory, so that a long body is not overtaken for ever. */
  readonly #line = new Lane(1, LIMITS.requests);
  #freed = (): void => undefined;

  /** Bytes of bodies that are held. */
  get held(): number {
    return this.#held;
  }

  /** Waits for memory, in turn. The caller gives it back. False where too many wait. */
  async hold(bytes: number): Promise<boolean> {
    const turn = this.#line.run(async () => {
      while (this.#held + bytes > WRITE_HELD) await new Promise<void>(resolve => (this.#freed = resolve));
      this.#held += bytes;
    });
    await turn;
    return turn !== null;
  }

  give(bytes: number): void {
    this.#held -= bytes;
    this.#freed();
  }

  /** Does it as something that is seen to its end, whoever comes meanwhile. */
  async run<T>(write: () => Promise<T>): Promise<T> {
    const running = write();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves when the writes that run now have ended; others may have begun. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
