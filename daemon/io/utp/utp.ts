/** uTP of one client: on which of its UDP sockets it is spoken, and what drives it there. */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { Address, Guard } from '../guard.ts';
import { UDP_BUFFER, UDP_QUEUE, UTP_HELD } from '../limits.ts';
import { TICK, UtpSocket } from './socket.ts';
import type { UtpStream } from './stream.ts';

/** Somebody has connected, to the UDP socket of that number. */
export type AcceptUtp = (udp: number, stream: UtpStream, host: string, port: number) => void;

interface Spoken {
  readonly family: 4 | 6;
  readonly utp: UtpSocket;
}

export class Utp {
  readonly #guard: Guard;
  readonly #accept: AcceptUtp;
  readonly #spoken = new Map<number, Spoken>();
  /** What all connections hold of what has come. */
  readonly #held = { bytes: 0, most: UTP_HELD };
  /** Runs while there are connections. */
  #clock: NodeJS.Timeout | null = null;

  constructor(guard: Guard, accept: AcceptUtp) {
    this.#guard = guard;
    this.#accept = accept;
  }

  /** It is spoken on this socket, from now on or no more; what is connected stays. */
  set(udp: number, socket: Socket, family: 4 | 6, on: boolean): void {
    const spoken = this.#spoken.get(udp);
    if (spoken !== undefined) spoken.utp.isOpen = on;
    else if (on) this.#spoken.set(udp, { family, utp: this.#speak(udp, socket, family) });
  }

  /** The socket is about to close. */
  closing(udp: number): void {
    this.#spoken.get(udp)?.utp.end();
    this.#spoken.delete(udp);
    if (this.#spoken.size === 0) this.#rest();
  }

  /** Begins a connection to an address that was checked; null where there is no socket for it, or no room. */
  connect({ host, family }: Address, port: number): UtpStream | null {
    for (const { family: own, utp } of this.#spoken.values()) {
      if (own !== family || !utp.isOpen) continue;
      const stream = utp.connect(host, port);
      this.#run();
      return stream;
    }
    return null;
  }

  /** Takes a datagram, or leaves it to others: false. */
  receive(udp: number, datagram: Buffer, host: string, port: number): boolean {
    const utp = this.#spoken.get(udp)?.utp;
    if (utp?.receive(datagram, host, port) !== true) return false;
    if (utp.count > 0) this.#run();
    return true;
  }

  #speak(udp: number, socket: Socket, family: 4 | 6): UtpSocket {
    // What comes while this process is busy is lost where the system has no room for it; each gives what it likes.
    try {
      socket.setRecvBufferSize(UDP_BUFFER);
      socket.setSendBufferSize(UDP_BUFFER);
    } catch {
      // Then it is as it was.
    }
    const underlay = {
      family,
      now: () => performance.now(),
      random: () => randomInt(0x10000),
      send: (datagram: Buffer, port: number, host: string) => {
        if (socket.getSendQueueSize() + datagram.length <= UDP_QUEUE) socket.send(datagram, port, host);
      },
      soon: (run: () => void) => void setImmediate(run),
      permits: (host: string, port: number) => this.#guard.permits(host, port, 'peer'),
      accept: (stream: UtpStream, host: string, port: number) => this.#accept(udp, stream, host, port),
    };
    return new UtpSocket(underlay, this.#held);
  }

  #run(): void {
    this.#clock ??= setInterval(() => {
      let count = 0;
      for (const { utp } of this.#spoken.values()) {
        utp.tick();
        count += utp.count;
      }
      if (count === 0) this.#rest();
    }, TICK);
  }

  #rest(): void {
    if (this.#clock !== null) clearInterval(this.#clock);
    this.#clock = null;
  }
}
