interface Event {
  readonly at: number;
  readonly order: number;
  /** Null once it was cancelled. */
  run: (() => void) | null;
}

/** A clock that stands still until told: events run in order of their time, then of their making. */
export class VirtualClock {
  time = 1_000_000;
  private order = 0;
  /** A binary heap, the next one first. */
  private readonly heap: Event[] = [];

  at(time: number, run: () => void): () => void {
    const event: Event = { at: Math.max(time, this.time), order: this.order++, run };
    this.push(event);
    return () => {
      event.run = null;
    };
  }

  after(ms: number, run: () => void): () => void {
    return this.at(this.time + ms, run);
  }

  /** Runs until `done` says so or `ms` have passed; false in the latter case. */
  run(ms: number, done: () => boolean = () => false): boolean {
    const end = this.time + ms;
    while (!done()) {
      const next = this.heap[0];
      if (!next || next.at > end) {
        this.time = end;
        return done();
      }
      this.pop();
      this.time = Math.max(this.time, next.at);
      next.run?.();
    }
    return true;
  }

  /** Everybody sleeps: what was due meanwhile runs late, at the time of waking. */
  suspend(ms: number): void {
    this.time += ms;
  }

  private push(event: Event): void {
    const { heap } = this;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!earlier(event, heap[above]!)) break;
      heap[index] = heap[above]!;
      index = above;
    }
    heap[index] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && earlier(heap[below + 1]!, heap[below]!)) below += 1;
      if (!earlier(heap[below]!, last)) break;
      heap[index] = heap[below]!;
      index = below;
    }
    heap[index] = last;
  }
}

function earlier(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Small, seeded, and the same everywhere (a linear congruential generator, Numerical Recipes' constants). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
