/** What the store's answers mean to a torrent. */
import type { Content } from './content.ts';
import type { Outcome } from './assembly.ts';
import type { Outbox } from './effects.ts';
import type { CommitStatus, FileProblem, Range } from './events.ts';
import { note } from './journal.ts';
import type { Mending } from './mending.ts';
import type { Move } from './parts.ts';
import type { Peer } from './peer.ts';
import type { PeerSet } from './peers.ts';
import type { Phase } from './phase.ts';
import type { ActivePiece } from './pieces.ts';
import type { Recorder } from './recorder.ts';
import type { FileStat } from './storage.ts';
import type { Transfer } from './transfer.ts';
import type { WebSeeds } from './web-seeds.ts';
import type { Work } from './work.ts';

interface Owner {
  readonly id: string;
  readonly phase: Phase;
  readonly content: Content | null;
  readonly peerSet: PeerSet;
  readonly webSeeds: WebSeeds;
  readonly recorder: Recorder;
  readonly mending: Mending;
  readonly work: Work;
  readonly transfer: Transfer;
  readonly out: Outbox;
  refresh(peer: Peer): void;
  finishIfComplete(): void;
  fail(problem: FileProblem, file: string): void;
}

/** A file was opened, or could not be. */
export function opened(
  torrent: Owner,
  file: number,
  problem: FileProblem | null,
  size: number,
  mtime: number,
  now: number,
): void {
  const { content, work } = torrent;
  if (work.opened(file, problem, size, mtime, now)) return;
  const index = content?.storage.fileIndex(file);
  const waited = content?.storage.opened(file, problem === null) === true;
  if (waited && problem === null && torrent.phase === 'running') content?.downloader.fillAll(now);
  if (index === undefined || !content || problem === null || problem === 'store-away') return;
  content.storage.forget(index);
  // An empty file that cannot be made where all else is there keeps nothing from being given.
  if (content.isComplete && content.storage.entry(index).length === 0) return;
  // What an earlier check had asked is of no use any more.
  if (torrent.phase !== 'running') return;
  torrent.fail(problem, content.storage.nameOf(index));
}

/** Something came of a piece in the making. */
export function settle(torrent: Owner, outcome: Outcome, now: number): void {
  const { content, peerSet } = torrent;
  if (!content) return;
  if (outcome.kind === 'have') {
    content.gained(outcome.piece);
    peerSet.telling.have(outcome.piece, now);
    if (torrent.phase === 'running') torrent.finishIfComplete();
  } else if (outcome.kind === 'corrupt') {
    torrent.out({ do: 'log', level: 'warn', text: `${torrent.id}: piece ${outcome.piece} was corrupt` });
    torrent.out(note('piece-corrupt', '', '', outcome.piece));
    torrent.transfer.corrupt(outcome.piece);
  } else if (outcome.kind === 'unsure') {
    content.unsure(outcome.piece);
  } else if (outcome.kind === 'problem') {
    torrent.fail(outcome.problem, '');
    return;
  }
  if ('liars' in outcome)
    for (const liar of outcome.liars) {
      const reason = 'it sent corrupt data';
      if (!torrent.webSeeds.ban(liar, reason)) peerSet.conduct.ban(liar, reason, now);
    }
  if (torrent.phase !== 'running') return;
  // Whoever was of interest for this piece may have nothing else that is wanted.
  if (outcome.kind === 'have') for (const peer of peerSet.all.values()) if (peer.sought === outcome.piece) torrent.refresh(peer);
  content.moveParts();
  content.downloader.fillAll(now);
}

/** A commit ended; `blocks` as {@link Store.commit} tells them. */
export function committed(
  torrent: Owner,
  buffer: number,
  status: CommitStatus,
  problem: FileProblem | null,
  blocks: Uint8Array,
  now: number,
): void {
  const { content } = torrent;
  if (!content) return;
  if (status === 'ok' || status === 'mismatch') content.downloader.whole(buffer, now);
  settle(torrent, content.assembly.committed(buffer, status, problem, blocks, now), now);
  torrent.transfer.goOn(now);
}

/** The store did not open a piece's buffer, or did not take what was put into it. Where it had no room just now, the piece is tried again soon. */
export function refused(torrent: Owner, piece: ActivePiece, problem: FileProblem, now: number): void {
  const { content } = torrent;
  if (content?.downloader.active.get(piece.index) !== piece) return;
  content.downloader.recall(piece, now);
  torrent.webSeeds.recall(piece);
  const isLong = content.assembly.refused(piece, now);
  if (problem !== 'limit' || isLong) settle(torrent, { kind: 'problem', problem }, now);
}

/** What a peer had asked for of these pieces could not be read. */
export function unread(torrent: Owner, problem: FileProblem, pieces: readonly number[], now: number): void {
  const { content } = torrent;
  if (torrent.phase !== 'running') return;
  // Which file it is, and what is left of it, one look at them tells; where that finds nothing wrong, there is no use in another.
  if (problem === 'gone' && content && !content.suspect(pieces, now)) torrent.fail('io', '');
  if (problem === 'io' || problem === 'denied' || problem === 'no-such-root') torrent.fail(problem, '');
}

/** What had landed of a piece in the making is on disk, as far as it could be written; `there` as {@link Store.park} tells it. */
export function parked(torrent: Owner, buffer: number, there: readonly Range[] | null, now: number): void {
  if (torrent.content) settle(torrent, torrent.content.assembly.parked(buffer, there, now), now);
}

/** A part that was kept aside is in its file, not flushed; or why not. */
export function copied(torrent: Owner, move: Move, problem: FileProblem | null, now: number): void {
  const { content } = torrent;
  if (!content || problem === 'store-away') return;
  const { storage } = content;
  storage.parts.copiedOne(move, problem === null);
  if (problem === null) storage.filled(move.file, now);
  else if (problem === 'gone') content.lost(move.piece);
  else return torrent.fail(problem, storage.nameOf(move.file));
  if (torrent.phase === 'running') content.moveParts();
}

/** A flush ended, with each file's size and time after it. */
export function flushed(torrent: Owner, problem: FileProblem | null, stat: ReadonlyMap<number, FileStat>): void {
  const { content } = torrent;
  if (!content || torrent.phase === 'removed' || content.storage.stage !== 'syncing' || problem === 'store-away') return;
  if (problem !== null) {
    // After a failed flush the system may have dropped the pages: what was not durable is read again before it is believed.
    content.doubt();
    torrent.fail(problem, '');
    return;
  }
  if (content.storage.synced(stat)) torrent.mending.reset();
  torrent.recorder.writeProgress(content);
}
