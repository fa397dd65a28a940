/** What a person sets for one torrent; part of its record. */
import { flag, initialOf, words } from './fields.ts';
import type { Fields } from './fields.ts';

export interface TorrentOptions {
  /** A person's own words for it. */
  readonly labels: readonly string[];
  /** At work whatever the limits of the queue, and not counted by them. */
  readonly forceStart: boolean;
}

export const MAX_LABELS = 20;
/** Characters. */
export const MAX_LABEL = 64;

export const OPTION_FIELDS: Fields<TorrentOptions> = {
  labels: words(MAX_LABELS, MAX_LABEL),
  forceStart: flag(false),
};

export const DEFAULT_OPTIONS: TorrentOptions = initialOf(OPTION_FIELDS);
