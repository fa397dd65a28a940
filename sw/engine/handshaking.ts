import type { Outbox } from './effects.ts';
import { greetingOf, ownHandshake } from './handshakes.ts';
import type { Peer } from './peer.ts';
import { Securing } from './securing.ts';
import type { Security } from './securing.ts';
import type { Endpoint } from './swarm.ts';
import { decodeHandshake, HANDSHAKE_BYTES } from './codec/peer-wire.ts';
import type { Handshake } from './codec/peer-wire.ts';
import { fromHex } from './model/ids.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';

/** What a handshake says of us. */
interface Introduced {
  readonly hashes: TorrentHashes;
  readonly dht: { readonly port: number };
}

/** Connections between their first byte and the handshake of BEP 3, enciphered or not. */
export class Handshaking {
  private readonly securing: Securing;
  /** The first bytes of handshakes that are not whole yet. */
  private readonly partial = new Map<Peer, Uint8Array>();

  constructor(
    private readonly torrent: Introduced,
    private readonly peerId: Uint8Array,
    security: Security,
    private readonly out: Outbox,
  ) {
    this.securing = new Securing(security, out);
  }

  /** Whether a connection that failed while its encryption was agreed on is to be tried without. */
  get isPlainNext(): boolean {
    return this.securing.isOptional;
  }

  own(infoHash: InfoHash): Uint8Array {
    return ownHandshake(infoHash, this.torrent.hashes, this.peerId, this.torrent.dht.port > 0);
  }

  /** A connection of ours stands. `plain`: it was tried enciphered before, in vain; `v2`: it is in the v2 swarm of a hybrid. */
  begin(peer: Peer, { plain, v2 }: Pick<Endpoint, 'plain' | 'v2'>, now: number): void {
    peer.stage = 'handshaking';
    const infoHash = greetingOf(this.torrent.hashes, v2);
    if (peer.transport !== 'webrtc' && this.securing.isDue(plain)) {
      this.securing.begin(peer, fromHex(infoHash), this.own(infoHash), now);
      return;
    }
    peer.send(this.own(infoHash), now);
    this.out({ do: 'credit', conn: peer.conn, bytes: HANDSHAKE_BYTES });
  }

  /** The other side's handshake, `foreign` where it is none; null until it is whole. Throws `protocol`. */
  received(peer: Peer, bytes: Uint8Array, now: number): Handshake | 'foreign' | null {
    if (peer.stage === 'handshaking') return this.read(peer, bytes);
    const first = peer.stage === 'securing' ? this.securing.received(peer, bytes, now) : null;
    return first && this.read(peer, first);
  }

  forget(peer: Peer): void {
    this.partial.delete(peer);
    this.securing.forget(peer);
  }

  private read(peer: Peer, bytes: Uint8Array): Handshake | 'foreign' | null {
    const before = this.partial.get(peer);
    const whole = before ? Uint8Array.from([...before, ...bytes]) : bytes;
    if (whole.length < HANDSHAKE_BYTES) {
      this.partial.set(peer, whole.slice());
      return null;
    }
    this.partial.delete(peer);
    return decodeHandshake(whole) ?? 'foreign';
  }
}
