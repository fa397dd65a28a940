/**
 * Connections that the client itself carries, as those over WebRTC are: what came over one is fed in here, and what is
 * sent leaves as frames. Both ways no more is under way than the other side can hold.
 */
import { Duplex } from 'node:stream';
import { CloseReason, type Frame, type FrameOf, NetStatus, Op, RELAY_WINDOW } from '../wire/frames.ts';
import { LIMITS } from './limits.ts';
import type { Tcp } from './tcp.ts';

export class Relays {
  readonly #tcp: Tcp;
  readonly #push: (frame: Frame) => void;
  readonly #bySock = new Map<number, Relay>();

  constructor(tcp: Tcp, push: (frame: Frame) => void) {
    this.#tcp = tcp;
    this.#push = push;
  }

  open({ id, sock }: FrameOf<typeof Op.RELAY_OPEN>): void {
    const answer = (status: NetStatus, detail: string) => this.#push({ op: Op.TCP_CONNECTED, id, sock, status, detail });
    if (this.#bySock.size >= LIMITS.relays) {
      answer(NetStatus.LIMIT, 'too many relays');
      return;
    }
    const relay = new Relay(sock, this.#push);
    if (this.#tcp.adopt(sock, relay) === null) {
      answer(NetStatus.FAILED, 'the number is taken, or there are too many connections');
      return;
    }
    this.#bySock.set(sock, relay);
    relay.on('close', () => this.#bySock.delete(sock));
    answer(NetStatus.OK, '');
  }

  feed({ sock, bytes }: FrameOf<typeof Op.RELAY_DATA>): void {
    const isTaken = this.#bySock.get(sock)?.feed(bytes) ?? true;
    if (!isTaken) this.#tcp.get(sock)?.close(CloseReason.ERROR, 'more was under way than there may be');
  }

  taken({ sock, bytes }: FrameOf<typeof Op.RELAY_TAKEN>): void {
    this.#bySock.get(sock)?.taken(bytes);
  }
}

class Relay extends Duplex {
  readonly #sock: number;
  readonly #send: (frame: Frame) => void;
  /** Bytes fed in and not read yet; handed out and not taken yet. */
  #unread = 0;
  #out = 0;
  /** To be handed out once so much was taken, and what is to be told then. */
  #rest: Buffer = Buffer.alloc(0);
  #goOn: ((error?: Error) => void) | null = null;

  constructor(sock: number, send: (frame: Frame) => void) {
    super({ readableHighWaterMark: RELAY_WINDOW });
    this.#sock = sock;
    this.#send = send;
    this.on('data', ({ length }: Buffer) => {
      this.#unread -= length;
      send({ op: Op.RELAY_TAKEN, id: 0, sock, bytes: length });
    });
  }

  /** Takes over the bytes of a message; false where that is more than there may be. */
  feed(bytes: Uint8Array): boolean {
    this.#unread += bytes.length;
    if (this.#unread > RELAY_WINDOW) return false;
    if (bytes.length > 0) this.push(bytes);
    return true;
  }

  taken(bytes: number): void {
    this.#out = Math.max(0, this.#out - bytes);
    this.#handOut();
  }

  override _read(): void {
    // It comes when it comes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#rest = chunk;
    this.#goOn = done;
    this.#handOut();
  }

  #handOut(): void {
    // What was handed out whole is somebody else's memory again, by now maybe another thread's.
    if (this.#goOn === null) return;
    const bytes = this.#rest.subarray(0, RELAY_WINDOW - this.#out);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#out += bytes.length;
    if (bytes.length > 0) this.#send({ op: Op.RELAY_DATA, id: 0, sock: this.#sock, bytes });
    if (this.#rest.length > 0) return;
    const goOn = this.#goOn;
    this.#goOn = null;
    goOn?.();
  }

  /** The client has closed it: there is nobody left to carry the rest. */
  override end(): this {
    return this.destroy();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#rest = Buffer.alloc(0);
    this.#goOn?.(new Error('the relay was closed'));
    this.#goOn = null;
    done(error);
  }
}
