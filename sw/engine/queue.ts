import { inOrder } from './order.ts';
import type { Placed } from './order.ts';
import type { Settings } from './settings.ts';
import { Sorted } from './model/sorted.ts';

/** What a torrent would do: fetch its metadata, download, or seed. Each kind has a limit of its own. */
export type Kind = 'fetch' | 'download' | 'seed';

export interface Queued extends Placed {
  readonly kind: Kind;
  /** A person wants it at work whatever the limits: it takes no seat. */
  readonly isForced: boolean;
  /** It is to do nothing, whatever seats there are. */
  readonly isHeld: boolean;
}

export type QueueLimits = Pick<Settings, 'maxActiveDownloads' | 'maxActiveSeeds' | 'maxActive'>;

/** Magnets whose metadata is looked for at once, where downloads are limited: they cost next to no bandwidth. */
const MAX_FETCHING = 8;

/**
 * waiting  for a seat
 * counted  at work
 * slow     at work, and nothing comes or goes: its kind's limit does not count it, that on all does
 * forced   at work beside all limits
 * held     out of it, until it is let go
 */
type Seat = 'waiting' | 'counted' | 'slow' | 'forced' | 'held';

interface Ticket<T> {
  readonly torrent: T;
  kind: Kind;
  seat: Seat;
  /** 0, or when it gave up its seat for being slow: it stands behind all who have not had theirs since. */
  lateness: number;
  /** When it became slow. */
  slowSince: number;
}

/**
 * Who of those that would be at work is, and who waits. As many as the limits allow have a seat: downloads before seeds
 * where the limit on all is short, and of one kind in the order of their places. Nothing is looked through: a change
 * moves whom it concerns, and the heads and ends of sorted lists tell who else is to move.
 */
export class Queue<T extends Queued> {
  private readonly tickets = new Map<T, Ticket<T>>();
  private readonly waiting = byKind<T>();
  private readonly counted = byKind<T>();
  private readonly slow = new Sorted<Ticket<T>>((a, b) => a.slowSince - b.slowSince);
  /** With a seat that a limit is on. */
  private active = 0;
  /** Counts what happens; later is more. */
  private moment = 0;
  private readonly shifted = new Set<Kind>();

  constructor(
    private limits: QueueLimits,
    private readonly tell: {
      /** It has a seat now. */
      go(torrent: T): void;
      /** It has none any more. */
      stand(torrent: T): void;
    },
  ) {}

  limit(limits: QueueLimits): void {
    this.limits = limits;
    this.balance();
  }

  /** It would go to work. */
  enter(torrent: T): void {
    if (this.tickets.has(torrent)) return;
    const ticket: Ticket<T> = { torrent, kind: torrent.kind, seat: 'waiting', lateness: 0, slowSince: 0 };
    this.tickets.set(torrent, ticket);
    const seat = apart(torrent) ?? 'waiting';
    this.put(ticket, seat);
    if (seat === 'forced') this.tell.go(torrent);
    this.balance();
  }

  /** It would not any more. */
  leave(torrent: T): void {
    const ticket = this.tickets.get(torrent);
    if (!ticket) return;
    this.take(ticket);
    this.tickets.delete(torrent);
    this.balance();
  }

  /** To be called around a change of the place, the kind or the force of a torrent, which `change` makes. */
  change(torrent: T, change: () => void): void {
    const ticket = this.tickets.get(torrent);
    if (!ticket) return change();
    this.take(ticket);
    change();
    this.placeAgain(ticket);
    this.balance();
  }

  /** Who is held is another of them all. */
  review(): void {
    for (const ticket of this.tickets.values()) {
      this.take(ticket);
      this.placeAgain(ticket);
    }
    this.balance();
  }

  /** Whether anything comes or goes, of one that has a seat. */
  pace(torrent: T, isSlow: boolean): void {
    const ticket = this.tickets.get(torrent);
    if (ticket?.seat !== (isSlow ? 'counted' : 'slow')) return;
    this.take(ticket);
    if (isSlow) ticket.slowSince = ++this.moment;
    this.put(ticket, isSlow ? 'slow' : 'counted');
    this.balance();
  }

  isSeated(torrent: T): boolean {
    const ticket = this.tickets.get(torrent);
    return ticket !== undefined && isSeat(ticket.seat);
  }

  /** How many of its kind come before it; −1 where it does not wait. */
  ahead(torrent: T): number {
    const ticket = this.tickets.get(torrent);
    return ticket?.seat === 'waiting' ? this.waiting[ticket.kind].indexOf(ticket) : -1;
  }

  /** Those that may have another number ahead of them since this was last asked. */
  *takeShifted(): Generator<T> {
    const kinds = [...this.shifted];
    this.shifted.clear();
    for (const kind of kinds) for (const { torrent } of this.waiting[kind].values()) yield torrent;
  }

