/** The `starling` command. */
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import * as v from 'valibot';
import { EngineError } from '../sw/engine/index.ts';
import { parseOptions } from './cli/arguments.ts';
import { create } from './cli/create.ts';
import { CommandError, UsageError } from './cli/errors.ts';
import { inspect } from './cli/inspect.ts';
import { hasScreen, openInBrowser } from './host/browser.ts';
import { StartError } from './host/errors.ts';
import { LOCAL_SECRET_HEADER } from './host/http.ts';
import type { Holder } from './host/lock.ts';
import { type Host, startHost } from './host/main.ts';
import { originOf } from './host/request-guard.ts';
import { VERSION } from './host/version.ts';

const HELP = `Usage: starling start [options]
       starling create PATH -o FILE [options]
       starling inspect FILE|MAGNET [--json]

start opens Starling in the browser, and starts it where it does not run yet. create makes a torrent of a file or a
folder, inspect tells what a torrent or a magnet link is: see starling create --help and starling inspect --help.

Options of start:
  --port N            stand on this port (kept for later starts; default: 7800 or the next free one)
  --home DIR          keep settings and state here (default: ${defaultHome()})
  --download-dir DIR  put downloads here (kept for later starts; default: your downloads folder)
  --no-open           open no browser; print the file that leads one to Starling
  --verbose           log more, names of files included, and to the terminal as well
  --help              show this
  --version           show the version
`;

const EXIT = { OK: 0, FAILED: 1, USAGE: 2 } as const;
/** Why the system refuses a file. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'you may not read or write there',
  EPERM: 'you may not read or write there',
  EISDIR: 'it is a folder',
  ELOOP: 'it became a symbolic link',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
};
/** For a start that comes while another one is on its way up or down. */
const RUNNING_WAIT_MS = 15_000;

interface StartOptions {
  readonly home: string;
  readonly port: number | null;
  readonly downloadDir: string | null;
  readonly mayOpen: boolean;
  readonly verbose: boolean;
}

function defaultHome(): string {
  return envPaths('starling', { suffix: '' }).data;
}

function parse(args: readonly string[]): StartOptions | 'help' | 'version' {
  const { values, positionals } = parseOptions(args, {
    port: { type: 'string' },
    home: { type: 'string' },
    'download-dir': { type: 'string' },
    'no-open': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
    version: { type: 'boolean', short: 'v', default: false },
  });
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, ...more] = positionals;
  if (command === undefined) return 'help';
  if (command !== 'start') throw new UsageError(`Unknown command '${command}'`);
  if (more.length > 0) throw new UsageError(`Unexpected argument '${more[0]}'`);
  if (values.port !== undefined && (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535)) {
    throw new UsageError(`Not a port: '${values.port}'`);
  }
  return {
    home: resolve(values.home ?? defaultHome()),
    port: values.port === undefined ? null : Number(values.port),
    downloadDir: values['download-dir'] ?? null,
    mayOpen: !values['no-open'],
    verbose: values.verbose,
  };
}

/** Runs the command line; resolves to the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const [command, ...rest] = args;
    if (command === 'create' || command === 'inspect') {
      await (command === 'create' ? create(rest) : inspect(rest));
      return EXIT.OK;
    }
    const options = parse(args);
    if (options === 'help') console.log(HELP.trimEnd());
    else if (options === 'version') console.log(VERSION);
    else await start(options);
    return EXIT.OK;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}. See starling --help.`);
      return EXIT.USAGE;
    }
    const told = sentence(error);
    if (told === null) throw error;
    console.error(told);
    return EXIT.FAILED;
  }
}

/** What went wrong, in a line for people; null where it is a mistake of ours. */
function sentence(error: unknown): string | null {
  if (error instanceof StartError || error instanceof CommandError || error instanceof EngineError) return error.message;
  if (!(error instanceof Error) || !('syscall' in error && 'path' in error)) return null;
  const why = 'code' in error ? REASONS[String(error.code)] : undefined;
  return `${String(error.path)} cannot be used: ${why ?? error.message}.`;
}

async function start(options: StartOptions): Promise<void> {
  const deadline = performance.now() + RUNNING_WAIT_MS;
  for (;;) {
    // Programs stand beside this file in dist/daemon.
    const started = await startHost({
      ...options,
      webFolder: join(import.meta.dirname, '../web'),
      ioProgram: [join(import.meta.dirname, 'io.mjs')],
      say: text => console.error(text),
    });
    if (!('running' in started)) return serve(started, options.mayOpen);
    // One that is on its way up or down answers soon, or is gone.
    const file = await askRunning(started.running);
    if (file !== null) {
      console.log(`Starling runs already at ${originOf(started.running.port)}/`);
      return lead(file, options.mayOpen);
    }
    if (performance.now() > deadline) {
      throw new StartError(
        `The Starling that runs with the home folder ${options.home} (process ${started.running.pid}) does not answer. ` +
          'End it and start again.',
      );
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

/** Runs until it is told to end. */
async function serve(host: Host, mayOpen: boolean): Promise<void> {
  // Heard from the first moment on: what is started is ended in order.
  const stopped = untilAsked(host);
  console.log(`Starling is at ${host.origin}/`);
  if (host.movedFrom !== null) {
    console.log(`Port ${host.movedFrom} was taken, so it stands on ${host.port} and stays there from now on.`);
  }
  console.log(`Downloads go to ${host.downloadDir}`);
  await lead(await host.newLink(), mayOpen);
  console.log('Press Ctrl-C to stop.');
  await stopped;
}

/** Opens the redirect file, and says where it is: not every browser is allowed to read it unasked. */
async function lead(file: string, mayOpen: boolean): Promise<void> {
  const isOpening = mayOpen && hasScreen(process.env) && (await openInBrowser(file));
  if (isOpening) console.log('It opens in your browser.');
  console.log(`${isOpening ? 'If it does not, open' : 'Open'} this file in your browser within two minutes: ${file}`);
}

/** Resolves once the host has ended, as the app or Ctrl-C asked for; the second Ctrl-C or its like ends it the hard way. */
function untilAsked(host: Host): Promise<void> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) return;
      isStopping = true;
      console.log('Stopping.');
      host.stop().then(resolve, reject);
    };
    let isInterrupted = false;
    const interrupt = (): void => {
      // The first may come when the app has asked for the end just before.
      if (isInterrupted) {
        host.kill();
        process.exit(EXIT.FAILED);
      }
      isInterrupted = true;
      stop();
    };
    void host.asked.then(stop);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  });
}

/** Asks the host that runs on this home for a new pairing link: the name of its file, or null where it doesn't answer. */
async function askRunning({ port, secret }: Holder): Promise<string | null> {
  if (port === 0) return null;
  try {
    const response = await fetch(`${originOf(port)}/local/link`, {
      method: 'POST',
      headers: { [LOCAL_SECRET_HEADER]: secret },
      signal: AbortSignal.timeout(5000),
    });
    return v.parse(v.object({ file: v.string() }), await response.json()).file;
  } catch {
    return null;
  }
}
