import { Disputes } from './disputes.ts';
import type { Ids, Outbox } from './effects.ts';
import { fail } from './errors.ts';
import type { CommitStatus, FileProblem, KeptPiece, Range } from './events.ts';
import { ActivePieces } from './pieces.ts';
import type { ActivePiece } from './pieces.ts';
import type { PieceHashes } from './piece-hashes.ts';
import type { Assignment } from './requests.ts';
import type { Peer } from './peer.ts';
import type { Share } from './rates.ts';
import type { Picker } from './picker.ts';
import { SmartBan } from './smart-ban.ts';
import type { Sender } from './smart-ban.ts';
import type { Storage } from './storage.ts';
import type { Bitfield } from './model/bitfield.ts';
import type { Layout } from './model/layout.ts';
import { BLOCK } from './model/layout.ts';
import { TREE_HASH_BYTES } from './model/merkle.ts';
import type { HashRef } from './codec/peer-wire.ts';

/** Ms without a block until a peer counts as snubbed, and until what it was asked for is asked of others. */
const SNUBBED_AFTER = 20_000;
const REQUEST_TIMEOUT = 60_000;
/** Ms that a piece may lie half-done with nobody to ask, while memory is short, until what is there of it is let go. */
const IDLE_PIECE = 30_000;
/** Peers asked for one block at most, in the endgame. */
const ENDGAME_COPIES = 3;
/** Ms that a piece which failed is asked of one peer at a time. */
const ALONE = 30_000;
/** A peer that would need longer than this for a whole piece, in seconds, joins others' pieces instead. */
const OWN_PIECE_SECONDS = 30;
const NO_TAG = new Uint8Array(0);

/** What pieces in the making may hold in memory, over all torrents, bytes. */
export interface Budget {
  readonly limit: number;
  used: number;
}

/** What came of a piece. */
export type Outcome =
  /** `liars` sent what made it fail: certain by now. */
  | { readonly kind: 'have' | 'corrupt'; readonly piece: number; readonly liars: readonly string[] }
  /** What had failed is known block by block. */
  | { readonly kind: 'exposed'; readonly liars: readonly string[] }
  | { readonly kind: 'problem'; readonly problem: FileProblem }
  | { readonly kind: 'nothing' };

/** Decides which peer is asked for which block, and takes pieces from their first block to the disk. */
export class Downloader {
  readonly active: ActivePieces;
  /** Verified and written. */
  readonly have: Bitfield;
  readonly disputes: Disputes;
  private readonly smartBan = new SmartBan();

  constructor(
    private readonly layout: Layout,
    private readonly hashes: PieceHashes,
    private readonly tagBase: Uint8Array,
    private readonly picker: Picker,
    private readonly storage: Storage,
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly budget: Budget,
    private readonly share: Share,
    private readonly ids: Ids,
    private readonly out: Outbox,
  ) {
    this.active = new ActivePieces(layout);
    this.disputes = new Disputes(hashes, peers, piece => this.reopen(piece));
    this.have = storage.durable.clone();
  }

  /** Asks the peer for as much as its pipeline has room for. */
  fill(peer: Peer, now: number): void {
    if (peer.stage !== 'open' || !peer.amInterested) return;
    if (peer.peerChoking && peer.allowedFast.size === 0) return;
    const rate = peer.down.rate(now);
    const depth = Math.min(peer.pipeline.depth(rate), this.share.blocks);
    let room = depth - peer.inflight;
    // A few requests at a time would cost a message each; deep pipelines are topped up in larger steps.
    if (room <= 0 || (peer.inflight > 0 && room < Math.min(128, depth / 4))) return;
    while (room > 0) {
      const piece = this.choose(peer, rate, now);
      if (!piece) break;
      const taken = piece.takeFree(room);
      if (!taken) break;
      peer.request(piece, taken[0], taken[1], now);
      this.active.sort(piece);
      room -= taken[1] - taken[0];
    }
    if (room > 0 && peer.inflight < 16 && this.everythingAsked) this.endgame(peer, Math.min(room, 16), now);
  }

  fillAll(now: number): void {
    for (const peer of this.peers.values()) this.fill(peer, now);
  }

