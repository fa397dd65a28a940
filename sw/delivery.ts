/**
 * What this browser has of torrents brought to the helper's engine, of one at a time: it is asked what there is of it, and joined to the one that
 * takes it. One that does not get on for a while makes room for the others, and is tried again later.
 */
import type { Span } from './engine/events.ts';
import type { Gift, Source } from './engine/index.ts';
import type { Engine } from './perform.ts';
import { type Said, said } from './said.ts';
import type { TorrentId } from './view-model.ts';

/** Ticks, of a second each, without an answer or a byte, and until it is tried again after that. */
const PATIENCE = 30;
const REST = 60;

/** The engine of this browser, and its files. */
export interface Giver {
  readonly engine: Engine<never>;
  read(spans: readonly Span[], done: Parameters<Source['read']>[3]): void;
}

/** The engine that is joined to the helper. */
export type Taker = Pick<Engine<never>, 'taking' | 'remove' | 'rows'>;

export interface DeliveryOptions {
  /** Somebody reads its files here. */
  readonly isRead: (id: TorrentId) => boolean;
  /** It is not to be brought just now. */
  readonly isOut: (id: TorrentId) => boolean;
  /** Does something for that torrent; what it throws is told there. */
  readonly attempt: (id: TorrentId, act: () => void) => boolean;
  /** All of it is with the helper. */
  readonly brought: (id: TorrentId, giver: Giver) => void;
}

/** One on its way, between these two engines. */
interface Move {
  readonly id: TorrentId;
  readonly giver: Giver;
  readonly taker: Taker;
  readonly source: Source;
  /** Reads that were not answered, why the last that was failed, and since when no byte came. */
  reads: number;
  problem: string;
  quiet: number;
}

/** One that did not get on: why, and when it is tried again. */
interface Trouble {
  readonly why: Said | null;
  readonly until: number;
}

export class Delivery {
  private current: Move | null = null;
  /** Whose records are being read, since when, and whether the helper has that one. */
  private asked: { readonly id: TorrentId; readonly since: number; readonly isIn: boolean } | null = null;
  /** When those of one that it has not did not come. */
  private unansweredAt = -1;
  private readonly troubles = new Map<TorrentId, Trouble>();
  private now = 0;

  constructor(private readonly options: DeliveryOptions) {}

  troubleOf(id: TorrentId): Said | null {
    return this.troubles.get(id)?.why ?? null;
  }

  /** A second has passed. */
  tick(): void {
    this.now += 1;
    const { current, asked } = this;
    if (asked && this.now - asked.since >= PATIENCE) {
      this.asked = null;
      if (!asked.isIn) this.unansweredAt = this.now;
      this.giveWay(asked.id, said('bring-unsaid'));
    }
    if (!current) return;
    const isWaiting = current.reads > 0 || current.problem !== '';
    current.quiet = isWaiting ? current.quiet + 1 : 0;
    if (current.quiet < PATIENCE) return;
    const { problem } = current;
    this.giveWay(current.id, problem === '' ? said('bring-unanswered') : said('bring-unreadable', { problem }));
    this.leave(current);
  }

  /** These are the engines: what was between others has ended. */
  between(giver: Giver | null, taker: Taker | null): void {
    const { current } = this;
    if (!current) return;
    const { id } = current;
    const isOver = current.giver !== giver || current.taker !== taker || !giver.engine.has(id) || taker.taking.isOff(id);
    if (isOver) this.leave(current);
  }

  /** Leaves out who was tried in vain a moment ago: first those that were not tried yet, then who waits longest. */
  due(ids: Iterable<TorrentId>): TorrentId[] {
    const untilOf = (id: TorrentId): number => this.troubles.get(id)?.until ?? 0;
    return [...ids].filter(id => this.now >= untilOf(id)).sort((one, other) => untilOf(one) - untilOf(other));
  }

  /**
   * Whether the records of one that the helper has not may be read: those of no other are. After one that did not answer it is the turn of those that
   * it has.
   */
  mayAsk(id: TorrentId): boolean {
    return this.asked ? this.asked.id === id : this.now > this.unansweredAt;
  }

