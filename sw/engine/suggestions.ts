import type { Peer } from './peer.ts';
import type { Bitfield } from './model/bitfield.ts';
import type { Layout } from './model/layout.ts';
import { encodeMessage } from './codec/peer-wire.ts';

/** A torrent of fewer bytes lies in the system's cache whole, once it was given a single time. */
const WORTHWHILE = 64 << 20;
/** Pieces read last that are remembered, and ms that one is taken to be in the cache. */
const MAX_WARM = 16;
const WARM = 20_000;
/** Peers that one reading is suggested to: were it all of them, they would have nothing to give each other. */
const MOST_PEERS = 2;
/** Ms between two suggestions to one peer. */
const INTERVAL = 10_000;
/** A peer that lacks fewer pieces takes them in its own order. */
const FEW = 16;

interface Warm {
  /** When it was last read, monotonic ms. */
  at: number;
  /** Peers that it may yet be suggested to. */
  left: number;
  /** Those that it was read for, and those that it was suggested to. */
  readonly known: WeakSet<Peer>;
}

/**
 * What a seed suggests (BEP 6): a piece that was just read for one peer lies in the system's cache, and costs the disk
 * nothing more if others take it now.
 */
export class Suggestions {
  private readonly warm = new Map<number, Warm>();
  private readonly nextAt = new WeakMap<Peer, number>();

  constructor(
    private readonly layout: Layout,
    private readonly have: Bitfield,
    private readonly peers: ReadonlyMap<number, Peer>,
  ) {}

  /** A block of the piece was read for a peer. */
  read(peer: Peer, piece: number, now: number): void {
    if (!this.have.isFull || this.layout.length < WORTHWHILE) return;
    let warm = this.warm.get(piece);
    if (!warm) {
      warm = { at: now, left: MOST_PEERS, known: new WeakSet() };
      this.warm.set(piece, warm);
      const [oldest] = this.warm.keys();
      if (this.warm.size > MAX_WARM && oldest !== undefined) this.warm.delete(oldest);
    }
    warm.at = now;
    warm.known.add(peer);
  }

  /** Once a second. */
  tick(now: number): void {
    for (const [piece, { at }] of this.warm) if (now - at > WARM) this.warm.delete(piece);
    if (this.warm.size === 0) return;
    for (const peer of this.peers.values()) if (this.isFor(peer, now)) this.suggest(peer, now);
  }

  private isFor(peer: Peer, now: number): boolean {
    if (peer.stage !== 'open' || !peer.fast || peer.amChoking || !peer.peerInterested) return false;
    return peer.has.size - peer.has.count >= FEW && now >= (this.nextAt.get(peer) ?? 0);
  }

  private suggest(peer: Peer, now: number): void {
    for (const [piece, warm] of this.warm) {
      if (warm.left === 0 || warm.known.has(peer) || peer.has.get(piece)) continue;
      warm.left -= 1;
      warm.known.add(peer);
      this.nextAt.set(peer, now + INTERVAL);
      peer.send(encodeMessage({ type: 'suggest', piece }), now);
      return;
    }
  }
}
