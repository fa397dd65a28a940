/** The lease at work: its machine joined to the clock, to the epochs on disk, and to the host's own engine. */
import type { Epochs } from '../store/epochs.ts';
import { type ClientId, Lease, type LeaseClient, type LeaseEffect } from './lease.ts';
import { randomSecret } from '../pairing/tokens.ts';

export interface LeaseClock {
  /** Ms; never goes back. */
  now(): number;
  /** Calls back once, unless it is called off. */
  after(ms: number, callback: () => void): () => void;
}

export const systemLeaseClock: LeaseClock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The engine that goes on while no browser runs one: a client of `/control` like any other, once it is started. */
export interface AwayEngine {
  /** Starts it; it is let in with this token, which is made for it and stands nowhere else. `ended` is called once it is gone. */
  start(token: string, ended: () => void): void;
  /** Ends it this instant. `hasYielded`: it has done what it was there for, and recorded it. */
  kill(hasYielded: boolean): void;
  /** Whether the one that was started last has anything to do, as far as it has said. */
  readonly hasWork: boolean;
}

export interface LeaseEvents {
  /** This one holds it from now on; the epoch is on disk. */
  granted(to: ClientId, epoch: number): void;
  /** It is to end its engine and yield. */
  recalled(from: ClientId): void;
  /** Who held it holds it no more. */
  revoked(): void;
  /** No epoch can be written, so nobody can be given the lease: this one would have been. */
  failed(to: ClientId): void;
  /** Who holds it, or is about to, may be another. */
  changed(): void;
}

export interface LeaseOptions {
  readonly epochs: Epochs;
  /** Null where there is none. */
  readonly away: AwayEngine | null;
  readonly clock: LeaseClock;
  readonly events: LeaseEvents;
}

export class LeaseKeeper {
  private readonly options: LeaseOptions;
  private readonly lease: Lease;
  private callOff = (): void => undefined;
  private isStopped = false;
  private token = '';
  /** Counts grants, so that one whose epoch was written too late is known. */
  private grants = 0;
  /** The newest of which its holder was told. */
  private told = 0;

  constructor(options: LeaseOptions) {
    this.options = options;
    this.lease = new Lease(options.away !== null);
  }

  /** The token of the host's own engine; empty while there is none. */
  get awayToken(): string {
    return this.token;
  }

  /** Whether somebody has it, or there may be something to do. */
  get isNeeded(): boolean {
    return this.lease.isNeeded;
  }

  isHeldFrom(id: ClientId): boolean {
    return this.lease.isHeldFrom(id);
  }

  get holder(): ClientId | null {
    return this.lease.holder;
  }

  /** From now on the host's own engine runs where nobody else's does. */
  begin(): void {
    this.act(now => this.lease.begin(now));
  }

  join(client: LeaseClient): void {
    this.act(now => this.lease.join(client, now));
  }

  leave(id: ClientId): void {
    this.act(now => this.lease.leave(id, now));
  }

  renew(id: ClientId): void {
    this.act(now => this.lease.renew(id, now));
  }

  yield(id: ClientId, what: { readonly reserve: number; readonly work: boolean }): void {
    this.act(now => this.lease.yield(id, what, now));
  }

  take(id: ClientId): void {
    this.act(now => this.lease.take(id, now));
  }

  /** Something is there to be done, whoever does it. */
  wake(): void {
    this.act(now => this.lease.wake(now));
  }

  /** Nothing is given to anybody any more. */
  stop(): void {
    this.isStopped = true;
    this.callOff();
    this.options.away?.kill(false);
  }

  private act(change: (now: number) => readonly LeaseEffect[]): void {
    if (this.isStopped) return;
    const { clock, events } = this.options;
    const effects = change(clock.now());
    for (const effect of effects) this.perform(effect);
    if (effects.length > 0) events.changed();
    this.callOff();
    const { due } = this.lease;
    this.callOff = due === null ? () => undefined : clock.after(Math.max(0, due - clock.now()), () => this.tick());
  }

  private tick(): void {
    this.act(now => this.lease.tick(now));
  }

  private perform(effect: LeaseEffect): void {
    const { away, events } = this.options;
    switch (effect.do) {
      case 'grant':
        void this.grant(effect.to);
        return;
      case 'recall':
        // Who was not told of it yet can yield nothing, and has nothing to record.
        if (this.told !== this.grants) this.yield(effect.from, { reserve: 0, work: true });
        else events.recalled(effect.from);
        return;
      case 'revoke':
        events.revoked();
        return;
      case 'startAway': {
        const token = randomSecret();
        this.token = token;
        away?.start(token, () => this.awayEnded(token));
        return;
      }
      case 'killAway':
        away?.kill(effect.hasYielded);
        return;
      default:
        effect satisfies never;
    }
  }

  private async grant(to: ClientId): Promise<void> {
    const { epochs, events } = this.options;
    const grant = ++this.grants;
    try {
      const epoch = await epochs.next();
      if (this.isStopped || grant !== this.grants || this.lease.holder !== to) return;
      this.told = grant;
      events.granted(to, epoch);
    } catch {
      events.failed(to);
    }
  }

  private awayEnded(token: string): void {
    if (this.token !== token) return;
    this.token = '';
    this.act(now => this.lease.awayEnded(now));
  }
}
