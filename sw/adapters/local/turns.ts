/** Lets so many at once do something; the others wait for their turn, in the order in which they came. */
export class Turns {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly atOnce: number) {}

  /** Gives what calls it off, as long as it waits. `task` does not reject. */
  take(task: () => Promise<void>): () => void {
    const run = (): void => {
      this.running += 1;
      void task().then(() => {
        this.running -= 1;
        const next = this.waiting.values().next();
        if (next.done) return;
        this.waiting.delete(next.value);
        next.value();
      });
    };
    if (this.running < this.atOnce) run();
    else this.waiting.add(run);
    return () => this.waiting.delete(run);
  }

  /** What comes of the task, once it had its turn. */
  async through<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.take(() => task().then(resolve, reject));
    });
  }
}
