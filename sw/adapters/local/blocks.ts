/** Where what brings blocks, and what sends them, meets the store of the browser. */
import type { FileProblem, Span } from '../../engine/events.ts';

/** Of one read, bytes: as much as one send has. */
export const MAX_READ = 1 << 20;

/** Open piece buffers of this worker, for whatever brings blocks. */
export interface BlockSink {
  /**
   * Copies what came to `offset` of an open buffer. `earlier`: all of it was there. `gone`: no such buffer, or it takes no more. `full`:
   * nothing was taken, as the disk is behind; the same bytes are to be brought again once there is {@link room}.
   */
  land(buffer: number, offset: number, bytes: Uint8Array): 'landed' | 'earlier' | 'gone' | 'full';
  /** Resolves when it is worth while to bring again what was `full`. */
  room(): Promise<void>;
}

/** Files of the store, for whatever sends them. */
export interface SpanSource {
  /**
   * The bytes of the spans, in one piece; gives what calls it off. At most {@link MAX_READ} bytes, and so many at a time: more waits
   * its turn. The bytes are the caller's; of a problem there are none.
   */
  read(spans: readonly Span[], done: (problem: FileProblem | null, bytes: Uint8Array) => void): () => void;
}
