import type { Outbox } from './effects.ts';
import type { HashExchange } from './hash-exchange.ts';
import { uncles } from './hash-exchange.ts';
import type { Peer } from './peer.ts';
import type { PieceHashes, PieceOfTree } from './piece-hashes.ts';
import type { Storage } from './storage.ts';
import { encodeMessage } from './codec/peer-wire.ts';
import type { HashRef } from './codec/peer-wire.ts';
import { sameBytes, toHex } from './model/ids.ts';
import type { Bitfield } from './model/bitfield.ts';
import { BLOCK } from './model/layout.ts';
import { hashesAt, heightOver, pieceHeight, proofOf, raise, TREE_HASH_BYTES, treeHeight } from './model/merkle.ts';

/** Bytes of a piece whose blocks are hashed for peers, as much as the store does at once. */
const MAX_PIECE = 16 << 20;
/** Bytes read for peers a second: a question of a few bytes is not to keep the disk busy. */
const MAX_READ = 32 << 20;
/** Questions that wait for the disk. */
const MAX_WAITING = 64;
/** Pieces whose hashes are kept, for the questions that follow the first: at most 32 KiB each. */
const MAX_KEPT = 16;

interface Question {
  readonly peer: Peer;
  readonly ref: HashRef;
  readonly place: PieceOfTree;
}

/** Gives peers the hashes of blocks (BEP 52): those are not kept anywhere, so the piece is read for them. */
export class LeafGiver {
  private readonly kept = new Map<number, Uint8Array>();
  private readonly waiting = new Map<number, Question[]>();
  private second = -Infinity;
  private read = 0;
  private count = 0;

  constructor(
    private readonly hashes: PieceHashes,
    private readonly have: Bitfield,
    private readonly storage: Storage,
    private readonly exchange: HashExchange,
    private readonly out: Outbox,
  ) {}

  /** Whether the request is one for blocks. */
  isFor(ref: HashRef): boolean {
    return ref.base === 0 && pieceHeight(this.hashes.layout.pieceLength) > 0;
  }

  /** Answers a request for which {@link isFor} holds, maybe later, with hashes or a refusal. */
  serve(peer: Peer, ref: HashRef, now: number): void {
    if (now - this.second >= 1000) {
      this.second = now;
      this.read = 0;
    }
    const found = this.find(ref);
    if (!found) return refuse(peer, ref, now);
    const { piece, place } = found;
    const question = { peer, ref, place };
    const leaves = this.kept.get(piece);
    if (leaves) return this.answer(question, leaves, now);
    const asked = this.waiting.get(piece);
    if (this.count >= MAX_WAITING || (!asked && this.read + place.length > MAX_READ)) return refuse(peer, ref, now);
    this.count += 1;
    if (asked) {
      asked.push(question);
      return;
    }
    this.waiting.set(piece, [question]);
    this.read += place.length;
    this.out({ do: 'leaves', piece, spans: this.storage.blockSpans(piece, 0, place.length) });
  }

  /** The store has read a piece; nothing if it could not. */
  readLeaves(piece: number, leaves: Uint8Array, now: number): void {
    const questions = this.waiting.get(piece) ?? [];
    this.waiting.delete(piece);
    this.count -= questions.length;
    const [first] = questions;
    if (!first) return;
    const isRight = leaves.length > 0 && this.isRight(piece, leaves, first.place);
    if (isRight) {
      this.kept.set(piece, leaves);
      const [oldest] = this.kept.keys();
      if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
    }
    for (const question of questions) {
      if (question.peer.stage !== 'open') continue;
      if (isRight) this.answer(question, leaves, now);
      else refuse(question.peer, question.ref, now);
    }
  }

  /** The store is gone, and with it what was asked of it. */
  stop(): void {
    this.waiting.clear();
    this.count = 0;
  }

  /** What is on disk may have been changed behind our back. */
  private isRight(piece: number, leaves: Uint8Array, { height }: PieceOfTree): boolean {
    const tree = this.hashes.digests(piece).find(({ algorithm }) => algorithm === 'sha256-tree');
    return tree !== undefined && sameBytes(raise(leaves, 0, height), tree.expected);
  }

  /** The piece whose blocks the request names, if we have it; null where there is none, or the range is none. */
  private find({ root, index, count, proofLayers }: HashRef): { piece: number; place: PieceOfTree } | null {
    const { layout } = this.hashes;
    for (const file of this.hashes.filesOf(toHex(root))) {
      const entry = layout.files[file];
      if (!entry) continue;
      const piece = Math.floor(entry.offset / layout.pieceLength) + Math.floor((index * BLOCK) / layout.pieceLength);
      if (piece >= layout.pieceCount || !this.have.get(piece)) continue;
      const place = this.hashes.placeOf(piece);
      if (place?.file !== file || place.length > MAX_PIECE) continue;
      const isRange = count >= 2 && count <= 2 ** place.height && Number.isInteger(Math.log2(count)) && index % count === 0;
      if (isRange && proofLayers < treeHeight(entry.length)) return { piece, place };
    }
    return null;
  }

  private answer({ peer, ref, place }: Question, leaves: Uint8Array, now: number): void {
    const { root, base, index, count, proofLayers } = ref;
    const first = index % 2 ** place.height;
    const levels = uncles(ref);
    const within = Math.min(levels, place.height - heightOver(count));
    const above = this.exchange.proof(root, place.index, levels - within);
    if (!above) return refuse(peer, ref, now);
    const hashes = new Uint8Array((count + within) * TREE_HASH_BYTES + above.length);
    hashes.set(hashesAt(leaves, 0, first, count));
    hashes.set(proofOf(leaves, 0, first, count, within), count * TREE_HASH_BYTES);
    hashes.set(above, (count + within) * TREE_HASH_BYTES);
    peer.send(encodeMessage({ type: 'hashes', root, base, index, count, proofLayers, hashes }), now);
  }
}

function refuse(peer: Peer, { root, base, index, count, proofLayers }: HashRef, now: number): void {
  peer.send(encodeMessage({ type: 'hashReject', root, base, index, count, proofLayers }), now);
}
