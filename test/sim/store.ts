import { createHash } from 'node:crypto';
import type { DigestSpec, FileProblem, KeptPiece, Range, Span } from '../../sw/engine/events.ts';
import type { Store } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';
import { blocksOf, hashes } from './digests.ts';
import type { Disk } from './disk.ts';
import { type Landing, TELL_AFTER } from './disk-state.ts';
import { rangesOf } from './ranges.ts';

/** The Store port on a {@link Disk}, with the landing buffers of the daemon. Answers after a short while. */
export class SimStore implements Store {
  readonly buffers = new Map<number, Landing>();
  private readonly open = new Map<number, string>();
  /** Those of them that were opened to be read: on some disks they are no good for more. */
  private readonly onlyRead = new Set<number>();
  away = false;
  backed = 8 << 20;
  /** Ms that it takes until a buffer is parked. */
  parkTime = 0;
  /** Whether it has no room for buffers, and how many it has refused. */
  isFull = false;
  refusals = 0;
  private refused: Parameters<Store['onRefused']>[0] = () => undefined;

  constructor(
    private readonly clock: VirtualClock,
    private readonly disk: Disk,
    private readonly latency = 1,
  ) {}

  get openCount(): number {
    return this.open.size;
  }

  openFile(...[file, root, components, size, create, allocate, done]: Parameters<Store['openFile']>): void {
    const path = [root, ...components].join('/');
    this.answer(() => {
      const known = this.disk.files.get(path);
      const refuse = (problem: FileProblem): void => {
        this.open.delete(file);
        done(problem, 0, 0);
      };
      const { problem } = this.disk;
      if (problem && (create || problem === 'no-such-root')) return refuse(problem);
      if (!known && !create) return refuse('gone');
      if ((known?.size ?? 0) > size) return refuse('conflict');
      const entry = known ?? { bytes: new Uint8Array(size), size: 0, mtime: this.clock.time };
      this.disk.files.set(path, entry);
      if (!allocate) return done(null, entry.size, entry.mtime);
      this.disk.allocated.push(path);
      entry.size = size;
      this.clock.after(this.disk.allocationTime, () => done(null, entry.size, entry.mtime));
    });
    this.open.set(file, path);
    if (!create) this.onlyRead.add(file);
  }

  /** Throws for those that are written to and were not opened for that. */
  private writable(files: readonly number[]): void {
    const wrong = files.find(file => this.onlyRead.has(file));
    if (wrong !== undefined) throw new Error(`file ${wrong} was opened to be read`);
  }

  closeFile(file: number): void {
    this.open.delete(file);
    this.onlyRead.delete(file);
  }

  sync(files: readonly number[], done: Parameters<Store['sync']>[1]): void {
    const paths = files.map(file => [file, this.open.get(file) ?? ''] as const);
    // What is written from here on is another flush's.
    const upTo = this.disk.writes;
    this.answer(() => {
      const stat = new Map<number, { size: number; mtime: number }>();
      const flushed = new Set(paths.map(([, path]) => path));
      const problem =
        this.disk.flushing ?? (this.disk.problem === 'read-only' && !this.disk.isDirty(flushed) ? null : this.disk.problem);
      if (flushed.has('')) return done('gone', stat);
      // What the system could not write it forgets: a later flush has nothing to say of it.
      if (problem === 'io') this.disk.forget(flushed);
      this.disk.flush(flushed, upTo);
      for (const [file, path] of paths) {
        const entry = this.disk.files.get(path);
        if (!entry) continue;
        stat.set(file, { size: entry.size, mtime: entry.mtime });
      }
      done(problem, stat);
    }, this.disk.flushTime);
  }

  copy(from: Span, to: number, offset: number, done: (problem: FileProblem | null) => void): void {
    this.writable([to]);
    const [source, target] = [this.open.get(from.file) ?? '', this.open.get(to) ?? ''];
    this.answer(() => {
      if (this.disk.problem) return done(this.disk.problem);
      const bytes = this.read([from], new Map([[from.file, source]]));
      if (!bytes || !this.disk.files.has(target)) return done('gone');
      this.disk.write(target, offset, bytes, this.clock.time);
      done(null);
    });
  }

  moveFile(...[from, to, _size, done]: Parameters<Store['moveFile']>): void {
    const [source, target] = [from, to].map(({ root, path }) => [root, ...path].join('/')) as [string, string];
    this.answer(() => {
      const { files } = this.disk;
      const found = (path: string) => {
        const file = files.get(path);
        return file ? { size: file.size, mtime: file.mtime } : null;
      };
      if (!files.has(source)) return done('gone', found(target));
      if (this.isInUse(source) || this.isInUse(target)) return done('busy', null);
      if (this.disk.problem) return done(this.disk.problem, null);
      if (files.has(target) && source !== target) return done('conflict', null);
      this.disk.rename(source, target);
      done(null, found(target));
    });
  }

