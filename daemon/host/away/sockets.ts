/** WebSockets of Node as the adapters have them of a browser: to the host and its io-daemon, and nowhere else. */
import { WebSocket } from 'ws';
import type { OpenSocket } from '../../../sw/adapters/daemon-channel.ts';

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
    const socket = this.make(url);
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

  private make(url: string): WebSocket {
    const socket = new WebSocket(url, { origin: this.origin, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS });
    this.sockets.add(socket);
    // A close follows every error.
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}
