/** Tasks of one kind, a few at once and the others in the order they came. */
export class Lane {
  readonly #width: number;
  readonly #limit: number;
  /** The next to begin is the last of these; what has come since waits, oldest first, in the other. */
  #due: (() => Promise<void>)[] = [];
  #since: (() => Promise<void>)[] = [];
  #running = 0;

  /** `width` run at once, `limit` wait. */
  constructor(width: number, limit: number) {
    this.#width = width;
    this.#limit = limit;
  }

  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** The task's end; null where too many wait. */
  run<T>(task: () => Promise<T>): Promise<T> | null {
    if (this.#due.length + this.#since.length >= this.#limit) return null;
    return new Promise((resolve, reject) => {
      this.#since.push(() => task().then(resolve, reject));
      this.#next();
    });
  }

  #next(): void {
    if (this.#running >= this.#width) return;
    if (this.#due.length === 0) {
      this.#due = this.#since.reverse();
      this.#since = [];
    }
    const begin = this.#due.pop();
    if (begin === undefined) return;
    this.#running++;
    void begin().then(() => {
      this.#running--;
      this.#next();
    });
  }
}
