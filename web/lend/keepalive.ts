import { KEEPALIVE_PATH, KEEPALIVE_TYPE } from '../../sw/api.ts';
import { scriptUrl } from '../script-url.ts';
import pingWorker from './ping-worker.ts?worker&url';

/** Holds the worker: as long as this stream is read, Chromium does not end it. */
export interface Hold {
  /** Settles when the stream ends: the worker was ended, or `release` was called. */
  readonly ended: Promise<void>;
  release(): void;
}

/** What this page asks for goes to the server: it was loaded past its worker, though the browser may still name one in control. */
export class PastWorkerError extends Error {}

/** Opens the worker's endless stream. Rejects where no worker gives it, with {@link PastWorkerError} where none was asked. */
export async function holdWorker(): Promise<Hold> {
  const abort = new AbortController();
  const response = await fetch(KEEPALIVE_PATH, { cache: 'no-store', signal: abort.signal });
  // The worker has no other answers, and a server none of these for a file that it does not have.
  if (response.status === 503) throw new Error('The worker takes no more windows now');
  if (!response.ok || response.headers.get('content-type') !== KEEPALIVE_TYPE || response.body === null) {
    throw new PastWorkerError(`The worker's stream was answered with ${response.status}, by another`);
  }
  const reader = response.body.getReader();
  return { ended: drain(reader), release: () => abort.abort() };
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // An aborted or broken stream has ended like any other.
  }
}

/** Starts the pings of {@link file://./ping-worker.ts}; they go on for as long as the window lives. */
export function startPings(): Worker {
  return new Worker(scriptUrl(pingWorker), { type: 'module' });
}
