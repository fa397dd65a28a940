import type { Flow, Throttle } from '../../daemon/wire/throttle.ts';

/** What arrives on a stream, let in as its limits allow. */
export class Arrivals {
  readonly flow: Flow;
  private readonly waiting: Uint8Array[] = [];

  constructor(
    throttle: Throttle,
    private readonly letIn: (bytes: Uint8Array) => void,
  ) {
    this.flow = throttle.flow(bytes => this.turn(bytes));
  }

  arrive(bytes: Uint8Array): void {
    if (!this.flow.isLimited && this.waiting.length === 0) this.letIn(bytes);
    else {
      this.waiting.push(bytes);
      this.flow.want(this.size);
    }
  }

  /** Changes what waits, in place. */
  each(change: (bytes: Uint8Array) => void): void {
    for (const bytes of this.waiting) change(bytes);
  }

  private get size(): number {
    return this.waiting.reduce((sum, { length }) => sum + length, 0);
  }

  private turn(bytes: number): void {
    let left = bytes;
    while (left > 0 && this.waiting.length > 0) {
      const first = this.waiting[0]!;
      const part = first.subarray(0, left);
      left -= part.length;
      if (part.length === first.length) this.waiting.shift();
      else this.waiting[0] = first.subarray(part.length);
      this.letIn(part);
    }
    this.flow.want(this.size);
  }
}

/** How much of the next payload of a stream may leave by its limits. */
export class Grants {
  readonly flow: Flow;
  private granted = 0;

  /** `next`: bytes of the next payload, 0 where there is none; `due`: it may leave. */
  constructor(
    throttle: Throttle,
    private readonly next: () => number,
    due: () => void,
  ) {
    this.flow = throttle.flow(bytes => {
      this.granted += bytes;
      if (this.covers(this.next())) due();
      else this.ask();
    });
  }

  get isLimited(): boolean {
    return this.flow.isLimited;
  }

  covers(bytes: number): boolean {
    return !this.isLimited || this.granted >= bytes;
  }

  /** For turns, until the next payload may leave as a whole. */
  ask(): void {
    if (this.isLimited) this.flow.want(Math.max(0, this.next() - this.granted));
  }

  use(bytes: number): void {
    this.granted = Math.max(0, this.granted - bytes);
    this.ask();
  }
}
