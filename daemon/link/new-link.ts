/** Asks the host that runs for a pairing link. */
import type { Holder } from '../host/process/lock-file.ts';
import { ask, NoAnswer } from './ask.ts';

const TIMEOUT_MS = 5000;

/**
 * The name of its file, which leads a browser to the app; null where the host does not answer. `isOpening`: a browser is opened
 * with it, which the host sees to where that may not read the file.
 */
export async function newLinkOf(host: Holder, isOpening: boolean): Promise<string | null> {
  try {
    const { body } = await ask(host, { path: `/local/link?screen=${Number(isOpening)}`, timeoutMs: TIMEOUT_MS });
    return typeof body === 'object' && body !== null && 'file' in body && typeof body.file === 'string' ? body.file : null;
  } catch (error) {
    if (error instanceof NoAnswer) return null;
    throw error;
  }
}