  /** A client is gone, and its open files with it; buffers stay. */
  disconnect(): void {
    this.open.clear();
    this.onlyRead.clear();
  }

  private isInUse(path: string): boolean {
    if ([...this.open.values()].includes(path)) return true;
    return [...this.buffers.values()].some(({ state, spans }) => state !== 'ok' && spans.some(span => span.path === path));
  }

  deleteFile(...[root, components, _size, trash, done]: Parameters<Store['deleteFile']>): void {
    const path = [root, ...components].join('/');
    const problem = this.disk.deleting;
    if (problem) return this.answer(() => done(problem));
    if (trash && this.disk.files.has(path)) this.disk.trashed.push(path);
    this.disk.delete(path);
    this.answer(() => done(null));
  }

  begin(buffer: number, length: number, tag: Uint8Array, spans: readonly Span[], there: readonly Range[]): void {
    this.writable(spans.map(({ file }) => file));
    if (this.isFull) {
      this.refusals += 1;
      return this.answer(() => this.refused(buffer, 'limit'));
    }
    this.buffers.set(buffer, {
      bytes: new Uint8Array(length),
      tag: tag.slice(),
      spans: spans.map(({ file, offset, length: part }) => ({ path: this.open.get(file) ?? '', offset, length: part })),
      have: new Uint8Array(length),
      state: 'open',
      commit: null,
    });
    this.fillZeros(buffer);
    for (const { offset, length: part } of there) this.buffers.get(buffer)?.have.fill(1, offset, offset + part);
    this.reread(buffer, there);
  }

  /** Zeros need not arrive. */
  private fillZeros(buffer: number): void {
    const target = this.buffers.get(buffer);
    let at = 0;
    for (const { path, length } of target?.spans ?? []) {
      if (path === '') {
        target?.have.fill(1, at, at + length);
        target?.bytes.fill(0, at, at + length);
      }
      at += length;
    }
  }

  /** What stands on disk of what was said to be there. */
  private reread(buffer: number, there: readonly Range[]): void {
    const target = this.buffers.get(buffer);
    let start = 0;
    for (const { path, offset, length } of target?.spans ?? []) {
      const file = this.disk.files.get(path);
      for (const range of there) {
        const from = Math.max(range.offset, start);
        const to = Math.min(range.offset + range.length, start + length);
        const position = offset + from - start;
        if (file && from < to) target?.bytes.set(file.bytes.subarray(position, position + to - from), from);
      }
      start += length;
    }
  }

  park(buffer: number, done: Parameters<Store['park']>[1]): void {
    const target = this.buffers.get(buffer);
    this.answer(() => {
      if (target?.state !== 'open' && !(target?.state === 'error' && this.isLong(target))) return done(null);
      // What lands in a long one is there already.
      if (!this.isLong(target)) {
        if (this.disk.writing ?? this.disk.problem) return done([]);
        for (const { offset, length } of rangesOf(target.have)) this.writeDown(target, offset, length);
      }
      done(rangesOf(target.have));
    }, this.parkTime);
  }

  onRefused(handler: Parameters<Store['onRefused']>[0]): void {
    this.refused = handler;
  }

  private isLong({ bytes }: Landing): boolean {
    return bytes.length > this.backed;
  }

