import type { FileProblem } from '../../sw/engine/events.ts';
import type { File, Write } from './disk-state.ts';

/** A disk that outlives engines: what was written, what of it was flushed, and the faults it is told to have. */
export class Disk {
  readonly files = new Map<string, File>();
  /** As they were when last flushed, and how much of them there was. */
  readonly flushed = new Map<string, { bytes: Uint8Array; size: number }>();
  private unflushed: Write[] = [];
  /** How many there were. */
  writes = 0;
  /** Of everything that writes or makes a file; `no-such-root`: of all that opens one. */
  problem: FileProblem | null = null;
  /** Files whose space was asked for, in order; it is taken by zeros, in so many ms. */
  readonly allocated: string[] = [];
  allocationTime = 0;
  /** Of everything that reads. */
  reading: FileProblem | null = null;
  /** Of what is written into files that are open. */
  writing: FileProblem | null = null;
  /** Of flushes alone. */
  flushing: FileProblem | null = null;
  /** Ms that a flush takes beside what everything takes. */
  flushTime = 0;
  /** Of all that deletes. */
  deleting: FileProblem | null = null;
  /** Files that went to the trash. */
  readonly trashed: string[] = [];
  verifiedBytes = 0;

  /** Whether something was written to these files since their flush. */
  isDirty(paths: ReadonlySet<string>): boolean {
    return this.unflushed.some(({ path }) => paths.has(path));
  }

  write(path: string, offset: number, bytes: Uint8Array, now: number): void {
    const file = this.files.get(path);
    if (!file) return;
    file.bytes.set(bytes, offset);
    file.size = Math.max(file.size, offset + bytes.length);
    file.mtime = now;
    this.unflushed.push({ at: ++this.writes, path, offset, bytes });
  }

  /** Of the writes to these files the first `upTo`. */
  flush(paths: ReadonlySet<string>, upTo: number): void {
    const isMeant = ({ at, path }: Write): boolean => at <= upTo && paths.has(path);
    for (const path of paths) this.flushedOf(path);
    for (const write of this.unflushed) if (isMeant(write)) this.harden(write, write.bytes.length);
    this.unflushed = this.unflushed.filter(write => !isMeant(write));
  }

  /** Writes to these files that were not flushed are as if they had not been: the pages are dropped. */
  forget(paths: ReadonlySet<string>): void {
    for (const path of paths) {
      const file = this.files.get(path);
      if (!file || !this.unflushed.some(write => write.path === path)) continue;
      const { bytes } = this.flushedOf(path);
      file.bytes.set(bytes);
    }
    this.unflushed = this.unflushed.filter(({ path }) => !paths.has(path));
  }

  /** Loses what was never flushed, but for the share (0 to 1) of each write that `survives` draws: half of one is a torn piece. */
  powerCut(survives: () => number = () => 0): void {
    for (const write of this.unflushed) this.harden(write, Math.floor(write.bytes.length * survives()));
    this.unflushed = [];
    this.files.clear();
    for (const [path, { bytes, size }] of this.flushed) this.files.set(path, { bytes: bytes.slice(), size, mtime: 1 });
  }

  /** It may be there again after a power cut, as it was flushed. */
  delete(path: string): void {
    this.files.delete(path);
    this.unflushed = this.unflushed.filter(write => write.path !== path);
  }

  /** Durable at once. */
  rename(from: string, to: string): void {
    for (const map of [this.files, this.flushed] as Map<string, unknown>[]) {
      if (!map.has(from)) continue;
      map.set(to, map.get(from));
      if (from !== to) map.delete(from);
    }
    this.unflushed = this.unflushed.map(write => (write.path === from ? { ...write, path: to } : write));
  }

  private flushedOf(path: string): { bytes: Uint8Array; size: number } {
    const known = this.flushed.get(path);
    if (known) return known;
    const made = { bytes: new Uint8Array(this.files.get(path)?.bytes.length ?? 0), size: 0 };
    this.flushed.set(path, made);
    return made;
  }

  private harden({ path, offset, bytes }: Write, length: number): void {
    if (length === 0) return;
    const file = this.flushedOf(path);
    // It was flushed before it was there.
    const room = this.files.get(path)?.bytes.length ?? 0;
    if (file.bytes.length < room) {
      const bytes = new Uint8Array(room);
      bytes.set(file.bytes);
      file.bytes = bytes;
    }
    file.bytes.set(bytes.subarray(0, length), offset);
    file.size = Math.max(file.size, offset + length);
  }
}