  /** Only these are there. */
  keepTo(isThere: (id: TorrentId) => boolean): void {
    for (const id of this.troubles.keys()) if (!isThere(id)) this.troubles.delete(id);
  }

  /** What there is of one that is held; null where it takes another moment. A list of files that was lost here the helper may know. */
  ask(id: TorrentId, isIn: boolean, { engine: { giving } }: Giver, { taking }: Taker): Gift | null {
    if (this.asked?.id !== id) this.asked = { id, since: this.now, isIn };
    if (giving.isLost(id)) {
      const info = taking.info(id);
      if (info) giving.learn(id, info);
      else if (!taking.isKnown(id)) {
        this.asked = null;
        this.giveWay(id, said('bring-list-unknown'));
      }
    }
    const gift = giving.gift(id);
    if (gift === null) return null;
    this.asked = null;
    return gift;
  }

  /** Goes on with the one that is on its way, or begins the next, unless the records of `first` are being read. */
  goOn(giver: Giver, taker: Taker, first: TorrentId | undefined): void {
    const { giving } = giver.engine;
    const mayBe = (id: TorrentId): boolean => !this.options.isOut(id) && taker.taking.canTake(id, giving.name);
    // Nobody asks for those any more.
    if (this.asked && this.asked.id !== first && !mayBe(this.asked.id)) this.asked = null;
    // One that was paused meanwhile goes on all the same, and rests after it.
    if (this.current) this.join(this.current, null);
    else if (first === undefined || this.asked?.id !== first)
      this.begin(this.asked?.id ?? this.due(giving.ids()).find(mayBe), giver, taker);
  }

  private begin(id: TorrentId | undefined, giver: Giver, taker: Taker): void {
    if (id !== undefined && !this.options.attempt(id, () => this.beginOne(id, giver, taker))) this.asked = null;
  }

  private beginOne(id: TorrentId, giver: Giver, taker: Taker): void {
    const gift = this.ask(id, true, giver, taker);
    if (gift === null) return;
    // One that is waited for has to hear that there is nothing any more.
    if (gift.has.isEmpty && taker.taking.awaited(id) === null) {
      if (taker.taking.isKept(id)) this.options.brought(id, giver);
      else this.rest(id, null, 1);
      return;
    }
    const source: Source = {
      has: gift.has,
      read: (piece, offset, length, done) => {
        const spans = giver.engine.giving.spans(id, piece, offset, length);
        move.reads += 1;
        const heard: typeof done = (problem, bytes) => {
          move.reads -= 1;
          move.problem = problem ?? '';
          if (problem === null) this.got(move);
          done(problem, bytes);
        };
        if (spans) giver.read(spans, heard);
        else queueMicrotask(() => heard('busy', NOTHING));
      },
      brought: () => {
        if (this.current === move) this.current = null;
        // Else what is left to do is done once nobody reads it.
        if (!this.options.isRead(id)) this.options.attempt(id, () => this.options.brought(id, giver));
      },
    };
    const move: Move = { id, giver, taker, source, reads: 0, problem: '', quiet: 0 };
    this.current = move;
    this.join(move, gift.records.info);
  }

  private join(move: Move, info: Uint8Array | null): void {
    const { id, taker, source } = move;
    if (!this.options.attempt(id, () => taker.taking.connect(id, source, info))) this.leave(move);
  }

  private got(move: Move): void {
    move.quiet = 0;
    this.troubles.delete(move.id);
  }

  private leave(move: Move): void {
    if (this.current === move) this.current = null;
    this.options.attempt(move.id, () => move.taker.taking.connect(move.id, null));
  }

  private giveWay(id: TorrentId, why: Said): void {
    this.rest(id, why, REST);
  }

  private rest(id: TorrentId, why: Said | null, ticks: number): void {
    this.troubles.set(id, { why, until: this.now + ticks });
  }
}

const NOTHING = new Uint8Array(0);
/** Of a text that is told to a person, characters. */
const LONGEST = 500;

export function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, LONGEST);
}
