/** What a person sets for one torrent; part of its record. */
import { count, flag, hosts, hundredths, initialOf, orUnset, rate, words } from './fields.ts';
import type { Fields } from './fields.ts';
import { MAX_RATIO, MAX_SEEDING_TIME } from './settings.ts';

export interface TorrentOptions {
  /** A person's own words for it. */
  readonly labels: readonly string[];
  /** At work whatever the limits of the queue, and not counted by them. */
  readonly forceStart: boolean;
  /** As in the settings, for this torrent; null: as they are. */
  readonly stopRatio: number | null;
  readonly stopSeedingTime: number | null;
  /** Pieces come in the order of the torrent, not the rarest first. */
  readonly sequential: boolean;
  /** The first and the last piece of each file come before the others. */
  readonly firstLast: boolean;
  /** Bytes a second, beside the limits of all torrents; 0: none. */
  readonly downLimit: number;
  readonly upLimit: number;
  /** Once it is complete: pieces are shown to peers one by one, as the swarm needs them (BEP 16). */
  readonly superSeeding: boolean;
  /** As in the settings, for this torrent alone. */
  readonly banned: readonly string[];
}

export const MAX_LABELS = 20;
export const MAX_BANNED_HERE = 100;
/** Characters. */
export const MAX_LABEL = 64;

export const OPTION_FIELDS: Fields<TorrentOptions> = {
  labels: words(MAX_LABELS, MAX_LABEL),
  forceStart: flag(false),
  stopRatio: orUnset(hundredths(0, MAX_RATIO)),
  stopSeedingTime: orUnset(count(0, MAX_SEEDING_TIME)),
  sequential: flag(false),
  firstLast: flag(false),
  downLimit: rate(0),
  upLimit: rate(0),
  superSeeding: flag(false),
  banned: hosts(MAX_BANNED_HERE),
};

export const DEFAULT_OPTIONS: TorrentOptions = initialOf(OPTION_FIELDS);

/** The labels with some more and without others: trimmed, each once, no more than there may be. */
export function relabel(labels: readonly string[], add: readonly string[], remove: readonly string[]): string[] {
  const gone = new Set(remove.map(label => label.trim()));
  const kept = [...labels, ...add].map(label => label.trim().slice(0, MAX_LABEL).trim());
  return [...new Set(kept)].filter(label => label !== '' && !gone.has(label)).slice(0, MAX_LABELS);
}
