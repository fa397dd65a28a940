/** Where file systems are mounted, so that a folder whose disk is away is told from the empty one that stands in its place. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../store/durable.ts';

/** Where the file system is mounted that a real path lies on, or would if it were there; empty where that cannot be seen. */
export async function mountOf(path: string): Promise<string> {
  try {
    return await seek(path);
  } catch {
    return '';
  }
}

async function seek(path: string): Promise<string> {
  const above = dirname(path);
  const device = await deviceOf(path);
  if (device === null) return seek(above);
  return above === path || (await deviceOf(above)) !== device ? path : seek(above);
}

async function deviceOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).dev;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Whether a folder that was seen on a file system mounted at `known` is on one nearer to the top now. */
export function isAway(mount: string, known: string): boolean {
  return mount !== '' && mount.length < known.length;
}
