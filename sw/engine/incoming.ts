import { EngineError, fail } from './errors.ts';
import type { Loop } from './loop.ts';
import type { Ports, Stream, StreamEvents } from './ports.ts';
import type { Ids, Transport } from './effects.ts';
import type { PeerEncryption } from './peer.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { CONNECTED } from './phase.ts';
import type { Registry } from './registry.ts';
import { methodsOf } from './securing.ts';
import type { Security } from './securing.ts';
import type { Torrent } from './torrent.ts';
import { hostOf } from './swarm.ts';
import { ipBytes, subnetOf } from './codec/address.ts';
import { Responder, torrentMark } from './codec/mse.ts';
import type { Step } from './codec/mse.ts';
import { decodeHandshake, HANDSHAKE_BYTES, isHandshake } from './codec/peer-wire.ts';
import { fromHex, sameBytes, shortHashes, toHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';
import { scopeOf } from './model/scope.ts';

/** Connections that have not said which torrent they are for, in all and of one address, and ms that they may take to say it. */
const MAX_UNNAMED = 50;
const MAX_UNNAMED_PER_HOST = 8;
const UNNAMED_TIMEOUT = 10_000;
/** Of which the first that is free is taken; 0: any. */
export const LISTEN_PORTS: readonly number[] = [6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 0];
const NOTHING: Uint8Array = new Uint8Array(0);

interface Unnamed {
  readonly address: string;
  readonly transport: Transport;
  readonly since: number;
  readonly stream: Stream;
  /** What it has said, in plaintext: at most a handshake, and what was said with it while that was enciphered. */
  bytes: Uint8Array;
  /** While the encryption is agreed on, and after it. */
  responder: Responder | null;
  encryption: PeerEncryption;
}

/** Connections that peers make to us, until their handshake names a torrent of ours. */
export class Incoming {
  /** The port that peers reach us at; 0 while there is none. */
  port = 0;
  /** The one that is tried first; 0: as usual. */
  wished = 0;
  /** Peers at public addresses that came by themselves, and when the last did, monotonic ms. */
  readonly came = { tcp: 0, utp: 0, at: -Infinity };
  private readonly unnamed = new Map<number, Unnamed>();
  /** A torrent that nobody asks for but we ourselves. */
  private own: { readonly hash: string; readonly reached: () => void } | null = null;
  private readonly marks = new WeakMap<Torrent, Map<InfoHash, string>>();

  constructor(
    private readonly ports: Ports,
    private readonly loop: Loop,
    private readonly torrents: Registry<Torrent>,
    private readonly limits: ConnectionLimits,
    private readonly ids: Ids,
    private readonly security: Security,
    /** In the order in which they are tried. */
    private readonly listenPorts: readonly number[],
    /** Told the port, 0 where none was to be had. */
    private readonly opened: (port: number) => void,
  ) {}

  get isIdle(): boolean {
    return this.unnamed.size === 0;
  }

  listen(): void {
    this.ports.net.listen(
      // The port of before, where any will do.
      this.wished !== 0 && this.listenPorts.includes(0) ? [...new Set([this.wished, ...this.listenPorts])] : this.listenPorts,
      port => {
        this.port = port;
        if (port === 0) this.ports.log('warn', 'no port could be opened for peers to connect to');
        this.opened(port);
      },
      (address, open, transport) => this.loop.run(() => this.welcome(address, open, transport)),
    );
  }

  /** Hears when a connection names that torrent, which no peer knows of; null: none does any more. */
  expect(hash: null): void;
  expect(hash: string, reached: () => void): void;
  expect(hash: string | null, reached: () => void = () => undefined): void {
    this.own = hash === null ? null : { hash, reached };
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
    try {
      this.hear(conn, unnamed, bytes);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.ports.log('debug', `${unnamed.address} refused: ${error.message}`);
      this.refuse(conn);
    }
  }

  private hear(conn: number, unnamed: Unnamed, bytes: Uint8Array): void {
    if (unnamed.responder && unnamed.encryption === 'none') {
      this.secure(unnamed, unnamed.responder.received(bytes));
      if (unnamed.responder.skey.length === 0) return;
    } else {
      unnamed.bytes = Uint8Array.from([...unnamed.bytes, ...bytes]);
    }
    if (unnamed.bytes.length < HANDSHAKE_BYTES) return;
    if (isHandshake(unnamed.bytes)) this.admit(conn, unnamed);
    else if (unnamed.responder || this.security.encryption() === 'off') fail('protocol', 'It does not speak BitTorrent.');
    else {
      unnamed.responder = new Responder(mark => this.find(mark), methodsOf(this.security.encryption()), this.security.random);
      this.secure(unnamed, unnamed.responder.start(unnamed.bytes));
      unnamed.bytes = NOTHING;
    }
  }

  /** Goes on with the handshake of the encryption; what was said within it is there once it is through. */
  private secure(unnamed: Unnamed, { send, want, secured }: Step): void {
    const { stream } = unnamed;
    if (send.length > 0) stream.send(send);
    if (want > 0) stream.credit(want);
    if (!secured) return;
    unnamed.encryption = secured.cipher ? 'full' : 'handshake';
    unnamed.bytes = secured.initial;
    if (secured.cipher) stream.cipher(secured.cipher, NOTHING);
    if (secured.initial.length < HANDSHAKE_BYTES) stream.credit(HANDSHAKE_BYTES - secured.initial.length);
  }

  private admit(conn: number, { address, transport, bytes, encryption, responder }: Unnamed): void {
    const handshake = decodeHandshake(bytes) ?? fail('protocol', 'It does not speak BitTorrent.');
    if (this.own?.hash === toHex(handshake.infoHash)) {
      this.refuse(conn);
      this.own.reached();
      return;
    }
    if (encryption !== 'full' && this.security.encryption() === 'require') fail('protocol', 'It does not encipher.');
    if (responder && !sameBytes(responder.skey, handshake.infoHash)) fail('protocol', 'It names two torrents.');
    const torrent = this.torrents.get(toHex(handshake.infoHash));
    if (!torrent || !CONNECTED.has(torrent.phase)) fail('protocol', 'It asks for a torrent that is not here.');
    this.unnamed.delete(conn);
    this.count(address, transport);
    this.loop.connections.give(conn, torrent);
    this.loop.event(torrent, now => {
      const stream = { transport, encryption, ahead: bytes.slice(HANDSHAKE_BYTES) };
      if (!torrent.peerSet.accept(conn, address, handshake, stream, now)) this.refuse(conn);
    });
  }

  /** Who is on this network shows nothing. */
  private count(address: string, transport: Transport): void {
    const ip = ipBytes(hostOf(address));
    if (!ip || scopeOf(ip) !== 'public') return;
    this.came[transport] += 1;
    this.came.at = this.ports.clock.now();
  }

  private find(mark: string): Uint8Array | null {
    for (const torrent of this.torrents.values()) {
      if (!CONNECTED.has(torrent.phase)) continue;
      for (const hash of shortHashes(torrent.hashes)) if (this.markOf(torrent, hash) === mark) return fromHex(hash);
    }
    return null;
  }

  private markOf(torrent: Torrent, hash: InfoHash): string {
    const marks = this.marks.get(torrent) ?? new Map<InfoHash, string>();
    const mark = marks.get(hash) ?? torrentMark(fromHex(hash));
    this.marks.set(torrent, marks.set(hash, mark));
    return mark;
  }

  private welcome(address: string, open: (events: StreamEvents) => Stream, transport: Transport): void {
    const conn = this.ids.conn();
    const stream = this.loop.connections.take(conn, open);
    const isFull = this.unnamed.size >= MAX_UNNAMED || this.limits.open >= this.limits.max;
    if (isFull || this.countFrom(address) >= MAX_UNNAMED_PER_HOST) {
      this.loop.connections.close(conn);
      return;
    }
    const since = this.ports.clock.now();
    this.unnamed.set(conn, { address, transport, since, stream, bytes: NOTHING, responder: null, encryption: 'none' });
    stream.credit(HANDSHAKE_BYTES);
  }

  private countFrom(address: string): number {
    const subnet = subnetOf(hostOf(address));
    let count = 0;
    for (const unnamed of this.unnamed.values()) if (subnetOf(hostOf(unnamed.address)) === subnet) count += 1;
    return count;
  }

  private refuse(conn: number): void {
    this.unnamed.delete(conn);
    this.loop.connections.close(conn);
  }
}
