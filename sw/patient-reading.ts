/**
 * A file of a torrent in this browser read from its beginning to its end, however long its bytes take: over a pause, a check, or a time in
 * which nobody has what is next. What is wrong for good ends it.
 */
import { codeOf } from './file-answers.ts';
import type { ZipFile } from './zip.ts';

/** A file of this browser that is open. */
export interface OpenLocalFile {
  readonly path: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** Answers by the header that asks for a range. */
  serve(range: string | null, isHead: boolean): Response;
}

export interface PatientOptions {
  /** Opens it; what it throws has a `code`. */
  readonly open: () => OpenLocalFile;
  /** Calls back once after `ms`; the answer calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
  /** Nobody wants the rest. */
  readonly signal: AbortSignal;
}

/** Ms until it is looked again whether the next byte may be read. */
const LATER = 1_000;
/** It comes to an end by itself, or by what a person does. */
const PASSES: ReadonlySet<string> = new Set(['not-yet', 'checking', 'loading', 'paused', 'queued', 'moving', 'cut-short']);

/** Throws where its bytes cannot come any more; ends early only where `signal` says so. */
export async function* readPatiently({ size }: Pick<ZipFile, 'size'>, options: PatientOptions): AsyncGenerator<Uint8Array, void> {
  const { signal } = options;
  let at = 0;
  while (at < size && !signal.aborted) {
    const reader = bodyFrom(at, size, options)?.getReader();
    const stop = (): void => void reader?.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop);
    try {
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
        at += part.value.length;
        yield part.value;
      }
    } catch (error) {
      if (!PASSES.has(codeOf(error))) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      void reader?.cancel().catch(() => undefined);
    }
    if (at < size) await rest(options);
  }
}

/** Null where it cannot be read just now. */
function bodyFrom(at: number, size: number, { open }: PatientOptions): ReadableStream<Uint8Array> | null {
  try {
    const answer = open().serve(`bytes=${at}-${size - 1}`, false);
    // Too many are being read at once.
    return answer.status === 503 ? null : answer.body;
  } catch (error) {
    if (PASSES.has(codeOf(error))) return null;
    throw error;
  }
}

async function rest({ after, signal }: PatientOptions): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>(resolve => {
    const done = (): void => {
      callOff();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const callOff = after(LATER, done);
    signal.addEventListener('abort', done);
  });
}
