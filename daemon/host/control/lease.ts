/**
 * Who may run the engine: of those on `/control` one holds the lease, and the others follow. A machine without a clock: what
 * happens and the time, in ms of a clock that never goes back, come in; what is to be done comes out.
 */
import { CLOSE_WITHIN } from '../../../sw/engine/index.ts';
import { LEASE_RENEWAL_PERIOD } from '../../wire/control.ts';
import { AwayTurns } from './away-turns.ts';

/** Of a connection, never given twice. */
export type ClientId = number;

export interface LeaseClient {
  readonly id: ClientId;
  /** One browser profile, which has one connection: a newer one takes the place of the older. */
  readonly install: string;
  /** `away`: the host's own engine, which holds the lease when nobody else does. */
  readonly kind: 'app' | 'away';
}

export type LeaseEffect =
  /** It holds the lease from now on, under a new epoch; whoever held it is cut off. */
  | { readonly do: 'grant'; readonly to: ClientId }
  /** It is to flush what it has and yield, within {@link RECALL}. */
  | { readonly do: 'recall'; readonly from: ClientId }
  /** Who held it holds it no more. */
  | { readonly do: 'revoke' }
  | { readonly do: 'startAway' }
  /** `hasYielded`: it did what was asked of it before. */
  | { readonly do: 'killAway'; readonly hasYielded: boolean };

/** How long the holder may be silent. */
export const RENEWAL = 3 * LEASE_RENEWAL_PERIOD;
/** How long one whose connection was lost may take to come back. */
export const GRACE = 3_000;
/** How long one that is asked to yield may take to do so: its engine ends in less, and has to be heard. */
export const RECALL = CLOSE_WITHIN + 250;
/** A silence noticed this late was slept through, by this computer and so by the holder as well. */
const OVERSLEPT = 3_000;

type Holding =
  | { readonly state: 'free' }
  | { readonly state: 'held'; readonly by: ClientId; readonly until: number }
  | { readonly state: 'recalled'; readonly by: ClientId; readonly to: ClientId; readonly until: number }
  /** The holder's connection was lost. */
  | { readonly state: 'grace'; readonly install: string; readonly until: number }
  /** It was yielded for a moment. */
  | { readonly state: 'reserved'; readonly install: string; readonly until: number };

export type LeaseState = Holding['state'];

/** Every move there is. What is free goes to who is there for it at once. */
const MOVES: Readonly<Record<LeaseState, readonly LeaseState[]>> = {
  free: ['held'],
  held: ['held', 'recalled', 'grace', 'reserved', 'free'],
  recalled: ['recalled', 'free'],
  grace: ['held', 'free'],
  reserved: ['held', 'free'],
};

interface Member extends LeaseClient {
  /** It may be given the lease: not after it yielded unasked or fell silent, until it asks or is heard again. */
  isReady: boolean;
}

export class Lease {
  private readonly hasAway: boolean;
  private readonly away = new AwayTurns();
  private holding: Holding = { state: 'free' };
  /** In the order in which they joined. */
  private readonly members = new Map<ClientId, Member>();
  private effects: LeaseEffect[] = [];
  /** Whether an engine might find something to do. */
  private mayHaveWork = true;

  /** `hasAway`: whether there is an engine of the host's own that can be started. */
  constructor(hasAway: boolean) {
    this.hasAway = hasAway;
  }

  get state(): LeaseState {
    return this.holding.state;
  }

  /** Who holds it, asked to yield or not; null while nobody does. */
  get holder(): ClientId | null {
    return 'by' in this.holding ? this.holding.by : null;
  }

  /** When `tick` is due; null while time changes nothing. */
  get due(): number | null {
    const away = this.away.due(this.needsAway());
    if (!('until' in this.holding)) return away;
    return away === null ? this.holding.until : Math.min(this.holding.until, away);
  }

  /** Whether somebody holds it or may come back to it, or there may be something to do that is started by and by. */
  get isNeeded(): boolean {
    return this.state !== 'free' || (this.hasAway && this.mayHaveWork);
  }

  /** Whether another app holds it, with nothing under way that would give it to this client. */
  isHeldFrom(id: ClientId): boolean {
    const { holding } = this;
    if (!('by' in holding) || holding.by === id || this.isAway(holding.by)) return false;
    return holding.state === 'held' || holding.to !== id;
  }

  /** Something happened, or may have with time, while nobody was connected: at the start. */
  begin(now: number): readonly LeaseEffect[] {
    this.settle(now);
    return this.outcome();
  }

  /** A client was let in. The older connection of the same browser is a member no more. */
  join(client: LeaseClient, now: number): readonly LeaseEffect[] {
    const before = [...this.members.values()].find(({ install }) => install === client.install);
    if (before !== undefined) this.members.delete(before.id);
    this.members.set(client.id, { ...client, isReady: true });
    if (client.kind === 'away') this.away.joined();
    const { holding } = this;
    if (holding.state === 'held' && holding.by === before?.id) {
      this.effects.push({ do: 'revoke' });
      this.grant(client.id, now);
    } else if (holding.state === 'held' && this.isAway(holding.by)) this.recall(holding.by, client.id, now);
    else if (holding.state === 'recalled' && holding.by === before?.id) this.free(now);
    else if (holding.state === 'recalled' && (holding.to === before?.id || this.isAway(holding.by))) {
      this.become({ ...holding, to: client.id });
    } else if ('install' in holding && holding.install === client.install) this.grant(client.id, now);
    else this.settle(now);
    return this.outcome();
  }

