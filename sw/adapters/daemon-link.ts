/**
 * The one connection of this browser to its host: `/control` for what is known, and `/io` for what is moved. It decides when
 * either is opened, and tells the composition root; adapters work through the two doors.
 */
import { decodeMessage, encode } from '../../daemon/wire/codec.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import {
  CONTRACT,
  ControlOp,
  LEASE_RENEWAL_PERIOD,
  MAX_LEASE_RESERVE,
  type ControlFrame,
  type HostEvent,
  type PairedApp,
  type Root,
  type Welcome,
} from '../../daemon/wire/control.ts';
import { MAX_FRAME, Op, type Frame, type FrameOf, type KeptBuffer } from '../../daemon/wire/frames.ts';
import type { Pairing, Traffic } from './daemon-channel.ts';
import type { Door } from './daemon-door.ts';
import { Line, type LineOptions } from './daemon-line.ts';
import { type LinkInput, type LinkState, MOVES } from './daemon-link-states.ts';

export interface LinkOptions extends LineOptions {
  /** Whether the host on that port lets in pages of our origin; null where it does not say. Needed where it may shut them out before AUTH. */
  readonly letsUsIn?: (port: number) => Promise<boolean | null>;
}

export interface LinkEvents {
  /** The lease is ours: records can be read and written, under this epoch. */
  welcomed(epoch: number): void;
  /** The host wants it back: the engine is to end, and then to `yield`. */
  recalled(): void;
  /** It is not ours, or no more, and nothing that the engine does is taken. */
  leaseGone(): void;
  /** `/io` is up. */
  linked(kept: readonly KeptBuffer[]): void;
  /** `/io` is gone; told before anything that waits is answered. */
  unlinked(): void;
  /** The host gave this in place of what we came with. */
  renewed(pairing: Pairing): void;
  /** The host has this to say to the person. */
  noticed(text: string): void;
  /** Something of `state`, `roots`, `gaveUp` or `version` is another. */
  changed(): void;
}

/** The host starts or resumes its io-daemon before it says WELCOME, in ms. */
const WELCOME_DEADLINE = 15_000;

export class DaemonLink {
  readonly io: Door<Frame, Frame>;
  readonly control: Door<ControlFrame | Frame, ControlFrame>;
  readonly ioTraffic: Traffic;
  readonly controlTraffic: Traffic;

