/**
 * /control: what the host says to engines and hears from them. Several may be connected, each browser once; the one that holds
 * the lease hears where the io-daemon is and with which ticket, and has the session state kept here. All hear of the roots.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type ControlFrame, ControlOp, type HostEvent, StateStatus, type Welcome } from '../../wire/control.ts';
import { MAX_STATE_VALUE } from '../../wire/control-codec.ts';
import { ErrorCode, type FrameOf, Op } from '../../wire/frames.ts';
import { CloseCode, ControlConnection } from './control-connection.ts';
import type { Epochs } from '../store/epochs.ts';
import { FolderDesk } from '../folders/folder-desk.ts';
import type { Handoffs } from '../http/handoffs.ts';
import { refuseUpgrade } from '../http/http.ts';
import { IoTicket, ioWithout } from './io-ticket.ts';
import type { ClientId } from './lease.ts';
import { type AwayEngine, type LeaseClock, LeaseKeeper } from './lease-keeper.ts';
import type { Log } from '../logs/log.ts';
import { ownKind } from './own-clients.ts';
import type { RouterPorts } from '../portmap/router-ports.ts';
import { type HostChannel, Relays } from './relays.ts';
import { RootsWatch } from '../folders/roots-watch.ts';
import type { Roots } from '../folders/roots.ts';
import { SettingsDesk } from './settings-desk.ts';
import type { Settings } from '../store/settings.ts';
import { StateDesk } from './state-desk.ts';
import type { StateStore } from '../store/state.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { PairedClients } from '../pairing/paired-clients.ts';
import type { Tokens } from '../pairing/tokens.ts';
import { VERSION } from '../version.ts';

/** One record of the longest value, or many shorter ones. */
const MAX_MESSAGE = 2 * MAX_STATE_VALUE;
const MAX_CONNECTIONS = 16;

export interface ControlOptions {
  readonly tokens: Tokens;
  readonly epochs: Epochs;
  readonly roots: Roots;
  readonly settings: Settings;
  readonly state: StateStore;
  readonly supervisor: Supervisor;
  readonly ports: RouterPorts;
  readonly handoffs: Handoffs;
  readonly origin: () => string;
  readonly clock: LeaseClock;
  /** Null where this host runs none of its own. */
  readonly away: AwayEngine | null;
  /** What an engine in the host's own process is let in with, as an app is; empty where there is none. */
  readonly ownToken: string;
  readonly log: Log;
}

/** Who was let in. */
interface Client {
  readonly id: ClientId;
  /** Origin and install id: the browser, as far as that origin knows it. */
  readonly install: string;
  readonly kind: 'app' | 'away';
  readonly connection: ControlConnection;
}

/** Who holds the lease. */
interface Session {
  readonly client: Client;
  readonly epoch: number;
  readonly ticket: IoTicket;
}

