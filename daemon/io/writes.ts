/** Writes that came by HTTP: the memory that their bodies share, and those that were begun, which a new client waits for. */
import { LIMITS, WRITE_HELD } from './limits.ts';
import { Lane } from './lane.ts';

export class Writes {
  #held = 0;
  #running = 0;
  /** One at a time asks for memory, so that a long body is not overtaken for ever. */
  readonly #line = new Lane(1, LIMITS.requests);
  #freed = (): void => undefined;
  #settled: (() => void)[] = [];

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
    this.#running++;
    try {
      return await write();
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#settled.splice(0)) resolve();
    }
  }

  /** Resolves when no write is running. */
  async settled(): Promise<void> {
    if (this.#running > 0) await new Promise<void>(resolve => this.#settled.push(resolve));
  }
}
