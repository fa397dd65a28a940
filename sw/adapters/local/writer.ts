/** Group commit: what waits for the disk goes there in segments of a few MiB, several under way at a time, and counts in their order. */
import type { FileProblem } from '../../engine/events.ts';
import type { Catalogue } from './catalogue.ts';
import { type Segment, touchSum } from './extents.ts';
import { problemOf, type SegmentFiles } from './folder.ts';
import type { Written } from './group.ts';

/** What one segment is filled up to with pieces that wait; one that is longer has its own. Bytes. */
export const SEGMENT_BYTES = 4 << 20;
/** With as much of it waiting a segment is worth its while, bytes. */
const WORTHWHILE = 1 << 20;
/** What is shorter is not written by itself, bytes. */
const SMALL = 256 << 10;
/** Segments under way. */
export const FLIGHTS = 4;
/** Ms that little waits for more. */
const LINGER = 50;
/** The group of what is in no file: pieces that are not finished. */
export const LOOSE = 0;

export interface Job {
  readonly group: number;
  readonly chunks: readonly Uint8Array[];
  /** What of which file the chunks are, in their order; nothing in {@link LOOSE}. */
  readonly parts: readonly Written[];
  /** It is in that segment, from `place` on; or why not. */
  done(problem: FileProblem | null, segment: Segment | null, place: number): void;
}

interface Item {
  readonly job: Job;
  readonly bytes: number;
  /** Counts up. */
  readonly turn: number;
}

interface Flight {
  readonly items: readonly Item[];
  readonly segment: Segment;
  end: { readonly problem: FileProblem | null } | null;
}

export class Writer {
  /** In the order in which they came. */
  private queue: Item[] = [];
  /** In the order in which they count. */
  private readonly flights: Flight[] = [];
  private flying = 0;
  private turns = 0;
  /** Up to that turn nothing waits for more. */
  private ripe = 0;
  private isLingering = false;
  /** Turns that have not come to their end, ascending. */
  private readonly open = new Set<number>();
  private waiting: { readonly turn: number; readonly resolve: () => void }[] = [];

  constructor(
    private readonly files: SegmentFiles,
    private readonly catalogue: Catalogue,
    private readonly after: (ms: number, run: () => void) => void,
  ) {}

  add(job: Job): void {
    this.turns += 1;
    this.open.add(this.turns);
    this.queue.push({ job, bytes: lengthOf(job.chunks), turn: this.turns });
    this.start();
  }

  /** Resolves once all that was added by now is on the disk, or could not be brought there. */
  settled(): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    const turn = this.turns;
    this.ripe = turn;
    const all = new Promise<void>(resolve => this.waiting.push({ turn, resolve }));
    this.start();
    return all;
  }

  private start(): void {
    while (this.flying < FLIGHTS && this.queue.length > 0) {
      const items = this.next();
      if (items === null) return this.linger();
      this.fly(items);
    }
  }

  /** What goes into one segment with what waits longest; null where that is too little yet. */
  private next(): Item[] | null {
    const first = this.queue[0]!;
    const taken = new Set<Item>();
    let bytes = 0;
    for (const item of this.queue) {
      if (item.job.group !== first.job.group) continue;
      if (taken.size > 0 && bytes + item.bytes > SEGMENT_BYTES) break;
      taken.add(item);
      bytes += item.bytes;
      if (bytes >= SEGMENT_BYTES) break;
    }
    if (bytes < WORTHWHILE && first.turn > this.ripe) return null;
    this.queue = this.queue.filter(item => !taken.has(item));
    return [...taken];
  }

  private linger(): void {
    if (this.isLingering) return;
    this.isLingering = true;
    this.after(LINGER, () => {
      this.isLingering = false;
      this.ripe = this.turns;
      this.start();
    });
  }

  private fly(items: readonly Item[]): void {
    const group = items[0]!.job.group;
    const lumps = lumpsOf(items.flatMap(({ job }) => job.chunks));
    const segment = {
      id: this.catalogue.number(),
      group,
      length: lengthOf(lumps),
      time: this.catalogue.now(),
      sum: touchSum(lumps),
      live: 0,
    };
    const flight: Flight = { items, segment, end: null };
    this.flights.push(flight);
    this.flying += 1;
    this.files.write(group, segment.id, lumps).then(
      () => this.landed(flight, null),
      (error: unknown) => this.landed(flight, problemOf(error)),
    );
  }

  private landed(flight: Flight, problem: FileProblem | null): void {
    flight.end = { problem };
    this.flying -= 1;
    for (let first = this.flights[0]; first?.end; first = this.flights[0]) {
      this.flights.shift();
      this.count(first, first.end.problem);
    }
    this.start();
  }

  private count({ items, segment }: Flight, problem: FileProblem | null): void {
    if (problem === null && segment.group !== LOOSE) {
      this.catalogue.apply(
        segment,
        items.flatMap(({ job }) => job.parts),
      );
    }
    let place = 0;
    for (const { job, bytes, turn } of items) {
      job.done(problem, problem === null ? segment : null, place);
      place += bytes;
      this.open.delete(turn);
    }
    const first = this.open.values().next().value ?? Infinity;
    for (const { turn, resolve } of this.waiting) if (turn < first) resolve();
    this.waiting = this.waiting.filter(({ turn }) => turn >= first);
  }
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** The same bytes: what is small goes together with its neighbours, as each write costs a message to the browser. */
function lumpsOf(chunks: readonly Uint8Array[]): Uint8Array[] {
  const lumps: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const gather = (): void => {
    if (small.length > 0) lumps.push(joined(small));
    small = [];
  };
  for (const chunk of chunks) {
    if (chunk.length < SMALL) small.push(chunk);
    else {
      gather();
      lumps.push(chunk);
    }
  }
  gather();
  return lumps;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const all = new Uint8Array(lengthOf(chunks));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
