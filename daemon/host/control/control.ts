/**
 * /control: who is let in, and to whom here it is what they say. Several may be connected; the one that holds the lease has the
 * session state kept here and the router asked. All hear of the roots.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type ControlFrame, ControlOp, StateStatus } from '../../wire/control.ts';
import { MAX_STATE_VALUE } from '../../wire/control-codec.ts';
import { ErrorCode, type FrameOf, Op } from '../../wire/frames.ts';
import { type Client, Clients } from './clients.ts';
import { CloseCode, ControlConnection } from './control-connection.ts';
import { FolderDesk } from '../folders/folder-desk.ts';
import { refuseUpgrade } from '../http/http.ts';
import { LeaseDesk, type LeaseDeskOptions } from './lease-desk.ts';
import { ownKind } from './own-clients.ts';
import { type HostChannel, Relays } from './relays.ts';
import { RootsWatch } from '../folders/roots-watch.ts';
import { SettingsDesk } from './settings-desk.ts';
import type { Settings } from '../store/settings.ts';
import { StateDesk } from './state-desk.ts';
import { PairedClients } from '../pairing/paired-clients.ts';
import type { Tokens } from '../pairing/tokens.ts';
import { Unheard } from './unheard.ts';

/** One record of the longest value, or many shorter ones. */
const MAX_MESSAGE = 2 * MAX_STATE_VALUE;
const MAX_CONNECTIONS = 16;

export interface ControlOptions extends LeaseDeskOptions {
  readonly tokens: Tokens;
  readonly settings: Settings;
  readonly origin: () => string;
  /** What an engine in the host's own process is let in with, as an app is; empty where there is none. */
  readonly ownToken: string;
  /** An app came or went. */
  readonly used: () => void;
}

