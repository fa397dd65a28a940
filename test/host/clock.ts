/** Time that passes when it is told to. */
export class TestClock {
  time = 0;
  private readonly due = new Set<{ readonly at: number; readonly act: () => void }>();

  readonly now = (): number => this.time;

  readonly after = (ms: number, act: () => void): (() => void) => {
    const entry = { at: this.time + ms, act };
    this.due.add(entry);
    return () => this.due.delete(entry);
  };

  /** Lets so much time pass; what falls due in it happens in its order. */
  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const [next] = [...this.due].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.due.delete(next);
      this.time = next.at;
      next.act();
    }
    this.time = until;
  }
}
