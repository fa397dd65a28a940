/**
 * What a torrent is about, as a table of the moves there are.
 *
 * waiting   the store and the network are away
 * fetching  asks peers for the metadata of a magnet
 * ready     the files are known; a person has yet to start it
 * queued    started, and waits until it is its turn
 * loading   its turn has come, and what it let go of while it waited is being read
 * checking  compares the files on disk with the record
 * running   downloads or seeds
 * moving    its files are on their way to another place or another name
 * paused    by a person
 * failed    a problem that a person can do something about
 * removed   for good
 */
export type Phase =
  'waiting' | 'fetching' | 'ready' | 'queued' | 'loading' | 'checking' | 'running' | 'moving' | 'paused' | 'failed' | 'removed';

export const MOVES: Readonly<Record<Phase, readonly Phase[]>> = {
  waiting: ['fetching', 'ready', 'queued', 'moving', 'paused', 'failed', 'removed'],
  fetching: ['ready', 'queued', 'checking', 'waiting', 'paused', 'failed', 'removed'],
  ready: ['queued', 'waiting', 'removed'],
  queued: ['fetching', 'loading', 'checking', 'moving', 'waiting', 'paused', 'failed', 'removed'],
  loading: ['queued', 'fetching', 'checking', 'moving', 'waiting', 'paused', 'failed', 'removed'],
  checking: ['queued', 'running', 'moving', 'waiting', 'paused', 'failed', 'removed'],
  running: ['queued', 'checking', 'moving', 'waiting', 'paused', 'failed', 'removed'],
  moving: ['queued', 'waiting', 'paused', 'failed', 'removed'],
  paused: ['waiting', 'queued', 'moving', 'removed'],
  failed: ['waiting', 'queued', 'moving', 'paused', 'removed'],
  removed: [],
};

/** Phases in which a torrent is at work, or waits for what it asked the store. */
export const BUSY: ReadonlySet<Phase> = new Set<Phase>(['fetching', 'ready', 'running', 'checking', 'moving']);

/** Phases in which a torrent has connections. */
export const CONNECTED: ReadonlySet<Phase> = new Set<Phase>(['fetching', 'ready', 'running']);

/** Phases in which it goes on looking for peers, if it had begun to. */
export const SEEKING: ReadonlySet<Phase> = new Set<Phase>([...CONNECTED, 'checking']);

/** Phases of a started torrent that has a seat in the queue. */
export const WORKING: ReadonlySet<Phase> = new Set<Phase>(['fetching', 'loading', 'checking', 'running']);

/** Phases of a started torrent in which nothing is done with its files. */
export const RESTING: ReadonlySet<Phase> = new Set<Phase>(['queued', 'paused', 'failed']);