export class ControlServer {
  private readonly options: ControlOptions;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false });
  private readonly connections = new Set<ControlConnection>();
  private readonly admitted = new Clients();
  private readonly unheard = new Unheard();
  private readonly folders: FolderDesk;
  private readonly settings: SettingsDesk;
  private readonly desk: StateDesk;
  readonly paired: PairedClients;
  private readonly rootsWatch: RootsWatch;
  private readonly lease: LeaseDesk;
  private readonly relays = new Relays();
  private lastId = 0;
  private isStopped = false;

  constructor(options: ControlOptions) {
    this.options = options;
    const { state, roots, settings, log } = options;
    this.settings = new SettingsDesk(settings, frame => this.admitted.sendAll(frame));
    const removed = (root: string): void => this.settings.rootRemoved(root);
    this.folders = new FolderDesk({ roots, removed, changed: () => this.rootsChanged(), log });
    this.desk = new StateDesk(state);
    this.paired = new PairedClients({ tokens: options.tokens, expelled: connection => this.expelled(connection), log });
    this.rootsWatch = new RootsWatch(roots, log, () =>
      this.admitted.sendAll({ op: ControlOp.ROOTS_CHANGED, id: 0, roots: roots.list }),
    );
    this.lease = new LeaseDesk(options, this.admitted, this.relays, connection => this.paired.nameOf(connection));
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
    return this.lease.holder?.kind ?? null;
  }

  /** The host's own engine is, with nothing to do. */
  get isAtRest(): boolean {
    return this.atWork === 'away' && this.options.away?.hasWork === false;
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
    this.lease.ioChanged();
  }

  /** Something of the roots is another. */
  rootsChanged(): void {
    void this.rootsWatch.look();
  }

  /** What the router does for us is another. */
  portsChanged(): void {
    this.lease.holder?.connection.send(this.portsMapped(0));
  }

  /** The io-daemon takes the ticket of this epoch from now on. */
  ioAdmitted(epoch: number): void {
    this.lease.ioAdmitted(epoch);
  }

  notice(text: string): void {
    for (const { connection } of this.admitted.values()) connection.tell({ type: 'notice', text });
    if (![...this.admitted.values()].some(({ kind }) => kind === 'app')) this.unheard.keep(text);
  }

  /** Says goodbye to everyone. */
  stop(): void {
    this.isStopped = true;
    this.folders.stop();
    this.lease.stop();
    for (const connection of this.connections) {
      connection.tell({ type: 'stopping' });
      connection.close(CloseCode.STOPPING, 'the host stops');
    }
    this.rootsWatch.watch(false);
  }

  private kindOf(connection: ControlConnection, auth: FrameOf<typeof Op.AUTH>): Client['kind'] | null {
    if (auth.origin !== connection.origin) return null;
    if (this.paired.enter(connection, auth)) return 'app';
    const secrets = { own: this.options.ownToken, away: this.lease.awayToken };
    return auth.origin === this.options.origin() ? ownKind(auth, secrets) : null;
  }

  private admit(client: Client): void {
    if (this.admitted.supersede(client)) this.options.log('info', 'a newer connection of the same client takes over');
    if (this.admitted.size === 0) this.rootsWatch.watch(true);
    else this.rootsChanged();
    this.admitted.add(client);
    this.desk.opened(client.connection);
    this.lease.join(client);
    this.settings.opened(client.connection);
    if (client.kind === 'app') {
      this.options.used();
      this.unheard.tell(text => client.connection.tell({ type: 'notice', text }));
    }
    void this.paired.welcome(client.connection);
  }

  /** Its app is paired no more: the io-daemon lets in nobody until the next one comes. */
  private expelled(connection: ControlConnection): void {
    if (this.lease.holder?.connection === connection) this.options.supervisor.send({ type: 'dismiss' });
    const client = this.admitted.of(connection);
    if (client !== undefined) this.leave(client);
  }

  private leave(client: Client): void {
    this.desk.closed(client.connection);
    this.folders.gone(client.connection);
    this.relays.gone(client.connection);
    if (!this.admitted.remove(client)) return;
    this.options.log('info', 'a client has gone', { kind: client.kind });
    if (client.kind === 'app') this.options.used();
    if (this.admitted.size === 0) this.rootsWatch.watch(false);
    this.lease.leave(client);
  }

  private frame(client: Client, frame: ControlFrame): void {
    const { connection } = client;
    const isAtWork = this.lease.holder === client;
    switch (frame.op) {
      case ControlOp.IO_START:
        if (isAtWork) this.options.supervisor.revive();
        return;
      case ControlOp.PORTS_MAP:
        if (!isAtWork) return;
        this.options.ports.want(frame.wishes);
        connection.send(this.portsMapped(frame.id));
        return;
      case ControlOp.STATE_LOAD:
        this.desk.load(connection, frame.id, frame.after);
        return;
      case ControlOp.STATE_WRITE:
        if (!isAtWork) connection.send(stale(frame.id));
        else void this.desk.write(connection, frame.id, frame.epoch, frame.writes);
        return;
      case ControlOp.STATE_READ:
        if (!isAtWork) connection.send(stale(frame.id));
        else this.desk.read(connection, frame.id, frame.epoch, frame.key);
        return;
      case ControlOp.LEASE_RENEW:
      case ControlOp.LEASE_YIELD:
      case ControlOp.LEASE_TAKE:
        this.lease.hear(client, frame);
        return;
      case ControlOp.RELAY:
      case ControlOp.RELAY_CLOSE:
        this.relays.hear(connection, frame);
        return;
      case ControlOp.OPEN_FOLDER_PICKER:
      case ControlOp.FOLDER_LIST:
      case ControlOp.FOLDER_MAKE:
      case ControlOp.REVEAL:
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
        if (isAtWork) this.options.handoffs.answered(frame);
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
}

function stale(id: number): ControlFrame {
  return { op: ControlOp.STATE_DONE, id, status: StateStatus.STALE_EPOCH, detail: 'Another engine holds the lease.' };
}
