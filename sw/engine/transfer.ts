import type { Content } from './content.ts';
import type { Outbox } from './effects.ts';
import type { FileProblem } from './events.ts';
import { WORKING, type Phase } from './phase.ts';
import type { ActivePiece } from './pieces.ts';
import type { Recorder } from './recorder.ts';
import type { TorrentRecord } from './resume.ts';
import type { Deletion } from './roots.ts';
import type { Draw, Source } from './source.ts';
import { BLOCK } from './model/layout.ts';

/** Bytes of one read: what other ports read at once. */
const READ = 1 << 20;
/** Reads under way, and bytes of pieces that are on their way until they are written, or one piece. */
const READS = 4;
const UNDER_WAY = 16 << 20;
/** After a piece could not be read nothing is for so many ms, times the tries it has had, up to so many. */
const RETRY = 2_000;
const MOST_PATIENCE = 30;
/** A piece that is not what it should be so often is given up: what stood of it on our disk may have been what was wrong. */
const MISMATCHES = 2;

interface Owner {
  readonly id: string;
  readonly phase: Phase;
  readonly content: Content | null;
  readonly recorder: Recorder;
  readonly out: Outbox;
  readonly turn: { review(): void };
  readonly work: { restsAfter: boolean };
  leave(to: 'queued' | 'moving' | 'paused', farewell: boolean): void;
  wake(attached: boolean, rests: boolean): void;
  proceed(now: number): void;
  enterQueue(): void;
}

/**
 * Brings here what another store of ours has of a torrent: piece by piece through buffers, as if a peer had sent it, so that each is
 * compared, written, flushed and recorded like any other, and what is recorded is not brought again. Meanwhile nobody else is asked for anything.
 *
 * bringing → recording (until all that came is on the disk) → letting go (the records say so, and that nothing is awaited) → end
 */
export class Transfer {
  /** Recorded: what the store of that name has comes first, however long it takes until that is there again. */
  awaited: string | null = null;
  /** Recorded: files that were not on the disk when that began to come; null where it has not, or nothing is awaited. */
  absent: ReadonlySet<number> | null = null;
  /** Bytes that the other store had, and how many of them are here. */
  total = 0;
  moved = 0;
  private stage: 'off' | 'bringing' | 'recording' | 'letting go' = 'off';
  private from: Source | null = null;
  private queue: number[] = [];
  private readonly bringing = new Map<number, ActivePiece>();
  private readonly tries = new Map<number, number>();
  private readonly mismatches = new Map<number, number>();
  private reads = 0;
  /** Of what was asked for before it stopped nothing is taken. */
  private round = 0;
  private readAt = 0;

  constructor(private readonly torrent: Owner) {}

  restore({ awaited, absent }: Pick<TorrentRecord, 'awaited' | 'absent'>): void {
    this.awaited = awaited;
    this.absent = absent;
  }

  /** Of its files on the disk what has come from the other store, which has all of it still. */
  get deletion(): Deletion {
    return { hasTrash: () => false, stays: file => this.absent?.has(file) !== true };
  }

  get source(): Source | null {
    return this.from;
  }
  get isAwaited(): boolean {
    return this.awaited !== null;
  }
  /** Something is to be brought, or to be waited for. */
  get isPending(): boolean {
    return this.isAwaited || this.from !== null;
  }
  get isGoing(): boolean {
    return this.stage !== 'off';
  }
  /** Nothing happens until the other store is there again. */
  get isWaiting(): boolean {
    return this.isGoing && this.from === null;
  }

  /**
   * The other store is there: the torrent leaves what it is at, has its files looked at and then what there is brought. Null: it is not there any
   * more. `attached`: the store and the network are there.
   */
  connect(source: Source | null, attached: boolean, now: number): void {
    const { torrent } = this;
    const isKnown = this.from === source;
    this.from = source;
    if (isKnown && torrent.phase !== 'paused') return;
    if (this.stage === 'bringing') this.survey(now);
    if (source === null && this.isGoing && !this.isAwaited) return this.giveUp();
    if (source === null) torrent.turn.review();
    if (source === null || this.isGoing || torrent.phase === 'failed') return;
    if (WORKING.has(torrent.phase)) torrent.leave('queued', true);
    torrent.turn.review();
    if (torrent.phase === 'paused') torrent.wake(attached, true);
    torrent.proceed(now);
  }

