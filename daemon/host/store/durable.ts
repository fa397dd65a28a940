/** Small files that must survive a crash whole: written beside, flushed, moved into place, and the folder flushed. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files of the home are their owner's alone. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER });
}

/** Writes a new file and flushes it. It is gone again where that fails: a failed flush can't be repeated safely. */
export async function writeFlushed(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(path, 'wx', PRIVATE_FILE);
  try {
    await writeFile(handle, parts);
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Makes renames and removals in this folder durable. Windows has no such call and needs none. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `previous`: the name under which what was there is kept. */
export async function replaceFile(path: string, content: string, previous?: string): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFlushed(beside, [Buffer.from(content)]);
  try {
    if (previous !== undefined) {
      await rename(path, previous).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) throw error;
      });
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error;
  }
  await flushFolder(dirname(path));
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
