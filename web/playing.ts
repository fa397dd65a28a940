/** What stands in the player. What finds it among the files of a torrent, films.ts, is fetched once it is asked for. */
import { signal } from '@preact/signals';
import type { TorrentId } from '../sw/view-model.ts';

/** A file of a torrent, by its index, with what it is called. */
export interface Part {
  readonly file: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** A film or a song that is open in the player. */
export interface Film extends Part {
  readonly id: TorrentId;
  /** No browser plays it. */
  readonly isHopeless: boolean;
  readonly isSound: boolean;
  /** Subtitles of the same torrent, those that are named like the film first. */
  readonly subtitles: readonly Part[];
}

/** What the player shows. */
export const playing = signal<Film | null>(null);
