import { readU32 } from '../model/bytes.ts';

/** Ms until a question counts as slow, so that a lookup goes on without it, and until it is given up. */
const SLOW_AFTER = 2000;
const GIVE_UP_AFTER = 5000;
/** Questions without an answer; past it none is asked. */
const MAX_OPEN = 256;

export interface Question<Answer> {
  /** An IP literal. */
  readonly host: string;
  readonly port: number;
  answered(answer: Answer): void;
  slow(): void;
  failed(): void;
}

interface Open<Answer> {
  readonly question: Question<Answer>;
  readonly since: number;
  isSlow: boolean;
}

/** The questions that we asked, by the mark that their answers carry. Kept in the order in which they were asked. */
export class Transactions<Answer> {
  private readonly open = new Map<number, Open<Answer>>();

  constructor(private readonly random: (count: number) => Uint8Array) {}

  get isFull(): boolean {
    return this.open.size >= MAX_OPEN;
  }

  /** The mark to send with it, 4 bytes that nobody can guess who did not see them. */
  begin(question: Question<Answer>, now: number): Uint8Array {
    let tx = this.random(4);
    while (this.open.has(readU32(tx, 0))) tx = this.random(4);
    this.open.set(readU32(tx, 0), { question, since: now, isSlow: false });
    return tx;
  }

  /** Ends the question that an answer from there is for: null where there is none, or where someone else was asked. */
  take(tx: Uint8Array, host: string, port: number): Question<Answer> | null {
    const open = tx.length === 4 ? this.open.get(readU32(tx, 0)) : undefined;
    if (!open) return null;
    const { question } = open;
    if (question.port !== port || question.host !== host) return null;
    this.open.delete(readU32(tx, 0));
    return question;
  }

  tick(now: number): void {
    for (const [key, open] of this.open) {
      if (now - open.since < SLOW_AFTER) return;
      if (now - open.since >= GIVE_UP_AFTER) {
        this.open.delete(key);
        open.question.failed();
      } else if (!open.isSlow) {
        open.isSlow = true;
        open.question.slow();
      }
    }
  }
}
