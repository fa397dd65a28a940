/** A clock that stands still until told: events run in order of their time, then of their making. */
export class VirtualClock {
  time = 1_000_000;
  private order = 0;
  private readonly events: { at: number; order: number; run: () => void }[] = [];

  at(time: number, run: () => void): () => void {
    const event = { at: Math.max(time, this.time), order: this.order++, run };
    // Kept sorted by insertion from the back: nearly everything is due after all that waits.
    let index = this.events.length;
    while (index > 0 && later(this.events[index - 1], event)) index -= 1;
    this.events.splice(index, 0, event);
    return () => {
      const found = this.events.indexOf(event);
      if (found >= 0) this.events.splice(found, 1);
    };
  }

  after(ms: number, run: () => void): () => void {
    return this.at(this.time + ms, run);
  }

  /** Runs until `done` says so or `ms` have passed; false in the latter case. */
  run(ms: number, done: () => boolean = () => false): boolean {
    const end = this.time + ms;
    while (!done()) {
      const next = this.events[0];
      if (!next || next.at > end) {
        this.time = end;
        return done();
      }
      this.events.shift();
      this.time = next.at;
      next.run();
    }
    return true;
  }
}

function later(a: { at: number; order: number } | undefined, b: { at: number; order: number }): boolean {
  return a !== undefined && (a.at > b.at || (a.at === b.at && a.order > b.order));
}

/** Small, seeded, and the same everywhere (a linear congruential generator, Numerical Recipes' constants). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
