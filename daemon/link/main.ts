/**
 * What the system starts for a magnet link or a .torrent file that somebody opens: hands it to the host that runs, else starts
 * one, and ends. Without anything to open it opens the app.
 *
 * link.mjs [--home DIR] -- [LINK|FILE...]
 *
 * What follows `--` comes from any web page. Nothing there is taken for an option.
 */
import type { Holder } from '../host/process/lock-file.ts';
import { hasScreen } from '../host/screen/screen.ts';
import { NoAnswer } from './ask.ts';
import { showProblem } from './dialog.ts';
import { NotGiven, readGiven } from './given.ts';
import { handOver } from './hand-over.ts';
import { homeOf } from './home.ts';
import { hostOf, NoHost } from './launch.ts';
import { newLinkOf } from './new-link.ts';

/** More at once than anybody means to open. */
const MAX_GIVEN = 64;

interface Arguments {
  readonly home: string;
  readonly given: readonly string[];
}

/** Options stand before the first `--`, in one exact form; else everything is something to open. */
function readArguments(args: readonly string[]): Arguments {
  const [first, home] = args;
  if (first === '--home' && home !== undefined && args[2] === '--') return { home: homeOf(home), given: args.slice(3) };
  return { home: homeOf(undefined), given: first === '--' ? args.slice(1) : args };
}

/** `from`: the folder that paths begin in. */
async function openAll({ home, given }: Arguments, from: string): Promise<string[]> {
  const problems: string[] = [];
  let host: Holder | null = null;
  let toOpen: string | null = null;
  for (const argument of given.slice(0, MAX_GIVEN)) {
    try {
      const read = await readGiven(argument, from);
      host ??= await hostOf(home, import.meta.dirname);
      const { state, sentence, open } = await handOver(host, read, { start: false, hasScreen: hasScreen(process.env) });
      if (state === 'refused') problems.push(sentence);
      toOpen ??= open;
    } catch (error) {
      problems.push(problemOf(error));
      if (error instanceof NoHost || error instanceof NoAnswer) break;
    }
  }
  if (given.length > MAX_GIVEN) problems.push(`Only the first ${MAX_GIVEN} of ${given.length} were opened.`);
  if (given.length === 0) toOpen = await newLink(home);
  if (toOpen !== null) await open(toOpen);
  return problems;
}

async function newLink(home: string): Promise<string> {
  const link = await newLinkOf(await hostOf(home, import.meta.dirname), hasScreen(process.env));
  if (link === null) throw new NoAnswer('it gives no link to the app');
  return link;
}

async function open(place: string): Promise<void> {
  const { openInBrowser } = await import('../host/screen/browser.ts');
  if (!hasScreen(process.env) || !(await openInBrowser(place))) {
    console.error(`Open this in your browser, within two minutes: ${place}`);
  }
}

function problemOf(error: unknown): string {
  if (error instanceof NotGiven || error instanceof NoHost) return error.message;
  if (error instanceof NoAnswer) {
    return `The Starling that runs does not answer (${error.message}). End it, then open the link again.`;
  }
  return `Something went wrong: ${error instanceof Error ? error.message : String(error)}`;
}

const read = readArguments(process.argv.slice(2));
// A file is opened in its own folder. That is not to be kept busy, and no program is to be found there.
const from = process.cwd();
process.chdir(import.meta.dirname);
const problems = await openAll(read, from).catch((error: unknown) => [problemOf(error)]);
if (problems.length > 0) {
  const text = problems.join('\n');
  console.error(text);
  if (hasScreen(process.env)) await showProblem(text);
  process.exitCode = 1;
}
