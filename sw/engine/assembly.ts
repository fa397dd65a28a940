import type { Budget } from './budget.ts';
import { Disputes } from './disputes.ts';
import type { Ids, Outbox } from './effects.ts';
import type { CommitStatus, FileProblem, KeptPiece, Range } from './events.ts';
import type { Peer } from './peer.ts';
import { pieceTag } from './piece-tag.ts';
import type { PieceHashes } from './piece-hashes.ts';
import { ActivePieces } from './pieces.ts';
import type { ActivePiece } from './pieces.ts';
import type { Partials } from './partials.ts';
import type { Picker } from './picker.ts';
import { SmartBan } from './smart-ban.ts';
import type { Storage } from './storage.ts';
import type { Bitfield } from './model/bitfield.ts';
import type { Layout } from './model/layout.ts';
import { TREE_HASH_BYTES } from './model/merkle.ts';
import type { HashRef } from './codec/peer-wire.ts';

/** Ms that a piece which failed is asked of one peer at a time. */
const ALONE = 30_000;
/** What is urgent may take so much more of the memory: the rest has filled it, and lets go of it later. */
const URGENT_SHARE = 1.25;
const NO_TAG = new Uint8Array(0);

/** Disks that fail so may take the rest another time, and have kept what they took. */
const KEEPS: ReadonlySet<FileProblem> = new Set<FileProblem>([
  'full',
  'quota',
  'too-large',
  'read-only',
  'denied',
  'no-such-root',
  'limit',
  'too-many-files',
]);

/** What came of a piece. */
export type Outcome =
  /** `liars` sent what made it fail: certain by now. */
  | { readonly kind: 'have' | 'corrupt'; readonly piece: number; readonly liars: readonly string[] }
  /** What had failed is known block by block. */
  | { readonly kind: 'exposed'; readonly liars: readonly string[] }
  /** It may be on disk, whole, and nobody has said so. Not to be picked before that was looked at. */
  | { readonly kind: 'unsure'; readonly piece: number }
  | { readonly kind: 'problem'; readonly problem: FileProblem }
  | { readonly kind: 'nothing' };

/** A piece that is being laid aside. */
interface Aside {
  readonly index: number;
  /** What stood of it on disk before anybody was asked for it. */
  readonly stood: readonly Range[];
  /** What came of its commit, once that is told. */
  commit: CommitStatus | null;
  /** The store has no open buffer of it: it was refused, or was whole already. Its commit tells which. */
  isClosed: boolean;
}

const NOTHING: Outcome = { kind: 'nothing' };

/** Takes pieces from their beginning, within the memory that there is, to the disk. Who is asked for what is not its business. */
export class Assembly {
  readonly active: ActivePieces;
  /** Verified and written. */
  readonly have: Bitfield;
  readonly disputes: Disputes;
  private readonly smartBan = new SmartBan();
  /** Pieces being laid aside, by buffer. Nobody begins them anew before what is there of them is written. */
  private readonly parking = new Map<number, Aside>();

  constructor(
    private readonly hashes: PieceHashes,
    private readonly tagBase: Uint8Array,
    private readonly picker: Picker,
    private readonly storage: Storage,
    readonly partials: Partials,
    peers: ReadonlyMap<number, Peer>,
    private readonly budget: Budget,
    private readonly ids: Ids,
    private readonly out: Outbox,
  ) {
    this.active = new ActivePieces(this.layout);
    this.disputes = new Disputes(hashes, peers, piece => this.reopen(piece));
    this.have = storage.durable.clone();
  }

  /** Whether there is room for one more piece: in memory, and on the disk where that is taken first. */
  hasRoom(now: number): boolean {
    return this.fits(1, now);
  }

  get isParking(): boolean {
    return this.parking.size > 0;
  }

  /** Those that are being laid aside. */
  *aside(): Generator<number> {
    for (const { index } of this.parking.values()) yield index;
  }

  /** Whether half of the memory is taken. */
  get isShort(): boolean {
    return this.budget.isShort;
  }

  /** Begins a piece that the picker has free; null where there is no room for it. What is padding in it is there at once. */
  begin(index: number, now: number, isUrgent = false): ActivePiece | null {
    if (!this.fits(isUrgent ? URGENT_SHARE : 1, now)) return null;
    this.picker.take(index);
    const piece = this.active.open(index, this.ids.buffer(), now);
    this.hold(piece);
    const isAside = this.storage.parts.begin(index);
    const there = this.partials.take(index);
    this.out({
      do: 'begin',
      buffer: piece.buffer,
      length: piece.length,
      // A later engine may not know what of it is aside: it is not to go on with it.
      tag: isAside ? NO_TAG : pieceTag(this.tagBase, index),
      spans: this.storage.spans(index),
      there,
    });
    this.commit(piece);
    piece.isParked = there.length > 0;
    piece.adopt(there, '');
    this.skipPads(piece);
    return piece;
  }

