/**
 * Channels from those that follow to the one that holds the lease: what is sent over them is passed on and not looked into. With the
 * holder they all end; who wants to follow the next one opens new ones.
 */
import { type ControlFrame, ControlOp } from '../../wire/control.ts';
import { MAX_RELAYED, RelayInbox, relayFrames, type Unfinished } from '../../wire/relay.ts';
import type { ControlConnection } from './control-connection.ts';

/** Channels of one follower, and of all of them together. */
const MAX_CHANNELS_EACH = 16;
const MAX_CHANNELS = 128;
/** Bytes that an end has not read; with more, the channel that would add to them is closed. */
const MAX_UNREAD = 32 << 20;

type Relay = Extract<ControlFrame, { readonly op: typeof ControlOp.RELAY | typeof ControlOp.RELAY_CLOSE }>;

/** Who is at the far end of a channel of the holder. */
interface Far {
  /** False where it cannot take it. */
  send(frame: Relay): boolean;
  /** The channel has ended. */
  ended?(): void;
}

interface Channel {
  readonly far: Far;
  /** Its number there, and with the holder. */
  readonly farNumber: number;
  readonly number: number;
}

interface Follower extends Far {
  readonly channels: Map<number, Channel>;
  /** The highest number that it used. */
  last: number;
}

/** A channel that the host has opened for itself. */
export interface HostChannel {
  send(message: unknown): void;
  close(): void;
}

export class Relays {
  private holder: ControlConnection | null = null;
  private readonly channels = new Map<number, Channel>();
  private readonly followers = new Map<ControlConnection, Follower>();
  private lastNumber = 0;
  /** Of messages to the host itself. */
  private readonly unfinished: Unfinished = { bytes: 0 };

  /** Another holds the lease, or nobody: all channels end. */
  held(by: ControlConnection | null): void {
    if (this.holder === by) return;
    for (const channel of [...this.channels.values()]) this.close(channel, 'both');
    this.holder = by;
  }

  hear(from: ControlConnection, frame: Relay): void {
    // Otherwise it was sent before its sender heard that the lease has come, or gone: that channel has ended.
    if (frame.holder !== (from === this.holder)) return;
    if (frame.holder) this.fromHolder(frame);
    else this.fromFollower(this.follower(from), frame);
  }

  /** Its connection is gone. */
  gone(connection: ControlConnection): void {
    if (this.holder === connection) this.held(null);
    const follower = this.followers.get(connection);
    this.followers.delete(connection);
    for (const channel of [...(follower?.channels.values() ?? [])]) this.close(channel, 'holder');
  }

  /** Opens one for the host itself; null where nobody holds the lease, or there are too many. */
  open(hear: (message: unknown) => void, closed: () => void): HostChannel | null {
    const inbox = new RelayInbox(this.unfinished, MAX_RELAYED);
    const channel = this.add(0, {
      send(frame) {
        if (frame.op === ControlOp.RELAY_CLOSE) {
          closed();
          return true;
        }
        try {
          const whole = inbox.take(frame.part, frame.last);
          if (whole !== null) hear(whole.message);
          return true;
        } catch {
          return false;
        }
      },
      ended: () => inbox.clear(),
    });
    if (channel === null) return null;
    return {
      send: message => {
        for (const frame of relayFrames(channel.number, message, true)) if (this.isOpen(channel)) this.toHolder(channel, frame);
      },
      close: () => this.isOpen(channel) && this.close(channel, 'holder'),
    };
  }

  private fromHolder(frame: Relay): void {
    const channel = this.channels.get(frame.channel);
    // It may have been closed just now.
    if (channel === undefined) return;
    if (frame.op === ControlOp.RELAY_CLOSE) this.close(channel, 'far');
    else if (!channel.far.send({ ...frame, holder: false, channel: channel.farNumber })) this.close(channel, 'both');
  }

  private fromFollower(follower: Follower, frame: Relay): void {
    let channel = follower.channels.get(frame.channel) ?? null;
    if (frame.op === ControlOp.RELAY_CLOSE) {
      if (channel !== null) this.close(channel, 'holder');
      return;
    }
    if (channel === null) {
      // One that was used before has ended.
      const isNew = frame.channel > follower.last && follower.channels.size < MAX_CHANNELS_EACH;
      follower.last = Math.max(follower.last, frame.channel);
      channel = isNew ? this.add(frame.channel, follower) : null;
      if (channel === null) {
        follower.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: false, channel: frame.channel });
        return;
      }
      follower.channels.set(frame.channel, channel);
    }
    this.toHolder(channel, { ...frame, holder: true, channel: channel.number });
  }

  private add(farNumber: number, far: Far): Channel | null {
    if (this.holder === null || this.channels.size >= MAX_CHANNELS) return null;
    const channel: Channel = { far, farNumber, number: ++this.lastNumber };
    this.channels.set(channel.number, channel);
    return channel;
  }

  private toHolder(channel: Channel, frame: Relay): void {
    if (this.holder === null || !sendTo(this.holder, frame)) this.close(channel, 'both');
  }

  private isOpen(channel: Channel): boolean {
    return this.channels.has(channel.number);
  }

  /** `tell`: who is to hear of it. */
  private close(channel: Channel, tell: 'holder' | 'far' | 'both'): void {
    this.channels.delete(channel.number);
    for (const { channels } of this.followers.values()) {
      if (channels.get(channel.farNumber) === channel) channels.delete(channel.farNumber);
    }
    channel.far.ended?.();
    const frame = { op: ControlOp.RELAY_CLOSE, id: 0 } as const;
    if (tell !== 'holder') channel.far.send({ ...frame, holder: false, channel: channel.farNumber });
    if (tell !== 'far') this.holder?.send({ ...frame, holder: true, channel: channel.number });
  }

  private follower(connection: ControlConnection): Follower {
    const known = this.followers.get(connection);
    if (known !== undefined) return known;
    const made: Follower = { channels: new Map(), last: 0, send: frame => sendTo(connection, frame) };
    this.followers.set(connection, made);
    return made;
  }
}

/** False where it has too much to read already. An end is always told. */
function sendTo(connection: ControlConnection, frame: Relay): boolean {
  if (frame.op === ControlOp.RELAY && connection.unread > MAX_UNREAD) return false;
  connection.send(frame);
  return true;
}
