import type { Order } from './order.ts';
import { Pace } from './pace.ts';
import { CONNECTED } from './phase.ts';
import type { Phase } from './phase.ts';
import type { Kind, Queue, Queued } from './queue.ts';
import type { InfoHash } from './model/ids.ts';

/** The line that all torrents stand in, and the queue for being at work. */
export interface Line {
  readonly order: Order<Turn>;
  readonly queue: Queue<Turn>;
  /** The schedule has nothing transferred now. */
  readonly isPaused: boolean;
  /** Until when, ms since 1970; null: always. */
  readonly pausedUntil: number | null;
}

/** What is needed of a torrent here. */
interface Worker {
  readonly id: InfoHash;
  readonly phase: Phase;
  readonly isKnown: boolean;
  readonly isComplete: boolean;
  readonly addedAt: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly options: { readonly forceStart: boolean };
  readonly isHeld: boolean;
  readonly leaving: object | null;
  readonly transfer: { readonly isPending: boolean };
}

/** A torrent's part in the queue: its place in line, its seat, and whether it makes use of that. */
export class Turn implements Queued {
  /** 0 until it is in line. */
  place = 0;
  private readonly pace = new Pace();
  private known: Kind | null = null;

  constructor(
    private readonly torrent: Worker,
    private readonly line: Line,
  ) {}

  get id(): InfoHash {
    return this.torrent.id;
  }
  get kind(): Kind {
    const { isKnown, isComplete } = this.torrent;
    return !isKnown ? 'fetch' : isComplete ? 'seed' : 'download';
  }
  get isForced(): boolean {
    return this.torrent.options.forceStart || this.torrent.transfer.isPending;
  }
  get isHeld(): boolean {
    return this.torrent.isHeld || this.torrent.leaving !== null || this.isOff;
  }
  /** It is the schedule that has it rest; what a person forces goes on. */
  get isOff(): boolean {
    return this.line.isPaused && !this.isForced;
  }
  /** Until when; null: always. */
  get offUntil(): number | null {
    return this.line.pausedUntil;
  }
  get isSeated(): boolean {
    return this.line.queue.isSeated(this);
  }
  /** How many come before it; −1 where it does not wait. */
  get ahead(): number {
    return this.line.queue.ahead(this);
  }

  /** Into the line, last of all where it has no place yet. */
  lineUp(place = 0): void {
    this.place = place;
    this.line.order.add(this, this.torrent.addedAt);
  }

  enter(): void {
    this.known = this.kind;
    this.line.queue.enter(this);
  }

  leave(): void {
    this.line.queue.leave(this);
  }

  /** Out of the line for good. */
  end(): void {
    this.leave();
    this.line.order.delete(this);
  }

  /** It goes to work. */
  begin(now: number): void {
    this.pace.begin(this.payload, now);
  }

  /** Something changed that the queue goes by. */
  review(change: () => void = () => undefined): void {
    this.known = null;
    this.line.queue.change(this, change);
    this.known = this.kind;
  }

  /** Once a second while it is at work. */
  tick(now: number): void {
    if (this.known !== this.kind) this.review();
    if (!CONNECTED.has(this.torrent.phase)) this.begin(now);
    else if (this.pace.look(this.kind, this.payload, now)) this.line.queue.pace(this, this.pace.isSlow);
  }

  private get payload(): number {
    return this.torrent.uploaded + this.torrent.downloaded;
  }
}
