/** The lock file of a home: who holds it, where, and with which secret programs of the same person talk to it. Loads little. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../store/durable.ts';
import { isRunning } from './process-info.ts';

/** `port` is 0 until the host listens. `secret` opens the host's local door. `isHeadless`: it has no app that a browser could open. */
export interface Holder {
  readonly pid: number;
  readonly startTime: string;
  readonly port: number;
  readonly secret: string;
  readonly isHeadless: boolean;
}

/** Why no app can be opened on that home. */
export function headless({ pid }: Holder): string {
  return `This home folder is held by starling rpc (process ${pid}), which has no app. End that first, or give another folder with --home.`;
}

export function lockPath(home: string): string {
  return join(home, 'lock.json');
}

/** Who holds the lock; null where nobody does, or a file that nobody can have meant. */
export async function readHolder(path: string): Promise<Holder | null> {
  try {
    return parsed(await readFile(path, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EISDIR')) return null;
    throw error;
  }
}

/** Whether there is a lock, and nobody who holds it: of one that is not there the next may come into being at any moment. */
export async function isStale(home: string): Promise<boolean> {
  const path = lockPath(home);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    if (hasCode(error, 'EISDIR')) return '';
    throw error;
  });
  if (text === null) return false;
  return !(await isAlive(parsed(text)));
}

/** The host that runs on this home, or null. */
export async function runningHost(home: string): Promise<Holder | null> {
  const holder = await readHolder(lockPath(home));
  return (await isAlive(holder)) ? holder : null;
}

async function isAlive(holder: Holder | null): Promise<boolean> {
  return holder !== null && (await isRunning(holder.pid, holder.startTime));
}

function parsed(text: string): Holder | null {
  try {
    return holderOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function holderOf(value: unknown): Holder | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startTime, port, secret, isHeadless } = value as Partial<Record<keyof Holder, unknown>>;
  if (typeof startTime !== 'string' || typeof secret !== 'string') return null;
  // Of a group of processes, or of all, it would be said that it runs.
  if (!isCount(pid, 2 ** 31 - 1) || pid === 0 || !isCount(port, 65_535)) return null;
  return { pid, startTime, port, secret, isHeadless: isHeadless === true };
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}