  private writeDown({ bytes, spans }: Landing, offset: number, length: number): void {
    let start = 0;
    for (const span of spans) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + span.length);
      if (span.path !== '' && from < to)
        this.disk.write(span.path, span.offset + from - start, bytes.slice(from, to), this.clock.time);
      start += span.length;
    }
  }

  /** What lands in a long one goes to the disk; where that fails it is lost, though it was told, and nothing more is taken. */
  private back(target: Landing, offset: number, length: number): void {
    const problem = this.disk.writing ?? this.disk.problem;
    if (!this.isLong(target)) return;
    if (problem === null) return this.writeDown(target, offset, length);
    const { commit } = target;
    target.have.fill(0, offset, offset + length);
    target.state = 'error';
    target.commit = null;
    this.answer(() => commit?.fail(problem));
  }

  put(buffer: number, offset: number, bytes: Uint8Array): boolean {
    const target = this.buffers.get(buffer);
    if (target?.state !== 'open') return false;
    target.bytes.set(bytes, offset);
    target.have.fill(1, offset, offset + bytes.length);
    this.back(target, offset, bytes.length);
    this.commitWhole(target);
    return true;
  }

  private commitWhole(target: Landing): void {
    const { commit } = target;
    if (commit === null || target.have.includes(0)) return;
    target.commit = null;
    target.state = 'committing';
    this.answer(commit.begin, TELL_AFTER);
  }

  /** Whether it takes bytes, and has those of the range. */
  holds(buffer: number, offset: number, length: number): boolean {
    const target = this.buffers.get(buffer);
    return target?.state === 'open' && !target.have.subarray(offset, offset + length).includes(0);
  }

  /** As `put`, but what is there already stays. */
  putOnce(buffer: number, offset: number, bytes: Uint8Array): boolean {
    const target = this.buffers.get(buffer);
    if (target?.state !== 'open') return false;
    if (!target.have.subarray(offset, offset + bytes.length).includes(0)) return true;
    return this.put(buffer, offset, bytes);
  }

  commit(buffer: number, digests: readonly DigestSpec[], wantBlocks: boolean, done: Parameters<Store['commit']>[3]): void {
    const target = this.buffers.get(buffer);
    if (!target) return this.answer(() => done('gone', null, new Uint8Array(0)));
    if (target.state === 'ok') return this.answer(() => done('ok', null, new Uint8Array(0)));
    target.commit?.callOff();
    target.state = 'open';
    const begin = (): void => {
      // Dropped meanwhile, it is not written.
      if (this.buffers.get(buffer) !== target) return done('gone', null, new Uint8Array(0));
      for (const { offset, length, ...digest } of digests) {
        if (!hashes(target.bytes.subarray(offset, offset + length), digest)) {
          target.state = 'mismatch';
          return done('mismatch', null, blocksOf(target.bytes, digests));
        }
      }
      const problem = this.isLong(target) ? this.disk.reading : (this.disk.writing ?? this.disk.problem);
      if (problem) {
        target.state = 'error';
        return done('error', problem, new Uint8Array(0));
      }
      if (!this.isLong(target)) this.writeDown(target, 0, target.bytes.length);
      target.state = 'ok';
      done('ok', null, wantBlocks ? blocksOf(target.bytes, digests) : new Uint8Array(0));
    };
    target.commit = {
      begin,
      callOff: () => this.answer(() => done('gone', null, new Uint8Array(0))),
      fail: problem => done('error', problem, new Uint8Array(0)),
    };
    this.commitWhole(target);
  }

  acknowledge(buffer: number): void {
    this.buffers.delete(buffer);
  }

  reset(buffer: number, ranges: readonly Range[]): void {
    const target = this.buffers.get(buffer);
    if (!target) return;
    target.state = 'open';
    for (const { offset, length } of ranges) target.have.fill(0, offset, offset + length);
    this.fillZeros(buffer);
  }

  drop(buffer: number): void {
    this.buffers.get(buffer)?.commit?.callOff();
    this.buffers.delete(buffer);
  }

  verify(
    items: readonly { spans: readonly Span[]; digest: DigestSpec }[],
    done: (verdicts: readonly (boolean | null)[]) => void,
  ): void {
    // The files are those of now, whatever is closed before the answer.
    const open = new Map(this.open);
    this.answer(() => {
      done(
        items.map(({ spans, digest }) => {
          const bytes = this.disk.reading ? null : this.read(spans, open);
          this.disk.verifiedBytes += bytes?.length ?? 0;
          return bytes ? hashes(bytes, digest) : null;
        }),
      );
    });
  }

  leaves(spans: readonly Span[], done: (leaves: Uint8Array) => void): void {
    const open = new Map(this.open);
    this.answer(() => {
      const bytes = this.read(spans, open) ?? new Uint8Array(0);
      const leaves: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += 16_384)
        leaves.push(
          createHash('sha256')
            .update(bytes.subarray(at, at + 16_384))
            .digest(),
        );
      done(Uint8Array.from(leaves.flatMap(leaf => [...leaf])));
    });
  }

  get readProblem(): FileProblem | null {
    return this.disk.reading;
  }

  read(spans: readonly Span[], open: ReadonlyMap<number, string> = this.open): Uint8Array | null {
    const parts: Uint8Array[] = [];
    for (const { file, offset, length } of spans) {
      if (file === 0) parts.push(new Uint8Array(length));
      else {
        const entry = this.disk.files.get(open.get(file) ?? '');
        if (!entry || entry.size < offset + length) return null;
        parts.push(entry.bytes.subarray(offset, offset + length));
      }
    }
    return Uint8Array.from(Buffer.concat(parts));
  }

  /** What an engine that attaches anew is told of. */
  kept(): KeptPiece[] {
    return [...this.buffers].map(([buffer, { tag, bytes, state, have }]) => ({
      buffer,
      tag,
      length: bytes.length,
      state,
      ranges: rangesOf(have),
    }));
  }

  private answer(run: () => void, more = 0): void {
    this.clock.after(this.latency + more, () => {
      if (!this.away) run();
    });
  }
}
