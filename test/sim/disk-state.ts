/** What a simulated disk and its store hold. */
import type { FileProblem, KeptPiece } from '../../sw/engine/events.ts';

export interface File {
  bytes: Uint8Array;
  size: number;
  mtime: number;
}

/** Ms until it is told what has landed, as in the daemon, and always before it is told what came of the buffer. */
export const TELL_AFTER = 10;

/** A write that was not flushed yet. */
export interface Write {
  /** Counts the writes. */
  readonly at: number;
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Landing {
  readonly bytes: Uint8Array;
  readonly tag: Uint8Array;
  readonly spans: readonly { path: string; offset: number; length: number }[];
  readonly have: Uint8Array;
  state: KeptPiece['state'];
  /** What is to happen once it is whole, or is called off before. */
  commit: { readonly begin: () => void; readonly callOff: () => void; readonly fail: (problem: FileProblem) => void } | null;
}
