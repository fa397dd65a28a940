/** The far end of a TCP connection, in the hands of a test. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Peer {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  static async dial(port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise(resolve => socket.once('connect', resolve));
    return new Peer(socket);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  /** Takes so many bytes off what was received. */
  async take(count: number): Promise<Buffer> {
    await this.until(() => this.received.length >= count || this.isClosed);
    const bytes = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return bytes;
  }

  async send(bytes: Uint8Array): Promise<void> {
    await new Promise<void>(resolve => this.socket.write(bytes, () => resolve()));
  }

  async gone(): Promise<void> {
    await this.until(() => this.isClosed);
  }
}

/** A listener that hands out the peers that come. */
export class PeerServer {
  readonly server: Server;
  readonly #peers: Peer[] = [];
  #waiting: (() => void)[] = [];

  private constructor(server: Server) {
    this.server = server;
    server.on('connection', socket => {
      socket.setNoDelay(true);
      this.#peers.push(new Peer(socket));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async listen(): Promise<PeerServer> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new PeerServer(server);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async next(): Promise<Peer> {
    for (;;) {
      const peer = this.#peers.shift();
      if (peer !== undefined) return peer;
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.server.close();
    for (const peer of this.#peers) peer.socket.destroy();
  }
}

/** A frame behind its big-endian length word. */
export function framed(...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const word = Buffer.alloc(4);
  word.writeUInt32BE(body.length);
  return Buffer.concat([word, body]);
}

export function u32be(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
