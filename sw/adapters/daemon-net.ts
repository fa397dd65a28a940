/** Net over `/io`: the daemon holds the sockets, and this tells each stream what happened to its own. */
import {
  CloseReason,
  FIRST_ACCEPTED_SOCK,
  NetStatus,
  Op,
  RateDirection,
  SentStatus,
  Transport,
  type FileStatus,
  type Frame,
  type FrameOf,
} from '../../daemon/wire/frames.ts';
import type { Range, Run, Span } from '../engine/events.ts';
import type { Net, Stream, StreamEvents } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';
import { fileProblem, netProblem } from './daemon-status.ts';
import type { Carrier, Relay, RelayNet } from './relay.ts';

type IoDoor = Door<Frame, Frame>;

type Accept = Parameters<Net['listen']>[2];
type Kind = Parameters<Net['connect']>[3];

const TRANSPORT: Readonly<Record<Kind, Transport>> = { tcp: Transport.TCP, utp: Transport.UTP };
const AWAY = 'The daemon is away.';

export class DaemonNet implements Net, RelayNet {
  private readonly door: IoDoor;
  private readonly streams = new Map<number, DaemonStream>();
  private readonly carriers = new Map<number, Carrier>();
  private readonly accepts = new Map<number, Accept>();
  private lastSock = 0;
  private lastListener = 0;
  private onFirstRequest: (() => void) | null;

  /** `onFirstRequest` is called once, when a stream first expects payload. */
  constructor(door: IoDoor, onFirstRequest: () => void) {
    this.door = door;
    this.onFirstRequest = onFirstRequest;
    door.on(Op.TCP_RECV, ({ sock, bytes }) => this.streams.get(sock)?.onReceived(bytes));
    door.on(Op.LANDED, ({ sock, earlier, ranges }) => {
      const stream = this.streams.get(sock);
      for (const range of ranges) stream?.onLanded(range, earlier);
    });
    door.on(Op.LAND_DISCARDED, ({ sock, length, head }) => this.streams.get(sock)?.onDiscarded(length, head));
    door.on(Op.SENT, ({ sock, sends, status, file }) => this.streams.get(sock)?.onSent(sends, status === SentStatus.SENT, file));
    door.on(Op.RELAY_DATA, ({ sock, bytes }) => this.carriers.get(sock)?.send(bytes));
    door.on(Op.RELAY_TAKEN, ({ sock, bytes }) => this.carriers.get(sock)?.taken(bytes));
    door.on(Op.TCP_CLOSE, ({ sock, reason, detail }) => this.streams.get(sock)?.end(closeText(reason, detail)));
    door.on(Op.TCP_ACCEPT, frame => {
      // By uTP it came to a UDP socket, all of which are there for whoever listens.
      const [any] = this.accepts.values();
      const accept = frame.transport === Transport.UTP ? any : this.accepts.get(frame.listener);
      if (accept === undefined) this.closeSock(frame.sock);
      else this.onAccept(frame, accept);
    });
    door.onClosed(() => {
      this.accepts.clear();
      for (const stream of [...this.streams.values()]) stream.end(AWAY);
    });
  }

  connect(host: string, port: number, events: StreamEvents, transport: Kind): Stream {
    const sock = this.nextSock();
    const stream = this.stream(sock, events);
    this.door.ask(
      id => ({ op: Op.TCP_CONNECT, id, sock, transport: TRANSPORT[transport], host, port }),
      reply => {
        if (reply?.op === Op.TCP_CONNECTED && reply.status === NetStatus.OK) stream.onOpened(reply.detail);
        else if (reply?.op === Op.TCP_CONNECTED) stream.end(netProblem(reply.status, reply.detail));
        else stream.end(reply?.op === Op.ERROR ? reply.text : AWAY);
      },
    );
    return stream;
  }

  relay(carrier: Carrier, events: StreamEvents): Relay {
    const sock = this.nextSock();
    const stream = this.stream(sock, events);
    this.carriers.set(sock, carrier);
    this.door.ask(
      id => ({ op: Op.RELAY_OPEN, id, sock }),
      reply => {
        if (reply?.op !== Op.TCP_CONNECTED) stream.end(AWAY);
        else if (reply.status !== NetStatus.OK) stream.end(netProblem(reply.status, reply.detail));
      },
    );
    return {
      stream,
      receive: bytes => this.door.send({ op: Op.RELAY_DATA, id: 0, sock, bytes }),
      taken: bytes => this.door.send({ op: Op.RELAY_TAKEN, id: 0, sock, bytes }),
      end: reason => {
        this.closeSock(sock);
        stream.end(reason);
      },
    };
  }

  limit(group: number, parent: number, direction: 'down' | 'up', rate: number): void {
    const towards = direction === 'down' ? RateDirection.READ : RateDirection.SEND;
    this.door.send({ op: Op.RATE_GROUP, id: 0, group, parent, direction: towards, rate });
  }

  unlimit(group: number): void {
    this.door.send({ op: Op.RATE_DROP, id: 0, group });
  }

  listen(ports: readonly number[], bound: (port: number) => void, accept: Accept): void {
    const [port, ...others] = ports;
    if (port === undefined) {
      queueMicrotask(() => bound(0));
      return;
    }
    const listener = ++this.lastListener;
    this.accepts.set(listener, accept);
    this.door.ask(
      id => ({ op: Op.TCP_LISTEN, id, listener, port, host: '' }),
      reply => {
        if (reply?.op === Op.TCP_LISTEN_RESULT && reply.status === NetStatus.OK) {
          bound(reply.port);
          return;
        }
        this.accepts.delete(listener);
        if (reply?.op === Op.TCP_LISTEN_RESULT && reply.status === NetStatus.IN_USE) this.listen(others, bound, accept);
        else bound(0);
      },
    );
  }

