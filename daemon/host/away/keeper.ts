/**
 * The engine that goes on while no browser runs one, as a thread. It can be killed at any moment: what it had not recorded is
 * verified by the next engine. Nothing that goes wrong in it ends the host.
 */
import { Worker } from 'node:worker_threads';
import type { News } from '../../../sw/view-model.ts';
import type { Log } from '../logs/log.ts';
import { RECALL } from '../control/lease.ts';
import type { AwayEngine } from '../control/lease-keeper.ts';
import { END, type FromThread, type ThreadData } from './messages.ts';

/** Of the thread's own heap, in MiB. */
const HEAP_MIB = 512;
/** Crashes in a row of which one is said aloud; who starts it waits longer after each. */
const CRASHES_SAID = 5;

export interface KeeperOptions {
  /** The program of the thread. */
  readonly program: string;
  /** What a thread is given, with this token. */
  readonly data: (token: string) => ThreadData;
  /** Something became of a torrent, and nobody looks. */
  readonly happened: (news: News) => void;
  /** Something to be said aloud. */
  readonly notice: (text: string) => void;
  readonly log: Log;
}

export class AwayKeeper implements AwayEngine {
  private readonly options: KeeperOptions;
  private readonly heapMib: number;
  private thread: Worker | null = null;
  private crashes = 0;
  hasWork = true;

  constructor(options: KeeperOptions, heapMib: number = HEAP_MIB) {
    this.options = options;
    this.heapMib = heapMib;
  }

  start(token: string, ended: () => void): void {
    const { program, data, log } = this.options;
    const thread = new Worker(program, { workerData: data(token), resourceLimits: { maxOldGenerationSizeMb: this.heapMib } });
    this.thread = thread;
    this.hasWork = true;
    let hasCrashed = true;
    log('info', 'the away engine was started');
    thread.on('message', (message: FromThread) => {
      switch (message.type) {
        case 'log':
          log(message.level, `away: ${message.text}`);
          break;
        case 'happened':
          this.options.happened(message.news);
          break;
        case 'work':
          if (this.thread === thread) this.hasWork = message.has;
          break;
        case 'ended':
          hasCrashed = false;
          break;
        default:
          message satisfies never;
      }
    });
    thread.on('error', error => log('error', 'the away engine has crashed', { why: error.stack ?? error.message }));
    thread.on('exit', () => {
      // One that was killed was let go of before.
      if (this.thread === thread) this.over(hasCrashed);
      ended();
    });
  }

  kill(hasYielded: boolean): void {
    const { thread } = this;
    if (hasYielded) this.crashes = 0;
    this.thread = null;
    void thread?.terminate();
  }

  /** Has it record what it has, and waits until it has ended, or has taken too long: for a host that stops. */
  async finish(): Promise<void> {
    const { thread } = this;
    if (thread === null) return;
    const gone = new Promise<void>(resolve => thread.once('exit', () => resolve()));
    thread.postMessage(END);
    const timer = setTimeout(() => this.kill(false), RECALL);
    await gone;
    clearTimeout(timer);
  }

  private over(hasCrashed: boolean): void {
    this.thread = null;
    this.crashes = hasCrashed ? this.crashes + 1 : 0;
    if (this.crashes !== CRASHES_SAID) return;
    this.options.log('error', 'the away engine crashes each time');
    this.options.notice('What goes on while the app is closed has crashed five times. Open the app to go on.');
  }
}
