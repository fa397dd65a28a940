/**
 * The contract between a window that has files to share and the worker, which copies and hashes them. Both
 * sides compile against it.
 *
 * The window posts `{type: 'share', version}` with a MessagePort to the active worker, and a {@link ShareRequest} over that port. The
 * worker tells how far it is, and at last that it is shared, or why not. Whatever else the window says calls everything off, and so does
 * its end.
 */
import type { Said } from './said.ts';

export interface ShareRequest {
  /** Of the torrent: of its folder, or of its only file. */
  readonly name: string;
  readonly files: readonly ShareFile[];
  /** Addresses, each of them asked. */
  readonly trackers: readonly string[];
  /** Addresses of servers that have the files (BEP 19). */
  readonly webSeeds: readonly string[];
  /** Peers come from the trackers alone (BEP 27). */
  readonly isPrivate: boolean;
  /** "" for none. */
  readonly comment: string;
  /** One of {@link PIECE_LENGTHS}; null: by the size of all. */
  readonly pieceLength: number | null;
}

/** What pieces may be cut to, in bytes: 16 KiB to 16 MiB, as a few of one are held while they are hashed. */
export const PIECE_LENGTHS: readonly number[] = Array.from({ length: 11 }, (_, power) => 16_384 << power);
/** More would make a list of hashes that many clients do not take. */
export const MAX_PIECES = 250_000;
/** Characters: as many as are read of one. */
export const MAX_COMMENT = 1_000;

export interface ShareFile {
  /** Components below the name; none for the only file of a torrent that is no folder. */
  readonly path: readonly string[];
  readonly file: Blob;
}

export type FromSharing =
  /** Bytes that are hashed and stored. */
  | { readonly type: 'progress'; readonly done: number }
  /** `already`: it was in the list before, and nothing was stored. */
  | { readonly type: 'shared'; readonly id: string; readonly already: boolean }
  /** Nothing is stored. What of it the window knows better comes by a name. */
  | { readonly type: 'refused'; readonly why: 'full' | 'name-taken' | Said };
