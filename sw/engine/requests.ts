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

const NOT_ASKED = 0;
const ASKED = 1;
const CALLED_OFF = 2;

/** The blocks of one piece that one peer was asked for. */
export class Assignment {
  /** Asked and not here. */
  open = 0;
  /** Cancelled, and neither here nor refused: each may be on the line already. */
  calledOff = 0;
  /** When that was last done to some of them, monotonic ms. */
  calledOffAt = 0;
  private readonly state: Uint8Array;

  constructor(readonly piece: ActivePiece) {
    this.state = new Uint8Array(piece.blocks);
  }

  /** Whether nothing more of the piece may come of the peer. */
  get isOver(): boolean {
    return this.open === 0 && this.calledOff === 0;
  }

  add(first: number, end: number): void {
    for (let block = first; block < end; block++) {
      if (this.has(block)) continue;
      this.state[block] = ASKED;
      this.open += 1;
    }
  }

  /** Whether the block may come of it. */
  has(block: number): boolean {
    return this.state[block] === ASKED || this.state[block] === CALLED_OFF;
  }

  /** False if the block was not asked for here. */
  settle(block: number): boolean {
    if (!this.has(block)) return false;
    if (this.state[block] === ASKED) this.open -= 1;
    else this.calledOff -= 1;
    this.state[block] = NOT_ASKED;
    return true;
  }

  callOff(now: number): void {
    for (let block = 0; block < this.state.length; block++) if (this.state[block] === ASKED) this.state[block] = CALLED_OFF;
    this.calledOff += this.open;
    this.open = 0;
    this.calledOffAt = now;
  }

  /** The blocks asked for, as runs of neighbours [first, end). */
  openRuns(): Generator<[number, number]> {
    return this.runsOf(ASKED);
  }

  /** Likewise those called off. */
  calledOffRuns(): Generator<[number, number]> {
    return this.runsOf(CALLED_OFF);
  }

  private *runsOf(state: number): Generator<[number, number]> {
    for (let block = 0; block < this.state.length; block++) {
      if (this.state[block] !== state) continue;
      const first = block;
      while (this.state[block] === state) block += 1;
      yield [first, block];
    }
  }
}
