/**
 * /control: the one connection of the engine to its host. A new one has the next epoch and supersedes the one before;
 * it hears where the io-daemon is and with which ticket, what the roots are, and it keeps the session state here.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import {
  type ControlFrame,
  ControlOp,
  type HostEvent,
  type HostSettings,
  StateStatus,
  type StateWrite,
  type Welcome,
} from '../wire/control.ts';
import { MAX_STATE_VALUE } from '../wire/control-codec.ts';
import { ErrorCode, Op } from '../wire/frames.ts';
import { CloseCode, ControlConnection } from './control-connection.ts';
import type { Epochs } from './epochs.ts';
import { FolderDesk } from './folder-desk.ts';
import { pickFolder } from './folder-picker.ts';
import { refuseUpgrade } from './http.ts';
import type { Log } from './log.ts';
import type { RouterPorts } from './portmap/router-ports.ts';
import type { Roots } from './roots.ts';
import type { Settings } from './settings.ts';
import type { StateStore } from './state.ts';
import type { Supervisor } from './supervisor.ts';
import { randomSecret, sha256, type Tokens } from './tokens.ts';
import { VERSION } from './version.ts';

/** One record of the longest value, or many shorter ones. */
const MAX_MESSAGE = 2 * MAX_STATE_VALUE;
const MAX_CONNECTIONS = 16;
const ROOTS_REFRESH_MS = 10_000;
/** Bytes of state that wait to be flushed; the connection isn't read from while there are more. */
const MAX_UNFLUSHED = 64 << 20;
/** Loads and reads that wait for their turn; no connection is read from while there are more. */
const MAX_READS = 1_000;

export interface ControlOptions {
  readonly tokens: Tokens;
  readonly epochs: Epochs;
  readonly roots: Roots;
  readonly settings: Settings;
  readonly state: StateStore;
  readonly supervisor: Supervisor;
  readonly ports: RouterPorts;
  readonly origin: () => string;
  readonly log: Log;
}

/** The connection that was let in last. `ticket` is empty until the io-daemon has confirmed it. */
interface Session {
  readonly connection: ControlConnection;
  readonly epoch: number;
  pendingTicket: string;
  ticket: string;
  unflushed: number;
}