  /** `earlier`: they were there before this peer was asked, so that it neither gave them nor is to blame for them. */
  landed(peer: Peer, { buffer, offset, length }: Range & { readonly buffer: number }, earlier: boolean, now: number): void {
    const piece = this.active.ofBuffer(buffer);
    if (!earlier) {
      peer.lastBlockAt = now;
      peer.lastHeardAt = now;
      peer.down.add(length, now);
    }
    if (!piece) return;
    const first = Math.floor(offset / BLOCK);
    const end = Math.ceil((offset + length) / BLOCK);
    for (let block = first; block < end; block++) {
      // Where the request was withdrawn meanwhile, the block is there all the same, and will not come again.
      const others = piece.asked(block) - (peer.settle(piece.index, block) ? 1 : 0);
      if (piece.land(block, earlier ? '' : peer.address) && others > 0) this.cancelOthers(peer, piece, block, now);
    }
    piece.touchedAt = now;
    this.active.sort(piece);
    if (!earlier) peer.pipeline.landed(piece.index, first, end, peer.down.rate(now), now);
    if (piece.missing === 0 && piece.stage === 'open') this.commit(piece);
    this.fill(peer, now);
  }

  /** A block came by another way than from a peer. */
  arrived(piece: ActivePiece, block: number, sender: Sender, now: number): void {
    if (this.active.get(piece.index) !== piece || piece.stage !== 'open') return;
    const others = piece.asked(block) > 1;
    if (!piece.land(block, sender)) return;
    if (others) for (const peer of this.peers.values()) peer.cancel(piece, block, now);
    piece.touchedAt = now;
    this.active.sort(piece);
    if (piece.missing === 0) this.commit(piece);
  }

  /** Block payload that came by the message itself, from streams that cannot land. */
  received(peer: Peer, index: number, begin: number, block: Uint8Array, now: number): void {
    const piece = this.active.get(index);
    if (!piece || begin % BLOCK !== 0 || block.length !== piece.blockLength(begin / BLOCK)) return;
    if (!peer.assignments.get(index)?.has(begin / BLOCK)) return;
    this.out({ do: 'put', buffer: piece.buffer, offset: begin, bytes: block });
    this.landed(peer, { buffer: piece.buffer, offset: begin, length: block.length }, false, now);
  }

  /**
   * The peer will not send that block (BEP 6). The next tick asks again, maybe elsewhere: never a tight loop. Throws
   * `protocol` where it refuses again and again what it was not asked for.
   */
  rejected(peer: Peer, index: number, begin: number): void {
    const assignment = peer.assignments.get(index);
    const block = begin / BLOCK;
    if (!assignment || !peer.settle(index, block)) {
      if (!peer.mayRefuse()) fail('protocol', 'It refuses blocks that it was not asked for.');
      return;
    }
    const { piece } = assignment;
    piece.release(block);
    this.active.sort(piece);
    peer.pipeline.forgetProbe();
    peer.allowedFast.delete(index);
  }

  gone(peer: Peer, now: number): void {
    this.withdrawAll(peer, false, now);
    this.disputes.gone(peer, now);
  }

  /** Nothing more will come of what this peer was asked for. */
  withdrawAll(peer: Peer, cancel: boolean, now: number): void {
    for (const assignment of [...peer.assignments.values()]) this.withdraw(peer, assignment, cancel, now);
  }

  /** The peer has this piece no more. */
  withdrawPiece(peer: Peer, piece: number, now: number): void {
    const assignment = peer.assignments.get(piece);
    if (assignment) this.withdraw(peer, assignment, false, now);
  }

  committed(buffer: number, status: CommitStatus, problem: FileProblem | null, blocks: Uint8Array, now: number): Outcome {
    const piece = this.active.ofBuffer(buffer);
    if (!piece) return { kind: 'nothing' };
    if (status === 'ok') {
      this.close(piece);
      this.have.set(piece.index);
      this.picker.have(piece.index);
      this.storage.wrote(piece.index, piece.buffer, now);
      return { kind: 'have', piece: piece.index, liars: this.smartBan.passed(piece.index, blocks, piece.digestBytes) };
    }
    if (status === 'mismatch') {
      const liars = this.smartBan.failed(piece.index, [...piece.senders], blocks, piece.digestBytes);
      piece.aloneUntil = now + ALONE;
      const isOpen = liars.length === 0 && this.picker.isWanted(piece.index);
      if (isOpen && this.disputes.begin(piece, blocks, now)) piece.stage = 'disputed';
      else this.reopen(piece);
      return { kind: 'corrupt', piece: piece.index, liars };
    }
    this.abandon(piece);
    return status === 'error' ? { kind: 'problem', problem: problem ?? 'io' } : { kind: 'nothing' };
  }

