/** Ms without a question from a stranger until we take ourselves for unreachable, and until that is put to the test again. */
const PATIENCE = 15 * 60_000;
const TRY_AGAIN = 2 * 3600_000;
/** Ms for which a router may let answers in, and questions with them; and addresses that are kept for as long. */
const DOOR_OPEN = 10 * 60_000;
const MAX_SENT = 2000;

/**
 * Whether strangers reach us (BEP 43). A node that none can reach is a burden to those who try: it says so with every
 * question, and is then in nobody's table. Only a question from an address that we sent nothing to shows the contrary.
 */
export class Reachability {
  /** Strangers cannot reach us. */
  isReadOnly = false;
  /** When a stranger asked last, monotonic ms. */
  askedAt = -Infinity;
  /** When each address was last sent to, the latest last. */
  private readonly sent = new Map<string, number>();
  private judgeAt: number;

  constructor(now: number) {
    this.judgeAt = now + PATIENCE;
  }

  sentTo(host: string, now: number): void {
    this.sent.delete(host);
    this.sent.set(host, now);
    if (this.sent.size <= MAX_SENT) return;
    const [oldest] = this.sent.keys();
    if (oldest !== undefined) this.sent.delete(oldest);
  }

  askedBy(host: string, now: number): void {
    if (now - (this.sent.get(host) ?? -Infinity) < DOOR_OPEN) return;
    this.askedAt = now;
    this.isReadOnly = false;
    this.judgeAt = now + TRY_AGAIN;
  }

  /** `known` nodes are in the table: where there are hardly any, nobody could have heard of us. */
  tick(known: number, now: number): void {
    if (now < this.judgeAt) return;
    if (known < 8) {
      this.judgeAt = now + PATIENCE;
      return;
    }
    this.isReadOnly = !this.isReadOnly;
    this.judgeAt = now + (this.isReadOnly ? TRY_AGAIN : PATIENCE);
  }
}
