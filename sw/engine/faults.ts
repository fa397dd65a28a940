/** Ms for which the same fault is not told again: what fails at each beat would fill the log. */
const TOLD_ONCE = 60_000;
/** Different faults told in that time; beyond that none. */
const MOST = 16;

interface Told {
  readonly at: number;
  /** Times since then. */
  again: number;
}

/** Tells of faults of ours: each once a minute with how often it came again, and few in all. */
export class Faults {
  /** Those of the last minute, and the longest ago first. */
  private readonly told = new Map<string, Told>();

  constructor(
    private readonly now: () => number,
    private readonly tell: (text: string) => void,
  ) {}

  /** `what` failed with that. */
  add(what: string, error: unknown): void {
    const text = `${what} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    const now = this.now();
    const before = this.told.get(text);
    if (before && now < before.at + TOLD_ONCE) {
      before.again += 1;
      return;
    }
    this.told.delete(text);
    for (const [old, { at }] of this.told) {
      if (this.told.size < MOST || now < at + TOLD_ONCE) break;
      this.told.delete(old);
    }
    if (this.told.size >= MOST) return;
    this.told.set(text, { at: now, again: 0 });
    this.tell(before && before.again > 0 ? `${text}\n(and ${before.again} times more since it was last told)` : text);
  }
}