  /** Hashes of blocks came: who lied is known, and what of a piece is to come again. Throws `protocol` where they are wrong. */
  exposed(peer: Peer, message: HashRef & { readonly hashes: Uint8Array }): Outcome {
    const verdict = this.disputes.receive(peer, message);
    if (!verdict) return { kind: 'nothing' };
    const { piece, leaves, bad } = verdict;
    const liars = this.smartBan.passed(piece.index, leaves, TREE_HASH_BYTES);
    if (bad.length > 0) piece.aloneUntil = 0;
    this.reopen(piece, bad);
    return { kind: 'exposed', liars };
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
    const piece = this.active.open(index, kept.buffer, now);
    this.budget.used += piece.length;
    piece.adopt(kept.state === 'open' ? kept.ranges : [{ offset: 0, length: piece.length }], '');
    this.active.sort(piece);
    if (piece.missing === 0) this.commit(piece);
  }

  /** Lets go of everything in the making; with `drop` its buffers as well. */
  stop(drop: boolean): void {
    for (const piece of [...this.active.all()]) {
      if (drop) this.out({ do: 'drop', buffer: piece.buffer });
      this.close(piece);
      this.picker.putBack(piece.index);
    }
  }

  /** Once a second: peers that keep us waiting. */
  tick(now: number): void {
    for (const peer of this.peers.values()) {
      if (peer.inflight > 0) {
        const silent = now - peer.lastBlockAt - this.share.patience;
        if (silent > REQUEST_TIMEOUT) this.withdrawAll(peer, true, now);
        else if (silent > SNUBBED_AFTER) peer.pipeline.snubbed = true;
      }
      this.fill(peer, now);
    }
    this.disputes.tick(now);
    if (this.budget.used > this.budget.limit / 2)
      this.giveUp(now, piece => piece.askers === 0 && now - piece.touchedAt > IDLE_PIECE);
  }

  /** Lets go of pieces in the making that are not wanted any more. */
  dropUnwanted(now: number): void {
    this.giveUp(now, piece => !this.picker.isWanted(piece.index));
  }

  private giveUp(now: number, which: (piece: ActivePiece) => boolean): void {
    for (const piece of [...this.active.all()]) {
      if (piece.stage !== 'open' || !which(piece)) continue;
      for (const peer of this.peers.values()) {
        const assignment = peer.assignments.get(piece.index);
        if (assignment) this.withdraw(peer, assignment, true, now);
      }
      this.abandon(piece);
    }
  }

  /** Whether the peer has a piece that we still want. */
  wants(peer: Peer): boolean {
    if (this.picker.pick(peer.has) >= 0) return true;
    for (const piece of this.active.all()) if (peer.has.get(piece.index)) return true;
    return false;
  }

  private get everythingAsked(): boolean {
    return this.active.withFree.size === 0 && this.picker.wantedLeft <= this.active.size;
  }

  /** A piece to take blocks of: one of its own, one nobody is at, a new one, and else one that it shares. */
  private choose(peer: Peer, rate: number, now: number): ActivePiece | null {
    for (const { piece } of peer.assignments.values()) {
      if (piece.free > 0 && piece.stage === 'open' && peer.mayAskFor(piece.index)) return piece;
    }
    let shared: ActivePiece | null = null;
    for (const piece of this.active.withFree) {
      if (!peer.mayAskFor(piece.index)) continue;
      if (piece.askers === 0) return piece;
      if (now < piece.aloneUntil) continue;
      if (!shared || piece.missing < shared.missing) shared = piece;
    }
    if (shared && rate * OWN_PIECE_SECONDS < shared.length) return shared;
    let fresh = this.pickAndBegin(peer, now);
    while (fresh?.missing === 0) fresh = this.pickAndBegin(peer, now);
    return fresh ?? shared;
  }

  private pickAndBegin(peer: Peer, now: number): ActivePiece | null {
    if (!this.hasRoom) return null;
    const index = peer.peerChoking ? this.pickAllowed(peer) : this.pickOpen(peer);
    return index < 0 ? null : this.begin(index, now);
  }

  private get hasRoom(): boolean {
    return this.budget.used === 0 || this.budget.used + this.layout.pieceLength <= this.budget.limit;
  }

  /** Begins a piece that the picker has free; null where there is no room for it. What is padding in it is there at once. */
  begin(index: number, now: number): ActivePiece | null {
    if (!this.hasRoom) return null;
    this.picker.take(index);
    const piece = this.active.open(index, this.ids.buffer(), now);
    this.budget.used += piece.length;
    const isAside = this.storage.parts.begin(index);
    this.out({
      do: 'begin',
      buffer: piece.buffer,
      length: piece.length,
      // A later engine may not know what of it is aside: it is not to go on with it.
      tag: isAside ? NO_TAG : pieceTag(this.tagBase, index),
      spans: this.storage.spans(index),
    });
    this.skipPads(piece);
    return piece;
  }

