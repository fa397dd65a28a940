/** The host of a home: the one that runs, else one that is started and goes on by itself. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../host/store/durable.ts';
import { headless, type Holder, runningHost } from '../host/process/lock-file.ts';

/** A first start after an update builds what it needs. */
const START_MS = 60_000;
/** For one that is on its way up already. */
const LISTEN_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** No host could be had; the message says why, for people. */
export class NoHost extends Error {}

/** The program that a person starts, given the folder of the built ones: the same in a clone and in a package. */
export function programBeside(folder: string): string {
  return join(folder, '../../bin/starling.mjs');
}

/** `folder`: of the built programs. @throws {NoHost} */
export async function hostOf(home: string, folder: string): Promise<Holder> {
  const running = await listeningHost(home);
  if (running?.isHeadless === true) throw new NoHost(headless(running));
  if (running !== null) return running;
  const log = join(home, 'logs/start.log');
  mkdirSync(join(home, 'logs'), { recursive: true, mode: PRIVATE_FOLDER });
  const output = openSync(log, 'w', PRIVATE_FILE);
  const child = spawn(process.execPath, [programBeside(folder), 'start', '--no-open', '--home', home], {
    // Not the one of whatever was opened.
    cwd: home,
    detached: true,
    stdio: ['ignore', output, output],
    windowsHide: true,
  });
  closeSync(output);
  let ended = false;
  child.once('error', () => (ended = true));
  child.once('exit', () => (ended = true));
  const started = await listening(home, () => ended, START_MS);
  child.unref();
  if (started !== null) return started;
  throw new NoHost(`Starling could not be started. ${ended ? lastLine(log) : 'It takes too long.'} See ${log}.`);
}

/** The host that runs on this home, once it listens; null where none does. @throws {NoHost} where it never listens */
export function listeningHost(home: string): Promise<Holder | null> {
  return listening(home, null, LISTEN_MS);
}

/**
 * The host of this home once it listens. Without `isOver` null as soon as none is there; with it none is waited for, until it
 * is over. @throws {NoHost} where one is there that never listens
 */
async function listening(home: string, isOver: (() => boolean) | null, withinMs: number): Promise<Holder | null> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const over = isOver === null || isOver();
    const host = await runningHost(home);
    if (host !== null && host.port !== 0) return host;
    if (host === null && over) return null;
    if (performance.now() > deadline) {
      if (host === null) return null;
      throw new NoHost(`The Starling that runs (process ${host.pid}) does not answer. End it and try again.`);
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';
}
