/** Asks in the terminal that runs `starling start`. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type Approver, spaced } from './approver.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** `terminal` gives null where nobody could answer there. */
export function terminalApprover(terminal: () => Terminal | null): Approver {
  return async ({ origin, code }, signal) => {
    const on = terminal();
    if (on === null) return 'unasked';
    // Not as a terminal of its own: keys that interrupt the host go on doing so.
    const lines = createInterface({ input: on.input, output: on.output, terminal: false });
    const ended = new Promise<string>(resolve => lines.once('close', () => resolve('')));
    try {
      const question = `${origin} asks to use Starling on this computer, and should show the code ${spaced(code)}.\nAllow it? (y/N) `;
      const answer = await Promise.race([lines.question(question, { signal }), ended]);
      return /^y(es)?$/i.test(answer.trim()) && !signal.aborted ? 'allow' : 'refuse';
    } catch {
      on.output.write('\nIt asks no more.\n');
      return 'refuse';
    } finally {
      lines.close();
    }
  };
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
