import type { Assembly } from './assembly.ts';
import type { Outbox } from './effects.ts';
import { fail } from './errors.ts';
import type { Range } from './events.ts';
import type { ActivePiece, ActivePieces } from './pieces.ts';
import type { Assignment } from './requests.ts';
import type { Peer } from './peer.ts';
import type { Share } from './rates.ts';
import type { Picker } from './picker.ts';
import type { Sender } from './smart-ban.ts';
import type { Urgent } from './urgent.ts';
import type { Bitfield } from './model/bitfield.ts';
import { BLOCK } from './model/layout.ts';

/** Ms without a block until a peer counts as snubbed, and until what it was asked for is asked of others. */
const SNUBBED_AFTER = 20_000;
const REQUEST_TIMEOUT = 60_000;
/** Ms for which what was called off of a peer is not asked of others: it may be on the line. */
const CALLED_OFF_PATIENCE = 5_000;
/** Blocks for which that holds, of one peer: each takes a place among those that its connection may bring. */
const MAX_CALLED_OFF = 2_000;
/** Ms that a piece may lie half-done with nobody to ask, while memory is short, until what is there of it goes to the disk. */
const IDLE_PIECE = 30_000;
/** Peers asked for one block at most, in the endgame. */
const ENDGAME_COPIES = 3;
/** A peer that would need longer than this for a whole piece, in seconds, joins others' pieces instead. */
const OWN_PIECE_SECONDS = 30;

/** Decides which peer is asked for which block, and takes in what comes of it. */
export class Downloader {
  readonly active: ActivePieces;
  /** Verified and written. */
  readonly have: Bitfield;

  /** When a block last came, monotonic ms; 0: none yet. */
  cameAt = 0;

  constructor(
    private readonly assembly: Assembly,
    private readonly picker: Picker,
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly share: Share,
    private readonly urgent: Urgent,
    private readonly out: Outbox,
  ) {
    this.active = assembly.active;
    this.have = assembly.have;
  }

  /** Asks the peer for as much as its pipeline has room for. */
  fill(peer: Peer, now: number): void {
    if (peer.stage !== 'open' || !peer.amInterested) return;
    if (peer.peerChoking && peer.allowedFast.size === 0) return;
    const rate = peer.down.rate(now);
    const depth = Math.min(peer.pipeline.depth(rate), this.share.blocks, this.urgent.depth(rate));
    let room = depth - peer.inflight;
    // A few requests at a time would cost a message each; deep pipelines are topped up in larger steps.
    if (room <= 0 || (peer.inflight > 0 && room < Math.min(128, depth / 4))) return;
    room -= this.urgent.fill(peer, room, rate, now);
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
    this.cameAt = now;
    this.assembly.sort(piece);
    if (!earlier) peer.pipeline.landed(piece.index, first, end, peer.down.rate(now), now);
    this.fill(peer, now);
  }

  /** A block came by another way than from a peer. */
  arrived(piece: ActivePiece, block: number, sender: Sender, now: number): void {
    if (this.active.get(piece.index) !== piece || piece.stage !== 'open') return;
    const others = piece.asked(block) > 1;
    if (!piece.land(block, sender)) return;
    this.cameAt = now;
    if (others) for (const peer of this.peers.values()) peer.cancel(piece, block, now);
    piece.touchedAt = now;
    this.assembly.sort(piece);
  }

  /** The store has every block of it; the last may have come from peers that we do not hear of any more. */
  whole(buffer: number, now: number): void {
    const piece = this.active.ofBuffer(buffer);
    if (!piece || piece.missing === 0) return;
    for (const peer of this.peers.values()) this.withdrawPiece(peer, piece.index, true, now);
    piece.adopt([{ offset: 0, length: piece.length }], '');
    this.assembly.sort(piece);
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
    const { inflight } = peer;
    if (!assignment || !peer.settle(index, block)) {
      if (!peer.mayRefuse()) fail('protocol', 'It refuses blocks that it was not asked for.');
      return;
    }
    const { piece } = assignment;
    piece.release(block);
    this.active.sort(piece);
    // What we have called off is refused because of that.
    if (peer.inflight === inflight) return;
    peer.pipeline.forgetProbe();
    peer.allowedFast.delete(index);
  }

  gone(peer: Peer, now: number): void {
    this.withdrawAll(peer, false, now);
    this.assembly.disputes.gone(peer, now);
  }

  /** Nothing more will come of what this peer was asked for. */
  withdrawAll(peer: Peer, cancel: boolean, now: number): void {
    for (const assignment of [...peer.assignments.values()]) this.withdraw(peer, assignment, cancel, now);
  }

  /** Nothing more of this piece will come of it. */
  withdrawPiece(peer: Peer, piece: number, cancel: boolean, now: number): void {
    const assignment = peer.assignments.get(piece);
    if (assignment) this.withdraw(peer, assignment, cancel, now);
  }

