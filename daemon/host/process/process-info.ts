/** What can be found out about other processes, to tell a live one from a stale record, and to name who holds a port. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const COMMAND_MS = 2000;

/** When a process began, in the system's own words; empty where it is gone or the system doesn't tell. */
export async function startTimeOf(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // Field 22; the command, in parentheses, may hold spaces and parentheses itself.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    }
    if (process.platform === 'win32') return '';
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: COMMAND_MS });
    return stdout.trim();
  } catch {
    return '';
  }
}

/** Whether the process that a record names still runs, and isn't a later one with the same number. */
export async function isRunning(pid: number, startTime: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return startTime === '' || (await startTimeOf(pid)) === startTime;
}

/** Who listens on a TCP port of this machine, as `"name" (process 123)`; empty where that can't be found out. */
export async function listenerOn(port: number): Promise<string> {
  return (await listenerInProc(port)) || (await listenerByLsof(port));
}

async function listenerInProc(port: number): Promise<string> {
  if (process.platform !== 'linux') return '';
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const line of lines) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const isListening = state === '0A';
      if (isListening && inode && parseInt(local?.split(':')[1] ?? '', 16) === port) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return '';
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (!inodes.has(target)) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
      return named(name, pid);
    }
  }
  return '';
}

async function listenerByLsof(port: number): Promise<string> {
  if (process.platform === 'win32') return '';
  try {
    const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { timeout: COMMAND_MS });
    const pid = /^p(\d+)$/m.exec(stdout)?.[1];
    return pid === undefined ? '' : named(/^c(.+)$/m.exec(stdout)?.[1] ?? '', pid);
  } catch {
    return '';
  }
}

function named(name: string, pid: string): string {
  return name === '' ? `process ${pid}` : `"${name}" (process ${pid})`;
}