  /** Its files were compared with the record, and these of them are not there: into its phase. */
  begin(absent: ReadonlySet<number>, now: number): void {
    const { torrent } = this;
    torrent.leave('moving', true);
    this.stage = 'bringing';
    if (this.isAwaited && this.absent === null) {
      this.absent = absent;
      torrent.recorder.writeTorrent();
    }
    this.survey(now);
  }

  /** A person would have it fetched from elsewhere, or the other store is gone and nobody waits for it. */
  private giveUp(): void {
    this.forget();
    this.from = null;
    this.end();
  }

  /** The other store has nothing of it any more. */
  waitNoMore(): void {
    if (this.isGoing) return this.giveUp();
    this.forget();
    this.torrent.turn.review();
    this.torrent.recorder.writeTorrent();
  }

  /** A person would have it go on now. */
  goOnWithout(): void {
    this.torrent.work.restsAfter = false;
    this.giveUp();
  }

  /** Nothing of what was under way is taken. */
  stop(): void {
    this.stage = 'off';
    this.round += 1;
    this.reads = 0;
    this.queue = [];
    this.bringing.clear();
  }

  drawn({ round, piece: index, buffer, offset }: Draw, problem: FileProblem | null, bytes: Uint8Array, now: number): void {
    const { content, out } = this.torrent;
    if (round !== this.round || !content) return;
    this.reads -= 1;
    const piece = this.bringing.get(index);
    if (piece?.buffer === buffer && content.downloader.active.get(index) === piece) {
      if (problem !== null) this.unread(piece, problem, now);
      else {
        out({ do: 'put', buffer, offset, bytes });
        const end = Math.ceil((offset + bytes.length) / BLOCK);
        for (let block = offset / BLOCK; block < end; block++) content.downloader.arrived(piece, block, '', now);
      }
    }
    this.goOn(now);
  }

  /** The store has compared a piece, and it is not what it should be. */
  corrupt(index: number): void {
    const piece = this.bringing.get(index);
    if (!piece) return;
    const times = (this.mismatches.get(index) ?? 0) + 1;
    this.mismatches.set(index, times);
    if (times >= MISMATCHES) return this.lose(piece, 'its bytes are not those of the torrent');
    this.putBack(piece);
    this.torrent.content?.assembly.partials.forget(index);
  }

  /** To be called whenever pieces may have come, or may be begun. */
  goOn(now: number): void {
    const { content, phase, recorder } = this.torrent;
    if (phase !== 'moving' || !content || !this.isGoing) return;
    if (this.stage === 'bringing') this.bring(content, now);
    if (this.stage === 'recording') this.record(content);
    if (this.stage === 'letting go' && isOnDisk(content) && recorder.isSettled && recorder.isInfoKept) this.end();
  }

  /** What there is to be brought. */
  private survey(now: number): void {
    const { content } = this.torrent;
    this.stopReading(content);
    this.tries.clear();
    this.mismatches.clear();
    this.readAt = now;
    if (!content || !this.from) return;
    this.total = 0;
    this.moved = 0;
    for (const piece of this.from.has.ones()) {
      const size = content.layout.pieceSize(piece);
      this.total += size;
      if (content.downloader.have.get(piece)) this.moved += size;
      else this.queue.push(piece);
    }
    this.queue.reverse();
    this.goOn(now);
  }

  /** What was read for a piece in the making comes no more: that is begun anew. */
  private stopReading(content: Content | null): void {
    this.round += 1;
    this.reads = 0;
    this.queue = [];
    for (const piece of this.bringing.values()) if (piece.stage === 'open') content?.assembly.abandon(piece);
    this.bringing.clear();
  }