  /** Once a second: peers that keep us waiting. */
  tick(now: number): void {
    for (const peer of this.peers.values()) {
      if (peer.inflight > 0) {
        const silent = now - peer.lastBlockAt - this.share.patience;
        if (silent > REQUEST_TIMEOUT) this.withdrawAll(peer, true, now);
        else if (silent > SNUBBED_AFTER) peer.pipeline.snubbed = true;
      }
      if (peer.calledOff > 0) this.expireCalledOff(peer, now);
      this.fill(peer, now);
    }
    this.assembly.disputes.tick(now);
    if (this.assembly.isShort) this.assembly.park(piece => piece.askers === 0 && now - piece.touchedAt > IDLE_PIECE);
  }

  private expireCalledOff(peer: Peer, now: number): void {
    const before = now - CALLED_OFF_PATIENCE - this.share.patience;
    for (const assignment of [...peer.assignments.values()]) {
      if (assignment.calledOff > 0 && assignment.calledOffAt < before) this.giveUpCalledOff(peer, assignment);
    }
  }

  private giveUpCalledOff(peer: Peer, assignment: Assignment): void {
    peer.giveUp(assignment);
    this.active.sort(assignment.piece);
  }

  /** Nobody brings any more of it. */
  recall(piece: ActivePiece, now: number): void {
    for (const peer of this.peers.values()) this.withdrawPiece(peer, piece.index, true, now);
  }

  /** Lets go of pieces in the making that are not wanted any more. */
  dropUnwanted(now: number): void {
    this.abandon(now, piece => !this.picker.isWanted(piece.index));
  }

  private abandon(now: number, which: (piece: ActivePiece) => boolean): void {
    for (const piece of [...this.active.all()]) {
      if (piece.stage !== 'open' || !which(piece)) continue;
      this.recall(piece, now);
      this.assembly.abandon(piece);
    }
  }

  /** Whether the peer has a piece that we still want. One that it was found to have is not looked for again until that is had. */
  wants(peer: Peer): boolean {
    const { has, sought } = peer;
    if (!has.get(sought) || this.have.get(sought) || !this.picker.isWanted(sought)) peer.sought = this.seek(has);
    return peer.sought >= 0;
  }

  private seek(has: Bitfield): number {
    const picked = this.picker.pick(has);
    if (picked >= 0) return picked;
    const due = this.urgent.firstOf(has);
    if (due >= 0) return due;
    for (const { index } of this.active.all()) if (has.get(index)) return index;
    return -1;
  }

  /**
   * What is urgent now need not wait until what was asked for before has come: that is called off, but for what little there may be of it.
   * What had been called off and is urgent by now is asked for again, where the peer need not say that it will not come.
   */
  makeWay(now: number): void {
    for (const peer of this.peers.values()) {
      const depth = this.urgent.depth(peer.down.rate(now));
      for (const assignment of [...peer.assignments.values()].reverse()) {
        if (!this.urgent.has(assignment.piece.index)) {
          if (peer.inflight <= depth || assignment.open === 0) continue;
          if (peer.calledOff + assignment.open <= MAX_CALLED_OFF) peer.callOff(assignment, now);
          else this.withdraw(peer, assignment, true, now);
        } else if (!peer.fast && assignment.calledOff > 0) this.giveUpCalledOff(peer, assignment);
      }
    }
  }

  /** Of what is called off it is not known yet whether it is to be asked for again. */
  private get everythingAsked(): boolean {
    if (this.active.withFree.size > 0 || this.picker.wantedLeft > this.active.size) return false;
    for (const { calledOff } of this.peers.values()) if (calledOff > 0) return false;
    return true;
  }

  /** A piece to take blocks of: one of its own, one nobody is at, a new one, and else one that it shares. */
  private choose(peer: Peer, rate: number, now: number): ActivePiece | null {
    for (const { piece } of peer.assignments.values()) {
      if (piece.free > 0 && piece.stage === 'open' && peer.mayAskFor(piece.index) && !this.urgent.has(piece.index)) return piece;
    }
    let shared: ActivePiece | null = null;
    for (const piece of this.active.withFree) {
      if (!peer.mayAskFor(piece.index) || this.urgent.has(piece.index)) continue;
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
    if (!this.assembly.hasRoom(now)) return null;
    const index = peer.peerChoking ? this.pickAllowed(peer) : (this.pickPartial(peer) ?? this.pickOpen(peer));
    return index < 0 ? null : this.assembly.begin(index, now);
  }

  /** What was laid aside half-done is gone on with before anything is begun. */
  private pickPartial(peer: Peer): number | null {
    for (const index of this.assembly.partials.pieces()) if (peer.has.get(index) && this.picker.isFree(index)) return index;
    return null;
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

  private withdraw(peer: Peer, assignment: Assignment, cancel: boolean, now: number): void {
    peer.withdraw(assignment, cancel, now);
    this.active.sort(assignment.piece);
  }
}
