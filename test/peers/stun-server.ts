/** A STUN server of this machine (RFC 8489): it tells who asks from where that came, over IPv4. */
import { createSocket, type Socket } from 'node:dgram';

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const COOKIE = 0x2112a442;
const HEADER_BYTES = 20;

export class StunServer {
  /** Binding requests that came. */
  asked = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (request, { address, port }) => {
      if (request.length < HEADER_BYTES || request.readUInt16BE(0) !== BINDING_REQUEST || request.readUInt32BE(4) !== COOKIE)
        return;
      this.asked += 1;
      socket.send(answer(request.subarray(8, HEADER_BYTES), address, port), port, address);
    });
  }

  static async start(): Promise<StunServer> {
    const socket = createSocket('udp4');
    await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
    return new StunServer(socket);
  }

  get url(): string {
    return `stun:127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    this.#socket.close();
  }
}

function answer(transaction: Uint8Array, address: string, port: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 12);
  bytes.writeUInt16BE(BINDING_SUCCESS, 0);
  bytes.writeUInt16BE(12, 2);
  bytes.writeUInt32BE(COOKIE, 4);
  bytes.set(transaction, 8);
  bytes.writeUInt16BE(XOR_MAPPED_ADDRESS, 20);
  bytes.writeUInt16BE(8, 22);
  bytes.writeUInt8(1, 25);
  bytes.writeUInt16BE(port ^ (COOKIE >>> 16), 26);
  const ip = Buffer.from(address.split('.').map(Number)).readUInt32BE();
  bytes.writeUInt32BE((ip ^ COOKIE) >>> 0, 28);
  return bytes;
}
