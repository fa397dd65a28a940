import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { RootRow, TorrentRow } from '../sw/view-model.ts';
import {
  formatAboutRate,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatRatio,
  fraction,
  plural,
  shownName,
  shownText,
} from './format.ts';
import type { Tone } from './problem-words.ts';
import { describeProblem, type ProblemContext } from './problems.ts';

export interface Status {
  readonly text: string;
  readonly tone: Tone;
}

/** Whether a person has to know, or do something, before it goes on. */
export function needsAttention(row: TorrentRow): boolean {
  if (row.state === 'error') return true;
  const problem = row.problem;
  if (problem === null || row.state === 'paused') return false;
  if (problem.code === 'daemon-away' || problem.code === 'queued' || problem.code === 'stopped') return false;
  if (problem.code === 'nothing-chosen') return false;
  if (problem.code === 'moving' || (problem.code === 'bringing' && problem.isHere)) return false;
  // Peers make up for a tracker that refuses.
  return !(problem.code === 'tracker' && (isFetching(row) || isComplete(row)));
}

/** It says itself why it stands still. */
function isAtRest({ state, problem }: TorrentRow): boolean {
  return (
    state === 'waiting' ||
    state === 'queued' ||
    state === 'moving' ||
    problem?.code === 'stopped' ||
    problem?.code === 'nothing-chosen'
  );
}

export function isComplete(row: TorrentRow): boolean {
  return row.size > 0 && row.done >= row.size;
}

export function problemContext(row: TorrentRow, roots: readonly RootRow[]): ProblemContext {
  const find = (token: string): RootRow | undefined => roots.find(candidate => candidate.token === token);
  const { problem } = row;
  const root = find(row.root);
  const from = problem?.code === 'not-moved' && problem.from !== row.root ? problem.from : '';
  return {
    free: root?.free ?? -1,
    folder: root?.name ?? '',
    origin: find(from)?.name ?? '',
    isHere: row.root === BROWSER_ROOT,
    mayStay: row.inBrowser?.isMoving === true,
  };
}

/** What a torrent is doing, in a few words. */
export function statusOf(row: TorrentRow, roots: readonly RootRow[]): Status {
  if (row.problem !== null && (needsAttention(row) || isAtRest(row))) {
    const words = describeProblem(row.problem, problemContext(row, roots));
    return { text: words.short, tone: words.tone };
  }
  switch (row.state) {
    case 'adding':
      return { text: 'Being added', tone: 'plain' };
    case 'metadata':
      return {
        text: row.peers > 0 ? `Getting the file list · ${plural(row.peers, 'peer', 'peers')}` : 'Looking for peers',
        tone: 'plain',
      };
    case 'moving':
      return { text: 'Moving files', tone: 'plain' };
    case 'checking':
      return { text: 'Checking files', tone: 'plain' };
    case 'downloading':
      return { text: downloading(row), tone: 'plain' };
    case 'seeding':
      return { text: `Seeding · ratio ${ratioOf(row)}${row.peers > 0 ? within(row.limits.up, ' · ') : ''}`, tone: 'good' };
    case 'done':
      return { text: 'Done', tone: 'plain' };
    case 'paused':
      return { text: 'Paused', tone: 'plain' };
    case 'queued':
      return { text: 'Waiting in the queue', tone: 'plain' };
    case 'waiting':
      return { text: 'Waiting', tone: 'plain' };
    case 'error':
      return { text: 'Stopped by an error', tone: 'bad' };
  }
}

function downloading(row: TorrentRow): string {
  if (isFetching(row))
    return `Downloading · ${sources(row, plural(row.active, 'peer', 'peers'))}${within(row.limits.down, ' · ')}`;
  if (row.peers > 0) return `Waiting for ${plural(row.peers, 'peer', 'peers')}`;
  return 'Looking for peers';
}

/** Something comes, or is asked for. */
function isFetching(row: TorrentRow): boolean {
  return row.active > 0 || row.webSeeds > 0;
}

/** Peers, web seeds, or both. */
function sources(row: TorrentRow, peers: string): string {
  if (row.webSeeds === 0) return peers;
  const seeds = plural(row.webSeeds, 'web seed', 'web seeds');
  return row.active === 0 ? seeds : `${peers} and ${seeds}`;
}

/** A limit in force, behind what it limits. */
function within(limit: number, before: string): string {
  return limit === 0 ? '' : `${before}at most ${formatAboutRate(limit)}`;
}

export function ratioOf(row: TorrentRow): string {
  return formatRatio(row.uploaded, row.size);
}

/** The first line of the panel: the status with its numbers, as a sentence. */
export function nowOf(row: TorrentRow, roots: readonly RootRow[]): string {
  if (row.state === 'downloading' && isFetching(row)) {
    const left = formatDuration(row.eta);
    const limit = within(row.limits.down, ' ');
    const from = `Downloading from ${sources(row, `${formatCount(row.active)} of ${plural(row.peers, 'peer', 'peers')}`)}${limit}`;
    return left === '' ? from : `${from}, ${left} left`;
  }
  if (row.state === 'downloading' && row.peers > 0)
    return `Connected to ${plural(row.peers, 'peer', 'peers')}, none is sending yet`;
  if (row.state === 'seeding') {
    return row.peers > 0
      ? `Seeding to ${plural(row.peers, 'peer', 'peers')}${within(row.limits.up, ' ')}, ratio ${ratioOf(row)}`
      : `Seeding, nobody asks at the moment, ratio ${ratioOf(row)}`;
  }
  return statusOf(row, roots).text;
}

/** A row of the list as a screen reader says it. */
export function spokenRow(row: TorrentRow, roots: readonly RootRow[]): string {
  const parts = [shownName(row.name), shownText(statusOf(row, roots).text).replaceAll(' · ', ', ')];
  if (row.size > 0) parts.push(`${formatPercent(fraction(row.done, row.size))} of ${formatBytes(row.size)}`);
  if (row.down > 0) parts.push(`${formatRate(row.down)} down`);
  if (row.up > 0) parts.push(`${formatRate(row.up)} up`);
  if (row.eta >= 0 && row.state === 'downloading') parts.push(`${formatDuration(row.eta)} left`);
  return parts.join(', ');
}
