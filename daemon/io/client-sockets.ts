/** The sockets of one client, of every kind, and what is read for them and shared among them. */
import { WireError } from '../wire/bytes.ts';
import { ErrorCode, type FrameOf, MAX_POSITION, type Op } from '../wire/frames.ts';
import type { ClientFiles } from './client-files.ts';
import { Gather } from './gather.ts';
import type { Outbox } from './outbox.ts';
import { Rc4 } from './rc4.ts';
import { Relays } from './relay.ts';
import type { Services } from './services.ts';
import { Tcp } from './tcp.ts';
import { PROCESS_TIME } from './process-time.ts';
import { Throttle } from '../wire/throttle.ts';
import { Udp } from './udp.ts';
import { Utp } from './utp/utp.ts';

export class ClientSockets {
  readonly tcp: Tcp;
  readonly udp: Udp;
  readonly relays: Relays;
  readonly gather: Gather;
  readonly throttle = new Throttle(PROCESS_TIME);
  /** Bytes that wait to be taken by the client. */
  readonly unread: () => number;
  readonly #files: ClientFiles;

  constructor(services: Services, files: ClientFiles, out: Pick<Outbox, 'push' | 'later'>, unread: () => number) {
    const { push } = out;
    const { landing, counters, guard, reads, openPorts } = services;
    this.#files = files;
    this.unread = unread;
    this.gather = new Gather(services.files, reads, push);
    const utp = new Utp(guard, (...accepted) => this.tcp.acceptUtp(...accepted));
    const shared = { ...out, landing, counters, throttle: this.throttle, assembly: { bytes: 0 } };
    this.tcp = new Tcp(guard, openPorts, shared, utp, sock => this.gather.end(sock));
    this.udp = new Udp(guard, openPorts, counters, push, unread, utp);
    this.relays = new Relays(this.tcp, push);
  }

  cipher({ id, sock, receive, send, back }: FrameOf<typeof Op.STREAM_CIPHER>): void {
    for (const { key, position } of [receive, send]) {
      if (key.length === 0 || position > MAX_POSITION) throw new WireError(ErrorCode.BAD_STATE, 'no such keystream', id);
    }
    const isTaken = this.tcp.get(sock)?.cipher(Rc4.at(receive), Rc4.at(send), back) ?? true;
    if (!isTaken) throw new WireError(ErrorCode.BAD_STATE, 'the stream is framed or enciphered already', id);
  }

  sendSpans(frame: FrameOf<typeof Op.SEND_SPANS>): void {
    const peer = this.tcp.get(frame.sock);
    if (peer === undefined) return;
    const places = this.#files.places(frame.spans, frame.id);
    for (const { file } of places) file?.retain();
    this.gather.send(peer, frame, places);
  }

  join({ id, sock, group }: FrameOf<typeof Op.RATE_JOIN>): void {
    const direction = this.throttle.directionOf(group);
    if (direction === null) throw new WireError(ErrorCode.BAD_STATE, 'no such group', id);
    this.tcp.get(sock)?.flow(direction).join(group);
  }

  end(): void {
    this.tcp.end();
    this.throttle.end();
    this.udp.end();
  }
}
