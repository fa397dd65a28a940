import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { RootRow, TorrentRow } from '../sw/view-model.ts';
import {
  formatAboutRate,
  formatBytes,
  formatDuration,
  formatList,
  formatPercent,
  formatRate,
  formatRatio,
  fraction,
  shownName,
  shownText,
  told,
} from './format.ts';
import { nameProblem, toneOf, type ProblemContext, type Tone } from './problems.ts';
import { words } from './words/words.ts';

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
  if (problem.code === 'scheduled' || problem.code === 'nothing-chosen') return false;
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
    hasOther: roots.some(({ token }) => token !== row.root && token !== BROWSER_ROOT),
    mayStay: row.inBrowser?.isMoving === true,
  };
}

/** What a torrent is doing, in a few words. */
export function statusOf(row: TorrentRow, roots: readonly RootRow[]): Status {
  if (row.problem !== null && (needsAttention(row) || isAtRest(row))) {
    return { text: nameProblem(row.problem, problemContext(row, roots)), tone: toneOf(row.problem) };
  }
  const tone = row.state === 'seeding' ? 'good' : row.state === 'error' ? 'bad' : 'plain';
  return { text: textOf(row), tone };
}

function textOf(row: TorrentRow): string {
  switch (row.state) {
    case 'metadata':
      return words.state.metadata({ peers: told(row.peers) });
    case 'downloading':
      return isFetching(row)
        ? within(fetching(row), row.options.downLimit)
        : words.state.waitingForPeers({ peers: told(row.peers) });
    case 'seeding': {
      const text = words.state.seeding({ ratio: ratioOf(row) });
      return row.peers > 0 ? within(text, row.options.upLimit) : text;
    }
    default:
      return words.state[row.state]();
  }
}

/** Something comes, or is asked for. */
export function isFetching(row: TorrentRow): boolean {
  return row.active > 0 || row.webSeeds > 0;
}

/** From peers, web seeds, or both. */
function fetching({ active, webSeeds }: TorrentRow): string {
  if (webSeeds === 0) return words.state.fromPeers({ peers: told(active) });
  return active === 0
    ? words.state.fromWebSeeds({ webSeeds: told(webSeeds) })
    : words.state.fromBoth({ peers: told(active), webSeeds: told(webSeeds) });
}

/** With its own limit. One of all torrents is no news of this one; the sentence in its details has what is in force. */
function within(status: string, limit: number): string {
  return limit === 0 ? status : words.state.atMost({ status, limit: formatAboutRate(limit) });
}

export function ratioOf(row: TorrentRow): string {
  return formatRatio(row.uploaded, row.size);
}

/** A row of the list as a screen reader says it. */
export function spokenRow(row: TorrentRow, roots: readonly RootRow[]): string {
  const parts = [shownName(row.name), shownText(statusOf(row, roots).text).replaceAll(' · ', ', ')];
  if (row.size > 0) {
    const percent = formatPercent(fraction(row.done, row.size));
    parts.push(words.state.spokenSize({ percent, size: formatBytes(row.size) }));
  }
  if (row.down > 0) parts.push(words.state.spokenDown({ rate: formatRate(row.down) }));
  if (row.up > 0) parts.push(words.state.spokenUp({ rate: formatRate(row.up) }));
  if (row.eta >= 0 && row.state === 'downloading') parts.push(words.state.spokenLeft({ left: formatDuration(row.eta) }));
  return formatList(parts);
}
