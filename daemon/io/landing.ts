/**
 * Assembly buffers: bytes land in them from many sockets, and are committed (commits.ts) once all are there.
 * A buffer outlives the connection that opened it (kept.ts); the claims of sockets do not.
 */
import { type DigestOf, FileStatus, type KeptBuffer, LandStatus } from '../wire/frames.ts';
import type { Backing } from './backing.ts';
import { Backings, release } from './backings.ts';
import { Assembly, Claim, type CommitOrder, type CommitResult } from './assembly.ts';
import { Commits, failure } from './commits.ts';
import type { HashPool } from './hash-pool.ts';
import { LIMITS, OPEN_BUFFERS, OPEN_BYTES, RANGES_THERE, STAGED, UNACKNOWLEDGED } from './limits.ts';
import type { MemoryPool } from './memory.ts';
import type { Range } from './ranges.ts';
import type { Ask } from '../wire/rules.ts';
import type { Place } from './shared-file.ts';

const NOTHING = new Uint8Array(0);
const WRITTEN: CommitResult = { status: LandStatus.OK, file: FileStatus.OK, blocks: NOTHING };
const CALLED_OFF: CommitResult = { status: LandStatus.MISSING, file: FileStatus.OK, blocks: NOTHING };

export class Landing {
  readonly #memory: MemoryPool;
  readonly #assemblies = new Map<number, Assembly>();
  /** Sum of the lengths of all that are not written yet. */
  #open = 0;
  #openCount = 0;
  #used = 0;
  /** Of it, what is held apart. */
  #staged = 0;
  #written = 0;
  #landedBytes = 0;
  #discardedBytes = 0;
  #wasFull = false;
  readonly #backings = new Backings(bytes => this.#use(bytes));
  readonly #commits: Commits;
  /** Called when `isFull` changes. */
  onPressure: () => void = () => undefined;

  constructor(pool: HashPool, memory: MemoryPool) {
    this.#commits = new Commits(pool, this.#backings, () => this.#pressure());
    this.#memory = memory;
  }

  /** Bytes of memory in use: open, half-arrived, staged, and committed but not written. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that wait for the disk, in whichever way. */
  get queued(): number {
    return this.#commits.bytes + this.#backings.queued;
  }

  get count(): number {
    return this.#assemblies.size;
  }

  get written(): number {
    return this.#written;
  }

  get landedBytes(): number {
    return this.#landedBytes;
  }

  get discardedBytes(): number {
    return this.#discardedBytes;
  }

