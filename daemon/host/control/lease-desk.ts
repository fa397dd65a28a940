/**
 * What clients of /control are told of the lease, and ask of it. Who holds it hears where the io-daemon is and with which ticket; the
 * others hear whom they follow.
 */
import { type ControlFrame, ControlOp, type Welcome } from '../../wire/control.ts';
import type { Client, Clients } from './clients.ts';
import { CloseCode, type ControlConnection } from './control-connection.ts';
import type { Epochs } from '../store/epochs.ts';
import type { Handoffs } from '../http/handoffs.ts';
import { IoTicket, ioWithout } from './io-ticket.ts';
import type { ClientId } from './lease.ts';
import { type AwayEngine, type LeaseClock, LeaseKeeper } from './lease-keeper.ts';
import type { Log } from '../logs/log.ts';
import type { RouterPorts } from '../portmap/router-ports.ts';
import type { Relays } from './relays.ts';
import type { Roots } from '../folders/roots.ts';
import type { StateStore } from '../store/state.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { VERSION } from '../version.ts';

export interface LeaseDeskOptions {
  readonly epochs: Epochs;
  readonly roots: Roots;
  readonly state: StateStore;
  readonly supervisor: Supervisor;
  readonly ports: RouterPorts;
  readonly handoffs: Handoffs;
  readonly clock: LeaseClock;
  /** Null where this host runs none of its own. */
  readonly away: AwayEngine | null;
  readonly log: Log;
}

type LeaseFrame = Extract<
  ControlFrame,
  { readonly op: typeof ControlOp.LEASE_RENEW | typeof ControlOp.LEASE_YIELD | typeof ControlOp.LEASE_TAKE }
>;

/** Who holds the lease. */
interface Session {
  readonly client: Client;
  readonly epoch: number;
  readonly ticket: IoTicket;
}

export class LeaseDesk {
  private readonly options: LeaseDeskOptions;
  private readonly clients: Clients;
  private readonly relays: Relays;
  private readonly nameOf: (connection: ControlConnection | undefined) => string;
  private readonly keeper: LeaseKeeper;
  private session: Session | null = null;

  /** `nameOf`: what to call the browser at the far end. */
  constructor(
    options: LeaseDeskOptions,
    clients: Clients,
    relays: Relays,
    nameOf: (connection: ControlConnection | undefined) => string,
  ) {
    this.options = options;
    this.clients = clients;
    this.relays = relays;
    this.nameOf = nameOf;
    this.keeper = new LeaseKeeper({
      ...options,
      events: {
        granted: (to, epoch) => this.granted(to, epoch),
        recalled: from => clients.get(from)?.connection.tell({ type: 'yield' }),
        revoked: () => this.endSession(),
        failed: to => this.refuse(to),
        changed: () => this.welcomeAll(),
      },
    });
  }

  /** Whose engine is at work. */
  get holder(): Client | null {
    return this.session?.client ?? null;
  }

  /** Whether somebody has the lease, or there may be something to do. */
  get isNeeded(): boolean {
    return this.keeper.isNeeded;
  }

  /** What the host's own engine is let in with; empty while there is none. */
  get awayToken(): string {
    return this.keeper.awayToken;
  }

  /** The host is up: its own engine may run where there is something to do. */
  begin(): void {
    this.keeper.begin();
  }

  /** Something is there to be done: the host's own engine runs where no other does. */
  wake(): void {
    this.keeper.wake();
  }

  stop(): void {
    this.keeper.stop();
    this.session = null;
  }

  join(client: Client): void {
    this.keeper.join(client);
    // Who is given the lease is welcomed with it.
    if (this.keeper.holder !== client.id) this.welcome(client);
  }

  leave({ id }: Client): void {
    this.keeper.leave(id);
  }

  hear(client: Client, frame: LeaseFrame): void {
    switch (frame.op) {
      case ControlOp.LEASE_RENEW:
        this.keeper.renew(client.id);
        return;
      case ControlOp.LEASE_YIELD:
        if (this.holder !== client) {
          // It comes too late, from one that was cut off, and shows that it is alive.
          this.keeper.renew(client.id);
        } else if (this.session?.epoch === frame.epoch) {
          this.yielded(client, frame.work, frame.reserve);
        }
        return;
      case ControlOp.LEASE_TAKE:
        this.keeper.take(client.id);
        return;
      default:
        frame satisfies never;
    }
  }

  /** The io-daemon's state, port or having been given up changed. */
  ioChanged(): void {
    this.session?.ticket.renew();
    this.welcomeAll();
  }

  /** The io-daemon takes the ticket of this epoch from now on. */
  ioAdmitted(epoch: number): void {
    const { session } = this;
    if (session?.ticket.admitted(epoch) === true) this.welcome(session.client);
  }

  private yielded({ id, kind }: Client, work: boolean, reserve: number): void {
    if (kind === 'away' && !work) this.options.log('info', 'the away engine has nothing left to do');
    this.keeper.yield(id, { reserve, work });
  }

  private granted(to: ClientId, epoch: number): void {
    const client = this.clients.get(to);
    if (client === undefined) return;
    const { state, supervisor, handoffs, log } = this.options;
    state.fence(epoch);
    this.session = { client, epoch, ticket: new IoTicket(supervisor, epoch, client.connection.origin) };
    this.relays.held(client.connection);
    log('info', 'the lease was given', { epoch, kind: client.kind });
    this.welcome(client);
    handoffs.came({ hasWindows: client.kind === 'app', send: frame => client.connection.send(frame) });
  }

  private endSession(): void {
    if (this.session === null) return;
    this.options.log('info', 'the lease is held no more', { epoch: this.session.epoch });
    this.session = null;
    this.relays.held(null);
    this.options.ports.leave();
    this.options.handoffs.went();
  }

  /** No epoch could be written for it. */
  private refuse(to: ClientId): void {
    this.options.log('error', 'the next epoch cannot be written');
    const connection = this.clients.get(to)?.connection;
    connection?.tell({
      type: 'notice',
      text: 'The home folder of Starling cannot be written to, so nothing can go on. Make room on its disk, or let Starling write there.',
    });
    connection?.close(CloseCode.STOPPING, 'no epoch');
  }

  private welcomeAll(): void {
    for (const client of this.clients.values()) {
      // Who is being given the lease hears of it with its epoch.
      if (this.keeper.holder !== client.id || this.holder === client) this.welcome(client);
    }
  }

  private welcome(client: Client): void {
    const { supervisor, roots } = this.options;
    const session = this.session?.client === client ? this.session : null;
    const welcome: Welcome = {
      version: VERSION,
      epoch: session?.epoch ?? 0,
      lease: this.leaseSeenBy(client, session),
      io: session?.ticket.view ?? ioWithout(supervisor),
      roots: roots.list,
    };
    client.connection.send({ op: ControlOp.WELCOME, id: 0, welcome });
  }

  private leaseSeenBy(client: Client, session: Session | null): Welcome['lease'] {
    if (session !== null) return { state: 'held', holder: '' };
    if (!this.keeper.isHeldFrom(client.id)) return { state: 'waiting', holder: '' };
    const holder = this.clients.get(this.keeper.holder ?? 0)?.connection;
    return { state: 'followed', holder: this.nameOf(holder) };
  }
}
