/** A seed that speaks just enough (BEP 3) to be asked, and tells when it was. It sends nothing of what is asked for. */
import { createServer, type Server, type Socket } from 'node:net';

const HANDSHAKE = Buffer.from('\x13BitTorrent protocol');
const HANDSHAKE_BYTES = 68;
const REQUEST = 6;

export class FakeSeed {
  port = 0;
  /** Called with performance.now() at the first request of each connection. */
  onFirstRequest: (at: number) => void = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(pieces: number) {
    this.#server = createServer(socket => this.#serve(socket, pieces));
  }

  static start(pieces: number): Promise<FakeSeed> {
    const seed = new FakeSeed(pieces);
    return new Promise(resolve =>
      seed.#server.listen(0, '127.0.0.1', () => {
        const address = seed.#server.address();
        seed.port = typeof address === 'object' && address ? address.port : 0;
        resolve(seed);
      }),
    );
  }

  #serve(socket: Socket, pieces: number): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let unread = Buffer.alloc(0);
    let shaken = false;
    let asked = false;
    socket.on('data', data => {
      unread = Buffer.concat([unread, data]);
      if (!shaken) {
        // Who begins enciphered is left at once, as by all that know no cipher: then it comes again without.
        if (unread[0] !== HANDSHAKE[0]) return void socket.destroy();
        if (unread.length < HANDSHAKE_BYTES) return;
        shaken = true;
        socket.write(this.#greeting(unread.subarray(28, 48), pieces));
        unread = unread.subarray(HANDSHAKE_BYTES);
      }
      while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE(0)) {
        const length = unread.readUInt32BE(0);
        if (!asked && length > 0 && unread[4] === REQUEST) {
          asked = true;
          this.onFirstRequest(performance.now());
        }
        unread = unread.subarray(4 + length);
      }
    });
  }

  /** Handshake without extensions, a full bitfield, and leave to ask. */
  #greeting(infoHash: Uint8Array, pieces: number): Buffer {
    const bits = Buffer.alloc(Math.ceil(pieces / 8), 0xff);
    if (pieces % 8 > 0) bits[bits.length - 1] = (0xff << (8 - (pieces % 8))) & 0xff;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(1 + bits.length);
    head[4] = 5;
    return Buffer.concat([
      HANDSHAKE,
      Buffer.alloc(8),
      infoHash,
      Buffer.from('-FS0001-abcdefghijkl'),
      head,
      bits,
      Buffer.from([0, 0, 0, 1, 1]),
    ]);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
