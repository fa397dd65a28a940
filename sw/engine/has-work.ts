import type { Phase } from './phase.ts';

/** What is needed of a torrent here. */
interface Worker {
  readonly phase: Phase;
  readonly started: boolean;
  readonly isIdle: boolean;
  readonly leaving: object | null;
  readonly mending: { readonly isWaiting: boolean };
  readonly transfer: { readonly isWaiting: boolean };
}

/** Phases in which only a person can set it going again. */
const OVER: ReadonlySet<Phase> = new Set<Phase>(['paused', 'failed', 'removed']);

/**
 * Whether there is reason to run while nobody looks: a started torrent is at work or waits for its turn, or for what had
 * stopped it to pass, or has something to be recorded, or is to go. One that nobody has started yet waits for a person, one that is to come from a
 * browser for that.
 */
export function hasWork(torrents: Iterable<Worker>): boolean {
  for (const { phase, started, isIdle, leaving, mending, transfer } of torrents) {
    if (leaving) return true;
    if (started && !transfer.isWaiting && (!OVER.has(phase) || mending.isWaiting || !isIdle)) return true;
  }
  return false;
}