  private onAccept(frame: FrameOf<typeof Op.TCP_ACCEPT>, accept: Accept): void {
    const address = frame.host.includes(':') ? `[${frame.host}]:${frame.port}` : `${frame.host}:${frame.port}`;
    let taken = false;
    const open = (events: StreamEvents): Stream => {
      taken = true;
      return this.stream(frame.sock, events);
    };
    accept(address, open, frame.transport === Transport.UTP ? 'utp' : 'tcp');
    if (!taken) this.closeSock(frame.sock);
  }

  private stream(sock: number, events: StreamEvents): DaemonStream {
    const stream = new DaemonStream(this.door, sock, events, {
      closed: () => {
        this.streams.delete(sock);
        const carrier = this.carriers.get(sock);
        this.carriers.delete(sock);
        carrier?.closed();
      },
      expects: () => {
        this.onFirstRequest?.();
        this.onFirstRequest = null;
      },
    });
    this.streams.set(sock, stream);
    return stream;
  }

  private closeSock(sock: number): void {
    this.door.send({ op: Op.TCP_CLOSE, id: 0, sock, reason: CloseReason.REQUESTED, detail: '' });
  }

  /** Numbers go round, so that what is still under way for a closed socket does not reach the next one. */
  private nextSock(): number {
    do this.lastSock = (this.lastSock % (FIRST_ACCEPTED_SOCK - 1)) + 1;
    while (this.streams.has(this.lastSock));
    return this.lastSock;
  }
}

/** What a stream tells the net it belongs to. */
interface StreamOwner {
  closed(): void;
  expects(): void;
}

class DaemonStream implements Stream {
  private readonly door: IoDoor;
  private readonly sock: number;
  private readonly events: StreamEvents;
  private readonly owner: StreamOwner;
  private isOpen = true;
  private isFramed = false;

  constructor(door: IoDoor, sock: number, events: StreamEvents, owner: StreamOwner) {
    this.door = door;
    this.sock = sock;
    this.events = events;
    this.owner = owner;
  }

  send(bytes: Uint8Array): void {
    this.tell({ op: Op.TCP_SEND, id: 0, sock: this.sock, bytes });
  }

  credit(bytes: number): void {
    this.tell({ op: Op.STREAM_CREDIT, id: 0, sock: this.sock, bytes });
  }

  cipher({ receive, send }: Parameters<Stream['cipher']>[0], back: Uint8Array): void {
    this.tell({ op: Op.STREAM_CIPHER, id: 0, sock: this.sock, receive, send, back });
  }

  framed(maxFrame: number, back: Uint8Array): void {
    this.isFramed = true;
    this.tell({ op: Op.STREAM_FRAMED, id: 0, sock: this.sock, maxFrame, back });
  }

  expect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    this.owner.expects();
    this.tell({ op: Op.LAND_RULE, id: 0, sock: this.sock, buffer, withdraw: false, prefix, runs });
  }

  unexpect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    this.tell({ op: Op.LAND_RULE, id: 0, sock: this.sock, buffer, withdraw: true, prefix, runs });
  }

  discard(prefix: Uint8Array): void {
    this.tell({ op: Op.LAND_RULE, id: 0, sock: this.sock, buffer: 0, withdraw: false, prefix, runs: [] });
  }

  sendSpans(send: number, header: Uint8Array, spans: readonly Span[]): void {
    this.tell({ op: Op.SEND_SPANS, id: 0, sock: this.sock, send, header, spans });
  }

  cancelSend(send: number): void {
    this.tell({ op: Op.SEND_CANCEL, id: 0, sock: this.sock, send });
  }

  join(group: number): void {
    this.tell({ op: Op.RATE_JOIN, id: 0, sock: this.sock, group });
  }

  close(): void {
    if (!this.isOpen) return;
    this.tell({ op: Op.TCP_CLOSE, id: 0, sock: this.sock, reason: CloseReason.REQUESTED, detail: '' });
    this.isOpen = false;
    this.owner.closed();
  }

  onOpened(address: string): void {
    if (this.isOpen) this.events.opened(address);
  }

  onReceived(bytes: Uint8Array): void {
    if (!this.isFramed) {
      this.events.received(bytes);
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (this.isOpen && at < bytes.length) {
      const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at) : Infinity;
      if (end > bytes.length) {
        this.close();
        this.events.closed('The daemon sent half a frame.');
        return;
      }
      this.events.received(bytes.subarray(at + 4, end));
      at = end;
    }
  }

  onLanded({ buffer, offset, length }: Range & { readonly buffer: number }, earlier: boolean): void {
    if (this.isOpen) this.events.landed(buffer, offset, length, earlier);
  }

  onDiscarded(length: number, head: Uint8Array): void {
    this.events.discarded(length, head);
  }

  onSent(sends: readonly number[], ok: boolean, file: FileStatus): void {
    this.events.sent(sends, ok, fileProblem(file));
  }

  /** The socket is gone; the daemon knows it. */
  end(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.owner.closed();
    this.events.closed(reason);
  }

  private tell(frame: Frame): void {
    if (this.isOpen) this.door.send(frame);
  }
}

function closeText(reason: CloseReason, detail: string): string {
  switch (reason) {
    case CloseReason.REMOTE:
      return detail || 'The other side closed the connection.';
    case CloseReason.REQUESTED:
      return 'Closed.';
    case CloseReason.ERROR:
      return detail || 'The connection failed.';
    case CloseReason.FRAME_TOO_LONG:
      return 'A message longer than is allowed.';
    case CloseReason.SEND_OVERFLOW:
      return 'The other side does not read what it is sent.';
    case CloseReason.STALLED:
      return 'The other side took nothing for too long, while others waited.';
    default:
      return reason satisfies never;
  }
}
