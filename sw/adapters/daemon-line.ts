/** The way to one of the daemon's two WebSockets, over all the connections that come and go on it. */
import type { Frame, KeptBuffer } from '../../daemon/wire/frames.ts';
import type { Log } from '../engine/ports.ts';
import { Channel, type After, type ChannelOptions, type Credentials, type OpenSocket, type Traffic } from './daemon-channel.ts';
import { Door } from './daemon-door.ts';

export interface LineOptions {
  readonly origin: string;
  readonly version: string;
  readonly open: OpenSocket;
  readonly after: After;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
}

/** What is spoken on it; `name` is what the log calls the far end. */
export interface Speech<In, Out> extends Pick<ChannelOptions<In>, 'decode' | 'batches'> {
  readonly name: string;
  readonly encode: (frame: Out) => Uint8Array<ArrayBuffer>;
}

export interface LineEvents {
  /** The door is open; `kept` is what outlived an earlier connection. */
  ready(kept: readonly KeptBuffer[]): void;
  /** `refused` says that the credentials were not taken. The door is open until `drop`. */
  closed(refused: boolean): void;
}

const RETRY_FIRST = 250;
const RETRY_LAST = 10_000;
/** A connection that held this long was a good one: the next loss is tried again at once, in ms. */
const HELD_WELL = 10_000;

interface Numbered {
  readonly op: number;
  readonly id: number;
}

export class Line<In extends Numbered, Out extends Numbered> {
  readonly door: Door<In | Frame, Out>;
  readonly traffic: Traffic = { sent: 0, received: 0 };
  private readonly options: LineOptions;
  private readonly speech: Speech<In, Out>;
  private readonly events: LineEvents;
  private channel: Channel<In> | null = null;
  private failures = 0;
  private callOff = (): void => undefined;

  constructor(options: LineOptions, speech: Speech<In, Out>, events: LineEvents) {
    this.options = options;
    this.speech = speech;
    this.events = events;
    this.door = new Door(speech.encode);
  }

  /** A connection is up, or being made. */
  get isUsed(): boolean {
    return this.channel !== null;
  }

  /** Whether the last tries, since a connection was last good, have failed. */
  get failing(): boolean {
    return this.failures > 0;
  }

  /** Connects; what there was must have been dropped. */
  open(url: string, credentials: Credentials): void {
    const { decode, batches, name } = this.speech;
    const channel: Channel<In> = new Channel<In>(
      { ...this.options, url, credentials, decode, batches },
      {
        ready: kept => {
          this.door.opened(
            bytes => channel.send(bytes),
            () => channel.buffered,
          );
          this.events.ready(kept);
        },
        frame: frame => {
          if (!this.door.deliver(frame)) this.options.log('debug', `Nobody waits for a frame ${frame.op}.`);
        },
        closed: (refused, detail) => {
          this.options.log('info', `${name}: ${detail}`);
          this.events.closed(refused);
        },
      },
      this.traffic,
    );
    this.channel = channel;
  }

  /** Ends the connection, and whatever was to be done later. */
  drop(): void {
    this.callOff();
    this.channel?.dispose();
    this.channel = null;
    this.door.closed();
  }

  /** The connection does what it is for; where it goes on so, the failures before it are forgotten. */
  worked(): void {
    this.later(HELD_WELL, () => this.forgive());
  }

  /** The failures so far are forgotten. */
  forgive(): void {
    this.failures = 0;
  }

  /** It failed: has it tried again, after a time that doubles with every failure in a row. The jitter keeps many browsers from coming back at once. */
  retry(open: () => void): void {
    const longest = Math.min(RETRY_LAST, RETRY_FIRST * 2 ** this.failures++);
    this.later(longest * (0.5 + this.options.random() / 2), open);
  }

  /** Calls back in `ms`, unless something else is to be done later by then, or the connection ended. */
  later(ms: number, callback: () => void): void {
    this.callOff();
    this.callOff = this.options.after(ms, callback);
  }
}
