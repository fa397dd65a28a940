import type { Effect, RateDirection } from './effects.ts';
import { unread } from './outcome.ts';
import type { Ports, Stream, StreamEvents } from './ports.ts';
import type { RateGroups } from './rates.ts';
import type { Torrent } from './torrent.ts';

type Connect = Extract<Effect, { readonly do: 'connect' }>;
type OnStream = Exclude<Extract<Effect, { readonly conn: number }>, Connect>;

/** One thing at a time. */
interface Turns {
  event(torrent: Torrent, handle: (now: number) => void): void;
  run(action: () => void): void;
}

interface Hooks {
  /** A torrent has a connection more. */
  joined(torrent: Torrent, conn: number): void;
  /** Bytes of a connection that belongs to no torrent yet. */
  introduced(conn: number, bytes: Uint8Array): void;
}

/** The connections of all torrents: which stream is whose, so that what comes over one goes to its torrent. */
export class Connections implements RateGroups {
  private readonly streams = new Map<number, Stream>();
  private readonly owners = new Map<number, Torrent>();

  constructor(
    /** Its network is another whenever the daemon is. */
    private readonly ports: Pick<Ports, 'net'>,
    private readonly loop: Turns,
    private readonly hooks: Hooks,
  ) {}

  /** The network is gone, and every connection with it. */
  forget(): void {
    this.streams.clear();
    this.owners.clear();
  }

  connect(torrent: Torrent, { conn, host, port, transport }: Connect): void {
    this.owners.set(conn, torrent);
    this.streams.set(conn, this.ports.net.connect(host, port, this.events(conn), transport));
    this.hooks.joined(torrent, conn);
  }

  /** A connection that came to us; it is nobody's until {@link give}n. */
  take(conn: number, open: (events: StreamEvents) => Stream): Stream {
    const stream = open(this.events(conn));
    this.streams.set(conn, stream);
    return stream;
  }

  give(conn: number, torrent: Torrent): void {
    this.owners.set(conn, torrent);
    this.hooks.joined(torrent, conn);
  }

  close(conn: number): void {
    const stream = this.streams.get(conn);
    this.streams.delete(conn);
    this.owners.delete(conn);
    stream?.close();
  }

  perform(effect: OnStream): void {
    const stream = this.streams.get(effect.conn);
    switch (effect.do) {
      case 'send':
        return stream?.send(effect.bytes);
      case 'credit':
        return stream?.credit(effect.bytes);
      case 'cipher':
        return stream?.cipher(effect.cipher, effect.back);
      case 'framed':
        return stream?.framed(effect.maxFrame, effect.back);
      case 'expect':
        return stream?.expect(effect.buffer, effect.prefix, effect.runs);
      case 'unexpect':
        return stream?.unexpect(effect.buffer, effect.prefix, effect.runs);
      case 'discard':
        return stream?.discard(effect.prefix);
      case 'sendSpans':
        return stream?.sendSpans(effect.send, effect.header, effect.spans);
      case 'cancelSend':
        return stream?.cancelSend(effect.send);
      case 'close':
        return this.close(effect.conn);
      default:
        effect satisfies never;
    }
  }

  limit(group: number, parent: number, direction: RateDirection, rate: number): void {
    this.ports.net.limit(group, parent, direction, rate);
  }

  unlimit(group: number): void {
    this.ports.net.unlimit(group);
  }

  join(conn: number, group: number): void {
    this.streams.get(conn)?.join(group);
  }

  private events(conn: number): StreamEvents {
    const tell = (handle: (torrent: Torrent, now: number) => void): void => {
      const torrent = this.owners.get(conn);
      if (torrent) this.loop.event(torrent, now => handle(torrent, now));
    };
    return {
      opened: address => tell((torrent, now) => torrent.peerSet.opened(conn, address, now)),
      received: bytes => {
        if (this.owners.has(conn)) tell((torrent, now) => torrent.peerSet.received(conn, bytes, now));
        else this.loop.run(() => this.hooks.introduced(conn, bytes));
      },
      landed: (buffer, offset, length, earlier) =>
        tell((torrent, now) => {
          const peer = torrent.peers.get(conn);
          if (peer) torrent.content?.downloader.landed(peer, { buffer, offset, length }, earlier, now);
        }),
      discarded: length => tell((torrent, now) => torrent.peerSet.discarded(conn, length, now)),
      sent: (sends, ok, problem) =>
        tell((torrent, now) => {
          const peer = torrent.peers.get(conn);
          const failed = (peer && torrent.content?.uploader.sent(peer, sends, ok, now)) ?? [];
          if (problem) unread(torrent, problem, failed, now);
        }),
      closed: reason => {
        tell((torrent, now) => torrent.peerSet.closed(conn, reason, now));
        this.loop.run(() => {
          this.streams.delete(conn);
          this.owners.delete(conn);
        });
      },
    };
  }
}
