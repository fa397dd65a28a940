import { KEEPALIVE_PATH } from '../../sw/api.ts';
import { scriptUrl } from '../script-url.ts';
import pingWorker from './ping-worker.ts?worker&url';

/** Holds the worker: as long as this stream is read, Chromium does not end it. */
export interface Hold {
  /** Settles when the stream ends: the worker was ended, or `release` was called. */
  readonly ended: Promise<void>;
  release(): void;
}

/** Opens the worker's endless stream. Rejects where no worker answers the request. */
export async function holdWorker(): Promise<Hold> {
  const abort = new AbortController();
  const response = await fetch(KEEPALIVE_PATH, { cache: 'no-store', signal: abort.signal });
  if (!response.ok || response.body === null) throw new Error(`The worker's stream was answered with ${response.status}`);
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
