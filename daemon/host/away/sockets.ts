/** WebSockets of Node as the adapters have them of a browser: to the host and its io-daemon, and to trackers. */
import { type ClientOptions, WebSocket } from 'ws';
import type { OpenSocket } from '../../../sw/adapters/daemon-channel.ts';
import type { WebSockets } from '../../../sw/engine/ports.ts';

/** What a tracker may say at once, in bytes. */
const MAX_TRACKER_MESSAGE = 1 << 20;
const HANDSHAKE_MS = 10_000;
/** How long the far ends may take to close. */
const CLOSE_MS = 1_000;

export class NodeSockets {
  private readonly sockets = new Set<WebSocket>();
  private readonly origin: string;

  /** `origin` is what the host takes for its own app. */
  constructor(origin: string) {
    this.origin = origin;
  }

  /** To the host and its io-daemon. */
  readonly open: OpenSocket = (url, events) => {
    const socket = this.make(url, { origin: this.origin });
    socket.binaryType = 'arraybuffer';
    socket.on('open', () => events.opened());
    socket.on('message', data => {
      if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    });
    socket.on('close', () => events.closed());
    return {
      send: bytes => socket.send(bytes),
      close: () => socket.close(),
      buffered: () => socket.bufferedAmount,
    };
  };

  /** To trackers, whose certificates are verified; none is followed elsewhere. */
  readonly trackers: WebSockets = {
    open: (url, events) => {
      let isWanted = true;
      const socket = this.tracker(url);
      if (socket === null) {
        queueMicrotask(() => isWanted && events.closed());
        return { send: () => undefined, close: () => (isWanted = false) };
      }
      socket.on('open', () => isWanted && events.opened());
      // Some send their text in binary messages.
      socket.on('message', data => isWanted && events.message(String(data)));
      socket.on('close', () => isWanted && events.closed());
      return {
        send: text => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: () => {
          isWanted = false;
          socket.close();
        },
      };
    },
  };

  /** Ends them all, and waits until what they had to say is sent. */
  async close(): Promise<void> {
    const open = [...this.sockets];
    const timer = setTimeout(() => open.forEach(socket => socket.terminate()), CLOSE_MS);
    await Promise.all(
      open.map(socket => {
        const closed = new Promise(resolve => socket.once('close', resolve));
        socket.close();
        return closed;
      }),
    );
    clearTimeout(timer);
  }

  /** Null where it is no address for a WebSocket. */
  private tracker(url: string): WebSocket | null {
    try {
      return this.make(url, { maxPayload: MAX_TRACKER_MESSAGE });
    } catch {
      return null;
    }
  }

  private make(url: string, options: ClientOptions): WebSocket {
    const socket = new WebSocket(url, { ...options, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS });
    this.sockets.add(socket);
    // A close follows every error.
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}
