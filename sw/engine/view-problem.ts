/** Why a torrent does not go as a person would wish, from what its machines know. */
import type { Said } from '../said.ts';
import { PROBLEM_CODES } from './disk-problems.ts';
import type { DiskProblem } from './disk-problems.ts';
import type { FileProblem } from './events.ts';
import type { Left } from './removals.ts';
import type { Torrent } from './torrent.ts';

/** Ms without any peer, without metadata or without a byte, until it is worth saying so. */
const PATIENCE = 20_000;

export type ViewProblem =
  | { readonly code: Exclude<DiskProblem, 'disk-full'> }
  | { readonly code: 'disk-full'; readonly needed: number }
  | {
      readonly code: 'not-moved';
      readonly why: DiskProblem;
      readonly left: number;
      readonly needed: number;
      readonly from: string;
    }
  | { readonly code: 'moving'; readonly moved: number; readonly of: number }
  | { readonly code: 'bringing'; readonly moved: number; readonly of: number; readonly isHere: boolean }
  | { readonly code: 'queued'; readonly ahead: number }
  | { readonly code: 'scheduled'; readonly until: number | null }
  | { readonly code: 'stopped'; readonly by: 'ratio' | 'time'; readonly limit: number }
  | { readonly code: 'daemon-away' | 'no-peers' | 'no-metadata' | 'record-lost' | 'list-too-long' | 'nothing-chosen' }
  | { readonly code: 'no-source-has-missing'; readonly missing: number }
  | { readonly code: 'choked' | 'silent' | 'unreached' | 'peers-gone'; readonly peers: number }
  | { readonly code: 'no-connections'; readonly most: number }
  | { readonly code: 'out-of-reach'; readonly trackers: number; readonly peers: number }
  | { readonly code: 'tracker'; readonly url: string; readonly text: string }
  | { readonly code: 'state-not-saved' | 'state-not-read'; readonly text: string }
  | { readonly code: 'metadata-refused'; readonly why: Said };

/** `peers`: whom it could have something of; `down`: what comes, bytes a second. */
export function viewProblem(
  torrent: Torrent,
  isDownloading: boolean,
  peers: number,
  down: number,
  now: number,
): ViewProblem | null {
  if (torrent.phase === 'failed' && torrent.problem) return viewFailure(torrent, torrent.problem);
  if (torrent.phase === 'waiting') return { code: 'daemon-away' };
  if (torrent.phase === 'paused' && torrent.limit.stopped) return { code: 'stopped', ...torrent.limit.stopped };
  if (torrent.transfer.isGoing) {
    const { moved, total, source } = torrent.transfer;
    return { code: 'bringing', moved, of: total, isHere: source !== null };
  }
  if (torrent.phase === 'moving') {
    const { total } = torrent.relocation;
    return { code: 'moving', moved: total - torrent.substance.where.pendingCount, of: total };
  }
  if (torrent.phase === 'queued' && torrent.turn.isOff) return { code: 'scheduled', until: torrent.turn.offUntil };
  if (torrent.phase === 'queued') return { code: 'queued', ahead: Math.max(0, torrent.turn.ahead) };
  if (torrent.work.recall.problem !== '') return { code: 'state-not-read', text: torrent.work.recall.problem };
  if (torrent.recorder.unsaved !== '') return { code: 'state-not-saved', text: torrent.recorder.unsaved };
  if (torrent.recorder.isTooLong) return { code: 'list-too-long' };
  if (isNothingChosen(torrent)) return { code: 'nothing-chosen' };
  if (!isDownloading && torrent.phase !== 'fetching') return null;
  if (torrent.fetch?.refusal) return { code: 'metadata-refused', why: torrent.fetch.refusal };
  if (torrent.substance.isLost) return { code: 'record-lost' };
  const isLong = now - torrent.runningSince > PATIENCE;
  if (peers === 0) {
    const refused = torrent.announcer.trackers.find(tracker => tracker.refused);
    if (refused) return { code: 'tracker', url: refused.url, text: refused.text };
    return isLong ? viewNobody(torrent) : null;
  }
  if (!isLong) return null;
  if (torrent.meta) return viewStill(torrent, down, now);
  return down > 0 ? null : { code: 'no-metadata' };
}

/** All its files are left out, and nothing of it is here to be given. */
function isNothingChosen({ phase, content }: Torrent): boolean {
  if (phase !== 'running' || !content || content.wantedSize > 0 || !content.downloader.have.isEmpty) return false;
  return content.layout.files.some(({ pad, length }) => !pad && length > 0);
}

/** Nobody is there. */
function viewNobody({ peerSet, announcer, meta }: Torrent): ViewProblem {
  if (peerSet.outOfReach !== null) {
    const trackers = announcer.trackers.filter(({ state }) => state === 'out-of-reach').length;
    return { code: 'out-of-reach', trackers, peers: peerSet.outOfReach };
  }
  // Where it has some under way itself, it is those that nobody answers.
  if (peerSet.all.size === 0 && peerSet.mostConnections !== null) {
    return { code: 'no-connections', most: peerSet.mostConnections };
  }
  const { swarm } = peerSet;
  if (swarm.isNamed) return { code: swarm.wasReached ? 'peers-gone' : 'unreached', peers: swarm.size };
  return { code: meta ? 'no-peers' : 'no-metadata' };
}

/** Somebody is, and nothing comes. */
function viewStill({ peers, webSeeds, content, runningSince }: Torrent, down: number, now: number): ViewProblem | null {
  let asked = webSeeds.active;
  let promising = 0;
  let choking = 0;
  for (const peer of peers.values()) {
    if (peer.stage !== 'open') continue;
    if (peer.inflight > 0) asked += 1;
    if (!peer.amInterested) continue;
    promising += 1;
    if (peer.peerChoking) choking += 1;
  }
  const missing = content?.picker.unavailable() ?? 0;
  // A rate is an average, and outlives its last byte.
  if (missing > 0 && promising === 0 && asked === 0) return { code: 'no-source-has-missing', missing };
  if (down > 0 || now - Math.max(runningSince, content?.downloader.cameAt ?? 0) <= PATIENCE) return null;
  if (asked > 0) return { code: 'silent', peers: asked };
  return promising > 0 && choking === promising ? { code: 'choked', peers: choking } : null;
}

function viewFailure({ substance, mending }: Torrent, problem: FileProblem): ViewProblem {
  const why = PROBLEM_CODES[problem];
  const { needed } = mending;
  const [stray] = substance.where.strays;
  if (stray) return { code: 'not-moved', why, left: substance.where.pendingCount, needed, from: stray.naming.root };
  return why === 'disk-full' ? { code: why, needed } : { code: why };
}

/** Files of a removed torrent that could not be deleted, `count` of them. */
export interface LeftView {
  readonly name: string;
  readonly files: readonly string[];
  readonly count: number;
  readonly root: string;
  readonly why: DiskProblem | 'daemon-away';
}

export function viewLeft({ problem, ...left }: Left): LeftView {
  return { ...left, why: problem === 'store-away' ? 'daemon-away' : PROBLEM_CODES[problem] };
}