  /** Its connection is gone. */
  leave(id: ClientId, now: number): readonly LeaseEffect[] {
    const member = this.members.get(id);
    if (member === undefined) return [];
    this.members.delete(id);
    if (this.holder !== id) return [];
    this.mayHaveWork = true;
    if (member.kind === 'app' && this.state === 'held') {
      this.effects.push({ do: 'revoke' });
      this.become({ state: 'grace', install: member.install, until: now + GRACE });
    } else this.free(now);
    return this.outcome();
  }

  /** It is alive. One that lost the lease by its silence may have it again from now on. */
  renew(id: ClientId, now: number): readonly LeaseEffect[] {
    const member = this.members.get(id);
    if (member === undefined) return [];
    member.isReady = true;
    const { holding } = this;
    if (holding.state === 'held' && holding.by === id) this.become({ ...holding, until: now + RENEWAL });
    else if (holding.state === 'held' && member.kind === 'app' && this.isAway(holding.by)) this.recall(holding.by, id, now);
    else this.settle(now);
    return this.outcome();
  }

  /** The holder has flushed everything and ended its engine. `reserve`: ms for which its browser may come back to it. */
  yield(id: ClientId, { reserve, work }: { reserve: number; work: boolean }, now: number): readonly LeaseEffect[] {
    const member = this.members.get(id);
    if (member === undefined || this.holder !== id) return [];
    const wasAsked = this.state === 'recalled';
    member.isReady = wasAsked;
    // The host's own engine yields unasked where it has found nothing to do.
    this.mayHaveWork = work && (wasAsked || member.kind === 'app');
    if (member.kind === 'away') {
      this.away.succeeded();
      this.dismiss(true);
    }
    if (wasAsked || reserve === 0) this.free(now);
    else {
      this.effects.push({ do: 'revoke' });
      this.become({ state: 'reserved', install: member.install, until: now + reserve });
    }
    return this.outcome();
  }

  /** A person wants this one to hold it. */
  take(id: ClientId, now: number): readonly LeaseEffect[] {
    const member = this.members.get(id);
    if (member === undefined || this.holder === id) return [];
    member.isReady = true;
    const { holding } = this;
    switch (holding.state) {
      case 'held':
        this.recall(holding.by, id, now);
        break;
      case 'recalled':
        this.become({ ...holding, to: id });
        break;
      case 'free':
      case 'grace':
      case 'reserved':
        this.grant(id, now);
        break;
      default:
        holding satisfies never;
    }
    return this.outcome();
  }

  /** Something is there to be done, whoever does it. */
  wake(now: number): readonly LeaseEffect[] {
    this.mayHaveWork = true;
    this.settle(now);
    return this.outcome();
  }

  /** The host's own engine has ended; its connection, where it had one, is told by `leave`. */
  awayEnded(now: number): readonly LeaseEffect[] {
    this.away.ended(now);
    this.settle(now);
    return this.outcome();
  }

  tick(now: number): readonly LeaseEffect[] {
    const { holding } = this;
    if (this.away.isLate(now)) this.effects.push({ do: 'killAway', hasYielded: false });
    if ('until' in holding && now >= holding.until) this.overdue(holding, now);
    else this.settle(now);
    return this.outcome();
  }

  private overdue(holding: Extract<Holding, { readonly until: number }>, now: number): void {
    if (holding.state === 'held' && now - holding.until >= OVERSLEPT) {
      this.become({ ...holding, until: now + RENEWAL });
      return;
    }
    if ('by' in holding) {
      const member = this.members.get(holding.by);
      if (member !== undefined) member.isReady = false;
      if (member?.kind === 'away' && this.away.end(true)) this.effects.push({ do: 'killAway', hasYielded: false });
      this.mayHaveWork = true;
    }
    this.free(now);
  }

  private recall(from: ClientId, to: ClientId, now: number): void {
    this.effects.push({ do: 'recall', from });
    this.become({ state: 'recalled', by: from, to, until: now + RECALL });
  }

  private grant(to: ClientId, now: number): void {
    this.effects.push({ do: 'grant', to });
    this.become({ state: 'held', by: to, until: now + RENEWAL });
    if (!this.isAway(to)) this.dismiss(false);
  }

  private free(now: number): void {
    const { holding } = this;
    const promised = holding.state === 'recalled' ? this.members.get(holding.to) : undefined;
    if ('by' in holding) this.effects.push({ do: 'revoke' });
    this.become({ state: 'free' });
    if (promised?.isReady === true) this.grant(promised.id, now);
    else this.settle(now);
  }

  /** What is free goes to the app that joined last, else to the host's own engine where there may be work. */
  private settle(now: number): void {
    if (this.state !== 'free') return;
    const ready = [...this.members.values()].filter(({ isReady }) => isReady);
    const last = ready.filter(({ kind }) => kind === 'app').at(-1);
    const next = last ?? (this.away.isUp ? ready.find(({ kind }) => kind === 'away') : undefined);
    if (next !== undefined) this.grant(next.id, now);
    else if (this.needsAway() && this.away.start(now)) this.effects.push({ do: 'startAway' });
  }

  private needsAway(): boolean {
    return this.state === 'free' && this.hasAway && this.mayHaveWork;
  }

  private dismiss(hasYielded: boolean): void {
    if (this.away.end(false)) this.effects.push({ do: 'killAway', hasYielded });
  }

  private isAway(id: ClientId): boolean {
    return this.members.get(id)?.kind === 'away';
  }

  private become(holding: Holding): void {
    if (!MOVES[this.state].includes(holding.state)) throw new Error(`a lease that is ${this.state} cannot be ${holding.state}`);
    this.holding = holding;
  }

  private outcome(): readonly LeaseEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }
}
