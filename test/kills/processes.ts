/** The programs of kills.ts, and ends for them. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../daemon/bundle.ts';

export function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** The one child of that process; 0 where it has none just now. */
export function childOf(parent: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrNull(`/proc/${name}/stat`)?.toString() ?? '';
    if (stat.split(') ')[1]?.split(' ')[1] === String(parent)) return Number(name);
  }
  return 0;
}

export async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The three programs, in a folder of their own. */
export function bundlePrograms(): Promise<string> {
  const [host, engine] = ['host-process.ts', 'engine-process.ts'].map(name => join(import.meta.dirname, name)) as [
    string,
    string,
  ];
  return bundle('kills', { host, engine });
}
