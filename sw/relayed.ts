/**
 * What goes over a channel between the browser at work and one that follows it, beside what windows hear and say. Long things go in
 * parts: a few are under way at a time, and each is answered with {@link Heard}.
 */
import type { FromWorker } from './api.ts';
import type { FilePriority, FileRow, TorrentId, TorrentRow } from './view-model.ts';

/** Torrents, and files, in one message. */
export const ROWS_A_PART = 1_000;
export const FILES_A_PART = 4_000;
/** Messages that may be under way. */
export const UNHEARD = 4;

/** In these the torrents of a snapshot are the last of the list, and the files of a detail are left out. */
export type FromHolder = FromWorker | RowsPart | FilesPart | FilesChanged;

/** The list as far as the snapshot behind it does not hold it. */
export interface RowsPart {
  readonly type: 'rows';
  readonly torrents: readonly TorrentRow[];
}

/** The files of the torrent that is watched, from the first on, until there are `count`. */
export interface FilesPart {
  readonly type: 'files';
  readonly torrent: TorrentId;
  /** As in {@link TorrentDetail}. */
  readonly names: number;
  readonly count: number;
  readonly from: number;
  readonly files: readonly FileRow[];
}

/** Those of them that are not as they were told. */
export interface FilesChanged {
  readonly type: 'filesChanged';
  readonly torrent: TorrentId;
  readonly files: readonly { readonly index: number; readonly done: number; readonly priority: FilePriority }[];
}

/** One message was taken. */
export interface Heard {
  readonly type: 'heard';
}
