/** Asks a person at this computer whether an app may be paired, in the first way that there is. */

export interface Question {
  /** As the browser vouches for it: of plain characters, see origins.ts. */
  readonly origin: string;
  /** Six digits, which the page shows as well. */
  readonly code: string;
}

/** `unasked`: nobody could be asked in this way. Whatever is no clear yes is a no. */
export type Answer = 'allow' | 'refuse' | 'unasked';

/** Asks in one way, until the signal says that it matters no more. */
export type Approver = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** The first of these ways in which somebody can be asked. */
export function firstOf(ways: readonly Approver[]): Approver {
  return async (question, signal) => {
    for (const ask of ways) {
      const answer = signal.aborted ? 'refuse' : await ask(question, signal);
      if (answer !== 'unasked') return answer;
    }
    return 'unasked';
  };
}

/** `123 456`, as it is easier to compare. */
export function spaced(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}
