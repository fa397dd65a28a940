/**
 * Pieces in the making: what lands in them, and how they are hashed and written once all of it is there. A short one is in memory and goes
 * to its files when its digests hold; a long one, one that was laid aside, and one that goes on from there, stands in its files.
 */
import type { DigestSpec, FileProblem, Range } from '../../engine/events.ts';
import type { BlockSink } from './blocks.ts';
import { blocksOf, type Bytes, holds, isDigest, WHOLE } from './digests.ts';
import type { StoredFile, Written } from './group.ts';
import type { Keeping } from './keeping.ts';
import { type CommitDone, type Order, PieceBuffer, type Target } from './piece-buffer.ts';
import { Spare } from './spare.ts';
import { RangeSet } from './ranges.ts';
import type { SegmentReader } from './spans.ts';
import { Unreadable } from './spans.ts';
import type { Turns } from './turns.ts';
import type { Writer } from './writer.ts';

/** A longer piece stands in its files, bytes. */
export const BACKED = WHOLE;
/** Buffers that are open, and their memory: more than the engine has for pieces in the making. */
export const OPEN_BUFFERS = 1024;
export const OPEN_BYTES = 96 << 20;
/** What is held, of all buffers, before it is written to its files; and how much of one is sent on its way, bytes. */
export const HELD_BY_ALL = 32 << 20;
const HELD_ENOUGH = 1 << 20;
/** Buffers that are written, and that nobody has acknowledged. */
export const UNACKNOWLEDGED = 16_384;
/** Ranges that are known of one buffer. */
export const RANGES = 65_536;
/** Digests of one commit. */
export const DIGESTS = 8;

const NOTHING = new Uint8Array(0);

export class Buffers implements BlockSink {
  private readonly all = new Map<number, PieceBuffer>();
  /** Memory of those that are in it and not written, and how many are not written. */
  private bytes = 0;
  private open = 0;
  private held = 0;
  /** Those that hold something that is not on its way to its files. */
  private readonly holding = new Set<PieceBuffer>();
  private forRoom: (() => void)[] = [];
  private readonly spare = new Spare();
  private refused: (buffer: number, problem: FileProblem) => void = () => undefined;

  constructor(
    private readonly writer: Writer,
    private readonly reader: SegmentReader,
    private readonly keeping: Keeping,
    /** For pieces that are read again to be hashed. */
    private readonly wholes: Turns,
  ) {
    keeping.onSpill(buffer => {
      if (buffer.heldBytes > 0) this.spill(buffer);
    });
  }

  onRefused(handler: (buffer: number, problem: FileProblem) => void): void {
    this.refused = handler;
  }

  begin(id: number, length: number, tag: Uint8Array, targets: readonly Target[], there: readonly Range[]): void {
    const isBacked = length > BACKED || there.length > 0;
    if (this.all.has(id)) return this.refuse(id, 'io');
    const isFull = this.open >= OPEN_BUFFERS || this.all.size >= OPEN_BUFFERS + UNACKNOWLEDGED;
    if (isFull || (!isBacked && this.bytes + length > OPEN_BYTES) || there.length > RANGES) return this.refuse(id, 'limit');
    const buffer = new PieceBuffer(id, length, tag, targets, isBacked);
    for (const range of there) {
      buffer.have.add(range.offset, range.length);
      buffer.written.add(range.offset, range.length);
    }
    this.add(buffer);
  }

  /** One that an earlier life has left. */
  add(buffer: PieceBuffer): void {
    this.all.set(buffer.id, buffer);
    this.open += 1;
    if (!buffer.isBacked) this.bytes += buffer.length;
  }