  /** Blocks of nothing but padding need not be asked for: the store has zeros there. */
  private skipPads(piece: ActivePiece): void {
    let offset = 0;
    for (const { file, length } of this.layout.spans(piece.index)) {
      if (file < 0) piece.adopt([{ offset, length }], null);
      offset += length;
    }
    this.active.sort(piece);
    if (piece.missing === 0) this.commit(piece);
  }

  /** What the peer suggests comes first, each suggestion once (BEP 6). */
  private pickOpen(peer: Peer): number {
    for (const index of this.picker.isSequential ? [] : peer.suggested) {
      peer.suggested.delete(index);
      if (peer.has.get(index) && this.picker.isFree(index)) return index;
    }
    return this.picker.pick(peer.has);
  }

  private pickAllowed(peer: Peer): number {
    for (const index of peer.allowedFast) {
      if (peer.has.get(index) && this.picker.isFree(index)) return index;
    }
    return -1;
  }

  private endgame(peer: Peer, room: number, now: number): void {
    for (const piece of this.active.all()) {
      if (piece.stage !== 'open' || now < piece.aloneUntil || !peer.mayAskFor(piece.index)) continue;
      // Within a limit a second copy takes the place of another block.
      if (now - piece.touchedAt < this.share.patience) continue;
      for (let block = 0; block < piece.blocks && room > 0; block++) {
        if (piece.isLanded(block) || piece.asked(block) >= ENDGAME_COPIES) continue;
        if (peer.assignments.get(piece.index)?.has(block)) continue;
        piece.askAgain(block);
        peer.request(piece, block, block + 1, now);
        room -= 1;
      }
    }
  }

  private cancelOthers(peer: Peer, piece: ActivePiece, block: number, now: number): void {
    for (const other of this.peers.values()) {
      if (other !== peer) other.cancel(piece, block, now);
    }
  }

  /** These blocks of a piece that failed are wanted again; all of them where none is known to be the bad one. */
  private reopen(piece: ActivePiece, bad: readonly number[] = []): void {
    if (!this.picker.isWanted(piece.index)) return this.abandon(piece);
    const isKnown = bad.length > 0;
    const ranges = isKnown ? bad.map(block => piece.run(block, block + 1)) : [{ offset: 0, length: piece.length }];
    this.out({ do: 'reset', buffer: piece.buffer, ranges });
    piece.reopen(isKnown ? bad : Array.from({ length: piece.blocks }, (_, block) => block));
    if (isKnown) this.active.sort(piece);
    else this.skipPads(piece);
  }

  private commit(piece: ActivePiece): void {
    piece.stage = 'committing';
    this.active.sort(piece);
    piece.digests = this.hashes.digests(piece.index);
    this.out({ do: 'commit', buffer: piece.buffer, digests: piece.digests, wantBlocks: this.smartBan.suspects(piece.index) });
  }

  private withdraw(peer: Peer, assignment: Assignment, cancel: boolean, now: number): void {
    peer.withdraw(assignment, cancel, now);
    this.active.sort(assignment.piece);
  }

  private abandon(piece: ActivePiece): void {
    this.out({ do: 'drop', buffer: piece.buffer });
    this.close(piece);
    this.picker.putBack(piece.index);
  }

  private close(piece: ActivePiece): void {
    if (this.active.get(piece.index) !== piece) return;
    this.active.close(piece);
    this.disputes.drop(piece);
    this.budget.used -= piece.length;
  }
}

/** Names a piece's buffer to a later engine: info-hash, then the index, big-endian. The store does not read it. */
export function pieceTag(infoHash: Uint8Array, piece: number): Uint8Array {
  const tag = new Uint8Array(infoHash.length + 4);
  tag.set(infoHash);
  new DataView(tag.buffer).setUint32(infoHash.length, piece);
  return tag;
}

/** The inverse of {@link pieceTag}; null where the tag is none of ours. */
export function readTag(tag: Uint8Array): { infoHash: Uint8Array; piece: number } | null {
  if (tag.length !== 24) return null;
  return { infoHash: tag.slice(0, 20), piece: new DataView(tag.buffer, tag.byteOffset, 24).getUint32(20) };
}
