import type { Loop } from './loop.ts';
import type { Ports, Stream, StreamEvents } from './ports.ts';
import type { Ids } from './effects.ts';
import type { ConnectionLimits } from './peers.ts';
import { CONNECTED } from './phase.ts';
import type { Torrent } from './torrent.ts';
import { decodeHandshake, HANDSHAKE_BYTES } from './codec/peer-wire.ts';
import { toHex } from './model/ids.ts';

/** Connections that have not said which torrent they are for, and ms that they may take to say it. */
const MAX_UNNAMED = 50;
const UNNAMED_TIMEOUT = 10_000;
const LISTEN_PORTS = [6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 0];

interface Unnamed {
  readonly address: string;
  readonly since: number;
  bytes: Uint8Array;
}

/** Connections that peers make to us, until their handshake names a torrent of ours. */
export class Incoming {
  /** The port that peers reach us at; 0 while there is none. */
  port = 0;
  private readonly unnamed = new Map<number, Unnamed>();

  constructor(
    private readonly ports: Ports,
    private readonly loop: Loop,
    private readonly torrents: ReadonlyMap<string, Torrent>,
    private readonly limits: ConnectionLimits,
    private readonly ids: Ids,
    /** Told the port, 0 where none was to be had. */
    private readonly opened: (port: number) => void,
  ) {}

  get isIdle(): boolean {
    return this.unnamed.size === 0;
  }

  listen(): void {
    this.ports.net.listen(
      LISTEN_PORTS,
      port => {
        this.port = port;
        if (port === 0) this.ports.log('warn', 'no port could be opened for peers to connect to');
        this.opened(port);
      },
      (address, open) => this.loop.run(() => this.welcome(address, open)),
    );
  }

  detach(): void {
    this.port = 0;
    this.unnamed.clear();
  }

  tick(now: number): void {
    for (const [conn, { since }] of this.unnamed) if (now - since > UNNAMED_TIMEOUT) this.refuse(conn);
  }

  /** The first bytes of such a connection: they name the torrent. */
  introduce(conn: number, bytes: Uint8Array): void {
    const unnamed = this.unnamed.get(conn);
    if (!unnamed) return;
    unnamed.bytes = Uint8Array.from([...unnamed.bytes, ...bytes]);
    if (unnamed.bytes.length < HANDSHAKE_BYTES) return;
    this.unnamed.delete(conn);
    const handshake = decodeHandshake(unnamed.bytes);
    const torrent = handshake ? this.torrents.get(toHex(handshake.infoHash)) : undefined;
    if (!handshake || !torrent || !CONNECTED.has(torrent.phase)) {
      this.refuse(conn);
      return;
    }
    this.loop.give(conn, torrent);
    this.loop.event(torrent, now => {
      if (!torrent.peerSet.accept(conn, unnamed.address, handshake, now)) this.refuse(conn);
    });
  }

  private welcome(address: string, open: (events: StreamEvents) => Stream): void {
    const conn = this.ids.conn();
    const stream = this.loop.take(conn, open);
    if (this.unnamed.size >= MAX_UNNAMED || this.limits.open >= this.limits.max) {
      this.loop.close(conn);
      return;
    }
    this.unnamed.set(conn, { address, since: this.ports.clock.now(), bytes: new Uint8Array(0) });
    stream.credit(HANDSHAKE_BYTES);
  }

  private refuse(conn: number): void {
    this.unnamed.delete(conn);
    this.loop.close(conn);
  }
}
