/**
 * Seeding as if we had nothing (BEP 16): each peer is shown a few rare pieces, and the next once another peer has one of
 * them, so that what we send is what the swarm lacks. For the first seed of a torrent; others would only slow peers down.
 */
import type { Peer } from './peer.ts';
import { Bitfield } from './model/bitfield.ts';
import type { Layout } from './model/layout.ts';
import { encodeMessage } from './codec/peer-wire.ts';

/** Pieces that a peer is shown and that no other has: with one alone it would wait for each. */
const AT_ONCE = 2;
/** The same for a peer that is alone with us, beyond what it is sent in two seconds. */
const ALONE = 8;
/** Ms until a peer is shown another though nobody took over the last: it may not want it, or be shut out by the others. */
const PATIENCE = 30_000;
/** Ms after which the rarest pieces are looked for anew. */
const STALE = 60_000;

/** What one peer was shown. */
interface Shown {
  /** Pieces that were seen at no other peer yet, with when they were shown, oldest first. */
  readonly pieces: Map<number, number>;
  /** All that it was ever told of: no use in telling it again. */
  readonly told: Bitfield;
  /** Bytes that it was sent before the oldest of `pieces`, while it is alone. */
  sentBefore: number;
}

export class SuperSeed {
  private readonly shown = new Map<Peer, Shown>();
  /** The rarest pieces in no order, and how rare they were. */
  private rare: number[] = [];
  private rarity = 0;
  private lookedAt = -Infinity;

  constructor(
    private readonly layout: Layout,
    /** Peers that have a piece. */
    private readonly availability: (piece: number) => number,
    private readonly random: () => number,
  ) {}

  /** A peer came, and was told that we have nothing. */
  welcome(peer: Peer, now: number): void {
    const told = new Bitfield(this.layout.pieceCount);
    this.shown.set(peer, { pieces: new Map(), told, sentBefore: peer.up.total });
    this.fill(peer, now);
  }

  gone(peer: Peer): void {
    for (const piece of this.shown.get(peer)?.pieces.keys() ?? []) this.rare.push(piece);
    this.shown.delete(peer);
  }

  /** The peer has it: whoever else was shown it has given it on, and is shown another. */
  saw(peer: Peer, piece: number, now: number): void {
    for (const [other, { pieces }] of this.shown) if (other !== peer && pieces.delete(piece)) this.fill(other, now);
  }

  /** The peer told anew of all that it has. */
  sawAll(peer: Peer, now: number): void {
    for (const { pieces } of this.shown.values()) {
      for (const piece of [...pieces.keys()]) if (peer.has.get(piece)) this.saw(peer, piece, now);
    }
  }

  /** Once a second: peers that would wait in vain. */
  tick(now: number): void {
    for (const [peer, shown] of this.shown) {
      const isIdle = peer.up.rate(now) === 0;
      for (const [piece, at] of shown.pieces) {
        const isStuck = now - at > PATIENCE && (isIdle || peer.has.get(piece));
        if (isStuck || (this.isAlone && this.isSent(peer, shown))) shown.pieces.delete(piece);
      }
      if (!this.isAlone) shown.sentBefore = peer.up.total;
      this.fill(peer, now);
    }
  }

  /** Nobody is there to give a piece on to. */
  private get isAlone(): boolean {
    return this.shown.size === 1;
  }

  /** Whether it was sent another piece's worth, which is then counted: it does not say so of a piece that we showed it. */
  private isSent(peer: Peer, shown: Shown): boolean {
    if (peer.up.total - shown.sentBefore < this.layout.pieceLength) return false;
    shown.sentBefore += this.layout.pieceLength;
    return true;
  }

  private fill(peer: Peer, now: number): void {
    const shown = this.shown.get(peer);
    const ahead = this.isAlone ? ALONE + Math.ceil((2 * peer.up.rate(now)) / this.layout.pieceLength) : AT_ONCE;
    while (shown && shown.pieces.size < ahead) {
      const piece = this.choose(peer.has, shown.told, now);
      if (piece < 0) return;
      shown.pieces.set(piece, now);
      shown.told.set(piece);
      peer.send(encodeMessage({ type: 'have', piece }), now);
    }
  }

  /** One of the rarest that the peer neither has nor was told of; −1 if there is none left at all. */
  private choose(has: Bitfield, told: Bitfield, now: number): number {
    if (told.isFull) return -1;
    if (this.rare.length === 0 || now - this.lookedAt > STALE) this.look(now);
    for (let at = this.rare.length - 1; at >= 0; at--) {
      const piece = this.rare[at] ?? 0;
      const isRare = this.availability(piece) <= this.rarity;
      if (isRare && (has.get(piece) || told.get(piece))) continue;
      this.rare[at] = this.rare[this.rare.length - 1] ?? 0;
      this.rare.pop();
      if (isRare) return piece;
    }
    // It knows of all the rarest: any other.
    const { pieceCount } = this.layout;
    const start = Math.floor(this.random() * pieceCount);
    for (let step = 0; step < pieceCount; step++) {
      const piece = (start + step) % pieceCount;
      if (!has.get(piece) && !told.get(piece)) return piece;
    }
    return -1;
  }

  /** It takes all pieces, and is done once for as many of them as are equally rare. */
  private look(now: number): void {
    this.lookedAt = now;
    const onTheWay = new Set([...this.shown.values()].flatMap(({ pieces }) => [...pieces.keys()]));
    const weigh = (piece: number): number => this.availability(piece) + (onTheWay.has(piece) ? 1 : 0);
    this.rarity = Infinity;
    for (let piece = 0; piece < this.layout.pieceCount; piece++) this.rarity = Math.min(this.rarity, weigh(piece));
    this.rare = [];
    for (let piece = 0; piece < this.layout.pieceCount; piece++) {
      if (weigh(piece) > this.rarity) continue;
      // Drawn into place, so that neighbours do not come one after another.
      const at = Math.floor(this.random() * (this.rare.length + 1));
      this.rare.push(this.rare[at] ?? piece);
      this.rare[at] = piece;
    }
  }
}
