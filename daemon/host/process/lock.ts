/** One host a home: a lock file that names the running one, and holds what a second start needs to talk to it. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { hasCode, replaceFile, writeFlushed } from '../store/durable.ts';
import { putAside } from '../store/kept-file.ts';
import { type Holder, isStale, lockPath, readHolder, runningHost } from './lock-file.ts';
import { startTimeOf } from './process-info.ts';

/** Far longer than clearing takes. */
const CLEARING_MS = 10_000;

export interface Lock {
  readonly secret: string;
  /** Records the port, so that a second start finds it. */
  listening(port: number): Promise<void>;
  release(): Promise<void>;
}

/** Takes the lock, clearing away one that a dead host left. Gives the holder where another host is alive. */
export async function acquire(home: string, isHeadless = false): Promise<Lock | Holder> {
  const path = lockPath(home);
  const mine: Holder = {
    pid: process.pid,
    startTime: await startTimeOf(process.pid),
    port: 0,
    secret: randomBytes(32).toString('base64url'),
    isHeadless,
  };
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFlushed(beside, [Buffer.from(JSON.stringify(mine))]);
  try {
    for (;;) {
      try {
        // A link comes into being whole or not at all, and never over another.
        await link(beside, path);
        return held(path, mine);
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const holder = await runningHost(home);
      if (holder !== null) return holder;
      await clearStale(home);
    }
  } finally {
    await unlink(beside);
  }
}

/**
 * Removes the lock of a dead host. Only one process at a time may look and remove, or one would remove the lock that
 * another has just taken; a folder stands for that right, and one left by a crash in between is cleared by its age.
 */
async function clearStale(home: string): Promise<void> {
  const right = `${lockPath(home)}.clearing`;
  try {
    await mkdir(right);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const now = Date.now();
    // Gone meanwhile counts as young: it is not to be taken from who makes it next.
    const { mtimeMs } = await stat(right).catch(() => ({ mtimeMs: now }));
    // The clock may have been set back meanwhile.
    if (Math.abs(now - mtimeMs) > CLEARING_MS) await rmdir(right).catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, 10));
    return;
  }
  try {
    if (await isStale(home)) await rm(lockPath(home), { force: true }).catch(() => putAside(lockPath(home)));
  } finally {
    await rmdir(right);
  }
}

function held(path: string, mine: Holder): Lock {
  return {
    secret: mine.secret,
    async listening(port) {
      await replaceFile(path, JSON.stringify({ ...mine, port }));
    },
    async release() {
      const holder = await readHolder(path);
      if (holder?.secret === mine.secret) await unlink(path);
    },
  };
}
