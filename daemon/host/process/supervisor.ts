/**
 * Keeps the io-daemon running as a child process while somebody needs it. The two talk in the JSON lines of
 * wire/child.ts; the child ends when its stdin does, so it can't outlive a host that was killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as v from 'valibot';
import type { Figure, FromChild, ToChild } from '../../wire/child.ts';
import type { IoState } from '../../wire/control.ts';
import type { Log } from '../logs/log.ts';
import { type IoEvent, nextIoState, RestartPolicy } from './io-states.ts';

const START_MS = 15_000;
const TERM_AFTER_MS = 3000;
const KILL_AFTER_MS = 5000;
const MAX_LINE = 64 << 10;
/** Of each protocol; the io-daemon's own limits are far below. */
const MAX_PORTS = 64;
const MAX_FIGURES = 100;
const FIGURES_MS = 2000;
/** Bytes that the child has not read, beyond which it is taken for dead. */
const MAX_UNHEARD = 1 << 20;
const MAX_ROOTS = 1_000;

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const ports = v.pipe(v.array(port), v.maxLength(MAX_PORTS));
const figureName = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,63}$/));
const figure = v.object({
  name: figureName,
  help: v.pipe(v.string(), v.maxLength(200)),
  label: v.union([v.literal(''), figureName]),
  values: v.record(v.pipe(v.string(), v.maxLength(64)), v.number()),
});
const figures = v.pipe(v.array(figure), v.maxLength(MAX_FIGURES));
const fromChild = v.variant('type', [
  v.object({ type: v.literal('listening'), port }),
  v.object({ type: v.literal('admitted'), epoch: v.number() }),
  v.object({ type: v.literal('ports'), tcp: ports, udp: ports }),
  v.object({ type: v.literal('figures'), figures }),
  v.object({ type: v.literal('trash'), roots: v.pipe(v.array(v.string()), v.maxLength(MAX_ROOTS)) }),
  v.object({ type: v.literal('idle') }),
]) satisfies v.GenericSchema<FromChild>;

export type OpenPorts = Readonly<Record<'tcp' | 'udp', readonly number[]>>;

export interface SupervisorEvents {
  /** `state`, `port` or `gaveUp` changed. */
  changed(): void;
  /** The ticket of that epoch is the one taken now. */
  admitted(epoch: number): void;
  /** The io-daemon has these ports open, and no others. */
  ports(open: OpenPorts): void;
  /** From these roots deleted files can go to the trash. */
  trash(roots: readonly string[]): void;
  /** Something to be said aloud. */
  notice(text: string): void;
  readonly log: Log;
  /** What the child says on stderr. */
  childLog(bytes: Uint8Array): void;
}

export interface SupervisorOptions {
  /** The program and its arguments, run by this Node. */
  readonly program: readonly string[];
  /** What a child hears first, each time one is started. */
  readonly greeting: () => readonly ToChild[];
  readonly events: SupervisorEvents;
}

