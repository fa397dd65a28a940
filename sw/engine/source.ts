import type { FileProblem } from './events.ts';
import type { Bitfield } from './model/bitfield.ts';

/** Another engine of ours that has some of a torrent in a store of its own. */
export interface Source {
  readonly has: Bitfield;
  /** `gone`: it is not there after all. The bytes are ours. */
  read(piece: number, offset: number, length: number, done: (problem: FileProblem | null, bytes: Uint8Array) => void): void;
  /** All of it that is as it should be is on our disk, and recorded: nobody needs it there any more. */
  brought(): void;
}

/** A part of a piece that is being read. */
export interface Draw {
  readonly round: number;
  readonly piece: number;
  readonly buffer: number;
  readonly offset: number;
  readonly length: number;
}