  land(id: number, offset: number, bytes: Uint8Array): ReturnType<BlockSink['land']> {
    const buffer = this.all.get(id);
    if (buffer?.state !== 'open' || offset + bytes.length > buffer.length) return 'gone';
    if (buffer.have.contains(offset, bytes.length)) return 'earlier';
    if (buffer.have.count >= RANGES) return 'gone';
    if (buffer.isBacked) {
      if (this.held + bytes.length > HELD_BY_ALL) return 'full';
      const before = buffer.heldBytes;
      buffer.hold(offset, bytes);
      this.held += buffer.heldBytes - before;
      this.holding.add(buffer);
      if (buffer.held.length > 0 && buffer.heldBytes >= HELD_ENOUGH) this.spill(buffer);
    } else buffer.take(offset, bytes, this.spare);
    this.keeping.landed(buffer);
    this.startIfWhole(buffer);
    return 'landed';
  }

  /** Resolves once something of what waited is in its files, or could not be brought there. */
  room(): Promise<void> {
    this.spillAll();
    if (this.held === 0) return Promise.resolve();
    return new Promise(resolve => this.forRoom.push(resolve));
  }

  put(id: number, offset: number, bytes: Uint8Array): void {
    const isOpen = this.all.get(id)?.state === 'open';
    const what = this.land(id, offset, bytes);
    // Whatever else keeps it out, the commit that waits hears of.
    if ((what === 'gone' || what === 'full') && isOpen) this.refuse(id, 'limit');
  }

  commit(id: number, digests: readonly DigestSpec[], wantBlocks: boolean, done: CommitDone): void {
    const buffer = this.all.get(id);
    const isSound = buffer && digests.length <= DIGESTS && digests.every(digest => isDigest(digest, buffer.length));
    if (!isSound) return queueMicrotask(() => done('gone', null, NOTHING));
    if (buffer.state === 'ok') return queueMicrotask(() => done('ok', null, NOTHING));
    const before = buffer.done;
    buffer.done = done;
    if (before) queueMicrotask(() => before('gone', null, NOTHING));
    if (buffer.state === 'committing') return;
    const { problem } = buffer;
    buffer.problem = null;
    if (problem) return queueMicrotask(() => buffer.answer('error', problem));
    buffer.order = { digests: digests.map(digest => ({ ...digest, expected: digest.expected.slice() })), wantBlocks };
    if (!buffer.isWhole) buffer.move('reset');
    this.startIfWhole(buffer);
  }

  park(id: number, done: (there: readonly Range[] | null) => void): void {
    const buffer = this.all.get(id);
    if (!buffer || !this.mayPark(buffer)) return queueMicrotask(() => done(null));
    this.toFiles(buffer).then(
      isThere => done(isThere ? buffer.ranges : null),
      () => done([]),
    );
  }

  reset(id: number, ranges: readonly Range[]): void {
    const buffer = this.all.get(id);
    if (!buffer?.move('reset')) return;
    buffer.problem = null;
    buffer.lose(ranges);
    this.keeping.lose(buffer, ranges);
  }

  /** It is recorded, or not wanted. While it is being hashed and written, it goes when that has ended. */
  drop(id: number): void {
    const buffer = this.all.get(id);
    if (!buffer) return;
    if (buffer.state === 'committing') {
      buffer.isDropped = true;
      return;
    }
    const { done } = buffer;
    buffer.done = null;
    if (done) queueMicrotask(() => done('gone', null, NOTHING));
    this.remove(buffer);
  }

  isFor(file: StoredFile): boolean {
    for (const buffer of this.all.values()) if (buffer.state !== 'ok' && buffer.isFor(file)) return true;
    return false;
  }

  /** The file is about to be removed: what was to go there is not to be found by a later engine. */
  fileGone(file: StoredFile): void {
    for (const buffer of this.all.values()) if (buffer.isFor(file)) this.keeping.forget(buffer);
  }

  /** Sends what waits to be written to files on its way. */
  spillAll(): void {
    for (const buffer of this.holding) this.spill(buffer);
  }

