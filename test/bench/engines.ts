/** The engine where it decides: in the worker of a headless browser, or with the same adapters in a process of Node. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { App } from '../e2e/app.ts';
import { Browser } from '../e2e/browser.ts';
import type { Starling } from '../e2e/starling.ts';
import { cpuSeconds, treeCpuSeconds } from './usage.ts';

/** One that has taken in a magnet link and knows its files. */
export interface Engine {
  readonly name: string;
  cpuSeconds(): number;
  /** Gives when it was started, as of performance.now(). */
  startDownload(): Promise<number>;
  /** Bytes of its heap. */
  heap(): Promise<{ readonly usedSize: number; readonly totalSize: number }>;
  /** Waits until it says that it has the torrent of this name. */
  complete(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startBrowser(starling: Starling, magnet: string, under: readonly string[]): Promise<Engine> {
  const browser = await Browser.start({ under });
  try {
    const app = await App.open(browser, starling);
    await app.page.paste(magnet);
    await app.page.find({ role: 'checkbox' }, 30_000);
    return {
      name: 'browser',
      cpuSeconds: () => treeCpuSeconds(browser.pid),
      startDownload: () => app.start(),
      heap: () => workerHeap(browser),
      complete: name => app.complete(name),
      stop: () => browser.stop(),
    };
  } catch (error) {
    await browser.stop();
    throw error;
  }
}

/** Attaches to the worker, which nothing else here does, because only its own isolate can tell. */
async function workerHeap(browser: Browser): Promise<{ usedSize: number; totalSize: number }> {
  const { targetInfos } = await browser.cdp.send<{ targetInfos: { type: string; targetId: string }[] }>('Target.getTargets');
  const worker = targetInfos.find(({ type }) => type === 'service_worker');
  if (worker === undefined) throw new Error('no service worker is running');
  const { targetId } = worker;
  const { sessionId } = await browser.cdp.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  return browser.cdp.send('Runtime.getHeapUsage', {}, sessionId);
}

/** What {@link HeadlessProcess} is told, a line of JSON each. */
export type HeadlessLine =
  { readonly event: 'ready' | 'complete' } | { readonly event: 'heap'; readonly usedSize: number; readonly totalSize: number };

export async function startHeadless(starling: Starling, magnet: string, under: readonly string[]): Promise<Engine> {
  const headless = new HeadlessProcess(await headlessProgram(), starling, magnet, under);
  try {
    await headless.heard('ready');
    return {
      name: 'engine',
      cpuSeconds: () => cpuSeconds([headless.pid]),
      startDownload: () => Promise.resolve(headless.tell('start')),
      heap: () => {
        headless.tell('heap');
        return headless.heard('heap');
      },
      complete: async () => void (await headless.heard('complete')),
      stop: () => headless.stop(),
    };
  } catch (error) {
    await headless.stop();
    throw error;
  }
}

class HeadlessProcess {
  readonly #child: ChildProcess;
  readonly #lines = new Map<HeadlessLine['event'], HeadlessLine>();
  #look = (): void => undefined;

  constructor(program: string, starling: Starling, magnet: string, under: readonly string[]) {
    const args = [program, String(starling.port), starling.redirectFile, magnet];
    const [command = '', ...rest] = [...under, process.execPath, ...args];
    this.#child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('exit', () => {
      rmSync(join(program, '..'), { recursive: true, force: true });
      this.#look();
    });
    createInterface({ input: this.#child.stdout! }).on('line', text => {
      const line = JSON.parse(text) as HeadlessLine;
      this.#lines.set(line.event, line);
      this.#look();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Gives when, as of performance.now(). */
  tell(command: 'start' | 'heap'): number {
    const now = performance.now();
    this.#child.stdin?.write(`${command}\n`);
    return now;
  }

  async heard<E extends HeadlessLine['event']>(event: E): Promise<HeadlessLine & { readonly event: E }> {
    for (;;) {
      const line = this.#lines.get(event);
      if (line !== undefined) return line as HeadlessLine & { readonly event: E };
      if (this.#child.exitCode !== null) throw new Error(`the engine ended before it said ${event}`);
      await new Promise<void>(resolve => (this.#look = resolve));
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise(resolve => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await ended;
  }
}

/** A folder of its own below this project, where its packages are found. */
async function headlessProgram(): Promise<string> {
  const top = join(import.meta.dirname, '../..');
  mkdirSync(join(top, '.cache'), { recursive: true });
  const outDir = mkdtempSync(join(top, '.cache/bench-'));
  await build({
    configFile: false,
    root: top,
    publicDir: false,
    logLevel: 'error',
    define: { __VERSION__: '"bench"' },
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      rolldownOptions: {
        input: { headless: join(import.meta.dirname, 'headless.ts') },
        output: { entryFileNames: '[name].mjs' },
      },
    },
  });
  return join(outDir, 'headless.mjs');
}