export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly policy = new RestartPolicy();
  private child: ChildProcess | null = null;
  private current: { state: IoState; port: number } = { state: 'STOPPED', port: 0 };
  /** Somebody needs it: whenever it is found stopped, it is started. */
  private wanted = false;
  private hasGivenUp = false;
  /** For good: nothing starts it any more. */
  private isStopped = false;
  private restart: NodeJS.Timeout | null = null;
  private deadlines: NodeJS.Timeout[] = [];
  private exitWaiters: (() => void)[] = [];
  private figureWaiters: ((figures: readonly Figure[] | null) => void)[] = [];
  private figuresLate: NodeJS.Timeout | null = null;
  private startCount = 0;

  constructor(options: SupervisorOptions) {
    this.options = options;
  }

  get state(): IoState {
    return this.current.state;
  }

  /** 0 unless RUNNING. */
  get port(): number {
    return this.current.port;
  }

  get gaveUp(): boolean {
    return this.hasGivenUp;
  }

  /** How often one was started. */
  get starts(): number {
    return this.startCount;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** Somebody needs it. One that was given up stays so until `revive`. */
  need(): void {
    if (this.isStopped || this.hasGivenUp || this.wanted) return;
    this.wanted = true;
    this.startIfStopped();
  }

  /** A person, or the engine for them, asks for it whatever happened before. */
  revive(): void {
    if (this.isStopped) return;
    this.hasGivenUp = false;
    this.policy.reset();
    this.wanted = true;
    this.startIfStopped();
  }

  /** Tells the child; false where there is none that could hear it. */
  send(message: ToChild): boolean {
    const stdin = this.child?.stdin;
    if (stdin == null || !stdin.writable) return false;
    if (stdin.writableLength > MAX_UNHEARD) {
      this.options.events.log('error', 'the io-daemon does not listen');
      this.child?.kill('SIGKILL');
      return false;
    }
    stdin.write(`${JSON.stringify(message)}\n`);
    return true;
  }

  /** What the child measures of itself; null where there is none, or it does not answer in time. */
  figures(): Promise<readonly Figure[] | null> {
    if (this.current.state !== 'RUNNING') return Promise.resolve(null);
    return new Promise(resolve => {
      this.figureWaiters.push(resolve);
      if (this.figureWaiters.length > 1) return;
      this.send({ type: 'figures' });
      this.figuresLate = setTimeout(() => this.tellFigures(null), FIGURES_MS);
    });
  }

  /** Ends the child for good: asked first, then told, then killed. */
  async stop(): Promise<void> {
    this.neverAgain();
    if (this.child === null) return;
    if (this.move('stop')) {
      this.send({ type: 'stop' });
      this.after(TERM_AFTER_MS, () => this.child?.kill('SIGTERM'));
    }
    this.after(KILL_AFTER_MS, () => this.child?.kill('SIGKILL'));
    await new Promise<void>(resolve => this.exitWaiters.push(resolve));
  }

  /** Kills it at once, for a host that must go this instant. */
  kill(): void {
    this.neverAgain();
    this.child?.kill('SIGKILL');
  }

  private neverAgain(): void {
    this.isStopped = true;
    this.wanted = false;
    this.clearRestart();
  }

  private startIfStopped(): void {
    if (this.current.state !== 'STOPPED') return;
    this.clearRestart();
    const [program, ...args] = this.options.program;
    if (program === undefined || !this.move('start')) return;
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // In a group of its own, so that a Ctrl-C in the terminal reaches the host alone, which ends the child in order.
      detached: process.platform !== 'win32',
    });
    this.child = child;
    this.startCount++;
    this.options.events.log('info', 'the io-daemon was started', { pid: child.pid ?? 0 });
    let isGone = false;
    const gone = (why: string): void => {
      if (isGone) return;
      isGone = true;
      this.exited(why);
    };
    child.once('exit', (code, signal) => gone(signal === null ? `exit code ${code ?? 0}` : signal));
    child.once('error', error => gone(error.message));
    // A child that dies while it is written to is told by its exit.
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => this.options.events.childLog(chunk));
    child.stdout.on(
      'data',
      lines(
        line => isGone || this.heard(line),
        () => child.kill('SIGKILL'),
      ),
    );
    for (const message of this.options.greeting()) this.send(message);
    this.after(START_MS, () => {
      if (this.current.state !== 'STARTING') return;
      this.options.events.log('error', 'the io-daemon does not come up', { afterMs: START_MS });
      child.kill('SIGKILL');
    });
  }

  private heard(line: string): void {
    let parsed;
    try {
      parsed = v.safeParse(fromChild, JSON.parse(line));
    } catch {
      parsed = null;
    }
    if (parsed === null || !parsed.success) {
      this.options.events.log('warn', 'the io-daemon wrote a line that is none of the contract');
      return;
    }
    const message = parsed.output;
    switch (message.type) {
      case 'listening':
        this.move('listening', message.port);
        return;
      case 'admitted':
        this.options.events.admitted(message.epoch);
        return;
      case 'ports':
        this.options.events.ports({ tcp: message.tcp, udp: message.udp });
        return;
      case 'figures':
        this.tellFigures(message.figures);
        return;
      case 'trash':
        this.options.events.trash(message.roots);
        return;
      case 'idle':
        if (nextIoState(this.current.state, 'idle') === null) return;
        // Before anyone hears of it, so that who needs it still can say so again: it is then started once it is gone.
        this.wanted = false;
        this.move('idle');
        this.after(KILL_AFTER_MS, () => this.child?.kill('SIGKILL'));
        return;
    }
  }

  private exited(why: string): void {
    const wasMeant = this.current.state === 'STOPPING';
    this.options.events.log(wasMeant ? 'info' : 'error', 'the io-daemon has ended', { why });
    this.child = null;
    this.tellFigures(null);
    this.options.events.ports({ tcp: [], udp: [] });
    for (const deadline of this.deadlines.splice(0)) clearTimeout(deadline);
    // Decided before anyone hears of the state, so that what they see is the whole truth.
    const delay = wasMeant ? 0 : this.policy.died(performance.now());
    if (this.wanted && delay === null) {
      this.wanted = false;
      this.hasGivenUp = true;
    }
    this.move('exited');
    for (const resolve of this.exitWaiters.splice(0)) resolve();
    if (this.hasGivenUp && delay === null) {
      this.options.events.log('error', 'the io-daemon is given up');
      this.options.events.notice('The io-daemon ended five times within a minute and is not started again until asked for.');
    }
    if (!this.wanted || delay === null) return;
    if (!wasMeant) this.options.events.log('info', 'the io-daemon is started again', { afterMs: delay });
    this.restart = setTimeout(() => this.startIfStopped(), delay);
  }

  private tellFigures(told: readonly Figure[] | null): void {
    if (this.figuresLate !== null) clearTimeout(this.figuresLate);
    this.figuresLate = null;
    for (const resolve of this.figureWaiters.splice(0)) resolve(told);
  }

  /** Goes where the table says; false where it says nothing. */
  private move(event: IoEvent, newPort = 0): boolean {
    const state = nextIoState(this.current.state, event);
    if (state === null) return false;
    this.current = { state, port: newPort };
    this.options.events.changed();
    return true;
  }

  private after(ms: number, act: () => void): void {
    this.deadlines.push(setTimeout(act, ms));
  }

  private clearRestart(): void {
    if (this.restart !== null) clearTimeout(this.restart);
    this.restart = null;
  }
}

/** Cuts a stream into lines; `overlong` is called where one exceeds its limit. */
function lines(line: (text: string) => unknown, overlong: () => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      line(rest.subarray(0, end).toString('utf8'));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_LINE) overlong();
  };
}