  private readonly options: LinkOptions;
  private readonly events: LinkEvents;
  private current: LinkState = 'unpaired';
  private pairing: Pairing | null = null;
  private readonly controlLine: Line<ControlFrame, ControlFrame>;
  private readonly ioLine: Line<Frame, Frame>;
  private welcome: Welcome | null = null;
  private rootList: readonly Root[] = [];
  private appList: readonly PairedApp[] = [];
  private callOffRenewal = (): void => undefined;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.options = options;
    this.events = events;
    this.controlLine = new Line(
      options,
      { name: 'The host', encode: encodeControl, decode: bytes => [decodeControl(bytes)], batches: false },
      { ready: () => undefined, closed: refused => this.onControlClosed(refused) },
    );
    this.ioLine = new Line(
      options,
      { name: 'The io-daemon', encode, decode: bytes => decodeMessage(bytes, MAX_FRAME), batches: true },
      { ready: kept => this.onIoOpened(kept), closed: () => this.onIoClosed() },
    );
    ({ door: this.control, traffic: this.controlTraffic } = this.controlLine);
    ({ door: this.io, traffic: this.ioTraffic } = this.ioLine);
    this.control.on(ControlOp.HOST_HELLO, ({ contract }) => {
      if (contract !== CONTRACT) this.move(contract < CONTRACT ? 'oldHelper' : 'oldApp');
    });
    this.control.on(ControlOp.WELCOME, ({ welcome }) => this.onWelcome(welcome));
    this.control.on(ControlOp.ROOTS_CHANGED, ({ roots }) => {
      this.rootList = roots;
      this.events.changed();
    });
    this.control.on(ControlOp.PAIRED_APPS, ({ apps }) => (this.appList = apps));
    this.control.on(ControlOp.TOKEN, ({ token }) => this.renew(token));
    this.control.on(ControlOp.EVENT, ({ event }) => this.onEvent(event));
    this.control.on(Op.ERROR, frame => this.onError(frame));
    this.io.on(Op.ERROR, frame => this.onError(frame));
  }

  get state(): LinkState {
    return this.current;
  }

  /** Who holds the lease, as the host said last. */
  get lease(): Welcome['lease'] {
    return this.welcome?.lease ?? { state: 'waiting', holder: '' };
  }

  /** The epoch that every state write carries; 0 while the lease is not ours. */
  get epoch(): number {
    return this.welcome?.epoch ?? 0;
  }

  /** The last list; empty before the first. */
  get roots(): readonly Root[] {
    return this.rootList;
  }

  /** Those that are paired with the host, as it told last; empty while it is away. */
  get pairedApps(): readonly PairedApp[] {
    return this.control.isOpen ? this.appList : [];
  }

  /** Where the io-daemon is asked by plain HTTP, and what lets us in there; null while it cannot be used. */
  get door(): { readonly port: number; readonly ticket: string } | null {
    return this.current === 'linked' && this.welcome !== null ? this.welcome.io : null;
  }

  /** The io-daemon died too often and waits for `reconnect`. */
  get gaveUp(): boolean {
    return this.welcome?.io.gaveUp ?? false;
  }

  /** The host's version, empty before the first WELCOME. */
  get version(): string {
    return this.welcome?.version ?? '';
  }

  /** Whether the last tries, since the connection was last good, have failed. */
  get failing(): boolean {
    return this.controlLine.failing;
  }

  /** Connects to the host that gave this, with what it gave, from now on. */
  pair(pairing: Pairing): void {
    this.pairing = pairing;
    this.controlLine.forgive();
    this.move('paired');
  }

  /** Has the host forget an app; `done` hears whether it did. */
  unpair(app: string, done: (isDone: boolean) => void): void {
    this.control.ask(
      id => ({ op: ControlOp.UNPAIR, id, app }),
      reply => {
        if (reply?.op === ControlOp.PAIRED_APPS) this.appList = reply.apps;
        // Who has unpaired itself has no answer, but its end.
        done(reply?.op === ControlOp.PAIRED_APPS || this.current === 'unpaired');
      },
    );
  }

  /** Tries again now; starts the io-daemon where it does not run. */
  reconnect(): void {
    this.controlLine.forgive();
    this.ioLine.forgive();
    if (this.current === 'welcomed') {
      this.control.send({ op: ControlOp.IO_START, id: 0 });
      this.openIo();
    } else {
      this.move('retry');
    }
  }

  /** The engine here has ended, and everything of it is flushed. `isUpdate`: the lease is kept for this browser for a while. */
  yield(isUpdate: boolean, work: boolean): void {
    if (!this.holdsLease) return;
    const reserve = isUpdate ? MAX_LEASE_RESERVE : 0;
    this.control.send({ op: ControlOp.LEASE_YIELD, id: 0, epoch: this.epoch, reserve, work });
    this.move('leaseGone');
  }

  /** Wants the lease, whoever holds it. */
  take(): void {
    if (this.current === 'following') this.control.send({ op: ControlOp.LEASE_TAKE, id: 0 });
    else this.reconnect();
  }

  /** Ends both connections until `wake`. */
  rest(): void {
    this.move('rest');
  }

  wake(): void {
    this.move('wake');
  }

  /** Ends both connections, and opens none again. */
  close(): void {
    this.move('close');
  }

  private move(input: LinkInput): void {
    const next = MOVES[this.current][input];
    if (next === undefined) return;
    const before = this.current;
    this.current = next;
    if (before === 'linked') this.events.unlinked();
    if (next !== 'linked') this.ioLine.drop();
    if (!this.holdsLease) this.callOffRenewal();
    switch (next) {
      case 'connecting':
        this.openControl();
        break;
      case 'following':
        if (before === 'connecting') this.controlLine.worked();
        this.events.leaseGone();
        break;
      case 'welcomed':
        if (before === 'connecting') this.controlLine.worked();
        if (before !== 'linked') this.onGranted();
        break;
      case 'linked':
        break;
      case 'lost':
        this.controlLine.drop();
        this.controlLine.retry(() => this.move('retry'));
        break;
      case 'unpaired':
      case 'superseded':
      case 'oldHelper':
      case 'oldApp':
      case 'resting':
      case 'closed':
        this.controlLine.drop();
        break;
      default:
        next satisfies never;
    }
    this.events.changed();
  }

  private openControl(): void {
    this.controlLine.drop();
    const { pairing } = this;
    if (pairing === null) return;
    this.controlLine.later(WELCOME_DEADLINE, () => this.move('controlClosed'));
    this.controlLine.open(`ws://127.0.0.1:${pairing.port}/control`, pairing);
  }

  private onControlClosed(refused: boolean): void {
    const { pairing } = this;
    const wasLetIn = this.current !== 'connecting';
    this.move(refused ? 'refused' : 'controlClosed');
    if (!refused && !wasLetIn && pairing !== null) void this.askWhy(pairing);
  }

  /** It may be there, and shut us out. */
  private async askWhy(pairing: Pairing): Promise<void> {
    const isLetIn = await this.options.letsUsIn?.(pairing.port);
    if (isLetIn === false && pairing === this.pairing) this.move('refused');
  }

  /** The first of a connection, or another word about the lease or the io-daemon. */
  private onWelcome(welcome: Welcome): void {
    const before = this.welcome;
    this.welcome = welcome;
    this.rootList = welcome.roots;
    if (welcome.lease.state !== 'held') {
      // Lost by being silent, as a computer or a browser that slept is: here we are again, should nobody else have it.
      if (this.holdsLease) this.control.send({ op: ControlOp.LEASE_RENEW, id: 0, epoch: before?.epoch ?? 0 });
      this.move('leaseGone');
    } else if (!this.holdsLease) {
      this.move('granted');
    } else {
      if (before?.io.port !== welcome.io.port || before.io.ticket !== welcome.io.ticket) {
        this.move('ioClosed');
        this.ioLine.drop();
      }
      if (!this.ioLine.isUsed) this.openIo();
    }
    this.events.changed();
  }

  private get holdsLease(): boolean {
    return this.current === 'welcomed' || this.current === 'linked';
  }

  private onGranted(): void {
    this.renewLater();
    this.events.welcomed(this.epoch);
    this.openIo();
  }

  private renewLater(): void {
    this.callOffRenewal();
    this.callOffRenewal = this.options.after(LEASE_RENEWAL_PERIOD, () => {
      this.control.send({ op: ControlOp.LEASE_RENEW, id: 0, epoch: this.epoch });
      this.renewLater();
    });
  }

  private openIo(): void {
    this.ioLine.drop();
    const { pairing, welcome } = this;
    if (pairing === null || welcome === null) return;
    const { state, port, ticket } = welcome.io;
    if (state !== 'RUNNING') return;
    this.ioLine.open(`ws://127.0.0.1:${port}/io`, { token: ticket, installId: pairing.installId });
  }

  private onIoOpened(kept: readonly KeptBuffer[]): void {
    this.ioLine.worked();
    this.move('ioOpened');
    this.events.linked(kept);
  }

  private onIoClosed(): void {
    this.move('ioClosed');
    this.ioLine.drop();
    this.ioLine.retry(() => this.openIo());
  }

  private onEvent(event: HostEvent): void {
    switch (event.type) {
      case 'superseded':
        this.move('superseded');
        break;
      case 'yield':
        if (this.holdsLease) this.events.recalled();
        break;
      case 'unpaired':
        this.move('refused');
        break;
      case 'stopping':
        this.options.log('info', 'The host is stopping.');
        break;
      case 'notice':
        this.events.noticed(event.text);
        break;
      default:
        event satisfies never;
    }
  }

  private renew(token: string): void {
    if (this.pairing === null) return;
    this.pairing = { ...this.pairing, token };
    this.events.renewed(this.pairing);
  }

  private onError({ code, text }: FrameOf<typeof Op.ERROR>): void {
    this.options.log('warn', `The daemon answers with error ${code}: ${text}`);
  }
}