  /** Goes on with a piece whose buffer outlived the engine or the connection that began it. */
  adopt(index: number, kept: KeptPiece, now: number): void {
    const fits = index < this.layout.pieceCount && kept.length === this.layout.pieceSize(index) && this.picker.isWanted(index);
    if (!fits || !this.hashes.isKnown(index) || this.have.get(index) || this.active.get(index)) {
      this.out({ do: 'drop', buffer: kept.buffer });
      return;
    }
    this.picker.take(index);
    this.storage.parts.forget(index);
    this.partials.forget(index);
    const piece = this.active.open(index, kept.buffer, now);
    this.hold(piece);
    // One that could not be written may have lost some of what it had.
    const isTold = kept.state === 'open' || kept.state === 'error';
    piece.adopt(isTold ? kept.ranges : [{ offset: 0, length: piece.length }], '');
    this.sort(piece);
    this.commit(piece);
  }

  /** To be called after blocks of it came. With every block there, the store compares and writes it by itself. */
  sort(piece: ActivePiece): void {
    if (piece.missing === 0 && piece.stage === 'open') piece.stage = 'committing';
    this.active.sort(piece);
  }

  committed(buffer: number, status: CommitStatus, problem: FileProblem | null, blocks: Uint8Array, now: number): Outcome {
    const piece = this.active.ofBuffer(buffer);
    if (!piece) return this.committedAside(buffer, status, now);
    if (status === 'ok') {
      this.close(piece);
      this.storage.wrote(piece.index, piece.buffer, now);
      const liars = this.smartBan.passed(piece.index, blocks, piece.digestBytes);
      // A check may have found it meanwhile: then it is counted already.
      if (!this.have.set(piece.index)) return { kind: 'exposed', liars };
      this.picker.have(piece.index);
      return { kind: 'have', piece: piece.index, liars };
    }
    if (status === 'mismatch') {
      const liars = this.smartBan.failed(piece.index, [...piece.senders], blocks, piece.digestBytes);
      piece.aloneUntil = now + ALONE;
      const isOpen = liars.length === 0 && this.picker.isWanted(piece.index);
      if (isOpen && this.disputes.begin(piece, blocks, now)) piece.stage = 'disputed';
      else this.reopen(piece);
      return { kind: 'corrupt', piece: piece.index, liars };
    }
    if (problem !== null && KEEPS.has(problem) && this.isOnDisk(piece)) this.layAside(piece, status);
    else this.abandon(piece);
    return status === 'error' ? { kind: 'problem', problem: problem ?? 'io' } : NOTHING;
  }

  /** Hashes of blocks came: who lied is known, and what of a piece is to come again. Throws `protocol` where they are wrong. */
  exposed(peer: Peer, message: HashRef & { readonly hashes: Uint8Array }): Outcome {
    const verdict = this.disputes.receive(peer, message);
    if (!verdict) return NOTHING;
    const { piece, leaves, bad } = verdict;
    const liars = this.smartBan.passed(piece.index, leaves, TREE_HASH_BYTES);
    if (bad.length > 0) piece.aloneUntil = 0;
    this.reopen(piece, bad);
    return { kind: 'exposed', liars };
  }

  /** Lets go of a piece, which may be picked again. */
  abandon(piece: ActivePiece): void {
    this.out({ do: 'drop', buffer: piece.buffer });
    this.close(piece);
    this.picker.putBack(piece.index);
  }

  /**
   * The store had no room for its buffer, or for what came by message: what stood on disk of the piece before is gone on with another time. True where that has been so
   * for long.
   */
  refused(piece: ActivePiece, now: number): boolean {
    // Of the rest it is not known how much the store had taken.
    const there = piece.isParked ? piece.adopted : [];
    this.abandon(piece);
    if (there.length > 0) this.partials.keep(piece.index, there);
    return this.budget.refused(now);
  }

  /** Those that nobody is at just now, as `which` has it, make room: what is there of them goes to the disk. */
  park(which: (piece: ActivePiece) => boolean): void {
    for (const piece of [...this.active.all()]) {
      if (piece.stage !== 'open' || piece.held === 0 || !which(piece)) continue;
      if (!this.budget.maySetAside || piece.landed.length === 0) {
        this.abandon(piece);
        continue;
      }
      this.out({ do: 'park', buffer: piece.buffer });
      this.storage.touch(piece.index);
      piece.isParked = true;
      this.budget.parked += 1;
      this.budget.used -= piece.held;
      piece.held = 0;
    }
  }

  /**
   * The torrent rests: what had come of pieces is laid aside unless it `isOver`, and the others are let go. The store may have begun
   * to write any of them.
   */
  rest(isOver: boolean): void {
    for (const piece of [...this.active.all()]) {
      const isBegun = piece.stage !== 'disputed' && piece.senders.some(sender => sender !== null);
      if (isBegun && !isOver) this.layAside(piece);
      else this.abandon(piece);
    }
  }

