import type { Peer } from './peer.ts';
import type { PieceHashes } from './piece-hashes.ts';
import { fail } from './errors.ts';
import { encodeMessage } from './codec/peer-wire.ts';
import type { HashRef } from './codec/peer-wire.ts';
import { fromHex, sameBytes, toHex } from './model/ids.ts';
import { LayerTop } from './layer-top.ts';
import { heightOver, pieceHeight, rootFromProof, TREE_HASH_BYTES, treeHeight } from './model/merkle.ts';

/** Hashes asked for, and answered, in one message (BEP 52 in practice). */
export const MAX_HASHES = 512;
const PER_PEER = 4;
/** Ms until an unanswered request goes to another peer, and until those who refused are asked again. */
const TIMEOUT = 10_000;
const ASK_AGAIN = 30_000;
/** Parts that are looked at for one peer at once, so that a peer which refused most of them costs little. */
const LOOKED_AT = 64;
/** Requests of one peer that are answered a second; more are refused. */
const MAX_ANSWERS = 64;

/** A layer on its way in: the hashes of the pieces under one root. */
interface Wanted {
  readonly hex: string;
  readonly root: Uint8Array;
  readonly hashes: Uint8Array;
  /** Parts of up to 512 hashes that are not here. */
  missing: number;
}

interface Part {
  readonly of: Wanted;
  readonly ref: HashRef;
  /** When it was last asked for. */
  at: number;
}

/**
 * Piece layers between peers (BEP 52): asks for those that a torrent lacks, believes what is proven to lead to the root of
 * its file, and answers others. Each part is proven by itself, so whoever sends a wrong one is known at once.
 */
export class HashExchange {
  private readonly wanted = new Map<string, Wanted>();
  private waiting: Part[] = [];
  private readonly asked = new Map<Peer, Part[]>();
  private readonly refused = new Map<Peer, Set<string>>();
  private readonly answers = new Map<Peer, number>();
  private readonly tops = new Map<string, LayerTop>();
  private clearedAt = -Infinity;
  private second = -Infinity;

  constructor(private readonly hashes: PieceHashes) {}

  /** Which files are wanted, by index: the layers of others are not asked for. */
  seek(isWanted: (file: number) => boolean): void {
    for (const hex of this.hashes.missing()) {
      if (!this.wanted.has(hex) && this.hashes.filesOf(hex).some(isWanted)) this.want(hex);
    }
  }

  /** Once a second: asks peers for what is missing. */
  tick(peers: Iterable<Peer>, now: number): void {
    if (now - this.clearedAt > ASK_AGAIN) {
      this.clearedAt = now;
      this.refused.clear();
    }
    for (const [peer, parts] of this.asked) {
      for (const part of parts) if (now - part.at > TIMEOUT) this.refuse(peer, part);
    }
    for (const peer of peers) this.ask(peer, now);
  }

  /** Hashes that a peer sent; a layer, where they were the last of it. Throws `protocol` where they are wrong. */
  receive(
    peer: Peer,
    message: HashRef & { readonly hashes: Uint8Array },
    now: number,
  ): { root: string; hashes: Uint8Array } | null {
    const part = this.asked.get(peer)?.find(candidate => sameRef(candidate.ref, message));
    if (!part) return null;
    const { of: wanted, ref } = part;
    const size = ref.count * TREE_HASH_BYTES;
    const fits = message.hashes.length === size + uncles(ref) * TREE_HASH_BYTES;
    const proven = fits && rootFromProof(message.hashes.subarray(0, size), ref.index, message.hashes.subarray(size));
    if (!proven || !sameBytes(proven, wanted.root))
      fail('protocol', 'It sent hashes that do not lead to the root of their file.');
    this.forget(peer, part);
    const at = ref.index * TREE_HASH_BYTES;
    wanted.hashes.set(message.hashes.subarray(0, Math.min(size, wanted.hashes.length - at)), at);
    wanted.missing -= 1;
    if (wanted.missing > 0) {
      this.ask(peer, now);
      return null;
    }
    this.wanted.delete(wanted.hex);
    this.ask(peer, now);
    return { root: wanted.hex, hashes: wanted.hashes };
  }

  /** The peer does not have them. */
  rejected(peer: Peer, ref: HashRef): void {
    const part = this.asked.get(peer)?.find(candidate => sameRef(candidate.ref, ref));
    if (part) this.refuse(peer, part);
  }

  /** Answers a request, with hashes or a refusal. */
  serve(peer: Peer, ref: HashRef, now: number): void {
    if (now - this.second >= 1000) {
      this.second = now;
      this.answers.clear();
    }
    const before = this.answers.get(peer) ?? 0;
    this.answers.set(peer, before + 1);
    const hashes = before < MAX_ANSWERS ? this.find(ref) : null;
    const answer = { root: ref.root, base: ref.base, index: ref.index, count: ref.count, proofLayers: ref.proofLayers };
    peer.send(encodeMessage(hashes ? { type: 'hashes', ...answer, hashes } : { type: 'hashReject', ...answer }), now);
  }

