/** `starling start`: runs the host, or finds the one that runs, and leads a browser to it. */
import { join } from 'node:path';
import { dialogApprover } from '../host/pairing/approval/dialog.ts';
import { ownTerminal, terminalApprover } from '../host/pairing/approval/terminal.ts';
import { StartError } from '../host/errors.ts';
import { headless } from '../host/process/lock-file.ts';
import { type Host, startHost } from '../host/main.ts';
import { originOf } from '../host/http/request-guard.ts';
import { hasScreen } from '../host/screen/screen.ts';
import { defaultHome, homeOf } from '../link/home.ts';
import { newLinkOf } from '../link/new-link.ts';
import { parseOptions } from './arguments.ts';
import type { Command, Programs } from './command.ts';
import { UsageError } from './errors.ts';
import { lead } from './reach.ts';

export const command: Command = {
  help: `Usage: starling start [options]

Starts Starling where it does not run yet, and opens it in the browser.

Options:
  --port N            stand on this port (kept for later starts; default: 7800 or the next free one)
  --home DIR          keep settings and state here (default: ${defaultHome()})
  --download-dir DIR  put downloads here (kept for later starts; default: your downloads folder)
  --no-open           open no browser now; print the file that leads one to Starling
  --verbose           log more, names of files included, and to the terminal as well
`,
  async run(args, programs) {
    await start(parse(args), programs);
    return 0;
  },
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

function parse(args: readonly string[]): StartOptions {
  const { values, positionals } = parseOptions(args, {
    port: { type: 'string' },
    home: { type: 'string' },
    'download-dir': { type: 'string' },
    'no-open': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  });
  if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`);
  if (values.port !== undefined && (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535)) {
    throw new UsageError(`Not a port: '${values.port}'`);
  }
  return {
    home: homeOf(values.home),
    port: values.port === undefined ? null : Number(values.port),
    downloadDir: values['download-dir'] ?? null,
    mayOpen: !values['no-open'],
    verbose: values.verbose,
  };
}

async function start(options: StartOptions, programs: Programs): Promise<void> {
  const say = (text: string): void => console.error(text);
  const deadline = performance.now() + RUNNING_WAIT_MS;
  for (;;) {
    const started = await startHost({
      ...options,
      webFolder: join(programs.folder, '../web'),
      ioProgram: [join(programs.folder, 'io.mjs')],
      awayProgram: join(programs.folder, 'away.mjs'),
      say,
      approvers: page => [
        dialogApprover({ env: process.env, platform: process.platform }),
        page.opened,
        terminalApprover(ownTerminal),
        page.named(say, process.stderr.isTTY),
      ],
    });
    if (!('running' in started)) return serve(started, options.mayOpen);
    if (started.running.isHeadless) throw new StartError(headless(started.running));
    // One that is on its way up or down answers soon, or is gone.
    const file = await newLinkOf(started.running, options.mayOpen && hasScreen(process.env));
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
  console.log(`Downloads go to ${host.downloadDir}${host.downloadProblem && ` once it can be used. ${host.downloadProblem}`}`);
  await lead(await host.newLink(mayOpen && hasScreen(process.env)), mayOpen);
  console.log('Press Ctrl-C to stop.');
  await stopped;
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
        process.exit(1);
      }
      isInterrupted = true;
      stop();
    };
    void host.asked.then(stop);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  });
}
