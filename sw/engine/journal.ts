/**
 * What happened to a torrent, for a person who wants to know why: the latest of each kind, so that peers that come and go do not
 * push out what a tracker said in the night. In memory alone.
 */

import type { Phase } from './phase.ts';

/** Of one kind, for one torrent. */
const MAX_OF_A_KIND = 100;
/** Over all torrents; beyond it the one goes whole to which nothing has happened for longest. */
export const MAX_NOTES = 20_000;
/** Characters of what comes from outside. */
const MAX_TEXT = 300;

const NOTES = {
  added: ['torrent', 'info'],
  fetching: ['torrent', 'info'],
  queued: ['torrent', 'info'],
  checking: ['torrent', 'info'],
  downloading: ['torrent', 'info'],
  seeding: ['torrent', 'info'],
  completed: ['torrent', 'info'],
  paused: ['torrent', 'info'],
  waiting: ['torrent', 'warn'],
  'peer-joined': ['peer', 'info'],
  'peer-left': ['peer', 'info'],
  'peer-lost': ['peer', 'info'],
  'peers-left': ['peer', 'info'],
  'peer-banned': ['peer', 'warn'],
  'tracker-answered': ['tracker', 'info'],
  'tracker-failed': ['tracker', 'warn'],
  'piece-corrupt': ['data', 'warn'],
  'web-seed-failed': ['data', 'warn'],
  'web-seed-banned': ['data', 'warn'],
  moving: ['disk', 'info'],
  moved: ['disk', 'info'],
  failed: ['disk', 'error'],
} as const satisfies Record<string, readonly [NoteKind, NoteLevel]>;

export type NoteKind = 'torrent' | 'peer' | 'tracker' | 'data' | 'disk';
export type NoteLevel = 'info' | 'warn' | 'error';
/** What happened. `failed` has one of {@link PROBLEM_CODES} for its text. */
export type NoteWhat = keyof typeof NOTES;

export interface Note {
  readonly what: NoteWhat;
  /** Whom or what it is about: an address, a URL, a file; '' for the torrent. */
  readonly who: string;
  /** Why, or what was said; from outside in part. */
  readonly text: string;
  /** Peers that were named (-1 by a tracker that names none), or left; the index of a piece; 0 where there is nothing to count. */
  readonly count: number;
}

export interface LogEntry extends Note {
  /** Rises; no two of a torrent have the same. */
  readonly n: number;
  /** ms since 1970. */
  readonly at: number;
  readonly kind: NoteKind;
  readonly level: NoteLevel;
}

export function note(what: NoteWhat, who = '', text = '', count = 0): Note & { readonly do: 'note' } {
  return { do: 'note', what, who, text, count };
}

/** What a log says of a phase. */
const PHASES: Partial<Readonly<Record<Phase, NoteWhat>>> = {
  waiting: 'waiting',
  fetching: 'fetching',
  queued: 'queued',
  checking: 'checking',
  running: 'downloading',
  moving: 'moving',
  paused: 'paused',
};

/** The torrent is in that phase now; null where that is nothing to be told. */
export function entered(phase: Phase, isComplete: boolean): ReturnType<typeof note> | null {
  const what = phase === 'running' && isComplete ? 'seeding' : PHASES[phase];
  return what ? note(what) : null;
}

/** What all journals hold together. */
export class Archive {
  private held = 0;
  /** The one that was written to last is the last. */
  private readonly journals = new Set<Journal>();

  wrote(journal: Journal, more: number): void {
    this.held += more;
    this.journals.delete(journal);
    this.journals.add(journal);
    for (const oldest of this.journals) {
      if (this.held <= MAX_NOTES || oldest === journal) return;
      this.drop(oldest);
    }
  }

  drop(journal: Journal): void {
    this.journals.delete(journal);
    this.held -= journal.clear();
  }
}

/** That of one torrent. */
export class Journal {
  private readonly kinds = new Map<NoteKind, LogEntry[]>();
  private last = 0;

  constructor(private readonly archive: Archive) {}

  /** `at`: ms since 1970. */
  add({ what, who, text, count }: Note, at: number): void {
    const [kind, level] = NOTES[what];
    const entries = this.kinds.get(kind) ?? [];
    this.kinds.set(kind, entries);
    entries.push({ n: ++this.last, at, kind, level, what, who: cut(who), text: cut(text), count });
    const isFull = entries.length > MAX_OF_A_KIND;
    if (isFull) entries.shift();
    this.archive.wrote(this, isFull ? 0 : 1);
  }

  /** The oldest first. */
  get entries(): LogEntry[] {
    return [...this.kinds.values()].flat().sort((a, b) => a.n - b.n);
  }

  /** Its torrent goes. */
  close(): void {
    this.archive.drop(this);
  }

  /** Forgets all; says how many there were. */
  clear(): number {
    let count = 0;
    for (const entries of this.kinds.values()) count += entries.length;
    this.kinds.clear();
    return count;
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
