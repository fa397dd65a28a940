import type { ActivePiece } from './pieces.ts';
import type { Peer } from './peer.ts';
import type { PieceHashes } from './piece-hashes.ts';
import { fail } from './errors.ts';
import { encodeMessage } from './codec/peer-wire.ts';
import type { HashRef } from './codec/peer-wire.ts';
import { fromHex, sameBytes } from './model/ids.ts';
import { MAX_LEAVES, pieceHeight, raise, TREE_HASH_BYTES } from './model/merkle.ts';

/** Pieces disputed at once; others that fail are fetched again whole. */
const MAX_DISPUTES = 16;
/** Peers asked about a piece, one after another, and ms until the next is. */
const MAX_ASKED = 3;
const TIMEOUT = 5_000;

interface Dispute {
  readonly piece: ActivePiece;
  readonly ref: HashRef;
  /** What its hashes have to lead to. */
  readonly expected: Uint8Array;
  /** Leaves of what has landed. */
  readonly landed: Uint8Array;
  readonly tried: Set<Peer>;
  /** Who is asked now. */
  peer: Peer | null;
  at: number;
}

/** What the true hashes of a piece's blocks say of what has landed. */
export interface Verdict {
  readonly piece: ActivePiece;
  /** True hashes of its blocks, 32 bytes each. */
  readonly leaves: Uint8Array;
  /** Blocks that are not what they should be. */
  readonly bad: readonly number[];
}

/**
 * Pieces of v2 that failed (BEP 52): peers are asked for the hashes of their blocks, which prove themselves by leading to
 * the piece's own. So the 16 KiB that are wrong are known at once, with who sent them, and the others need not come again.
 */
export class Disputes {
  private readonly open = new Map<number, Dispute>();

  constructor(
    private readonly hashes: PieceHashes,
    private readonly peers: ReadonlyMap<number, Peer>,
    /** Nobody told. */
    private readonly giveUp: (piece: ActivePiece) => void,
  ) {}

  /** False where nobody can be asked. */
  begin(piece: ActivePiece, landed: Uint8Array, now: number): boolean {
    const place = this.hashes.placeOf(piece.index);
    // With a tree that was learned since, it was not compared, and `landed` is not of its leaves.
    const expected = piece.digests.find(({ algorithm }) => algorithm === 'sha256-tree')?.expected;
    const root = place && this.hashes.roots[place.file];
    if (!place || !expected || !root || place.height === 0 || this.open.size >= MAX_DISPUTES) return false;
    const count = 2 ** place.height;
    if (count > MAX_LEAVES) return false;
    const first = place.index * 2 ** pieceHeight(this.hashes.layout.pieceLength);
    const ref = { root: fromHex(root), base: 0, index: first, count, proofLayers: 0 };
    const dispute: Dispute = { piece, ref, expected, landed: landed.slice(), tried: new Set(), peer: null, at: now };
    if (!this.ask(dispute, now)) return false;
    this.open.set(piece.index, dispute);
    return true;
  }

  /** Null where it answers no question of ours. Throws `protocol` where the hashes are wrong. */
  receive(peer: Peer, message: HashRef & { readonly hashes: Uint8Array }): Verdict | null {
    const dispute = this.of(peer, message);
    if (!dispute) return null;
    const { ref, expected, piece, landed } = dispute;
    const fits = message.hashes.length === ref.count * TREE_HASH_BYTES;
    if (!fits || !sameBytes(raise(message.hashes, 0, Math.log2(ref.count)), expected)) {
      fail('protocol', 'It sent hashes of blocks that do not lead to the hash of their piece.');
    }
    this.open.delete(piece.index);
    const leaves = message.hashes.slice(0, landed.length);
    const bad: number[] = [];
    for (let at = 0; at < landed.length; at += TREE_HASH_BYTES) {
      const [is, should] = [landed, leaves].map(hashes => hashes.subarray(at, at + TREE_HASH_BYTES));
      if (is && should && !sameBytes(is, should)) bad.push(at / TREE_HASH_BYTES);
    }
    return { piece, leaves, bad };
  }

  /** False where it refuses no question of ours. */
  rejected(peer: Peer, ref: HashRef, now: number): boolean {
    const dispute = this.of(peer, ref);
    if (dispute) this.next(dispute, now);
    return dispute !== null;
  }

  gone(peer: Peer, now: number): void {
    for (const dispute of [...this.open.values()]) if (dispute.peer === peer) this.next(dispute, now);
  }

  tick(now: number): void {
    for (const dispute of [...this.open.values()]) if (now - dispute.at > TIMEOUT) this.next(dispute, now);
  }

  /** The piece is not fetched any more. */
  drop(piece: ActivePiece): void {
    if (this.open.get(piece.index)?.piece === piece) this.open.delete(piece.index);
  }

  private next(dispute: Dispute, now: number): void {
    if (this.ask(dispute, now)) return;
    this.open.delete(dispute.piece.index);
    this.giveUp(dispute.piece);
  }

  private ask(dispute: Dispute, now: number): boolean {
    dispute.peer = null;
    if (dispute.tried.size >= MAX_ASKED) return false;
    for (const peer of this.peers.values()) {
      if (peer.stage !== 'open' || !peer.v2 || !peer.has.get(dispute.piece.index) || dispute.tried.has(peer)) continue;
      dispute.peer = peer;
      dispute.at = now;
      dispute.tried.add(peer);
      peer.send(encodeMessage({ type: 'hashRequest', ...dispute.ref }), now);
      return true;
    }
    return false;
  }

  private of(peer: Peer, ref: HashRef): Dispute | null {
    if (ref.base !== 0) return null;
    for (const dispute of this.open.values()) {
      const { index, count, proofLayers, root } = dispute.ref;
      const isSame = ref.index === index && ref.count === count && ref.proofLayers === proofLayers;
      if (dispute.peer === peer && isSame && sameBytes(ref.root, root)) return dispute;
    }
    return null;
  }
}
