/** What one press does about a torrent that does not move: for each cause the one thing that its sentence asks for. */
import type { DiskProblem, Problem } from '../sw/view-model.ts';
import type { ProblemContext } from './problems.ts';

export type Remedy =
  | 'resume'
  | 'retry'
  | 'stay'
  | 'force'
  | 'reconnect'
  | 'helper'
  | 'announce'
  | 'files'
  | 'limits'
  | 'trackers'
  | 'relocate'
  | 'remove'
  | 'copy'
  | 'torrent'
  | 'share';

/** `null`: it goes on by itself, and nothing that could be pressed makes that sooner. */
const REMEDIES: Readonly<Record<Problem['code'], Remedy | null>> = {
  'disk-full': 'files',
  'disk-quota': 'relocate',
  'file-too-large': 'relocate',
  // Looked at again from time to time; who has just mended it need not wait.
  'read-only': 'retry',
  denied: 'retry',
  'folder-gone': 'retry',
  io: 'retry',
  limit: 'retry',
  'file-gone': 'resume',
  'file-unsafe': 'resume',
  'file-conflict': 'resume',
  'file-busy': 'remove',
  'not-moved': 'resume',
  moving: null,
  bringing: 'resume',
  'not-brought': 'stay',
  queued: 'force',
  scheduled: 'force',
  stopped: 'resume',
  'daemon-away': 'reconnect',
  'no-peers': 'trackers',
  'no-metadata': 'announce',
  'metadata-refused': 'remove',
  'record-lost': 'torrent',
  'list-too-long': 'share',
  'no-source-has-missing': 'announce',
  choked: 'announce',
  silent: 'announce',
  unreached: 'announce',
  'peers-gone': 'announce',
  'no-connections': 'limits',
  'nothing-chosen': 'files',
  'out-of-reach': 'helper',
  tracker: 'copy',
  'state-not-saved': 'copy',
  'state-not-read': 'copy',
};

/** Disks that do not take it, however often it is tried. */
const UNFIT: ReadonlySet<DiskProblem> = new Set<DiskProblem>(['disk-full', 'disk-quota', 'file-too-large']);

export function remedyOf(problem: Problem, { isHere, hasOther }: ProblemContext): Remedy | null {
  if (problem.code === 'bringing' && problem.isHere) return 'stay';
  if (problem.code === 'disk-full' && hasOther) return 'relocate';
  if (problem.code === 'not-moved' && UNFIT.has(problem.why)) return 'relocate';
  const remedy = REMEDIES[problem.code];
  // The storage of a browser is one place, and holds less at most.
  return remedy === 'relocate' && isHere ? 'files' : remedy;
}