  /**
   * Whether sockets that land should rest. Memory that nothing is about to give back is no reason: only more bytes
   * can finish it, and LAND_OPEN bounds it.
   */
  get isFull(): boolean {
    if (this.#commits.bytes > LIMITS.diskQueue && this.#commits.areMany) return true;
    if (this.#commits.bytes > 0 && this.#used > LIMITS.landing) return true;
    if (this.#backings.queued > LIMITS.diskQueue) return true;
    return this.#assemblies.size - this.#openCount >= UNACKNOWLEDGED;
  }

  /** Whether the bytes of the range are there, maybe being hashed or written by now, and not about to come again. */
  holds({ buffer, offset, length }: Ask): boolean {
    const assembly = this.#assemblies.get(buffer);
    if (assembly === undefined || assembly.state === 'mismatch' || assembly.state === 'error') return false;
    return assembly.have.contains(offset, length);
  }

  isOpen(buffer: number): boolean {
    const assembly = this.#assemblies.get(buffer);
    return assembly !== undefined && assembly.takesBytes;
  }

  has(buffer: number): boolean {
    return this.#assemblies.has(buffer);
  }

  /** Whether a buffer of that id, length and tag is there already, as its opener left it. */
  matches(buffer: number, length: number, tag: Uint8Array): boolean {
    const assembly = this.#assemblies.get(buffer);
    return assembly?.length === length && Buffer.compare(assembly.tag, tag) === 0;
  }

  /**
   * False where the limits do not allow it. The places are held open until it is written or dropped. `there` is in them
   * already.
   */
  open(id: number, length: number, tag: Uint8Array, places: readonly Place[], there: readonly Range[] = []): boolean {
    const isBacked = length > LIMITS.backed || there.length > 0;
    const held = isBacked ? 0 : length;
    if (this.#open + held > OPEN_BYTES || this.#openCount >= OPEN_BUFFERS || there.length > RANGES_THERE) return false;
    // Those that are written and not acknowledged rest nobody who brings bytes another way.
    if (this.#assemblies.size >= OPEN_BUFFERS + UNACKNOWLEDGED) return false;
    const assembly = new Assembly(id, length, tag, places);
    if (isBacked) assembly.backing = this.#backing(assembly);
    for (const range of there) assembly.have.add(range.offset, range.length);
    this.#assemblies.set(id, assembly);
    this.#open += held;
    this.#openCount++;
    for (const { file } of places) file?.retain();
    return true;
  }

  /**
   * Moves an open buffer out of memory into its files, where it goes on. `done` hears what stands there once all that had landed is
   * written, or what of it could be. False where it is neither open nor, having failed, in its files already.
   */
  park(buffer: number, done: (file: FileStatus, there: readonly Range[]) => void): boolean {
    const assembly = this.#assemblies.get(buffer);
    if (assembly === undefined) return false;
    if (!assembly.takesBytes && (assembly.state !== 'error' || assembly.backing === null)) return false;
    const backing = assembly.backing ?? this.#spill(assembly);
    const parked = (file: FileStatus): void => done(file, assembly.ranges);
    backing.settled().then(parked, () => parked(FileStatus.IO));
    return true;
  }

  /** Room for a range that was asked for; null where it is no longer wanted. */
  claim(ask: Ask): Claim | null {
    const assembly = this.#assemblies.get(ask.buffer);
    if (assembly === undefined || !assembly.takesBytes || ask.offset + ask.length > assembly.length) return null;
    if (assembly.have.contains(ask.offset, ask.length)) return null;
    if (assembly.have.count >= RANGES_THERE) return null;
    if (assembly.backing !== null && !this.#backings.takes(assembly.backing, ask.length)) return null;
    // A range of which a part came another way is taken as a whole, or not at all: what is there stays until then.
    const isTaken = assembly.isBeingFilled(ask) || assembly.have.overlaps(ask.offset, ask.length);
    const isStaged = isTaken || assembly.backing !== null;
    if (isStaged && this.#staged + ask.length > STAGED) return null;
    this.#hold(assembly);
    if (isStaged) this.#stage(ask.length);
    const claim = new Claim(assembly, ask, isStaged);
    assembly.claims.add(claim);
    return claim;
  }

  /** Those of the ranges that are there already: their LANDED may have gone to a socket that is no more. */
  *arrived(buffer: number, ranges: Iterable<Range>): Iterable<Ask> {
    const assembly = this.#assemblies.get(buffer);
    if (assembly === undefined || !assembly.takesBytes || assembly.have.isEmpty) return;
    for (const { offset, length } of ranges) if (assembly.have.contains(offset, length)) yield { buffer, offset, length };
  }

  /** Puts `source[from, to)` at `at` of the claim. */
  write(claim: Claim, at: number, source: Buffer, from: number, to: number): void {
    if (!claim.isLive) return;
    // Half as dear as `subarray`, which asks for the species of a Buffer.
    const part = new Uint8Array(source.buffer, source.byteOffset + from, to - from);
    if (claim.staged === null) claim.assembly.bytes.set(part, claim.offset + at);
    else claim.staged.set(part, at);
  }

  /** All bytes of the claim came. @returns whether they are the ones that count */
  finish(claim: Claim): boolean {
    const { assembly, isLive, staged } = claim;
    this.abandon(claim);
    if (!isLive) return false;
    if (assembly.backing !== null && staged !== null) assembly.backing.write(claim.offset, staged);
    else if (staged !== null) assembly.bytes.set(staged, claim.offset);
    this.#arrived(assembly, claim);
    return true;
  }

  abandon(claim: Claim): void {
    if (!claim.assembly.claims.delete(claim)) return;
    this.#silence(claim);
  }

  /** Bytes that came another way; where some of them are there already, those stay. @returns whether all are then */
  put(buffer: number, offset: number, bytes: Uint8Array): boolean {
    const ask = { buffer, offset, length: bytes.length };
    const claim = this.claim(ask);
    if (claim === null) return this.isOpen(buffer) && this.holds(ask);
    this.write(claim, 0, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    this.finish(claim);
    return true;
  }

  /** Reopens ranges, after a mismatch or before. False where the buffer is not to be opened. */
  reset(buffer: number, ranges: readonly Range[]): boolean {
    const assembly = this.#assemblies.get(buffer);
    if (assembly === undefined || assembly.have.count + ranges.length > RANGES_THERE || !assembly.move('reset')) return false;
    assembly.problem = FileStatus.OK;
    for (const { offset, length } of ranges) assembly.have.delete(offset, length);
    return true;
  }

  /**
   * Hashes and writes it as soon as every byte is there. `done` is called once; null where there is no such buffer. What was
   * asked before and has not begun is called off; what has begun goes on in its place. A commit of what is written is ok.
   */
  commit(buffer: number, digests: readonly DigestOf[], wantBlocks: boolean, done: (result: CommitResult | null) => void): void {
    const assembly = this.#assemblies.get(buffer);
    if (assembly === undefined || !digests.every(digest => assembly.takesDigest(digest))) return done(null);
    if (assembly.state === 'ok') return done(WRITTEN);
    assembly.answer(CALLED_OFF);
    assembly.done = done;
    if (assembly.state === 'committing') return;
    const { problem } = assembly;
    assembly.problem = FileStatus.OK;
    if (problem !== FileStatus.OK) return assembly.answer(failure(problem));
    assembly.order = { digests: digests.map(digest => ({ ...digest, expected: digest.expected.slice() })), wantBlocks };
    if (assembly.isWhole) this.#start(assembly, assembly.order);
    else assembly.move('reset');
  }

  /** The engine has recorded the result, or wants none. While it is being hashed and written, it goes when that has ended. */
  drop(buffer: number): void {
    const assembly = this.#assemblies.get(buffer);
    if (assembly === undefined) return;
    if (assembly.state === 'committing') {
      assembly.isDropped = true;
      assembly.callOff();
      return;
    }
    assembly.answer(CALLED_OFF);
    this.#remove(assembly);
  }

  /** Everything there is, as AUTH_RESULT tells it. */
  list(): KeptBuffer[] {
    return [...this.#assemblies.values()].map(({ id, tag, length, state, ranges }) => ({
      buffer: id,
      tag,
      length,
      state,
      ranges: state === 'open' || state === 'error' ? ranges : [],
    }));
  }

  /** Resolves when no commit is running. */
  settled(): Promise<void> {
    return this.#commits.settled();
  }

  #start(assembly: Assembly, order: CommitOrder): void {
    for (const claim of assembly.claims) this.#silence(claim);
    this.#hold(assembly);
    if (assembly.memory !== null) assembly.fillZeros();
    assembly.move('commit');
    assembly.order = null;
    this.#commits.run(assembly, order, result => this.#finished(assembly, result));
  }

  #finished(assembly: Assembly, result: CommitResult): void {
    if (assembly.memory === null && assembly.backing === null) this.#lost(assembly);
    switch (result.status) {
      case LandStatus.OK:
        assembly.move('ok');
        this.#written += assembly.length;
        this.#release(assembly);
        break;
      case LandStatus.MISMATCH:
        assembly.move('mismatch');
        break;
      case LandStatus.MISSING:
      case LandStatus.ERROR:
        assembly.move('error');
        break;
      default:
        result.status satisfies never;
    }
    assembly.answer(result);
    if (assembly.isDropped) this.#remove(assembly);
    this.#pressure();
  }

  /** The thread that had the bytes has died: they have to come again. */
  #lost(assembly: Assembly): void {
    this.#use(-assembly.length);
    assembly.have.delete(0, assembly.length);
  }

  /** Marks a range as there: every other claim on it comes too late. */
  #arrived(assembly: Assembly, range: Range): void {
    assembly.have.add(range.offset, range.length);
    this.#landedBytes += range.length;
    if (assembly.claims.size > 0) for (const other of assembly.claimsOn(range)) this.#silence(other);
    if (assembly.order !== null && assembly.isWhole) this.#start(assembly, assembly.order);
  }

  #silence(claim: Claim): void {
    if (!claim.isLive) return;
    claim.isLive = false;
    if (claim.staged !== null) this.#stage(-claim.length);
  }

  /** Counts a payload frame that was thrown away. */
  countDiscarded(length: number): void {
    this.#discardedBytes += length;
  }

  /** Its files take the place of its memory, and what is half-way in there goes on aside. */
  #spill(assembly: Assembly): Backing {
    const backing = this.#backing(assembly);
    const { bytes, memory, length } = assembly;
    assembly.backing = backing;
    assembly.memory = null;
    assembly.bytes = NOTHING;
    this.#open -= length;
    if (memory === null) return backing;
    for (const claim of assembly.claims) {
      if (!claim.isLive || claim.staged !== null) continue;
      claim.staged = bytes.slice(claim.offset, claim.offset + claim.length);
      this.#stage(claim.length);
    }
    this.#use(-length);
    for (const range of assembly.have.list())
      backing.write(range.offset, bytes.subarray(range.offset, range.offset + range.length));
    return backing;
  }