  /** What proves the hash of a piece of the file with this root, `levels` hashes from it upwards; null where it cannot be. */
  proof(root: Uint8Array, piece: number, levels: number): Uint8Array | null {
    if (levels === 0) return new Uint8Array(0);
    const hex = toHex(root);
    const layer = this.hashes.layers.get(hex);
    const [file] = this.hashes.filesOf(hex);
    if (!layer || file === undefined) return null;
    return this.topOf(hex, layer, file).hashes(piece, 1, levels).subarray(TREE_HASH_BYTES);
  }

  gone(peer: Peer): void {
    this.waiting.push(...(this.asked.get(peer) ?? []));
    this.asked.delete(peer);
    this.refused.delete(peer);
    this.answers.delete(peer);
  }

  private want(hex: string): void {
    const file = this.hashes.filesOf(hex)[0] ?? 0;
    const { layout } = this.hashes;
    const pieces = this.hashes.piecesIn(file);
    const base = pieceHeight(layout.pieceLength);
    const height = treeHeight(layout.files[file]?.length ?? 0);
    const count = Math.min(MAX_HASHES, 2 ** (height - base));
    const parts = Math.ceil(pieces / count);
    const wanted = { hex, root: fromHex(hex), hashes: new Uint8Array(pieces * TREE_HASH_BYTES), missing: parts };
    this.wanted.set(hex, wanted);
    const proofLayers = height - base - heightOver(count) > 0 ? height - base - 1 : 0;
    for (let part = parts - 1; part >= 0; part--) {
      this.waiting.push({
        of: wanted,
        ref: { root: wanted.root, base, index: part * count, count, proofLayers },
        at: 0,
      });
    }
  }

  private ask(peer: Peer, now: number): void {
    if (peer.stage !== 'open' || !peer.v2) return;
    const parts = this.asked.get(peer) ?? [];
    const refused = this.refused.get(peer);
    const aside: Part[] = [];
    while (parts.length < PER_PEER && aside.length < LOOKED_AT) {
      const part = this.waiting.pop();
      if (!part) break;
      if (!this.wanted.has(part.of.hex)) continue;
      if (refused?.has(part.of.hex)) {
        aside.push(part);
        continue;
      }
      part.at = now;
      parts.push(part);
      peer.send(encodeMessage({ type: 'hashRequest', ...part.ref }), now);
    }
    if (parts.length > 0) this.asked.set(peer, parts);
    // Those that this peer lacks go behind the others, where the next look comes to them last.
    if (aside.length > 0) this.waiting = [...aside, ...this.waiting];
  }

  private refuse(peer: Peer, part: Part): void {
    const refused = this.refused.get(peer) ?? new Set();
    refused.add(part.of.hex);
    this.refused.set(peer, refused);
    this.forget(peer, part);
    this.waiting.push(part);
  }

  private forget(peer: Peer, part: Part): void {
    const left = (this.asked.get(peer) ?? []).filter(other => other !== part);
    if (left.length > 0) this.asked.set(peer, left);
    else this.asked.delete(peer);
  }

  /** What a request asks for, with its proof; null where we do not have it, or it cannot be. */
  private find(ref: HashRef): Uint8Array | null {
    const hex = toHex(ref.root);
    const layer = this.hashes.layers.get(hex);
    const [file] = this.hashes.filesOf(hex);
    if (!layer || file === undefined) return null;
    const { layout } = this.hashes;
    const base = pieceHeight(layout.pieceLength);
    const height = treeHeight(layout.files[file]?.length ?? 0);
    const isLayer = ref.base === base && ref.proofLayers < height - base;
    const isRange = ref.count >= 2 && ref.count <= MAX_HASHES && Number.isInteger(Math.log2(ref.count));
    if (!isLayer || !isRange || ref.index % ref.count !== 0 || ref.index + ref.count > 2 ** (height - base)) return null;
    return this.topOf(hex, layer, file).hashes(ref.index, ref.count, uncles(ref));
  }

  private topOf(hex: string, layer: Uint8Array, file: number): LayerTop {
    let top = this.tops.get(hex);
    if (!top) {
      const { layout } = this.hashes;
      top = new LayerTop(layer, pieceHeight(layout.pieceLength), treeHeight(layout.files[file]?.length ?? 0));
      this.tops.set(hex, top);
    }
    return top;
  }
}

/** Hashes of the proof: a layer that follows from the hashes themselves has none. */
export function uncles({ count, proofLayers }: HashRef): number {
  return Math.max(0, proofLayers - heightOver(count) + 1);
}

function sameRef(a: HashRef, b: HashRef): boolean {
  const same = a.base === b.base && a.index === b.index && a.count === b.count && a.proofLayers === b.proofLayers;
  return same && sameBytes(a.root, b.root);
}
