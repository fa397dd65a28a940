import { BEAT } from './pulse.ts';

/** Ms that closing may take: what is not recorded by then is verified by the next engine. */
export const CLOSE_WITHIN = 1_750;

/** The end of a session: it waits, for a while, until everything that can be made durable is. */
export class Closing {
  private done: (() => void) | null = null;
  /** The next beat is the last that it waits for. */
  private by = 0;

  constructor(
    private readonly clock: { now(): number },
    /** Nothing is left to be made durable, or nothing can be. */
    private readonly isSettled: () => boolean,
  ) {}

  get isUnderWay(): boolean {
    return this.done !== null;
  }

  begin(done: () => void): void {
    this.done = done;
    this.by = this.clock.now() + CLOSE_WITHIN - BEAT;
    this.look();
  }

  /** Something was done, or time has gone by. */
  look(): void {
    const { done } = this;
    if (!done || (!this.isSettled() && this.clock.now() < this.by)) return;
    this.done = null;
    done();
  }
}
