/** What the pieces of a torrent must hash to: by the list of v1, by the trees of v2 (BEP 52), by both in a hybrid. */
import type { DigestSpec, Span } from './events.ts';
import type { Metainfo } from './codec/metainfo.ts';
import { toHex } from './model/ids.ts';
import type { Layout } from './model/layout.ts';
import { pieceHeight, TREE_HASH_BYTES, treeHeight } from './model/merkle.ts';

const SHA1_BYTES = 20;

/** A piece as a part of its file's hash tree. */
export interface PieceOfTree {
  readonly file: number;
  /** Within its file. */
  readonly index: number;
  /** Bytes of the file in it. */
  readonly length: number;
  /** Of its hash above the blocks. */
  readonly height: number;
}

export class PieceHashes {
  readonly layout: Layout;
  /** By file: its root, in hex; null without a tree. */
  readonly roots: readonly (string | null)[];
  readonly #v1: Uint8Array;
  readonly #rootHashes: readonly (Uint8Array | null)[];
  readonly #layers: Map<string, Uint8Array>;
  readonly #filesOf = new Map<string, number[]>();

  constructor({ layout, pieceHashes, trees }: Pick<Metainfo, 'layout' | 'pieceHashes' | 'trees'>) {
    this.layout = layout;
    this.#v1 = pieceHashes;
    this.#rootHashes = trees?.roots ?? [];
    this.#layers = new Map(trees?.layers);
    this.roots = this.#rootHashes.map(root => root && toHex(root));
    this.roots.forEach((root, file) => {
      if (root === null) return;
      const files = this.#filesOf.get(root);
      if (files) files.push(file);
      else this.#filesOf.set(root, [file]);
    });
  }

  /** By root in hex: what is to be recorded with the torrent. */
  get layers(): ReadonlyMap<string, Uint8Array> {
    return this.#layers;
  }

  /** The files that have this root, in hex. */
  filesOf(root: string): readonly number[] {
    return this.#filesOf.get(root) ?? [];
  }

  /** Roots, in hex, whose piece layers are not known. */
  *missing(): Generator<string> {
    for (const [root, [file = 0]] of this.#filesOf) if (this.#hasLayer(file) && !this.#layers.has(root)) yield root;
  }

  /** A layer that was proven, or that our own record holds. One of a length that cannot be is left out. */
  learn(root: string, layer: Uint8Array): boolean {
    const file = this.#filesOf.get(root)?.[0];
    if (file === undefined || !this.#hasLayer(file) || layer.length !== this.piecesIn(file) * TREE_HASH_BYTES) return false;
    this.#layers.set(root, layer);
    return true;
  }

  piecesIn(file: number): number {
    return Math.ceil((this.layout.files[file]?.length ?? 0) / this.layout.pieceLength);
  }

  /** Whether the piece can be told right from wrong. */
  isKnown(piece: number): boolean {
    return this.#v1.length > 0 || this.#tree(piece) !== null;
  }

  /** Everything that a piece must hash to; nothing where that is not known yet. */
  digests(piece: number): DigestSpec[] {
    const tree = this.#tree(piece);
    const digests = tree ? [tree] : [];
    if (this.#v1.length > 0) digests.push(this.#sha1(piece));
    return digests;
  }

  /** What there is on disk of a piece, and one digest of it; null where none is known. */
  check(piece: number, spans: readonly Span[]): { spans: Span[]; digest: DigestSpec } | null {
    if (this.#v1.length > 0) return { spans: [...spans], digest: this.#sha1(piece) };
    const digest = this.#tree(piece);
    // A tree covers the file alone; what pads the piece is no part of it.
    return digest && { spans: spans.filter(({ file }) => file !== 0), digest };
  }

  /** Where the piece stands in the tree of its file; null where it has none. */
  placeOf(piece: number): PieceOfTree | null {
    const file = this.layout.spans(piece)[0]?.file ?? -1;
    const entry = this.layout.files[file];
    if (!entry || !this.#rootHashes[file]) return null;
    const { pieceLength } = this.layout;
    const index = piece - Math.floor(entry.offset / pieceLength);
    const length = Math.min(pieceLength, entry.length - index * pieceLength);
    return { file, index, length, height: this.#hasLayer(file) ? pieceHeight(pieceLength) : treeHeight(entry.length) };
  }

  #tree(piece: number): DigestSpec | null {
    const place = this.placeOf(piece);
    if (!place) return null;
    const { file, index, length, height } = place;
    const layer = this.#layers.get(this.roots[file] ?? '');
    const inLayer = layer?.subarray(index * TREE_HASH_BYTES, (index + 1) * TREE_HASH_BYTES);
    const expected = this.#hasLayer(file) ? inLayer : this.#rootHashes[file];
    return expected ? { algorithm: 'sha256-tree', height, offset: 0, length, expected } : null;
  }

  #sha1(piece: number): DigestSpec {
    const expected = this.#v1.subarray(piece * SHA1_BYTES, (piece + 1) * SHA1_BYTES);
    return { algorithm: 'sha1', height: 0, offset: 0, length: this.layout.pieceSize(piece), expected };
  }

  #hasLayer(file: number): boolean {
    return (this.layout.files[file]?.length ?? 0) > this.layout.pieceLength;
  }
}
