/**
 * One WebSocket to the host or to the io-daemon: authenticated, batched, counted. It lives once: after `closed` it
 * tells no more, and the link opens another.
 */
import { encode, encodeBatch } from '../../daemon/wire/codec.ts';
import { Op, type Frame, type FrameOf, type KeptBuffer } from '../../daemon/wire/frames.ts';

/** A WebSocket as far as it is used here, so that a browser's and Node's fit alike. */
export interface Socket {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  /** Bytes handed over and not yet sent. */
  buffered(): number;
}

export interface SocketEvents {
  opened(): void;
  message(bytes: Uint8Array<ArrayBuffer>): void;
  closed(): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => Socket;

/** Calls back once after `ms`; the answer calls it off. */
export type After = (ms: number, callback: () => void) => () => void;

export interface Credentials {
  readonly token: string;
  readonly installId: string;
}

/** What a host has given this browser, and the port that it stands on. */
export interface Pairing extends Credentials {
  readonly port: number;
}

export interface ChannelOptions<F> {
  readonly url: string;
  readonly origin: string;
  readonly version: string;
  readonly credentials: Credentials;
  readonly open: OpenSocket;
  readonly after: After;
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => readonly (F | Frame)[];
  /** Whether the far end takes several frames in one message. */
  readonly batches: boolean;
}

export interface ChannelEvents<F> {
  /** Let in; `kept` is what outlived an earlier connection. */
  ready(kept: readonly KeptBuffer[]): void;
  frame(frame: F | Frame): void;
  /** `refused` says that the credentials were not taken. */
  closed(refused: boolean, detail: string): void;
}

/** Bytes both ways, over all connections of one kind. */
export interface Traffic {
  sent: number;
  received: number;
}

/** How long the far end may take to let us in, in ms. */
const AUTH_DEADLINE = 5_000;
/** Frames of one turn leave together up to this many bytes. */
const BATCH_BYTES = 1 << 20;
/** A far end that leaves this much unread is taken for dead. */
const SEND_LIMIT = 32 << 20;

export class Channel<F extends { readonly op: number }> {
  private readonly socket: Socket;
  private readonly callOff: () => void;
  private readonly options: ChannelOptions<F>;
  private readonly events: ChannelEvents<F>;
  private readonly traffic: Traffic;
  private state: 'authenticating' | 'ready' | 'closed' = 'authenticating';
  private queue: Uint8Array<ArrayBuffer>[] = [];
  private queued = 0;

  constructor(options: ChannelOptions<F>, events: ChannelEvents<F>, traffic: Traffic) {
    this.options = options;
    this.events = events;
    this.traffic = traffic;
    this.callOff = options.after(AUTH_DEADLINE, () => this.end(false, 'No answer.'));
    this.socket = options.open(options.url, {
      opened: () => this.authenticate(),
      message: bytes => this.receive(bytes),
      closed: () => this.end(false, 'The connection was closed.'),
    });
  }

  /** Queues an encoded frame; where the far end takes batches, those of one turn of the event loop leave as one message. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.state !== 'ready') return;
    if (!this.options.batches) {
      this.transmit(frame);
      return;
    }
    if (this.queued + frame.length > BATCH_BYTES) this.flush();
    if (this.queue.length === 0) queueMicrotask(() => this.flush());
    this.queue.push(frame);
    this.queued += frame.length;
  }

  /** Bytes that were sent and have not left. */
  get buffered(): number {
    return this.queued + this.socket.buffered();
  }

  /** Ends it without a word to the events. */
  dispose(): void {
    if (this.state === 'closed') return;
    this.flush();
    this.state = 'closed';
    this.callOff();
    this.socket.close();
  }

  private authenticate(): void {
    if (this.state !== 'authenticating') return;
    const { credentials, origin } = this.options;
    this.transmit(encode({ op: Op.AUTH, id: 0, token: credentials.token, origin, installId: credentials.installId }));
  }

  private receive(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.state === 'closed') return;
    this.traffic.received += bytes.length;
    let frames: readonly (F | Frame)[];
    try {
      frames = this.options.decode(bytes);
    } catch (error) {
      this.end(false, `A message that cannot be read: ${String(error)}`);
      return;
    }
    for (const frame of frames) {
      if (this.isClosed()) return;
      if (this.state === 'ready') this.events.frame(frame);
      else this.admit(frame);
    }
  }

  private admit(frame: F | Frame): void {
    if (isAuthResult(frame)) {
      if (!frame.ok) {
        this.end(true, frame.message);
        return;
      }
      this.callOff();
      this.state = 'ready';
      this.send(encode({ op: Op.CLIENT_HELLO, id: 0, hello: { version: this.options.version } }));
      this.events.ready(frame.kept);
    } else {
      this.end(false, 'An answer before the one to AUTH.');
    }
  }

  private flush(): void {
    const frames = this.queue;
    const [first] = frames;
    if (first === undefined || this.state !== 'ready') return;
    this.queue = [];
    this.queued = 0;
    this.transmit(frames.length === 1 ? first : encodeBatch(frames));
  }

  private transmit(message: Uint8Array<ArrayBuffer>): void {
    this.traffic.sent += message.length;
    this.socket.send(message);
    if (this.socket.buffered() > SEND_LIMIT) this.end(false, 'The far end has stopped reading.');
  }

  private isClosed(): boolean {
    return this.state === 'closed';
  }

  private end(refused: boolean, detail: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.queue = [];
    this.callOff();
    this.socket.close();
    this.events.closed(refused, detail);
  }
}

function isAuthResult(frame: { readonly op: number }): frame is FrameOf<typeof Op.AUTH_RESULT> {
  return frame.op === Op.AUTH_RESULT;
}
