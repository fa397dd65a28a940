/** The `starling` command. */
import type { Command } from './cli/command.ts';
import { CommandError, UsageError } from './cli/errors.ts';
import { closest } from './cli/closest.ts';
import { refusedPath, StartError } from './host/errors.ts';
import { VERSION } from './host/version.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Loaded when it is asked for, so that a short command need not wait for what another needs. */
  readonly load: () => Promise<{ readonly command: Command }>;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'start',
    summary: 'start Starling where it does not run, and open it in the browser',
    load: () => import('./cli/start.ts'),
  },
  {
    name: 'add',
    summary: 'add magnet links and torrent files',
    load: () => import('./cli/add.ts'),
  },
  {
    name: 'open',
    summary: 'open Starling in the browser, and start it without a terminal where it does not run',
    load: () => import('./cli/open.ts'),
  },
  {
    name: 'status',
    summary: 'tell whether Starling runs, and what becomes of the torrents',
    load: () => import('./cli/status.ts'),
  },
  { name: 'stop', summary: 'end the Starling that runs', load: () => import('./cli/stop.ts') },
  {
    name: 'register',
    summary: 'open magnet links and torrent files with Starling',
    load: () => import('./cli/register-command.ts'),
  },
  {
    name: 'unregister',
    summary: 'open them with what opened them before',
    load: () => import('./cli/unregister-command.ts'),
  },
  { name: 'autostart', summary: 'start Starling when you log in, or not', load: () => import('./cli/autostart.ts') },
  { name: 'rpc', summary: 'run without a browser, for a program that speaks JSON-RPC', load: () => import('./cli/rpc.ts') },
  { name: 'pairs', summary: 'list the apps that are paired, and take that back', load: () => import('./cli/pairs.ts') },
  { name: 'create', summary: 'make a torrent of a file or a folder', load: () => import('./cli/create.ts') },
  { name: 'inspect', summary: 'tell what a torrent or a magnet link is', load: () => import('./cli/inspect.ts') },
];

const EXIT = { OK: 0, FAILED: 1, USAGE: 2 } as const;
const HELP_OPTIONS: readonly string[] = ['--help', '-h'];
/** Runs the command line; resolves to the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}. See starling help${error.command === null ? '' : ` ${error.command}`}.`);
      return EXIT.USAGE;
    }
    const told = sentence(error);
    if (told === null) throw error;
    console.error(told);
    return EXIT.FAILED;
  }
}

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || HELP_OPTIONS.includes(name)) return say(overview());
  if (name === '--version' || name === '-v') return say(VERSION);
  if (name === 'help') return say(args[0] === undefined ? overview() : (await load(args[0])).help);
  const command = await load(name);
  const end = args.indexOf('--');
  if (args.slice(0, end < 0 ? undefined : end).some(arg => HELP_OPTIONS.includes(arg))) return say(command.help);
  try {
    return await command.run(args, { folder: import.meta.dirname });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, name) : error;
  }
}

function say(text: string): number {
  console.log(text.trimEnd());
  return EXIT.OK;
}

async function load(name: string): Promise<Command> {
  const entry = COMMANDS.find(each => each.name === name);
  if (entry !== undefined) return (await entry.load()).command;
  const names = COMMANDS.map(each => each.name);
  const meant = closest(name, names);
  throw new UsageError(`Unknown command '${name}'${meant === null ? '' : ` (did you mean '${meant}'?)`}`);
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: starling COMMAND [options]\n\n${lines.join('\n')}\n\nstarling help COMMAND shows its options, starling --version the version.`;
}

/** What went wrong, in a line for people; null where it is a mistake of ours. */
function sentence(error: unknown): string | null {
  if (error instanceof StartError || error instanceof CommandError) return error.message;
  if (!(error instanceof Error)) return null;
  // What the engine says of torrents and links is for people.
  if (error.name === 'EngineError') return error.message;
  const why = refusedPath(error);
  return why === null ? null : `${String('path' in error && error.path)} cannot be used: ${why}.`;
}
