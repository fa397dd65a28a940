/** Questions to one UDP port of the router: asked again while it is silent, and answered by that address and port alone. */
import { createSocket, type Socket } from 'node:dgram';
import { RouterError } from './router.ts';

/** Ms to wait after each time that a question is sent. */
const WAITS = [250, 500, 1000, 2000];

export class Exchange {
  private readonly opened: Promise<Socket>;
  private socket: Socket | null = null;
  /** The one question that is open. */
  private pending: { heard(bytes: Uint8Array): void; failed(error: RouterError): void } | null = null;

  /** `from`: the address of ours to ask from. */
  constructor(host: string, port: number, from: string) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.socket = socket;
    this.opened = new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(new RouterError('silent', error.message));
      socket.once('error', failed);
      socket.bind(0, from, () =>
        // From here on the system itself lets nothing through that comes from anywhere else.
        socket.connect(port, host, () => {
          socket.off('error', failed);
          resolve(socket);
        }),
      );
    });
    this.opened.catch(() => undefined);
    socket.on('message', bytes => this.pending?.heard(bytes));
    // Also how the system tells that nothing listens there.
    socket.on('error', error => this.pending?.failed(new RouterError('silent', error.message)));
  }

  /** `read` gives null for what is no answer to the request. @throws {RouterError} where none came in time */
  async ask<T extends object>(request: Uint8Array, read: (bytes: Uint8Array) => T | null): Promise<T> {
    const socket = await this.opened;
    if (this.socket === null) throw new RouterError('silent', 'No longer asked.');
    return new Promise<T>((resolve, reject) => {
      let timer: NodeJS.Timeout;
      const settle = (): void => {
        clearTimeout(timer);
        this.pending = null;
      };
      const failed = (error: RouterError): void => {
        settle();
        reject(error);
      };
      const send = (tries: number): void => {
        const wait = WAITS[tries];
        if (wait === undefined) return failed(new RouterError('silent', 'No answer.'));
        socket.send(request, error => {
          if (error) this.pending?.failed(new RouterError('silent', error.message));
        });
        timer = setTimeout(() => send(tries + 1), wait);
      };
      this.pending = {
        failed,
        heard: bytes => {
          const answer = read(bytes);
          if (answer === null) return;
          settle();
          resolve(answer);
        },
      };
      send(0);
    });
  }

  close(): void {
    this.pending?.failed(new RouterError('silent', 'No longer asked.'));
    this.socket?.close();
    this.socket = null;
  }
}

/** Notices that a router forgot what it was asked (RFC 6886 3.6): its count of seconds is behind where it should be. */
export class EpochWatch {
  private last: { readonly epoch: number; readonly at: number } | null = null;

  /** `now` in monotonic ms. False where the router began anew since the call before. */
  goesOn(epoch: number, now: number): boolean {
    const { last } = this;
    this.last = { epoch, at: now };
    return last === null || epoch + 2 >= last.epoch + ((now - last.at) / 1000) * (7 / 8);
  }
}
