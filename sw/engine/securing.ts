import type { Outbox } from './effects.ts';
import type { Peer } from './peer.ts';
import type { Encryption } from './settings.ts';
import type { RandomBytes } from './codec/dh.ts';
import { Initiator, Method } from './codec/mse.ts';
import type { Step } from './codec/mse.ts';
import { HANDSHAKE_BYTES } from './codec/peer-wire.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** What every connection has to keep to. */
export interface Security {
  /** As it is set now. */
  readonly encryption: () => Encryption;
  readonly random: RandomBytes;
}

/** The bits of {@link Method} that a setting allows within an enciphered handshake. */
export function methodsOf(encryption: Encryption): number {
  return encryption === 'require' ? Method.RC4 : Method.RC4 | Method.PLAINTEXT;
}

/** Connections of ours while their encryption is agreed on. */
export class Securing {
  private readonly handshakes = new Map<Peer, Initiator>();

  constructor(
    private readonly security: Security,
    private readonly out: Outbox,
  ) {}

  /** `failed`: it was tried with that peer before, in vain. */
  isDue(failed: boolean): boolean {
    const encryption = this.security.encryption();
    return encryption === 'require' || (encryption === 'prefer' && !failed);
  }

  /** Without it is better than not at all. */
  get isOptional(): boolean {
    return this.security.encryption() === 'prefer';
  }

  /** `infoHash`, 20 bytes, is that of the BitTorrent handshake, `handshake`, which is said within this one. */
  begin(peer: Peer, infoHash: Uint8Array, handshake: Uint8Array, now: number): void {
    const { random, encryption } = this.security;
    const initiator = new Initiator(infoHash, methodsOf(encryption()), handshake, random);
    this.handshakes.set(peer, initiator);
    peer.stage = 'securing';
    this.follow(peer, initiator.start(), now);
  }

  /** The first of the peer's handshake where the encryption is agreed on by these bytes, else null. Throws `protocol`. */
  received(peer: Peer, bytes: Uint8Array, now: number): Uint8Array | null {
    const step = this.handshakes.get(peer)?.received(bytes);
    if (!step) return null;
    this.follow(peer, step, now);
    if (!step.secured) return null;
    const { cipher, rest } = step.secured;
    this.handshakes.delete(peer);
    peer.stage = 'handshaking';
    peer.encryption = cipher ? 'full' : 'handshake';
    if (cipher) this.out({ do: 'cipher', conn: peer.conn, cipher, back: rest });
    const first = cipher ? NOTHING : rest;
    this.out({ do: 'credit', conn: peer.conn, bytes: HANDSHAKE_BYTES - first.length });
    return first;
  }

  forget(peer: Peer): void {
    this.handshakes.delete(peer);
  }

  private follow(peer: Peer, { send, want }: Step, now: number): void {
    if (send.length > 0) peer.send(send, now);
    if (want > 0) this.out({ do: 'credit', conn: peer.conn, bytes: want });
  }
}