export class ControlServer {
  private readonly options: ControlOptions;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false });
  private readonly connections = new Set<ControlConnection>();
  private readonly folders: FolderDesk;
  private readonly settings: SettingsDesk;
  private readonly clientsById = new Map<ClientId, Client>();
  private readonly desk: StateDesk;
  readonly paired: PairedClients;
  private readonly rootsWatch: RootsWatch;
  private readonly lease: LeaseKeeper;
  private readonly relays = new Relays();
  private session: Session | null = null;
  private lastId = 0;
  private isStopped = false;

  constructor(options: ControlOptions) {
    this.options = options;
    const { state, roots, settings, log } = options;
    this.settings = new SettingsDesk(settings, frame => this.sendAll(frame));
    const removed = (root: string): void => this.settings.rootRemoved(root);
    this.folders = new FolderDesk({ roots, removed, changed: () => this.rootsChanged(), log });
    this.desk = new StateDesk(state);
    this.paired = new PairedClients({ tokens: options.tokens, expelled: connection => this.expelled(connection), log });
    this.rootsWatch = new RootsWatch(roots, log, () => this.sendAll({ op: ControlOp.ROOTS_CHANGED, id: 0, roots: roots.list }));
    this.lease = new LeaseKeeper({
      ...options,
      events: {
        granted: (to, epoch) => this.granted(to, epoch),
        recalled: from => this.clientsById.get(from)?.connection.send(event({ type: 'yield' })),
        revoked: () => this.endSession(),
        failed: to => this.refuse(to),
        changed: () => this.welcomeAll(),
      },
    });
  }

  /** Connections, let in or not yet. */
  get clients(): number {
    return this.connections.size;
  }

  /** Whether somebody is connected, or something may be to be done that nobody does at the moment. */
  get isNeeded(): boolean {
    return this.connections.size > 0 || this.expectsEngine;
  }

  /** An engine is at work, or comes by itself. */
  get expectsEngine(): boolean {
    return this.lease.isNeeded;
  }

  /** Takes over a socket whose request passed the guard. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.isStopped) {
      refuseUpgrade(socket, { status: 503, text: 'Starling stops.' });
      return;
    }
    if (this.connections.size >= MAX_CONNECTIONS) {
      this.options.log('warn', 'a client was turned away', { why: 'too many connections' });
      refuseUpgrade(socket, { status: 503, text: 'Too many connections.' });
      return;
    }
    const { origin = '' } = request.headers;
    this.sockets.handleUpgrade(request, socket, head, ws => {
      let client: Client | null = null;
      const made = new ControlConnection(ws, socket, origin, connection => ({
        authenticate: auth => {
          const kind = this.kindOf(connection, auth);
          if (kind !== null) client = { id: ++this.lastId, install: `${origin} ${auth.installId}`, kind, connection };
          return kind !== null;
        },
        admitted: () => client !== null && this.admit(client),
        frame: frame => client !== null && this.frame(client, frame),
        refused: why => this.options.log('warn', 'a client was turned away', { why }),
        closed: () => {
          this.connections.delete(connection);
          this.paired.left(connection);
          if (client !== null) this.leave(client);
        },
      }));
      this.connections.add(made);
    });
  }

  /** Whose engine is at work. */
  get atWork(): Client['kind'] | null {
    return this.session?.client.kind ?? null;
  }

  /** Opens a channel of the host's own to the engine at work, as a window has one; null where none is. */
  channel(hear: (message: unknown) => void, closed: () => void): HostChannel | null {
    return this.relays.open(hear, closed);
  }

  /** The host is up: its own engine may run where there is something to do. */
  begin(): void {
    this.lease.begin();
  }

  /** Something is there to be done: the host's own engine runs where no other does. */
  wake(): void {
    this.lease.wake();
  }

  /** The io-daemon's state, port or having been given up changed. */
  ioChanged(): void {
    this.session?.ticket.renew();
    this.welcomeAll();
  }

  /** Something of the roots is another. */
  rootsChanged(): void {
    void this.rootsWatch.look();
  }

  /** What the router does for us is another. */
  portsChanged(): void {
    this.session?.client.connection.send(this.portsMapped(0));
  }

  /** The io-daemon takes the ticket of this epoch from now on. */
  ioAdmitted(epoch: number): void {
    const { session } = this;
    if (session?.ticket.admitted(epoch) === true) this.welcome(session.client);
  }

  notice(text: string): void {
    this.sendAll(event({ type: 'notice', text }));
  }

  /** Says goodbye to everyone. */
  stop(): void {
    this.isStopped = true;
    this.folders.stop();
    this.lease.stop();
    for (const connection of this.connections) {
      connection.send(event({ type: 'stopping' }));
      connection.close(CloseCode.STOPPING, 'the host stops');
    }
    this.rootsWatch.watch(false);
    this.session = null;
  }

  private kindOf(connection: ControlConnection, auth: FrameOf<typeof Op.AUTH>): Client['kind'] | null {
    if (auth.origin !== connection.origin) return null;
    if (this.paired.enter(connection, auth)) return 'app';
    const secrets = { own: this.options.ownToken, away: this.lease.awayToken };
    return auth.origin === this.options.origin() ? ownKind(auth, secrets) : null;
  }

  private admit(client: Client): void {
    const older = [...this.clientsById.values()].find(({ install }) => install === client.install);
    if (older !== undefined) {
      this.options.log('info', 'a newer connection of the same client takes over');
      this.clientsById.delete(older.id);
      supersede(older.connection);
    }
    if (this.clientsById.size === 0) this.rootsWatch.watch(true);
    else this.rootsChanged();
    this.clientsById.set(client.id, client);
    this.desk.opened(client.connection);
    this.lease.join(client);
    // Who is given the lease is welcomed with it.
    if (this.lease.holder !== client.id) this.welcome(client);
    this.settings.opened(client.connection);
    void this.paired.welcome(client.connection);
  }

  /** Its app is paired no more: the io-daemon lets in nobody until the next one comes. */
  private expelled(connection: ControlConnection): void {
    if (this.session?.client.connection === connection) this.options.supervisor.send({ type: 'dismiss' });
    const client = [...this.clientsById.values()].find(other => other.connection === connection);
    if (client !== undefined) this.leave(client);
  }

  private leave(client: Client): void {
    this.desk.closed(client.connection);
    this.folders.gone(client.connection);
    this.relays.gone(client.connection);
    if (!this.clientsById.delete(client.id)) return;
    this.options.log('info', 'a client has gone', { kind: client.kind });
    if (this.clientsById.size === 0) this.rootsWatch.watch(false);
    this.lease.leave(client.id);
  }

  private yielded({ id, kind }: Client, work: boolean, reserve: number): void {
    if (kind === 'away' && !work) this.options.log('info', 'the away engine has nothing left to do');
    this.lease.yield(id, { reserve, work });
  }

  private granted(to: ClientId, epoch: number): void {
    const client = this.clientsById.get(to);
    if (client === undefined) return;
    const { state, supervisor, log } = this.options;
    state.fence(epoch);
    this.session = { client, epoch, ticket: new IoTicket(supervisor, epoch, client.connection.origin) };
    this.relays.held(client.connection);
    log('info', 'the lease was given', { epoch, kind: client.kind });
    this.welcome(client);
    this.options.handoffs.came({ hasWindows: client.kind === 'app', send: frame => client.connection.send(frame) });
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
    const connection = this.clientsById.get(to)?.connection;
    connection?.send(event({ type: 'notice', text: 'The home folder of Starling cannot be written to.' }));
    connection?.close(CloseCode.STOPPING, 'no epoch');
  }

  private frame(client: Client, frame: ControlFrame): void {
    const { connection } = client;
    const session = this.session?.client === client ? this.session : null;
    switch (frame.op) {
      case ControlOp.IO_START:
        if (session !== null) this.options.supervisor.revive();
        return;
      case ControlOp.PORTS_MAP:
        if (session === null) return;
        this.options.ports.want(frame.wishes);
        connection.send(this.portsMapped(frame.id));
        return;
      case ControlOp.STATE_LOAD:
        this.desk.load(connection, frame.id, frame.after);
        return;
      case ControlOp.STATE_WRITE:
        if (session === null) connection.send(stale(frame.id));
        else void this.desk.write(connection, frame.id, frame.epoch, frame.writes);
        return;
      case ControlOp.STATE_READ:
        if (session === null) connection.send(stale(frame.id));
        else this.desk.read(connection, frame.id, frame.epoch, frame.key);
        return;
      case ControlOp.LEASE_RENEW:
        this.lease.renew(client.id);
        return;
      case ControlOp.LEASE_YIELD:
        if (session?.epoch === frame.epoch) this.yielded(client, frame.work, frame.reserve);
        // It comes too late, from one that was cut off, and shows that it is alive.
        else if (session === null) this.lease.renew(client.id);
        return;
      case ControlOp.LEASE_TAKE:
        this.lease.take(client.id);
        return;
      case ControlOp.RELAY:
      case ControlOp.RELAY_CLOSE:
        this.relays.hear(connection, frame);
        return;
      case ControlOp.OPEN_FOLDER_PICKER:
      case ControlOp.FOLDER_LIST:
      case ControlOp.FOLDER_MAKE:
      case ControlOp.ROOTS_CHANGE:
        this.folders.hear(connection, frame);
        return;
      case ControlOp.HOST_SETTINGS_SET:
        void this.settings.hear(connection, frame);
        return;
      case ControlOp.UNPAIR:
        void this.paired.hear(connection, frame);
        return;
      case ControlOp.HANDED:
        if (session !== null) this.options.handoffs.answered(frame);
        return;
      case ControlOp.HANDOFF:
      case ControlOp.HOST_HELLO:
      case ControlOp.HOST_SETTINGS:
      case ControlOp.FOLDER_PAGE:
      case ControlOp.FOLDERS_DONE:
      case ControlOp.WELCOME:
      case ControlOp.ROOTS_CHANGED:
      case ControlOp.EVENT:
      case ControlOp.PORTS_MAPPED:
      case ControlOp.STATE_RECORDS:
      case ControlOp.STATE_DONE:
      case ControlOp.PAIRED_APPS:
      case ControlOp.TOKEN:
        connection.send({
          op: Op.ERROR,
          id: frame.id,
          code: ErrorCode.BAD_STATE,
          text: 'the host sends this, and hears it from no one',
        });
        return;
    }
  }

  private portsMapped(id: number): ControlFrame {
    return { op: ControlOp.PORTS_MAPPED, id, ports: this.options.ports.state };
  }

  private sendAll(frame: ControlFrame): void {
    for (const { connection } of this.clientsById.values()) connection.send(frame);
  }

  private welcomeAll(): void {
    for (const client of this.clientsById.values()) {
      // Who is being given the lease hears of it with its epoch.
      if (this.lease.holder !== client.id || this.session?.client === client) this.welcome(client);
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
    if (!this.lease.isHeldFrom(client.id)) return { state: 'waiting', holder: '' };
    const holder = this.clientsById.get(this.lease.holder ?? 0)?.connection;
    return { state: 'followed', holder: this.paired.nameOf(holder) };
  }
}

function stale(id: number): ControlFrame {
  return { op: ControlOp.STATE_DONE, id, status: StateStatus.STALE_EPOCH, detail: 'Another engine holds the lease.' };
}

function event(what: HostEvent): ControlFrame {
  return { op: ControlOp.EVENT, id: 0, event: what };
}

function supersede(connection: ControlConnection): void {
  connection.send(event({ type: 'superseded' }));
  connection.close(CloseCode.SUPERSEDED, 'another connection took over');
}