export class ControlServer {
  private readonly options: ControlOptions;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false });
  private readonly connections = new Set<ControlConnection>();
  private readonly folders: FolderDesk;
  private session: Session | null = null;
  private isStopped = false;
  private rootsTimer: NodeJS.Timeout | null = null;
  /** What was wrong with each root when it was last looked at, by token. */
  private readonly problems = new Map<string, string>();
  private areRootsSaved = true;
  /** One page or record at a time is read from its files: each may be long. */
  private reads: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(options: ControlOptions) {
    this.options = options;
    const { roots, settings, log } = options;
    this.folders = new FolderDesk({ roots, pick: pickFolder, changed: () => this.rootsChanged(), log });
    settings.onChange(() => this.session?.connection.send(this.hostSettings(0)));
  }

  /** Connections, let in or not yet. */
  get clients(): number {
    return this.connections.size;
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
    this.sockets.handleUpgrade(request, socket, head, ws => {
      const made = new ControlConnection(ws, socket, connection => ({
        authenticate: ({ token, origin, installId }) =>
          origin === this.options.origin() && this.options.tokens.isValid(token, origin, installId),
        admitted: () => void this.admit(connection),
        frame: frame => this.frame(connection, frame),
        refused: why => this.options.log('warn', 'a client was turned away', { why }),
        closed: () => this.closed(connection),
      }));
      this.connections.add(made);
    });
  }

  /** The io-daemon's state, port or having been given up changed. */
  ioChanged(): void {
    const session = this.session;
    if (session === null) return;
    session.ticket = '';
    // It may have found itself idle just as the client came, or before the client reached it.
    this.options.supervisor.need();
    if (this.options.supervisor.state === 'RUNNING') this.mintTicket(session);
    this.welcome(session);
  }

  /** Something of the roots is another. */
  rootsChanged(): void {
    void this.lookAtRoots();
  }

  /** What the router does for us is another. */
  portsChanged(): void {
    this.session?.connection.send(this.portsMapped(0));
  }

  /** The io-daemon takes the ticket of this epoch from now on. */
  ioAdmitted(epoch: number): void {
    const session = this.session;
    if (session === null || session.epoch !== epoch || session.pendingTicket === '') return;
    session.ticket = session.pendingTicket;
    session.pendingTicket = '';
    this.welcome(session);
  }

  notice(text: string): void {
    this.session?.connection.send(event({ type: 'notice', text }));
  }

  /** Says goodbye to everyone. */
  stop(): void {
    this.isStopped = true;
    this.folders.stop();
    for (const connection of this.connections) {
      connection.send(event({ type: 'stopping' }));
      connection.close(CloseCode.STOPPING, 'the host stops');
    }
    this.watchRoots(false);
    this.session = null;
  }

  private async admit(connection: ControlConnection): Promise<void> {
    const { epochs, state, supervisor, log } = this.options;
    let epoch: number;
    try {
      epoch = await epochs.next();
    } catch {
      log('error', 'the next epoch cannot be written');
      connection.send(event({ type: 'notice', text: 'The home folder of Starling cannot be written to.' }));
      connection.close(CloseCode.STOPPING, 'no epoch');
      return;
    }
    // The host may have stopped, or the client gone, while the epoch was written.
    if (this.isStopped || !this.connections.has(connection)) return;
    const before = this.session;
    if (before !== null && before.epoch > epoch) {
      supersede(connection);
      return;
    }
    if (before !== null) {
      log('info', 'a newer client takes over', { epoch, from: before.epoch });
      supersede(before.connection);
      this.options.ports.leave();
    }
    state.fence(epoch);
    const session: Session = { connection, epoch, pendingTicket: '', ticket: '', unflushed: 0 };
    this.session = session;
    log('info', 'a client was let in', { epoch });
    this.watchRoots(true);
    supervisor.need();
    if (supervisor.state === 'RUNNING') this.mintTicket(session);
    this.welcome(session);
    connection.send(this.hostSettings(0));
  }

  private closed(connection: ControlConnection): void {
    this.connections.delete(connection);
    this.folders.gone(connection);
    if (this.session?.connection !== connection) return;
    this.options.log('info', 'the client has gone', { epoch: this.session.epoch });
    this.session = null;
    this.watchRoots(false);
    this.options.ports.leave();
  }

  private frame(connection: ControlConnection, frame: ControlFrame): void {
    switch (frame.op) {
      case ControlOp.IO_START:
        if (this.session?.connection === connection) this.options.supervisor.revive();
        return;
      case ControlOp.PORTS_MAP:
        if (this.session?.connection !== connection) return;
        this.options.ports.want(frame.wishes);
        connection.send(this.portsMapped(frame.id));
        return;
      case ControlOp.STATE_LOAD:
        this.inTurn(() => this.load(connection, frame.id, frame.after));
        return;
      case ControlOp.STATE_WRITE:
        void this.write(connection, frame.id, frame.epoch, frame.writes);
        return;
      case ControlOp.STATE_READ:
        this.inTurn(() => this.read(connection, frame.id, frame.epoch, frame.key));
        return;
      case ControlOp.OPEN_FOLDER_PICKER:
      case ControlOp.FOLDER_LIST:
      case ControlOp.FOLDER_MAKE:
      case ControlOp.ROOTS_CHANGE:
        this.folders.hear(connection, frame);
        return;
      case ControlOp.HOST_SETTINGS_SET:
        void this.setSettings(connection, frame.id, frame.change);
        return;
      case ControlOp.HOST_SETTINGS:
      case ControlOp.FOLDER_PAGE:
      case ControlOp.FOLDERS_DONE:
      case ControlOp.WELCOME:
      case ControlOp.ROOTS_CHANGED:
      case ControlOp.EVENT:
      case ControlOp.PORTS_MAPPED:
      case ControlOp.STATE_RECORDS:
      case ControlOp.STATE_DONE:
        connection.send({
          op: Op.ERROR,
          id: frame.id,
          code: ErrorCode.BAD_STATE,
          text: 'the host sends this, and hears it from no one',
        });
        return;
    }
  }

  private inTurn(read: () => Promise<void>): void {
    this.waiting++;
    this.steer();
    this.reads = this.reads.then(read).finally(() => {
      this.waiting--;
      this.steer();
    });
  }

  private async load(connection: ControlConnection, id: number, after: string): Promise<void> {
    if (!this.connections.has(connection)) return;
    const { records, last } = await this.options.state.load(after);
    connection.send({ op: ControlOp.STATE_RECORDS, id, last, records });
  }

  private async read(connection: ControlConnection, id: number, epoch: number, key: string): Promise<void> {
    if (!this.connections.has(connection)) return;
    const { status, detail, value } = await this.options.state.read(epoch, key);
    if (status !== StateStatus.OK) connection.send({ op: ControlOp.STATE_DONE, id, status, detail });
    else connection.send({ op: ControlOp.STATE_RECORDS, id, last: true, records: value === null ? [] : [{ key, value }] });
  }

  private async write(connection: ControlConnection, id: number, epoch: number, writes: readonly StateWrite[]): Promise<void> {
    const session = this.session;
    const bytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    if (session !== null) this.unflushed(session, bytes);
    const { status, detail } = await this.options.state.write(epoch, writes);
    if (session !== null) this.unflushed(session, -bytes);
    connection.send({ op: ControlOp.STATE_DONE, id, status, detail });
  }

  private hostSettings(id: number, problem = this.options.settings.problem): ControlFrame {
    return { op: ControlOp.HOST_SETTINGS, id, problem, settings: this.options.settings.value };
  }

  private async setSettings(connection: ControlConnection, id: number, change: Partial<HostSettings>): Promise<void> {
    const problem = await this.options.settings.set(change);
    connection.send(this.hostSettings(id, problem));
  }

  private portsMapped(id: number): ControlFrame {
    return { op: ControlOp.PORTS_MAPPED, id, ports: this.options.ports.state };
  }

  private unflushed(session: Session, bytes: number): void {
    session.unflushed += bytes;
    this.steer();
  }

  /** Who brings more than can be worked off is not read from until that is. */
  private steer(): void {
    for (const connection of this.connections) {
      const unflushed = this.session?.connection === connection ? this.session.unflushed : 0;
      if (unflushed > MAX_UNFLUSHED || this.waiting > MAX_READS) connection.pause();
      else connection.resume();
    }
  }

  private mintTicket(session: Session): void {
    session.pendingTicket = randomSecret();
    const ticketHash = sha256(session.pendingTicket).toString('hex');
    this.options.supervisor.send({ type: 'admit', epoch: session.epoch, ticketHash, origin: this.options.origin() });
  }

  private welcome(session: Session): void {
    const { supervisor, roots } = this.options;
    // Running means reachable to the client: it is still starting as long as it would not take the ticket.
    const isReachable = supervisor.state === 'RUNNING' && session.ticket !== '';
    const io: Welcome['io'] = {
      state: supervisor.state === 'RUNNING' && !isReachable ? 'STARTING' : supervisor.state,
      port: isReachable ? supervisor.port : 0,
      ticket: isReachable ? session.ticket : '',
      gaveUp: supervisor.gaveUp,
    };
    const welcome: Welcome = { version: VERSION, epoch: session.epoch, io, roots: roots.list };
    session.connection.send({ op: ControlOp.WELCOME, id: 0, welcome });
  }

  private logRoots(): void {
    for (const [index, { token, problem }] of this.options.roots.list.entries()) {
      if ((this.problems.get(token) ?? '') === problem) continue;
      this.problems.set(token, problem);
      const folder = index + 1;
      if (problem === '') this.options.log('info', 'a download folder can be used again', { folder });
      else this.options.log('warn', 'a download folder cannot be used', { folder, why: problem });
    }
  }

  /** Free space and faults of the roots are looked at while somebody is there to see them. */
  private watchRoots(on: boolean): void {
    if (this.rootsTimer !== null) clearInterval(this.rootsTimer);
    this.rootsTimer = null;
    if (!on) return;
    void this.lookAtRoots();
    this.rootsTimer = setInterval(() => void this.lookAtRoots(), ROOTS_REFRESH_MS);
  }

  private async lookAtRoots(): Promise<void> {
    const { roots, log } = this.options;
    const isNews = await roots.refresh();
    if (roots.isSaved !== this.areRootsSaved) {
      this.areRootsSaved = roots.isSaved;
      if (roots.isSaved) log('info', 'the list of download folders is saved again');
      else log('warn', 'the list of download folders cannot be saved; it is tried again');
    }
    if (isNews) {
      this.logRoots();
      this.session?.connection.send({ op: ControlOp.ROOTS_CHANGED, id: 0, roots: roots.list });
    }
  }
}

function event(what: HostEvent): ControlFrame {
  return { op: ControlOp.EVENT, id: 0, event: what };
}

function supersede(connection: ControlConnection): void {
  connection.send(event({ type: 'superseded' }));
  connection.close(CloseCode.SUPERSEDED, 'another connection took over');
}
