/** Channels over `/control` between the browser that holds the lease and those that follow it: messages both ways, until one side closes. */
import { ControlOp, type ControlFrame } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import { MAX_FROM_FOLLOWER, MAX_RELAYED, RelayInbox, relayFrames, type Unfinished } from '../../daemon/wire/relay.ts';
import type { Door } from './daemon-door.ts';

/** Channels that others may have opened to us. */
const MAX_OPENED = 128;
/** Bytes that may wait to be sent where something is relayed: below what ends the connection, with room for the records of an engine. */
const MAX_UNSENT = 20 << 20;

export interface RelayEvents {
  message(message: unknown): void;
  /** By the far end, or with the connection; not by `close`. */
  closed(): void;
}

export interface RelayChannel {
  send(message: unknown): void;
  close(): void;
}

interface Open {
  readonly inbox: RelayInbox;
  events: RelayEvents | null;
}

export class DaemonRelay {
  private readonly door: Door<ControlFrame | Frame, ControlFrame>;
  private readonly opened: (channel: RelayChannel, number: number) => RelayEvents;
  /** Ours to whom we follow, and those of our followers: a connection has one kind at a time, as the lease has it. */
  private readonly channels = new Map<number, Open>();
  private isHolder = false;
  private lastNumber = 0;
  /** The host counts those that it opens to us: what comes for an older one was sent before its end was heard of. */
  private lastOpened = 0;
  private readonly unfinished: Unfinished = { bytes: 0 };

  /** `opened`: somebody who follows us has opened one. */
  constructor(door: Door<ControlFrame | Frame, ControlFrame>, opened: (channel: RelayChannel, number: number) => RelayEvents) {
    this.door = door;
    this.opened = opened;
    door.on(ControlOp.RELAY, ({ holder, channel, last, part }) => {
      if (holder === this.isHolder) this.hear(channel, part, last);
    });
    door.on(ControlOp.RELAY_CLOSE, ({ holder, channel }) => {
      if (holder === this.isHolder) this.end(channel);
    });
    door.onClosed(() => {
      this.endAll();
      this.lastNumber = 0;
      this.lastOpened = 0;
    });
  }

  /** Whether we hold the lease; channels of before end where that changes. */
  held(isHolder: boolean): void {
    if (this.isHolder === isHolder) return;
    this.isHolder = isHolder;
    this.endAll();
  }

  /** Opens one to the holder of the lease; the first message opens it there. */
  open(events: RelayEvents): RelayChannel {
    const number = ++this.lastNumber;
    this.channels.set(number, { inbox: new RelayInbox(this.unfinished, MAX_RELAYED), events });
    return this.channel(number);
  }

  private channel(number: number): RelayChannel {
    return {
      send: message => {
        const channel = this.channels.get(number);
        if (channel === undefined) return;
        const frames = relayFrames(number, message, this.isHolder);
        const size = frames.reduce((sum, { part }) => sum + part.length, 0);
        if (this.door.unsent + size <= MAX_UNSENT) {
          for (const frame of frames) this.door.send(frame);
          return;
        }
        this.close(number);
        // Whoever sends is in the middle of something.
        queueMicrotask(() => channel.events?.closed());
      },
      close: () => this.close(number),
    };
  }

  private close(number: number): void {
    if (this.drop(number) !== undefined) {
      this.door.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: this.isHolder, channel: number });
    }
  }

  private hear(number: number, part: Uint8Array, isLast: boolean): void {
    const channel = this.channels.get(number) ?? this.accept(number);
    if (channel === null) return;
    try {
      const whole = channel.inbox.take(part, isLast);
      if (whole !== null) channel.events?.message(whole.message);
    } catch {
      this.close(number);
      channel.events?.closed();
    }
  }

  private accept(number: number): Open | null {
    if (!this.isHolder || number <= this.lastOpened) return null;
    this.lastOpened = number;
    if (this.channels.size >= MAX_OPENED) {
      this.door.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: true, channel: number });
      return null;
    }
    const made: Open = { inbox: new RelayInbox(this.unfinished, MAX_FROM_FOLLOWER), events: null };
    this.channels.set(number, made);
    made.events = this.opened(this.channel(number), number);
    return made;
  }

  private end(number: number): void {
    this.drop(number)?.events?.closed();
  }

  private drop(number: number): Open | undefined {
    const channel = this.channels.get(number);
    this.channels.delete(number);
    channel?.inbox.clear();
    return channel;
  }

  private endAll(): void {
    for (const number of [...this.channels.keys()]) this.end(number);
  }
}