  /** Puts one that was taken out where it is to be by now. */
  private placeAgain(ticket: Ticket<T>): void {
    const { seat, torrent } = ticket;
    const wasSeated = isSeat(seat);
    const aside = apart(torrent);
    if (aside) this.put(ticket, aside);
    else if (seat === 'held') this.put(ticket, 'waiting');
    else if (ticket.kind !== torrent.kind || seat === 'forced') this.put(ticket, wasSeated ? 'counted' : 'waiting');
    else this.put(ticket, seat);
    if (aside === 'forced' && !wasSeated) this.tell.go(torrent);
    if (aside === 'held' && wasSeated) this.tell.stand(torrent);
  }

  private balance(): void {
    this.shrink();
    for (let moved = true; moved;) {
      moved = false;
      for (const kind of KINDS) while (this.advance(kind)) moved = true;
    }
  }

  /** Until no limit is passed. */
  private shrink(): void {
    for (const kind of KINDS) {
      for (
        let last = this.counted[kind].last;
        last && this.counted[kind].size > this.most(kind);
        last = this.counted[kind].last
      ) {
        this.retire(last);
      }
    }
    while (this.active > this.mostOfAll) {
      const slow = this.slow.first;
      const last = slow ?? this.lowest();
      if (!last) return;
      if (slow) slow.lateness = ++this.moment;
      this.retire(last);
    }
  }

  /** Gives the next of a kind a seat, if there is one to be had. */
  private advance(kind: Kind): boolean {
    const next = this.waiting[kind].first;
    if (!next) return false;
    if (this.counted[kind].size >= this.most(kind)) {
      const { last } = this.counted[kind];
      if (!last || compare(next, last) > 0) return false;
      this.retire(last);
    }
    if (this.active >= this.mostOfAll && !this.makeRoom(next)) return false;
    this.seat(next);
    return true;
  }

  /** One that got nowhere since `next` had its turn gives way, or one that comes after it. */
  private makeRoom(next: Ticket<T>): boolean {
    for (const slow of this.slow.values()) {
      if (slow.slowSince < next.lateness) continue;
      slow.lateness = ++this.moment;
      this.retire(slow);
      return true;
    }
    const last = this.lowest();
    if (!last || next.lateness > 0 || compareAll(next, last) > 0) return false;
    this.retire(last);
    return true;
  }

  /** The one at work that comes last of all, seeds after the others. */
  private lowest(): Ticket<T> | undefined {
    const { fetch, download, seed } = this.counted;
    return [fetch.last, download.last, seed.last].reduce((a, b) => (!a || (b && compareAll(a, b) < 0) ? b : a), undefined);
  }

  private seat(ticket: Ticket<T>): void {
    this.take(ticket);
    ticket.lateness = 0;
    this.put(ticket, 'counted');
    this.tell.go(ticket.torrent);
  }

  private retire(ticket: Ticket<T>): void {
    this.take(ticket);
    this.put(ticket, 'waiting');
    this.tell.stand(ticket.torrent);
  }

  private put(ticket: Ticket<T>, seat: Seat): void {
    ticket.kind = ticket.torrent.kind;
    ticket.seat = seat;
    this.listOf(ticket)?.add(ticket);
    if (seat === 'counted' || seat === 'slow') this.active += 1;
    if (seat === 'waiting') this.shifted.add(ticket.kind);
  }

  private take(ticket: Ticket<T>): void {
    const { seat, kind } = ticket;
    this.listOf(ticket)?.delete(ticket);
    if (seat === 'counted' || seat === 'slow') this.active -= 1;
    if (seat === 'waiting') this.shifted.add(kind);
  }

  private listOf({ seat, kind }: Ticket<T>): Sorted<Ticket<T>> | null {
    switch (seat) {
      case 'waiting':
        return this.waiting[kind];
      case 'counted':
        return this.counted[kind];
      case 'slow':
        return this.slow;
      case 'forced':
      case 'held':
        return null;
      default:
        return seat satisfies never;
    }
  }

  private most(kind: Kind): number {
    const { maxActiveDownloads, maxActiveSeeds } = this.limits;
    if (kind === 'seed') return maxActiveSeeds || Infinity;
    if (kind === 'download') return maxActiveDownloads || Infinity;
    return maxActiveDownloads === 0 ? Infinity : MAX_FETCHING;
  }

  private get mostOfAll(): number {
    return this.limits.maxActive || Infinity;
  }
}

/** The seat of one that stands outside the queue, whatever is free. */
function apart({ isHeld, isForced }: Queued): 'held' | 'forced' | null {
  return isHeld ? 'held' : isForced ? 'forced' : null;
}

function isSeat(seat: Seat): boolean {
  return seat !== 'waiting' && seat !== 'held';
}

const KINDS: readonly Kind[] = ['fetch', 'download', 'seed'];

function byKind<T extends Queued>(): Readonly<Record<Kind, Sorted<Ticket<T>>>> {
  return { fetch: new Sorted(compare), download: new Sorted(compare), seed: new Sorted(compare) };
}

function compare<T extends Queued>(a: Ticket<T>, b: Ticket<T>): number {
  return a.lateness - b.lateness || inOrder(a.torrent, b.torrent);
}

function compareAll<T extends Queued>(a: Ticket<T>, b: Ticket<T>): number {
  return Number(a.kind === 'seed') - Number(b.kind === 'seed') || compare(a, b);
}
