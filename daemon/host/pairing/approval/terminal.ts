/**
 * Asks in the terminal that runs `starling start`. The yes is the code that the app shows, which is not said here: nothing that was typed
 * blindly, or before the question, is that, and who types it has compared the two.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Answer, Approver } from './approver.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Of so many answers that are neither yes nor no the last counts as a no. */
const ANSWERS = 3;
const PROMPT = 'Type the code to allow it, or no: ';

/** `terminal` gives null where nobody could answer there. */
export function terminalApprover(terminal: () => Terminal | null): Approver {
  return async ({ origin, code }, signal) => {
    const on = terminal();
    if (on === null) return 'unasked';
    // Not as a terminal of its own: keys that interrupt the host go on doing so.
    const lines = createInterface({ input: on.input, output: on.output, terminal: false });
    const over = (): void => lines.close();
    signal.addEventListener('abort', over, { once: true });
    if (signal.aborted) over();
    try {
      on.output.write(`\n${origin} asks to use Starling on this computer, and shows a code of six digits.\n${PROMPT}`);
      let asked = 0;
      for await (const typed of lines) {
        const answer = answerOf(typed, code);
        if (answer !== null) return answer;
        if (++asked === ANSWERS) break;
        on.output.write(PROMPT);
      }
      if (signal.aborted) on.output.write('\nIt asks no more.\n');
      return 'refuse';
    } finally {
      signal.removeEventListener('abort', over);
      lines.close();
    }
  };
}

/** Null where it is neither yes nor no. */
function answerOf(typed: string, code: string): Answer | null {
  if (typed.replace(/\s/g, '') === code) return 'allow';
  return /^\s*no?\s*$/i.test(typed) ? 'refuse' : null;
}

/** The terminal of this process, as long as what is typed there comes here. */
export function ownTerminal(): Terminal | null {
  const { stdin, stdout } = process;
  return stdin.isTTY && stdout.isTTY && isInForeground() ? { input: stdin, output: stdout } : null;
}

/** One in the background that reads from its terminal is stopped by the system. Known of Linux alone. */
function isInForeground(): boolean {
  if (process.platform !== 'linux') return true;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
