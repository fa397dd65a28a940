import type { Assembly } from './assembly.ts';
import type { Outbox } from './effects.ts';
import { Meter } from './meter.ts';
import type { ActivePiece } from './pieces.ts';
import type { Storage } from './storage.ts';
import { MAX_URGENT } from './urgent.ts';
import type { Urgent } from './urgent.ts';
import type { Layout } from './model/layout.ts';

/** Of one torrent. */
export const MAX_READERS = 32;
/** What a reader is to have ahead of it, in seconds of its own pace, and in bytes. */
const WINDOW_SECONDS = 20;
const LEAST_WINDOW = 4 << 20;
const LARGEST_WINDOW = 32 << 20;
/** The pace that a reader is taken to have, bytes a second: before it is known, and whatever it seems to be. */
const PACE = 1 << 20;
const SLOWEST = 128 << 10;
const FASTEST = 16 << 20;
/** Over so many ms its pace is measured: players read in bursts. */
const PACE_MEMORY = 10_000;
/** In order, so many pieces at the front are due so many ms after the last of them was asked for. */
const FRONT = 4;
const FRONT_PATIENCE = 5_000;

interface Reader {
  readonly file: number;
  /** Bytes of its file. */
  at: number;
  readonly end: number;
  /** It was told that it may read up to here. */
  known: number;
  /** Monotonic ms: when it stood there. */
  atTime: number;
  readonly pace: Meter;
}

/**
 * Who reads files while they come: each is told how far it may, and what lies ahead of it becomes due by the time that it gets there.
 * A seek is another reader. Where pieces are to come in order, those at the front become due as well when they keep the others waiting.
 */
export class Readers {
  private readonly all = new Map<number, Reader>();

  constructor(
    private readonly layout: Layout,
    private readonly storage: Storage,
    private readonly assembly: Assembly,
    private readonly urgent: Urgent,
    /** Whether pieces are to come in their order. */
    private readonly isSequential: () => boolean,
    private readonly out: Outbox,
  ) {}

  get count(): number {
    return this.all.size;
  }

  /** A reader stands at `at` of a file, up to `end`. True for one that was not known. */
  want(stream: number, file: number, at: number, end: number, now: number): boolean {
    let reader = this.all.get(stream);
    const isKnown = reader !== undefined && reader.file === file && at >= reader.at;
    if (reader && isKnown) {
      reader.pace.add(at - reader.at, now);
      reader.at = at;
      reader.atTime = now;
    } else {
      if (!reader && this.all.size >= MAX_READERS) {
        this.refuse(stream);
        return false;
      }
      const size = this.layout.files[file]?.length ?? 0;
      reader = { file, at, end: Math.min(end, size), known: at, atTime: now, pace: new Meter(now, PACE_MEMORY) };
      this.all.set(stream, reader);
    }
    this.tell(stream, reader);
    this.settle(now);
    return !isKnown;
  }

  /** Whether somebody reads that file who has yet to be told of more. */
  isIn(file: number): boolean {
    return [...this.all.values()].some(reader => reader.file === file);
  }

  /** It has gone, or has all. */
  gone(stream: number, now: number): void {
    if (this.all.delete(stream)) this.settle(now);
  }

  /** A piece is on disk, verified. */
  gained(piece: number): void {
    for (const [stream, reader] of this.all) if (this.pieceAt(reader, reader.known) === piece) this.tell(stream, reader);
  }

  /** Once a second: parts of files may have come to their place as well. */
  tick(now: number): void {
    for (const [stream, reader] of this.all) this.tell(stream, reader);
    this.settle(now);
  }

  /** Nothing more will come for them; of those files, or of any. */
  stop(isOver: (file: number) => boolean = () => true): void {
    for (const [stream, reader] of this.all) {
      if (!isOver(reader.file)) continue;
      this.all.delete(stream);
      this.refuse(stream);
    }
    if (this.all.size === 0) this.urgent.set([]);
  }

  private refuse(stream: number): void {
    this.out({ do: 'readable', stream, offset: 0, length: 0 });
  }

  /** Says how far it may read by now; who has all is forgotten. */
  private tell(stream: number, reader: Reader): void {
    const before = reader.known;
    while (reader.known < reader.end) {
      const piece = this.pieceAt(reader, reader.known);
      if (!this.assembly.have.get(piece) || this.storage.parts.holds(piece, reader.file)) break;
      reader.known = Math.min(reader.end, (piece + 1) * this.layout.pieceLength - this.startOf(reader));
    }
    if (reader.known > before) this.out({ do: 'readable', stream, offset: before, length: reader.known - before });
    if (reader.known >= reader.end) this.all.delete(stream);
  }

  /** What is due, and when. */
  private settle(now: number): void {
    const due = new Map<number, number>();
    const add = (piece: number, at: number) => due.set(piece, Math.min(at, due.get(piece) ?? Infinity));
    for (const reader of this.all.values()) {
      const rate = Math.min(FASTEST, Math.max(SLOWEST, reader.pace.rate(now) || PACE));
      const ahead = Math.min(LARGEST_WINDOW, Math.max(LEAST_WINDOW, rate * WINDOW_SECONDS, 2 * this.layout.pieceLength));
      const end = Math.min(reader.end, reader.at + ahead);
      const { pieceLength } = this.layout;
      let piece = this.pieceAt(reader, reader.known);
      for (let at = reader.known, count = 0; at < end && count < MAX_URGENT; count++, piece++) {
        add(piece, reader.atTime + (Math.max(0, at - reader.at) * 1000) / rate);
        at = (piece + 1) * pieceLength - this.startOf(reader);
      }
    }
    if (this.isSequential()) for (const piece of this.front()) add(piece.index, piece.askedAt + FRONT_PATIENCE);
    this.urgent.set(due);
  }

  /** Those in the making that stand first in the torrent. */
  private front(): ActivePiece[] {
    const first: ActivePiece[] = [];
    for (const piece of this.assembly.active.all()) {
      const last = first.at(-1);
      if (first.length === FRONT && last && last.index < piece.index) continue;
      first.push(piece);
      first.sort((a, b) => a.index - b.index);
      first.length = Math.min(first.length, FRONT);
    }
    return first;
  }

  private pieceAt(reader: Reader, offset: number): number {
    return Math.floor((this.startOf(reader) + offset) / this.layout.pieceLength);
  }

  private startOf({ file }: Reader): number {
    return this.layout.files[file]?.offset ?? 0;
  }
}
