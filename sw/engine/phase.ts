/**
 * What a torrent is about, as a table of the moves there are.
 *
 * waiting   the store and the network are away
 * fetching  asks peers for the metadata of a magnet
 * ready     the files are known; a person has yet to start it
 * checking  compares the files on disk with the record
 * running   downloads or seeds
 * paused    by a person
 * failed    a problem that a person can do something about
 * removed   for good
 */
export type Phase = 'waiting' | 'fetching' | 'ready' | 'checking' | 'running' | 'paused' | 'failed' | 'removed';

export const MOVES: Readonly<Record<Phase, readonly Phase[]>> = {
  waiting: ['fetching', 'ready', 'checking', 'paused', 'failed', 'removed'],
  fetching: ['ready', 'checking', 'waiting', 'paused', 'failed', 'removed'],
  ready: ['checking', 'waiting', 'removed'],
  checking: ['running', 'waiting', 'paused', 'failed', 'removed'],
  running: ['checking', 'waiting', 'paused', 'failed', 'removed'],
  paused: ['waiting', 'fetching', 'checking', 'removed'],
  failed: ['waiting', 'fetching', 'checking', 'paused', 'removed'],
  removed: [],
};

/** Phases in which a torrent has connections. */
export const CONNECTED: ReadonlySet<Phase> = new Set<Phase>(['fetching', 'ready', 'running']);

/** Phases in which it goes on looking for peers, if it had begun to. */
export const SEEKING: ReadonlySet<Phase> = new Set<Phase>([...CONNECTED, 'checking']);
