import type { ActivePiece } from './pieces.ts';
import { BLOCK } from './model/layout.ts';

/** Depths are in blocks of 16 KiB. Depth limits the rate to depth × 16 KiB ÷ round trip. */
const MIN_DEPTH = 4;
const START_DEPTH = 64;
/** Seconds of the measured rate that are kept asked for. */
const SECONDS_AHEAD = 3;
/**
 * Past this, depth grows only as far as the round trip calls for it. It is what keeps a fast local link full while the
 * worker waits for its turn on a busy machine: measured on two cores, 400 and 700 lose a tenth, 2,000 wins nothing.
 */
const COMFORTABLE_DEPTH = 1200;
export const MAX_DEPTH = 2000;

/** How many blocks one peer should have been asked for: slow start, then a few seconds of its rate. */
export class Pipeline {
  private slowStart = true;
  private ramp = START_DEPTH;
  private lastRate = 0;
  private measuredAt = 0;
  /** Shortest time from a request to its block, ms. */
  private roundTrip = Infinity;
  private probe: { piece: number; block: number; at: number } | null = null;
  snubbed = false;

  /** The peer's own word on how many requests it queues (`reqq`); libtorrent's old default until it says so. */
  reqq = 250;

  /** `rate` in bytes a second. */
  depth(rate: number): number {
    if (this.snubbed) return 1;
    const byRate = (rate * SECONDS_AHEAD) / BLOCK;
    const wanted = this.slowStart ? Math.max(this.ramp, byRate) : byRate;
    const byRoundTrip = this.roundTrip === Infinity ? 0 : (rate * 4 * this.roundTrip) / 1000 / BLOCK;
    const ceiling = Math.min(MAX_DEPTH, Math.max(COMFORTABLE_DEPTH, byRoundTrip));
    return Math.max(MIN_DEPTH, Math.min(Math.floor(wanted), Math.floor(ceiling), this.reqq));
  }

  asked(piece: number, block: number, now: number): void {
    this.probe ??= { piece, block, at: now };
  }

  landed(piece: number, firstBlock: number, endBlock: number, rate: number, now: number): void {
    this.snubbed = false;
    if (this.probe && this.probe.piece === piece && this.probe.block >= firstBlock && this.probe.block < endBlock) {
      this.roundTrip = Math.min(this.roundTrip, now - this.probe.at);
      this.probe = null;
    }
    if (!this.slowStart) return;
    this.ramp += 2 * (endBlock - firstBlock);
    if (now - this.measuredAt < 1000) return;
    // Slow start ends when a second of growing depth no longer brings a tenth more.
    if (this.measuredAt > 0 && this.lastRate > 0 && rate < this.lastRate * 1.1) this.slowStart = false;
    this.lastRate = rate;
    this.measuredAt = now;
  }

  /** The probe's request was withdrawn; measure another. */
  forgetProbe(): void {
    this.probe = null;
  }
}

/** The blocks of one piece that one peer was asked for. */
export class Assignment {
  /** Asked and not here. */
  open = 0;
  private readonly asked: Uint8Array;

  constructor(readonly piece: ActivePiece) {
    this.asked = new Uint8Array(piece.blocks);
  }

  add(first: number, end: number): void {
    for (let block = first; block < end; block++) {
      if (this.asked[block] === 1) continue;
      this.asked[block] = 1;
      this.open += 1;
    }
  }

  has(block: number): boolean {
    return this.asked[block] === 1;
  }

  /** False if the block was not asked for here. */
  settle(block: number): boolean {
    if (this.asked[block] !== 1) return false;
    this.asked[block] = 0;
    this.open -= 1;
    return true;
  }

  /** The blocks still asked for, as runs of neighbours [first, end). */
  *runs(): Generator<[number, number]> {
    for (let block = 0; block < this.asked.length; block++) {
      if (this.asked[block] !== 1) continue;
      const first = block;
      while (this.asked[block] === 1) block += 1;
      yield [first, block];
    }
  }
}