  #backing(assembly: Assembly): Backing {
    return this.#backings.open(assembly.places, (file, lost) => {
      for (const { offset, length } of lost) assembly.have.delete(offset, length);
      if (!assembly.takesBytes || !assembly.move('error')) return;
      for (const claim of assembly.claims) this.#silence(claim);
      assembly.order = null;
      if (assembly.done === null) assembly.problem = file;
      else assembly.answer(failure(file));
    });
  }

  #hold(assembly: Assembly): void {
    if (assembly.memory !== null || assembly.backing !== null) return;
    assembly.memory = this.#memory.take(assembly.length);
    assembly.bytes = new Uint8Array(assembly.memory);
    this.#use(assembly.length);
  }

  /** Gives back memory and files; the record of how it ended stays. */
  #release(assembly: Assembly): void {
    for (const claim of assembly.claims) this.#silence(claim);
    if (assembly.memory !== null) {
      this.#memory.give(assembly.memory);
      this.#use(-assembly.length);
    }
    const { backing, places } = assembly;
    if (backing === null) {
      this.#open -= assembly.length;
      release(places);
    } else this.#backings.close(backing, places);
    assembly.memory = null;
    assembly.bytes = NOTHING;
    assembly.backing = null;
    assembly.places = [];
    this.#openCount--;
  }

  #remove(assembly: Assembly): void {
    if (assembly.state !== 'ok') this.#release(assembly);
    this.#assemblies.delete(assembly.id);
    this.#pressure();
  }

  #stage(bytes: number): void {
    this.#staged += bytes;
    this.#use(bytes);
  }

  #use(bytes: number): void {
    this.#used += bytes;
    this.#pressure();
  }

  #pressure(): void {
    const isFull = this.isFull;
    if (isFull === this.#wasFull) return;
    this.#wasFull = isFull;
    this.onPressure();
  }
}
