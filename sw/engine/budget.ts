/** A piece that goes to the disk block by block counts for this share of the memory at most, as that is what is on its way there. */
const ON_DISK_SHARE = 1 / 8;
/** Pieces in the making, over all torrents: well below the buffers that the store has. */
const MAX_OPEN = 768;
/** Pieces that are parked at once, over all torrents. */
const MAX_PARKED = 256;

/** Ms that nothing is begun after the store has refused a buffer. */
const REFUSED_FOR = 2_000;
/** Refusals that are further apart have nothing to do with each other, ms. */
const REFUSALS_APART = 20_000;
/** The store may refuse for so long: longer than it keeps the buffers of a connection that was lost, ms. */
const LONGEST_REFUSAL = 60_000;

/** What pieces in the making hold, over all torrents: memory, buffers of the store, and what that has room for. */
export class Budget {
  /** Bytes of memory. */
  used = 0;
  /** Pieces in the making, and those of them that are parked. */
  open = 0;
  parked = 0;
  /** Monotonic ms: the first refusal of those that went on until now, and the last. */
  private refusedSince = -Infinity;
  private refusedAt = -Infinity;

  /** `limit`: bytes; `backed`: a longer piece goes to the disk block by block, bytes. */
  constructor(
    readonly limit: number,
    private readonly backed: () => number,
  ) {}

  /** Whether half of the memory is taken. */
  get isShort(): boolean {
    return this.used > this.limit / 2;
  }

  get maySetAside(): boolean {
    return this.parked < MAX_PARKED;
  }

  /** Whether one more piece of that length may be begun, with so much of the memory for all. */
  takes(length: number, share: number, now: number): boolean {
    if (this.open >= MAX_OPEN || now < this.refusedAt + REFUSED_FOR) return false;
    return this.used === 0 || this.used + this.costOf(length) <= this.limit * share;
  }

  costOf(length: number): number {
    return this.isBacked(length) ? Math.min(length, this.limit * ON_DISK_SHARE) : length;
  }

  /** Whether a piece of that length goes to the disk block by block. */
  isBacked(length: number): boolean {
    return length > this.backed();
  }

  /** The store had no room for a buffer: nothing is begun for a moment. True where that has gone on for too long, with nothing in the making. */
  refused(now: number): boolean {
    if (now - this.refusedAt > REFUSALS_APART) this.refusedSince = now;
    this.refusedAt = now;
    return this.open === 0 && now - this.refusedSince >= LONGEST_REFUSAL;
  }
}
