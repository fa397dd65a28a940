/** WebSockets and timers in memory: the test is the far end, and time passes when it says so. */
import { decodeMessage, encode } from '../../daemon/wire/codec.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import type { ControlFrame } from '../../daemon/wire/control.ts';
import { MAX_FRAME, Op, type Frame, type KeptBuffer } from '../../daemon/wire/frames.ts';
import type { After, OpenSocket, SocketEvents } from '../../sw/adapters/daemon-channel.ts';

export class FakeSocket {
  readonly url: string;
  /** One entry for each message that was sent. */
  readonly messages: Uint8Array[] = [];
  isClosed = false;
  buffered = 0;
  private readonly events: SocketEvents;

  constructor(url: string, events: SocketEvents) {
    this.url = url;
    this.events = events;
  }

  get isControl(): boolean {
    return this.url.endsWith('/control');
  }

  /** Everything that was sent, decoded. */
  frames(): (Frame | ControlFrame)[] {
    return this.messages.flatMap(message => (this.isControl ? [decodeControl(message)] : decodeMessage(message, MAX_FRAME)));
  }

  sent<O extends (Frame | ControlFrame)['op']>(op: O): Extract<Frame | ControlFrame, { readonly op: O }>[] {
    return this.frames().filter((frame): frame is Extract<Frame | ControlFrame, { readonly op: O }> => frame.op === op);
  }

  connect(): void {
    this.events.opened();
  }

  say(frame: Frame | ControlFrame): void {
    this.deliver(this.isControl ? encodeControl(frame) : encode(frame as Frame));
  }

  deliver(bytes: Uint8Array<ArrayBuffer>): void {
    this.events.message(bytes);
  }

  /** Connects and lets the client in. */
  admit(kept: readonly KeptBuffer[] = []): void {
    this.connect();
    this.say({ op: Op.AUTH_RESULT, id: 0, ok: true, message: '', kept });
  }

  /** The far end goes away. */
  drop(): void {
    this.isClosed = true;
    this.events.closed();
  }
}

export class FakeSockets {
  readonly all: FakeSocket[] = [];

  readonly open: OpenSocket = (url, events) => {
    const socket = new FakeSocket(url, events);
    this.all.push(socket);
    return {
      send: bytes => {
        if (socket.isClosed) throw new Error('sent over a closed socket');
        socket.messages.push(bytes.slice());
      },
      close: () => (socket.isClosed = true),
      buffered: () => socket.buffered,
    };
  };

  /** The one opened last. */
  get last(): FakeSocket {
    const socket = this.all.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }
}

export class FakeTimers {
  now = 0;
  private readonly due = new Map<object, { readonly at: number; readonly callback: () => void }>();

  readonly after: After = (ms, callback) => {
    const key = {};
    this.due.set(key, { at: this.now + ms, callback });
    return () => this.due.delete(key);
  };

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = [...this.due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined) break;
      this.due.delete(next[0]);
      this.now = next[1].at;
      next[1].callback();
    }
    this.now = end;
  }
}