  private startIfWhole(buffer: PieceBuffer): void {
    const { order } = buffer;
    if (!order || !buffer.isWhole || !buffer.move('commit')) return;
    buffer.order = null;
    this.run(buffer, order).then(
      () => this.ended(buffer),
      (error: unknown) => {
        buffer.move('error');
        buffer.answer('error', error instanceof Unreadable ? error.problem : 'io');
        this.ended(buffer);
      },
    );
  }

  private ended(buffer: PieceBuffer): void {
    if (buffer.isDropped) this.remove(buffer);
  }

  private async run(buffer: PieceBuffer, { digests, wantBlocks }: Order): Promise<void> {
    const problem = (await this.ready(buffer)) ?? (buffer.isBacked ? await this.spilled(buffer) : null);
    if (problem) return this.fail(buffer, problem);
    await this.keeping.recall(buffer);
    const { memory } = buffer;
    buffer.fillZeros();
    const bytes: Bytes = memory
      ? { length: buffer.length, read: (at, length) => memory.subarray(at, at + length) }
      : this.inFiles(buffer);
    const compare = async (): Promise<boolean> => {
      for (const digest of digests) if (!(await holds(bytes, digest))) return false;
      return true;
    };
    const isRight = await (memory ? compare() : this.wholes.through(compare));
    if (!isRight) {
      const blocks = await blocksOf(bytes, digests);
      buffer.move('mismatch');
      return buffer.answer('mismatch', null, blocks);
    }
    const blocks = wantBlocks ? await blocksOf(bytes, digests) : NOTHING;
    if (buffer.isDropped) return buffer.answer('gone');
    const unwritten = memory ? await this.write(buffer, 0, memory) : null;
    if (unwritten) return this.fail(buffer, unwritten);
    this.keeping.forget(buffer);
    buffer.move('ok');
    this.release(buffer);
    buffer.answer('ok', null, blocks);
  }

  private fail(buffer: PieceBuffer, problem: FileProblem): void {
    buffer.move('error');
    buffer.answer('error', problem);
  }

  private async ready(buffer: PieceBuffer): Promise<FileProblem | null> {
    for (const { handle } of buffer.targets) {
      const problem = handle && ((await handle.ready) ?? (handle.file?.isGone ? 'gone' : null));
      if (problem) return problem;
    }
    return null;
  }

  /** What stands in its files, zeros where nothing does. */
  private inFiles(buffer: PieceBuffer): Bytes {
    return {
      length: buffer.length,
      read: async (from, length) => {
        const bytes = new Uint8Array(length);
        for (const { file, part, chunk } of buffer.split(from, bytes)) {
          chunk.set(await this.reader.read(file.extents, part.offset, part.length, true));
        }
        return bytes;
      },
    };
  }

  /** Takes it out of memory; resolves once all that had come is in its files, or with false where it is not to be parked any more. */
  private async toFiles(buffer: PieceBuffer): Promise<boolean> {
    await this.keeping.recall(buffer);
    if (!this.mayPark(buffer)) return false;
    // Its memory is taken until all of it is written, whatever becomes of it meanwhile.
    const taken = buffer.isBacked ? 0 : buffer.length;
    if (!buffer.isBacked) {
      const { memory } = buffer;
      buffer.isBacked = true;
      buffer.memory = null;
      for (const { offset, length } of memory ? buffer.have.list() : []) {
        buffer.held.push({ offset, bytes: memory!.subarray(offset, offset + length) });
        buffer.heldBytes += length;
        this.held += length;
      }
      if (buffer.heldBytes > 0) this.holding.add(buffer);
    }
    try {
      await this.ready(buffer);
      await this.spilled(buffer);
    } finally {
      this.bytes -= taken;
    }
    return true;
  }

  private mayPark(buffer: PieceBuffer): boolean {
    if (this.all.get(buffer.id) !== buffer) return false;
    return buffer.state === 'open' || (buffer.state === 'error' && buffer.isBacked);
  }

