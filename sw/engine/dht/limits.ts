/** Ms; what one host may send in `WINDOW`, and how long nothing of it is read once it sent more. */
const WINDOW = 10_000;
const MAX_MESSAGES = 50;
const BLOCKED_FOR = 5 * 60_000;
/** Hosts that are counted; the one that came first is forgotten for a new one. */
const MAX_HOSTS = 2000;

/** Counts the messages of each host, and shuts out who sends too many. */
export class SourceLimit {
  private readonly hosts = new Map<string, { since: number; count: number; blockedUntil: number }>();

  /** False where this message is to be thrown away unread. */
  admits(host: string, now: number): boolean {
    let entry = this.hosts.get(host);
    if (!entry) {
      entry = { since: now, count: 0, blockedUntil: 0 };
      if (this.hosts.size >= MAX_HOSTS) this.forgetOldest();
      this.hosts.set(host, entry);
    }
    if (now < entry.blockedUntil) return false;
    if (now - entry.since > WINDOW) {
      entry.since = now;
      entry.count = 0;
    }
    entry.count += 1;
    if (entry.count > MAX_MESSAGES) entry.blockedUntil = now + BLOCKED_FOR;
    return entry.count <= MAX_MESSAGES;
  }

  private forgetOldest(): void {
    const [oldest] = this.hosts.keys();
    if (oldest !== undefined) this.hosts.delete(oldest);
  }
}

/** Bytes a second for answers; as many may go at once after a quiet second. */
const ANSWER_RATE = 8000;

/** What answers may cost: whoever asks under somebody else's address gains no more than this by it. */
export class AnswerBudget {
  private left = ANSWER_RATE;
  private filledAt = 0;

  /** Whether that many bytes may go now; they are counted if so. */
  spend(bytes: number, now: number): boolean {
    const refill = (Math.max(0, now - this.filledAt) * ANSWER_RATE) / 1000;
    this.left = Math.min(ANSWER_RATE, this.left + refill);
    this.filledAt = now;
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }
}
