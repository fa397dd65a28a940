import type { Assembly } from './assembly.ts';
import type { Peer } from './peer.ts';
import type { Picker } from './picker.ts';
import type { ActivePiece } from './pieces.ts';
import type { Share } from './rates.ts';
import type { Bitfield } from './model/bitfield.ts';
import { BLOCK } from './model/layout.ts';

/** Pieces that are urgent at once, at most. */
export const MAX_URGENT = 256;
/** Ms of its rate that a peer is asked for at a time while something is urgent: what it owes already stands in the way. */
const AHEAD = 2_000;
/** Blocks that a peer is asked for whose rate is not known yet, and those that the slowest is. */
const UNTRIED = 16;
const FEWEST = 2;
/** A piece that is due, and that nobody was asked for more of for so long, is asked of a second peer as well, ms. */
const LATE = 1_000;
const COPIES = 2;

/**
 * Pieces that are wanted by a time. They come before all others, the earliest first, and each peer is asked for as many blocks as
 * it can bring by then: the fastest so bring most of what is due at once. All peers share them. Nobody picks them otherwise.
 */
export class Urgent {
  /** When each is due, monotonic ms, the earliest first. */
  private due = new Map<number, number>();
  /** Those of them that the picker would have had free. */
  private readonly reserved = new Set<number>();

  constructor(
    private readonly picker: Picker,
    private readonly assembly: Assembly,
    private readonly share: Share,
  ) {}

  /** These are due from now on, and no others. What is had of them does not count. */
  set(due: Iterable<readonly [piece: number, at: number]>): void {
    const missing = [...due].filter(([piece]) => this.picker.isWanted(piece) && !this.assembly.have.get(piece));
    this.due = new Map(missing.sort((a, b) => a[1] - b[1]).slice(0, MAX_URGENT));
    for (const piece of this.reserved) if (!this.due.has(piece)) this.release(piece);
    for (const piece of this.due.keys()) {
      if (!this.picker.isFree(piece)) continue;
      this.picker.take(piece);
      this.reserved.add(piece);
    }
  }

  /** It is had. */
  gained(piece: number): void {
    this.due.delete(piece);
    this.reserved.delete(piece);
  }

  has(piece: number): boolean {
    return this.due.has(piece);
  }

  /** Whether it may be begun for being urgent. */
  isFree(piece: number): boolean {
    return this.due.has(piece) && this.reserved.has(piece) && !this.assembly.have.get(piece) && !this.assembly.active.get(piece);
  }

  /** The first that a peer with these pieces could bring; −1 if none. */
  firstOf(has: Bitfield): number {
    for (const piece of this.due.keys()) if (has.get(piece) && !this.assembly.have.get(piece)) return piece;
    return -1;
  }

  /** Blocks in flight that a peer should have at most. */
  depth(rate: number): number {
    return this.due.size === 0 ? Infinity : atATime(rate, AHEAD);
  }

  /** Asks the peer for what it can bring in time, `room` blocks at most; gives how many. */
  fill(peer: Peer, room: number, rate: number, now: number): number {
    let left = room;
    for (const [index, due] of this.due) {
      if (left <= 0) break;
      if (!peer.mayAskFor(index)) continue;
      const piece = this.inTheMaking(index, now);
      if (piece?.stage !== 'open') continue;
      if (piece.free > 0) left -= this.ask(peer, piece, Math.min(left, this.inTime(peer, rate, due - now)), now);
      else if (this.isLate(piece, due, now)) left -= this.askAgain(peer, piece, Math.min(left, this.inTime(peer, rate, 0)), now);
    }
    return room - left;
  }

  /** The first with blocks that nobody was asked for, for one who has these pieces; begun where it was not. */
  first(has: Bitfield, now: number): ActivePiece | null {
    for (const index of this.due.keys()) {
      const piece = has.get(index) ? this.inTheMaking(index, now) : null;
      if (piece && piece.free > 0 && piece.stage === 'open' && now >= piece.aloneUntil) return piece;
    }
    return null;
  }

  private inTheMaking(index: number, now: number): ActivePiece | null {
    return this.assembly.active.get(index) ?? (this.isFree(index) ? this.assembly.begin(index, now, true) : null);
  }

  /** Blocks that it may be asked for beside those that it owes, if they are to be here in so many ms. */
  private inTime(peer: Peer, rate: number, ms: number): number {
    return (peer.pipeline.snubbed ? 1 : atATime(rate, Math.max(AHEAD, ms))) - peer.inflight;
  }

  private ask(peer: Peer, piece: ActivePiece, count: number, now: number): number {
    // One that failed is asked of one peer at a time.
    if (count <= 0 || (now < piece.aloneUntil && piece.askers > 0 && !peer.assignments.has(piece.index))) return 0;
    let asked = 0;
    while (asked < count) {
      const taken = piece.takeFree(count - asked);
      if (!taken) break;
      peer.request(piece, taken[0], taken[1], now);
      asked += taken[1] - taken[0];
    }
    this.assembly.active.sort(piece);
    return asked;
  }

  private isLate(piece: ActivePiece, due: number, now: number): boolean {
    return now >= due && now >= piece.aloneUntil && now - piece.askedAt >= LATE + this.share.patience;
  }

  /** A second copy of what is not here, from the first block on. */
  private askAgain(peer: Peer, piece: ActivePiece, count: number, now: number): number {
    let asked = 0;
    const own = peer.assignments.get(piece.index);
    for (let block = 0; block < piece.blocks && asked < count; block++) {
      if (piece.isLanded(block) || piece.asked(block) >= COPIES || own?.has(block) === true) continue;
      piece.askAgain(block);
      peer.request(piece, block, block + 1, now);
      asked += 1;
    }
    return asked;
  }

  private release(piece: number): void {
    this.reserved.delete(piece);
    if (!this.assembly.active.get(piece)) this.picker.putBack(piece);
  }
}

/** Blocks that come in so many ms. */
function atATime(rate: number, ms: number): number {
  return rate === 0 ? UNTRIED : Math.max(FEWEST, Math.floor((rate * ms) / 1000 / BLOCK));
}
