/** The real host and its io-daemon, started by the command that a person types, in a home of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../peers/ports.ts';
import { until } from '../peers/wait.ts';
import { commandOf, isRunning, processTree } from './processes.ts';

export const command = fileURLToPath(new URL('../../bin/starling.mjs', import.meta.url));

export interface StarlingOptions {
  readonly home: string;
  readonly downloads: string;
  readonly port?: number;
  /** Runs before the command, such as `ip netns exec NAME`. */
  readonly under?: readonly string[];
  /** Beside what the tests themselves run with. */
  readonly env?: NodeJS.ProcessEnv;
  /** What the host's configuration allows beside the public and private ranges. */
  readonly allow?: readonly string[];
}

export class Starling {
  readonly port: number;
  readonly home: string;
  readonly downloads: string;
  readonly #options: StarlingOptions;
  #child: ChildProcess | null = null;
  #output = '';

  private constructor(options: StarlingOptions, port: number) {
    this.#options = options;
    this.port = port;
    this.home = options.home;
    this.downloads = options.downloads;
  }

  static async start(options: StarlingOptions): Promise<Starling> {
    mkdirSync(options.home, { recursive: true });
    mkdirSync(options.downloads, { recursive: true });
    const config = { network: { allow: options.allow ?? ['127.0.0.0/8'], portMapping: false } };
    writeFileSync(join(options.home, 'config.json'), JSON.stringify(config));
    const starling = new Starling(options, options.port ?? (await freePort()));
    await starling.startAgain();
    return starling;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Null while it runs. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  get output(): string {
    return this.#output;
  }

  get hostPid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the host is not running');
    // Below a wrapper such as `ip netns exec`, which replaces itself, it is the same process.
    return pid;
  }

  get ioPid(): number {
    const pid = this.#io();
    if (pid === undefined) throw new Error(`no io-daemon runs below the host\n${this.#output}`);
    return pid;
  }

  /** Kills the io-daemon as soon as there is one, and waits until it is gone. */
  async killIo(): Promise<void> {
    await until('an io-daemon to run', () => this.#io() !== undefined);
    const pid = this.ioPid;
    process.kill(pid, 'SIGKILL');
    await until('the io-daemon to be gone', () => !isRunning(pid));
  }

  /** The lines of the host's own log that say this: ten a minute at most. */
  logged(message: string): { readonly msg: string; readonly [field: string]: unknown }[] {
    const lines = readFileSync(join(this.home, 'logs/host.log'), 'utf8').split('\n');
    return lines.filter(line => line.includes(`"msg":"${message}"`)).map(line => JSON.parse(line) as { msg: string });
  }

  /** Whose engines were at work, in their order: that of an app, or the host's own. */
  get leases(): ('app' | 'away')[] {
    return this.logged('the lease was given').map(({ kind }) => kind as 'app' | 'away');
  }

  #io(): number | undefined {
    return processTree(this.hostPid).find(each => each !== this.hostPid && commandOf(each).includes('io.mjs'));
  }

  /** On the same home and port, as after a reboot; `env`: with another environment. */
  async startAgain(env = this.#options.env): Promise<void> {
    const { home, downloads, under = [] } = this.#options;
    const args = [command, 'start', '--no-open', '--home', home, '--download-dir', downloads, '--port', String(this.port)];
    const [first = process.execPath, ...rest] = [...under, process.execPath, ...args];
    this.#output = '';
    const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, CI: 'true', ...env } });
    this.#child = child;
    const hear = (data: Buffer): void => void (this.#output += data.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    await until('the host to say where it is', () => {
      if (child.exitCode !== null) throw new Error(`the host ended with ${child.exitCode}:\n${this.#output}`);
      return this.#output.includes(`:${this.port}`) && this.#redirect() !== null;
    });
  }

  /** The file that takes a browser to the app, paired. */
  get redirectFile(): string {
    const file = this.#redirect();
    if (file === null) throw new Error(`no redirect file was named:\n${this.#output}`);
    return file;
  }

  /** A new link, as the host gives one to who starts it again: the file that takes one more browser to the app, paired. */
  async link(): Promise<string> {
    return (await this.local<{ file: string }>('link')).file;
  }

  /** Asks the host as another program of the same person. */
  async local<T>(what: string, body = ''): Promise<T> {
    const { secret } = JSON.parse(readFileSync(join(this.home, 'lock.json'), 'utf8')) as { secret: string };
    const headers = { 'x-starling-local': secret };
    const response = await fetch(`${this.origin}/local/${what}`, { method: 'POST', headers, body });
    return (await response.json()) as T;
  }

  /** Whose engine is at work now. */
  async atWork(): Promise<'app' | 'away' | null> {
    return (await this.local<{ atWork: 'app' | 'away' | null }>('status')).atWork;
  }

  #redirect(): string | null {
    const file = /(?:file:\/\/)?(\/\S+\.html)/.exec(this.#output)?.[1];
    return file !== undefined && existsSync(file) ? file : null;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As Ctrl-C does; gives the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGINT');
  }

  async #end(signal: 'SIGKILL' | 'SIGINT'): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
}
