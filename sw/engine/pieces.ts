import type { DigestSpec, Range, Run } from './events.ts';
import type { Layout } from './model/layout.ts';
import type { Sender } from './smart-ban.ts';
import { BLOCK } from './model/layout.ts';

/**
 * Where the fetching of a piece stands.
 *
 * open → committing (every block is there) → done, or back to open after a mismatch or a repaired disk error, by way of
 * disputed where the hashes of its blocks are asked for.
 */
export type PieceStage = 'open' | 'committing' | 'disputed';

const LANDED = 0xff;

/**
 * A piece being fetched: which of its blocks are here, and how many peers were asked for each of the others.
 * All of it is O(1) a block: a byte a block, and a cursor below which no block is free.
 */
export class ActivePiece {
  stage: PieceStage = 'open';
  readonly blocks: number;
  /** Blocks not landed. */
  missing: number;
  /** Blocks neither landed nor asked of anyone. */
  free: number;
  /** Who sent each block that is here. */
  readonly senders: Sender[];
  /** What it was last compared with. */
  digests: readonly DigestSpec[] = [];
  /** Monotonic ms. Until then one peer at a time is asked for it: a copy of theirs failed, and who lied is to come out. */
  aloneUntil = 0;
  /** When somebody was last asked for blocks of it. */
  askedAt: number;
  /** Peers that were asked for blocks of it now. */
  askers = 0;
  /** Bytes that it counts for in what pieces may hold in memory. */
  held = 0;
  /** Its blocks go to its place on disk as they come. */
  isParked = false;
  /** A block's count of peers asked, or LANDED. */
  private readonly state: Uint8Array;
  private cursor = 0;

  constructor(
    readonly index: number,
    readonly buffer: number,
    readonly length: number,
    /** When a block of it last came. */
    public touchedAt: number,
  ) {
    this.askedAt = touchedAt;
    this.blocks = Math.ceil(length / BLOCK);
    this.state = new Uint8Array(this.blocks);
    this.senders = new Array<Sender>(this.blocks).fill(null);
    this.missing = this.blocks;
    this.free = this.blocks;
  }

  /** Of the digest of a block, as the store tells it: SHA-256 where a tree was compared, else SHA-1. */
  get digestBytes(): number {
    return this.digests.some(({ algorithm }) => algorithm === 'sha256-tree') ? 32 : 20;
  }

  blockLength(block: number): number {
    return Math.min(BLOCK, this.length - block * BLOCK);
  }

  isLanded(block: number): boolean {
    return this.state[block] === LANDED;
  }

  /** How many peers were asked for a block that is not here. */
  asked(block: number): number {
    return this.state[block] ?? 0;
  }

  /** The next up to `count` free blocks, neighbours, as [first, end), or null. They count as asked from now on. */
  takeFree(count: number): [number, number] | null {
    if (this.free === 0) return null;
    while (this.state[this.cursor] !== 0) this.cursor += 1;
    const first = this.cursor;
    let end = first;
    while (end < this.blocks && end - first < count && this.state[end] === 0) this.state[end++] = 1;
    this.free -= end - first;
    this.cursor = end;
    return [first, end];
  }

  /** Asks one more peer for a block that others were asked for already. */
  askAgain(block: number): void {
    this.state[block] = (this.state[block] ?? 0) + 1;
  }

  /** A peer will not send this block any more. */
  release(block: number): void {
    const asked = this.state[block] ?? 0;
    if (asked === LANDED || asked === 0) return;
    this.state[block] = asked - 1;
    if (asked === 1) {
      this.free += 1;
      this.cursor = Math.min(this.cursor, block);
    }
  }

  /** The block is here. False if it was already; who sent it may be known only now. */
  land(block: number, sender: Sender): boolean {
    const asked = this.state[block];
    if (asked === LANDED && this.senders[block] === '') this.senders[block] = sender;
    if (asked === undefined || asked === LANDED) return false;
    if (asked === 0) this.free -= 1;
    this.state[block] = LANDED;
    this.senders[block] = sender;
    this.missing -= 1;
    return true;
  }

  /** These blocks, which are here, are wanted again. */
  reopen(blocks: Iterable<number>): void {
    this.stage = 'open';
    this.cursor = 0;
    for (const block of blocks) {
      this.state[block] = 0;
      this.senders[block] = null;
      this.missing += 1;
      this.free += 1;
    }
  }

  /** What is here of it. */
  get landed(): Range[] {
    return this.runsOf(block => this.state[block] === LANDED);
  }

  /** Of that, what stood there before anybody was asked. */
  get adopted(): Range[] {
    return this.runsOf(block => this.state[block] === LANDED && this.senders[block] === '');
  }

  private runsOf(isOne: (block: number) => boolean): Range[] {
    const ranges: Range[] = [];
    for (let block = 0; block < this.blocks; block++) {
      if (!isOne(block)) continue;
      const first = block;
      while (isOne(block + 1)) block += 1;
      ranges.push(this.run(first, block + 1));
    }
    return ranges;
  }

  run(first: number, end: number): Run {
    const offset = first * BLOCK;
    return { offset, length: Math.min(end * BLOCK, this.length) - offset, block: BLOCK };
  }

  /** Marks what the buffer holds whole without our asking; ranges that cover a block in part count for nothing. */
  adopt(ranges: readonly Range[], sender: Sender): void {
    for (const { offset, length } of ranges) {
      const first = Math.ceil(offset / BLOCK);
      const stop = offset + length;
      const end = stop >= this.length ? this.blocks : Math.floor(stop / BLOCK);
      for (let block = first; block < end; block++) this.land(block, sender);
    }
  }
}

/** The pieces of a torrent that are being fetched, found by index and by buffer, and what they hold in memory. */
export class ActivePieces {
  /** Bytes of all of them. */
  bytes = 0;
  /** Whether a piece was begun or ended since someone last asked. */
  changed = false;
  /** Those with a block that nobody was asked for. */
  readonly withFree = new Set<ActivePiece>();
  private readonly byIndex = new Map<number, ActivePiece>();
  private readonly byBuffer = new Map<number, ActivePiece>();

  constructor(private readonly layout: Layout) {}

  get size(): number {
    return this.byIndex.size;
  }
  get(index: number): ActivePiece | undefined {
    return this.byIndex.get(index);
  }
  ofBuffer(buffer: number): ActivePiece | undefined {
    return this.byBuffer.get(buffer);
  }
  all(): IterableIterator<ActivePiece> {
    return this.byIndex.values();
  }

  open(index: number, buffer: number, now: number): ActivePiece {
    const piece = new ActivePiece(index, buffer, this.layout.pieceSize(index), now);
    this.changed = true;
    this.byIndex.set(index, piece);
    this.byBuffer.set(buffer, piece);
    this.bytes += piece.length;
    this.withFree.add(piece);
    return piece;
  }

  close(piece: ActivePiece): void {
    if (!this.byIndex.delete(piece.index)) return;
    this.changed = true;
    this.byBuffer.delete(piece.buffer);
    this.withFree.delete(piece);
    this.bytes -= piece.length;
  }

  /** To be called after a piece's free blocks changed. */
  sort(piece: ActivePiece): void {
    if (piece.free > 0 && piece.stage === 'open') this.withFree.add(piece);
    else this.withFree.delete(piece);
  }

  clear(): void {
    this.byIndex.clear();
    this.byBuffer.clear();
    this.withFree.clear();
    this.bytes = 0;
  }
}
