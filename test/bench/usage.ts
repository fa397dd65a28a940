/** What processes cost, as the kernel counts it, and pages, as their browser does. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Page } from '../e2e/browser.ts';
import { processTree } from '../e2e/processes.ts';
import { sleep } from '../peers/wait.ts';

/** Clock ticks a second of /proc, 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds of these processes so far, with those of their children that have ended. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      for (const field of fields.slice(11, 15)) ticks += Number(field);
    } catch {
      // It ended; its parent counts it from now on.
    }
  }
  return ticks / TICKS;
}

export const treeCpuSeconds = (pid: number): number => cpuSeconds(processTree(pid));

/** The most that a process ever had resident, in bytes. */
export function peakResident(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

/** What a process has resident, in bytes. */
export function resident(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

function statusBytes(pid: number, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

/**
 * What crossed the sockets that others have open to a server on `port`, both ways, by the kernel's own count: bytes, and
 * segments that carried any. `under` is where it runs, such as `ip netns exec NAME`.
 */
export function trafficThrough(port: number, under: readonly string[] = []): { bytes: number; segments: number } {
  const [command = 'ss', ...rest] = [...under, 'ss', '-tinOH', 'state', 'established', 'sport', '=', `:${port}`];
  const lines = execFileSync(command, rest, { encoding: 'utf8' });
  const sum = (pattern: RegExp): number => [...lines.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
  return { bytes: sum(/ bytes_(?:sent|received):(\d+)/g), segments: sum(/ data_segs_(?:out|in):(\d+)/g) };
}

/** The TCP port that this process listens on at 127.0.0.1. */
export function loopbackPortOf(pid: number, under: readonly string[] = []): number {
  return listeningOf(pid, /127\.0\.0\.1:(\d+)\s/, under);
}

/** The TCP port that this process listens on at all addresses. */
export function openPortOf(pid: number, under: readonly string[] = []): number {
  return listeningOf(pid, /(?:\*|0\.0\.0\.0):(\d+)\s/, under);
}

function listeningOf(pid: number, where: RegExp, under: readonly string[]): number {
  const [command = 'ss', ...rest] = [...under, 'ss', '-tlnpH'];
  for (const line of execFileSync(command, rest, { encoding: 'utf8' }).split('\n')) {
    const port = where.exec(line)?.[1];
    if (port !== undefined && line.includes(`pid=${pid},`)) return Number(port);
  }
  throw new Error(`process ${pid} does not listen as ${where.source}`);
}

/** The most that the heap of a page takes while it is watched: its objects, those of the browser behind them, and buffers. */
export class HeapWatch {
  #most = 0;
  #isOver = false;
  readonly #watching: Promise<void>;

  constructor(page: Page) {
    this.#watching = this.#watch(page);
  }

  /** In bytes. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#watching;
    return this.#most;
  }

  async #watch(page: Page): Promise<void> {
    while (!this.#isOver) {
      const used =
        await page.send<Record<'usedSize' | 'embedderHeapUsedSize' | 'backingStorageSize', number>>('Runtime.getHeapUsage');
      this.#most = Math.max(this.#most, used.usedSize + used.embedderHeapUsedSize + used.backingStorageSize);
      await sleep(50);
    }
  }
}