  /** What had come of a piece is on disk, unverified, as far as it could be written. Null where it has no open buffer. */
  parked(buffer: number, there: readonly Range[] | null, now: number): Outcome {
    const aside = this.parking.get(buffer);
    if (!aside) return NOTHING;
    if (there) {
      this.endAside(buffer, aside, there, now);
      this.picker.putBack(aside.index);
      return NOTHING;
    }
    aside.isClosed = true;
    return this.closedAside(buffer, aside, now);
  }

  /** The store is away: what is there of pieces may be gone on with in the buffers that it keeps for a while. */
  detach(): void {
    for (const piece of [...this.active.all()]) {
      this.close(piece);
      this.picker.putBack(piece.index);
    }
    for (const index of this.aside()) this.picker.putBack(index);
    this.parking.clear();
  }

  /** A file is not as it was left. */
  forgetPartials(file: number): void {
    for (const piece of this.partials.pieces()) {
      if (this.storage.places(piece).some(span => span.file === file)) this.partials.forget(piece);
    }
  }

  private fits(share: number, now: number): boolean {
    return !this.storage.isAllocating && this.budget.takes(this.layout.pieceLength, share, now);
  }

  /** What there is of it goes to the disk, and is gone on with another time. */
  private layAside(piece: ActivePiece, commit: CommitStatus | null = null): void {
    this.close(piece);
    this.parking.set(piece.buffer, { index: piece.index, stood: piece.isParked ? piece.adopted : [], commit, isClosed: false });
    this.out({ do: 'park', buffer: piece.buffer });
  }

  private committedAside(buffer: number, status: CommitStatus, now: number): Outcome {
    const aside = this.parking.get(buffer);
    if (!aside) return NOTHING;
    aside.commit = status;
    return this.closedAside(buffer, aside, now);
  }

  /** One that could not be laid aside is let go once its commit has ended: to drop it before that would call it off. */
  private closedAside(buffer: number, aside: Aside, now: number): Outcome {
    const { index, stood, commit, isClosed } = aside;
    if (!isClosed || commit === null) return NOTHING;
    const isWhole = commit === 'ok' || commit === 'mismatch';
    this.endAside(buffer, aside, isWhole ? [] : stood, now);
    if (commit === 'ok' || commit === 'error') return { kind: 'unsure', piece: index };
    this.picker.putBack(index);
    return NOTHING;
  }

  private endAside(buffer: number, { index }: Aside, there: readonly Range[], now: number): void {
    this.parking.delete(buffer);
    this.out({ do: 'drop', buffer });
    if (there.length > 0) this.partials.keep(index, there);
    this.storage.touch(index);
    this.storage.recordSoon(now);
  }

  private hold(piece: ActivePiece): void {
    piece.held = this.budget.costOf(piece.length);
    this.budget.used += piece.held;
    this.budget.open += 1;
  }

  /** Its blocks go to its place on disk as they come. */
  private isOnDisk(piece: ActivePiece): boolean {
    return piece.isParked || this.budget.isBacked(piece.length);
  }

  /** Once every block is there, it is compared and written. */
  private commit(piece: ActivePiece): void {
    piece.digests = this.hashes.digests(piece.index);
    this.out({ do: 'commit', buffer: piece.buffer, digests: piece.digests, wantBlocks: this.smartBan.suspects(piece.index) });
  }

  private get layout(): Layout {
    return this.hashes.layout;
  }

  /** Blocks of nothing but padding need not be asked for: the store has zeros there. */
  private skipPads(piece: ActivePiece): void {
    let offset = 0;
    for (const { file, length } of this.layout.spans(piece.index)) {
      if (file < 0) piece.adopt([{ offset, length }], null);
      offset += length;
    }
    this.sort(piece);
  }

  /** These blocks of a piece that failed are wanted again; all of them where none is known to be the bad one. */
  private reopen(piece: ActivePiece, bad: readonly number[] = []): void {
    if (!this.picker.isWanted(piece.index)) return this.abandon(piece);
    const isKnown = bad.length > 0;
    const ranges = isKnown ? bad.map(block => piece.run(block, block + 1)) : [{ offset: 0, length: piece.length }];
    this.out({ do: 'reset', buffer: piece.buffer, ranges });
    this.commit(piece);
    piece.reopen(isKnown ? bad : Array.from({ length: piece.blocks }, (_, block) => block));
    if (isKnown) this.active.sort(piece);
    else this.skipPads(piece);
  }

  private close(piece: ActivePiece): void {
    if (this.active.get(piece.index) !== piece) return;
    this.active.close(piece);
    this.disputes.drop(piece);
    this.budget.used -= piece.held;
    this.budget.open -= 1;
    if (piece.isParked && piece.held === 0) this.budget.parked -= 1;
    if (this.isOnDisk(piece)) this.storage.touch(piece.index);
  }
}