  private bring(content: Content, now: number): void {
    if (!this.from) return;
    this.settle(content);
    while (this.reads < READS && now >= this.readAt) if (!this.draw(content, now)) break;
    if (this.queue.length === 0 && this.bringing.size === 0) this.stage = 'recording';
  }

  /** Those that are in, and those that the store would not take. */
  private settle(content: Content): void {
    const { active, have } = content.downloader;
    for (const [index, piece] of this.bringing) {
      if (active.get(index) === piece) continue;
      this.bringing.delete(index);
      if (have.get(index)) this.moved += piece.length;
      else this.queue.push(index);
    }
  }

  /** Asks for the next part of a piece. False where nothing can be asked for just now. */
  private draw(content: Content, now: number): boolean {
    const piece = this.open() ?? this.begun(content, now);
    const taken = piece?.takeFree(READ / BLOCK);
    if (!piece || !taken) return piece !== null;
    content.downloader.active.sort(piece);
    this.reads += 1;
    const { offset, length } = piece.run(...taken);
    this.torrent.out({ do: 'draw', round: this.round, piece: piece.index, buffer: piece.buffer, offset, length });
    return true;
  }

  private open(): ActivePiece | null {
    for (const piece of this.bringing.values()) if (piece.stage === 'open' && piece.free > 0) return piece;
    return null;
  }

  private begun({ assembly, downloader, layout }: Content, now: number): ActivePiece | null {
    let bytes = 0;
    for (const { length } of this.bringing.values()) bytes += length;
    for (;;) {
      const index = this.queue.at(-1);
      if (index === undefined || assembly.isParking) return null;
      if (bytes > 0 && bytes + layout.pieceSize(index) > UNDER_WAY) return null;
      if (downloader.have.get(index)) {
        this.moved += layout.pieceSize(index);
        this.queue.pop();
        continue;
      }
      const piece = downloader.active.get(index) ?? assembly.begin(index, now);
      if (!piece) return null;
      this.queue.pop();
      this.bringing.set(index, piece);
      return piece;
    }
  }

  /** Whatever fails may pass, and is waited for: what is written off is deleted over there. */
  private unread(piece: ActivePiece, problem: FileProblem, now: number): void {
    if (problem === 'gone') return this.lose(piece, 'it is not there any more');
    const tries = (this.tries.get(piece.index) ?? 0) + 1;
    this.tries.set(piece.index, tries);
    this.putBack(piece);
    this.readAt = now + RETRY * Math.min(tries, MOST_PATIENCE);
  }

  private putBack(piece: ActivePiece): void {
    this.bringing.delete(piece.index);
    this.torrent.content?.assembly.abandon(piece);
    this.queue.push(piece.index);
  }

  /** It is to come from elsewhere, like any that was never there. */
  private lose(piece: ActivePiece, why: string): void {
    const { torrent } = this;
    torrent.out({ do: 'log', level: 'warn', text: `${torrent.id}: piece ${piece.index} was not taken over: ${why}` });
    this.bringing.delete(piece.index);
    torrent.content?.assembly.abandon(piece);
  }

  /** What came is recorded; then that nothing is awaited any more, and so nobody takes back what it made of files. */
  private record(content: Content): void {
    if (!isOnDisk(content)) return;
    this.forget();
    content.fillIn();
    this.stage = 'letting go';
    this.torrent.recorder.writeTorrent();
  }

  private forget(): void {
    this.awaited = null;
    this.absent = null;
  }

  private end(): void {
    const { torrent, from } = this;
    const rests = torrent.work.restsAfter;
    if (from) torrent.out({ do: 'brought', source: from });
    this.from = null;
    torrent.work.restsAfter = false;
    if (rests) torrent.leave('paused', true);
    else {
      this.stop();
      torrent.enterQueue();
    }
    torrent.recorder.writeTorrent();
  }
}

function isOnDisk({ storage, assembly }: Content): boolean {
  return storage.idle && !storage.parts.isCopying && !assembly.isParking;
}
