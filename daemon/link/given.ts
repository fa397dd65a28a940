/**
 * What may be handed over: a magnet link, or a .torrent file that is there. Any page can have a link opened, so that an argument
 * is taken for nothing else, however it begins.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode } from '../host/store/durable.ts';

/** Longest link, in characters; the engine's own limit is lower and says why. */
const MAX_LINK = 64 << 10;
/** Longest file, in bytes: the engine's own limit, and one more to be told so. */
const MAX_FILE = 10_000_000;

export interface Given {
  /** What to call it where it has to be spoken of. */
  readonly label: string;
  readonly type: 'text/plain' | 'application/x-bittorrent';
  readonly content: Uint8Array;
}

/** It cannot be handed over; the message says why, for people. */
export class NotGiven extends Error {}

/** `from`: the folder that a path begins in. @throws {NotGiven} */
export async function readGiven(argument: string, from: string): Promise<Given> {
  if (/^magnet:/i.test(argument)) {
    if (argument.length > MAX_LINK) throw new NotGiven('This magnet link is longer than any real one. Nothing was added.');
    return { label: 'the magnet link', type: 'text/plain', content: new TextEncoder().encode(argument) };
  }
  const path = pathOf(argument);
  const label = `“${basename(path)}”`;
  if (!/[.]torrent$/i.test(path)) throw new NotGiven(`${label} is neither a magnet link nor a .torrent file. Nothing was added.`);
  return { label, type: 'application/x-bittorrent', content: await readFile(resolve(from, path), label) };
}

/** Desktops give files by path or by address. */
function pathOf(argument: string): string {
  if (!/^file:/i.test(argument)) return argument;
  try {
    const url = new URL(argument);
    if (url.hostname === '' || url.hostname === 'localhost') return fileURLToPath(`file://${url.pathname}`);
  } catch {
    // It leads to no file.
  }
  throw new NotGiven('This address is not that of a file on this computer. Nothing was added.');
}

async function readFile(path: string, label: string): Promise<Uint8Array> {
  try {
    // A pipe is not waited for.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await regular(handle, label);
      if (size > MAX_FILE) throw new NotGiven(`${label} is larger than any torrent file. Nothing was added.`);
      const bytes = Buffer.alloc(size);
      let length = 0;
      while (length < size) {
        const { bytesRead } = await handle.read(bytes, length, size - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw new NotGiven(`${label} is not there (any more). Nothing was added.`);
    if (hasCode(error, 'EACCES', 'EPERM')) throw new NotGiven(`${label} may not be read by this account. Nothing was added.`);
    throw error;
  }
}

async function regular(
  handle: { stat(): Promise<{ isFile(): boolean; size: number }> },
  label: string,
): Promise<{ readonly size: number }> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new NotGiven(`${label} is no file. Nothing was added.`);
  return stat;
}
