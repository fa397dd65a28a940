/** Group commit: what waits for the disk goes there in segments of a few MiB, several under way at a time, and counts in their order. */
import type { FileProblem } from '../../engine/events.ts';
import type { Catalogue } from './catalogue.ts';
import { type Segment, touchSum } from './extents.ts';
import { problemOf, type SegmentFiles } from './folder.ts';
import type { Written } from './group.ts';

/** What one segment is filled up to with pieces that wait; one that is longer has its own. Bytes. */
export const SEGMENT_BYTES = 4 << 20;
/** Segments under way. */
export const FLIGHTS = 4;
/** Ms that less than that waits for more. */
const LINGER = 200;
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
  readonly segment: Omit<Segment, 'time'>;
  readonly stage: Uint8Array | null;
  end: { readonly problem: FileProblem | null } | null;
}

export class Writer {
  /** What waits, by group, in the order in which it came. */
  private readonly queues = new Map<number, { readonly items: Item[]; bytes: number }>();
  /** In the order in which they count. */
  private readonly flights: Flight[] = [];
  private flying = 0;
  /** Where chunks are put together, as many as there ever were flights at once. */
  private readonly stages: Uint8Array[] = [];
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
    const bytes = lengthOf(job.chunks);
    const item = { job, bytes, turn: ++this.turns };
    this.open.add(item.turn);
    const queue = this.queues.get(job.group);
    if (queue) {
      queue.items.push(item);
      queue.bytes += bytes;
    } else this.queues.set(job.group, { items: [item], bytes });
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
    while (this.flying < FLIGHTS && this.queues.size > 0) {
      const group = this.next();
      if (group === null) return this.linger();
      this.fly(group, this.take(group));
    }
  }

  /** The group, of those with enough for a segment or that waited for it in vain, of which something waits longest; null where there is none. */
  private next(): number | null {
    let next: number | null = null;
    let longest = Infinity;
    for (const [group, { items, bytes }] of this.queues) {
      const { turn } = items[0]!;
      if (turn >= longest || (bytes < SEGMENT_BYTES && turn > this.ripe)) continue;
      next = group;
      longest = turn;
    }
    return next;
  }

  /** What goes into one segment. */
  private take(group: number): Item[] {
    const queue = this.queues.get(group)!;
    let count = 0;
    let bytes = 0;
    do bytes += queue.items[count++]!.bytes;
    while (count < queue.items.length && bytes + queue.items[count]!.bytes <= SEGMENT_BYTES);
    queue.bytes -= bytes;
    if (count === queue.items.length) this.queues.delete(group);
    return queue.items.splice(0, count);
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

  private fly(group: number, items: readonly Item[]): void {
    const { bytes, stage } = this.inOne(items.flatMap(({ job }) => job.chunks));
    const segment = {
      id: this.catalogue.number(),
      group,
      length: bytes.length,
      sum: touchSum(bytes),
      live: 0,
    };
    const flight: Flight = { items, segment, stage, end: null };
    this.flights.push(flight);
    this.flying += 1;
    this.files.write(group, segment.id, bytes).then(
      () => this.landed(flight, null),
      (error: unknown) => this.landed(flight, problemOf(error)),
    );
  }

  /** Each write costs several messages between processes, and fresh memory more than a copy: so they are put together where the last ones were. */
  private inOne(chunks: readonly Uint8Array[]): { readonly bytes: Uint8Array; readonly stage: Uint8Array | null } {
    const [only] = chunks;
    if (only && chunks.length === 1) return { bytes: only, stage: null };
    const length = lengthOf(chunks);
    if (length > SEGMENT_BYTES) return { bytes: join(chunks, new Uint8Array(length)), stage: null };
    const stage = this.stages.pop() ?? new Uint8Array(SEGMENT_BYTES);
    return { bytes: join(chunks, stage), stage };
  }

  private landed(flight: Flight, problem: FileProblem | null): void {
    flight.end = { problem };
    if (flight.stage) this.stages.push(flight.stage);
    this.flying -= 1;
    for (let first = this.flights[0]; first?.end; first = this.flights[0]) {
      this.flights.shift();
      this.count(first, first.end.problem);
    }
    this.start();
  }

  private count({ items, segment: written }: Flight, problem: FileProblem | null): void {
    // Not before: however long the write took, the system has it only now.
    const segment = { ...written, time: this.catalogue.now() };
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

/** Puts them one after the other. */
function join(chunks: readonly Uint8Array[], into: Uint8Array): Uint8Array {
  let at = 0;
  for (const chunk of chunks) {
    into.set(chunk, at);
    at += chunk.length;
  }
  return into.subarray(0, at);
}
