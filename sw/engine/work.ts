import type { Announcer } from './announce.ts';
import { Checker } from './checker.ts';
import type { Content } from './content.ts';
import type { Outbox } from './effects.ts';
import type { FileProblem } from './events.ts';
import { ExactSources } from './exact-sources.ts';
import { note } from './journal.ts';
import { MetadataFetch } from './metadata.ts';
import type { Peer } from './peer.ts';
import type { PeerSet } from './peers.ts';
import { WORKING } from './phase.ts';
import type { Phase } from './phase.ts';
import type { PieceHashes } from './piece-hashes.ts';
import { Recall } from './recall.ts';
import type { Recorder } from './recorder.ts';
import type { SeedingLimit } from './seeding-limit.ts';
import type { Substance } from './substance.ts';
import type { Transfer } from './transfer.ts';
import type { WebSeeds } from './web-seeds.ts';
import type { Metainfo } from './codec/metainfo.ts';
import type { TorrentHashes } from './model/ids.ts';

/** The torrent, as far as its work moves it. */
interface Worker {
  readonly id: string;
  readonly phase: Phase;
  readonly isPaused: boolean;
  readonly limit: SeedingLimit;
  readonly transfer: Transfer;
  readonly meta: Metainfo | null;
  readonly pieceHashes: PieceHashes | null;
  readonly content: Content | null;
  readonly substance: Substance;
  readonly recorder: Recorder;
  readonly hashes: TorrentHashes;
  fetch: MetadataFetch | null;
  readonly announcer: Announcer;
  readonly peerSet: PeerSet;
  readonly webSeeds: WebSeeds;
  runningSince: number;
  doneAt: number;
  readonly out: Outbox;
  /** ms since 1970. */
  wall(): number;
  move(to: Phase): void;
  fail(problem: FileProblem, file: string): void;
  pause(): void;
  wake(attached: boolean, rests: boolean): void;
  proceed(now: number): void;
  leave(to: 'queued', farewell: boolean): void;
  letGo(): void;
  relocate(): void;
  refresh(peer: Peer): void;
  peerInterest(peer: Peer): void;
}

/** The way of a torrent from rest to work: what it is, what of it is on disk, and then fetching and giving it. */
export class Work {
  readonly sources: ExactSources;
  readonly recall: Recall;
  private checker: Checker | null = null;
  /** After the check that is under way or to come, and what is brought then, it goes back to rest. */
  restsAfter = false;

  constructor(private readonly torrent: Worker) {
    this.sources = new ExactSources(torrent);
    this.recall = new Recall(torrent);
  }

  /** From rest to whatever is next: metadata, a start, a check. */
  begin(now: number, refetchMissing = false): void {
    const { torrent } = this;
    torrent.runningSince = now;
    if (torrent.substance.atRest) {
      torrent.move('loading');
      this.recall.begin(later => {
        if (torrent.phase !== 'loading') return;
        if (torrent.substance.where.isPending) torrent.relocate();
        else this.begin(later, refetchMissing);
      });
    } else if (!torrent.meta) {
      torrent.fetch ??= new MetadataFetch();
      torrent.move('fetching');
      torrent.announcer.start(now);
      torrent.peerSet.tick(now);
      this.sources.begin();
    } else if (!torrent.content) {
      if (torrent.phase !== 'ready') torrent.move('ready');
      torrent.announcer.survey();
    } else this.check(refetchMissing, now);
  }

  /** Compares what is on disk with what is recorded. `refetchMissing`: files that are gone are to be fetched again. */
  check(refetchMissing: boolean, now: number): void {
    const { content, pieceHashes, out } = this.torrent;
    if (!content || !pieceHashes) return;
    this.torrent.move('checking');
    content.unchecked = false;
    this.checker = new Checker(content, pieceHashes, refetchMissing, out);
    this.checker.start();
    this.step(now);
  }

  /** Reads everything again that may be on disk. A torrent at rest goes back to rest after it. */
  recheck(now: number): void {
    const { torrent } = this;
    const { content, phase, substance } = torrent;
    if ((!content && !substance.atRest) || phase === 'waiting' || phase === 'ready') return;
    const rests = torrent.isPaused || phase === 'failed';
    // What is brought is compared as it comes, and looked at after it.
    if (torrent.transfer.isGoing) return;
    if (WORKING.has(phase)) torrent.leave('queued', true);
    content?.doubtAll();
    if (substance.atRest) {
      substance.atRest.doubtAll();
      torrent.recorder.writeEncoded(substance.atRest.record);
    }
    if (rests) torrent.wake(true, true);
    // One whose files are being moved is checked once they are where they are to be.
    torrent.proceed(now);
  }

  /** A file was opened; true if that was for the check. */
  opened(file: number, problem: FileProblem | null, size: number, mtime: number, now: number): boolean {
    if (!this.checker?.opened(file, problem, size, mtime)) return false;
    this.step(now);
    return true;
  }

  verified(pieces: readonly number[], verdicts: readonly (boolean | null)[], now: number): void {
    this.checker?.verdicts(pieces, verdicts, now);
    this.step(now);
  }

  tick(now: number): void {
    this.recall.tick(now);
    this.torrent.transfer.goOn(now);
  }

  /** What was under way is not gone on with. */
  stop(): void {
    this.checker = null;
    this.recall.stop();
    this.torrent.webSeeds.stop();
    this.torrent.transfer.stop();
  }

  finishIfComplete(now: number): void {
    const { content, announcer, peerSet } = this.torrent;
    if (!content?.isComplete) return;
    if (this.torrent.doneAt === 0) {
      this.torrent.doneAt = this.torrent.wall();
      content.storage.recordSoon(now);
      this.torrent.out({ do: 'happened', what: 'completed' });
      this.torrent.out(note('completed'));
      if (content.downloader.have.isFull) announcer.complete(now);
    }
    peerSet.nothingWanted(now);
  }

  private step(now: number): void {
    const { checker, torrent } = this;
    const { content } = torrent;
    if (torrent.phase !== 'checking' || !checker || !content) return;
    if (checker.problem !== null) torrent.fail(checker.problem, checker.problemFile);
    if (!checker.finished) return;
    this.checker = null;
    checker.keep();
    if (torrent.transfer.isPending) return torrent.transfer.begin(checker.absent, now);
    if (!content.isComplete) {
      torrent.doneAt = 0;
      torrent.limit.stopped = null;
    }
    content.storage.recordSoon(now);
    if (this.restsAfter) return torrent.pause();
    torrent.move('running');
    torrent.runningSince = now;
    content.fillIn();
    torrent.announcer.start(now);
    torrent.peerSet.telling.haveAll(now);
    torrent.peerSet.tick(now);
    this.finishIfComplete(now);
    torrent.webSeeds.tick(now);
    for (const peer of torrent.peerSet.all.values()) {
      torrent.refresh(peer);
      torrent.peerInterest(peer);
    }
  }
}