  /** Sends what waits to its files. */
  private spill(buffer: PieceBuffer): void {
    const { held, heldBytes } = buffer;
    this.holding.delete(buffer);
    buffer.held = [];
    buffer.heldBytes = 0;
    held.sort((a, b) => a.offset - b.offset);
    const going = new RangeSet(held.map(({ offset, bytes }) => ({ offset, length: bytes.length })));
    buffer.going.add(going);
    const writing = (async () => {
      let problem = await this.ready(buffer);
      const writes = problem ? [] : held.map(({ offset, bytes }) => this.write(buffer, offset, bytes));
      for (const write of writes) problem = (await write) ?? problem;
      this.letGo(heldBytes);
      buffer.going.delete(going);
      if (problem) return this.unwritten(buffer, problem, going.list());
      for (const { offset, length } of going.list()) buffer.written.add(offset, length);
      this.keeping.backed(buffer);
    })();
    buffer.writing.add(writing);
    void writing.finally(() => buffer.writing.delete(writing));
  }

  /** So many bytes do not wait to be written any more. */
  private letGo(bytes: number): void {
    this.held -= bytes;
    if (bytes === 0) return;
    const { forRoom } = this;
    this.forRoom = [];
    for (const resolve of forRoom) resolve();
  }

  /** Resolves once all of it is in its files; or with why it is not. */
  private async spilled(buffer: PieceBuffer): Promise<FileProblem | null> {
    if (buffer.heldBytes > 0) this.spill(buffer);
    await Promise.all(buffer.writing);
    if (buffer.state !== 'committing') return null;
    const { problem } = buffer;
    buffer.problem = null;
    return problem;
  }

  /** What could not be written is not there: the commit that waits ends, or the next that is asked. */
  private unwritten(buffer: PieceBuffer, problem: FileProblem, lost: readonly Range[]): void {
    for (const { offset, length } of lost) buffer.have.delete(offset, length);
    buffer.problem = problem;
    if (buffer.state !== 'open' || !buffer.move('error')) return;
    buffer.order = null;
    if (!buffer.done) return;
    buffer.problem = null;
    buffer.answer('error', problem);
  }

  /** Writes a range to its files, a segment for each group that they are of. */
  private async write(buffer: PieceBuffer, offset: number, bytes: Uint8Array): Promise<FileProblem | null> {
    const groups = new Map<number, { parts: Written[]; chunks: Uint8Array[] }>();
    const files: StoredFile[] = [];
    for (const { file, part, chunk } of buffer.split(offset, bytes)) {
      const group = groups.get(file.group.id) ?? { parts: [], chunks: [] };
      groups.set(file.group.id, group);
      group.parts.push(part);
      group.chunks.push(chunk);
      files.push(file);
    }
    const writes = [...groups].map(
      ([group, { parts, chunks }]) =>
        new Promise<FileProblem | null>(resolve => this.writer.add({ group, parts, chunks, done: problem => resolve(problem) })),
    );
    const problems = await Promise.all(writes);
    return problems.find(problem => problem !== null) ?? (files.some(({ isGone }) => isGone) ? 'gone' : null);
  }

  private refuse(id: number, problem: FileProblem): void {
    queueMicrotask(() => this.refused(id, problem));
  }

  private release(buffer: PieceBuffer): void {
    this.open -= 1;
    if (!buffer.isBacked) this.bytes -= buffer.length;
    if (buffer.memory) this.spare.give(buffer.memory);
    buffer.memory = null;
    this.letGo(buffer.heldBytes);
    this.holding.delete(buffer);
    buffer.held = [];
    buffer.heldBytes = 0;
  }

  private remove(buffer: PieceBuffer): void {
    if (this.all.get(buffer.id) !== buffer) return;
    this.all.delete(buffer.id);
    buffer.isDropped = true;
    if (buffer.state === 'ok') return;
    this.release(buffer);
    this.keeping.forget(buffer);
  }
}
