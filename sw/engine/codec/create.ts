/** Makes torrents: v1 (BEP 3, 12, 19, 27), v2 (BEP 52), and hybrids that are both. Reading and hashing is the caller's. */
import { fail } from '../errors.ts';
import { BLOCK } from '../model/layout.ts';
import { merkleRoot, pieceHeight, raise, TREE_HASH_BYTES } from '../model/merkle.ts';
import { compareBytes, encodeCanonical, type Canonical } from './canonical.ts';
import { trackerUrl, webSeedUrl } from './urls.ts';

const MIN_PIECE_LENGTH = BLOCK;
/** What is chosen is smaller; past this one a piece is more than a client likes to hold. */
const MAX_PIECE_LENGTH = 64 << 20;
const MAX_CHOSEN = 16 << 20;
/** Enough that pieces are small beside the whole, few enough that their hashes are. */
const PIECES_WANTED = 1500;

export type TorrentKind = 'v1' | 'v2' | 'hybrid';

export interface NewFile {
  /** Components below the torrent's name; none for the one file of a torrent that is no folder. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
}

/** A file, or the zeros between two, in the order in which pieces are cut from them. */
export interface PlacedFile extends NewFile {
  readonly pad: boolean;
}

export interface NewTorrent {
  readonly kind: TorrentKind;
  readonly name: string;
  /** A power of two, 16 KiB to 64 MiB. */
  readonly pieceLength: number;
  /** Tiers (BEP 12). */
  readonly trackers: readonly (readonly string[])[];
  /** Servers that have the files (BEP 19), and those that give pieces (BEP 17). */
  readonly webSeeds: readonly string[];
  readonly httpSeeds: readonly string[];
  readonly isPrivate: boolean;
  /** "" for none. */
  readonly comment: string;
  readonly createdBy: string;
  /** Seconds since 1970. */
  readonly createdAt: number | null;
}

export interface FileTree {
  readonly root: Uint8Array;
  /** The hashes of its pieces; null for a file of no more than one. */
  readonly layer: Uint8Array | null;
}

export interface NewHashes {
  /** SHA-1 of each piece, end to end; null in v2. */
  readonly pieces: Uint8Array | null;
  /** Of each placed file its tree; null in v1, and for pads and empty files. */
  readonly trees: readonly (FileTree | null)[];
}

/** A power of two that cuts `size` bytes into about 1,500 pieces. */
export function choosePieceLength(size: number): number {
  let length = MIN_PIECE_LENGTH;
  while (length < MAX_CHOSEN && size / length > PIECES_WANTED) length *= 2;
  return length;
}

/** Throws `create`, with a message for people. */
export function checkPieceLength(length: number): void {
  if (length < MIN_PIECE_LENGTH || length > MAX_PIECE_LENGTH || (length & (length - 1)) !== 0)
    fail('create', 'The length of a piece is a power of two from 16 KiB (16384) to 64 MiB (67108864).');
}

/**
 * The files in the order of their paths' bytes, which is the one order of v2. In a hybrid each starts at a piece, as
 * v2 has it, so that pads stand between them.
 */
export function placeFiles(files: readonly NewFile[], kind: TorrentKind, pieceLength: number): PlacedFile[] {
  const utf8 = new TextEncoder();
  const sorted = files
    .map(({ path, length }) => ({ path, length, pad: false, keys: path.map(name => utf8.encode(name)) }))
    .sort((a, b) => comparePaths(a.keys, b.keys))
    .map(({ path, length, pad }) => ({ path, length, pad }));
  if (kind !== 'hybrid') return sorted;
  const lastFilled = sorted.findLastIndex(({ length }) => length > 0);
  return sorted.flatMap((file, index) => {
    const over = file.length % pieceLength;
    if (over === 0 || index >= lastFilled) return [file];
    const length = pieceLength - over;
    return [file, { path: ['.pad', String(length)], length, pad: true }];
  });
}

/** Puts together the hash tree of one file from the SHA-256 of its 16 KiB blocks, holding those of one piece. */
export class TreeBuilder {
  readonly #height: number;
  readonly #piece: Uint8Array;
  #filled = 0;
  #layer: Uint8Array[] = [];

  constructor(pieceLength: number) {
    this.#height = pieceHeight(pieceLength);
    this.#piece = new Uint8Array((pieceLength / BLOCK) * TREE_HASH_BYTES);
  }

  add(blockHash: Uint8Array): void {
    if (this.#filled === this.#piece.length) this.#closePiece();
    this.#piece.set(blockHash, this.#filled);
    this.#filled += TREE_HASH_BYTES;
  }

  /** Null for a file without blocks. */
  finish(): FileTree | null {
    if (this.#filled === 0) return null;
    if (this.#layer.length === 0) return { root: merkleRoot(this.#piece.subarray(0, this.#filled)), layer: null };
    this.#closePiece();
    const layer = new Uint8Array(this.#layer.length * TREE_HASH_BYTES);
    this.#layer.forEach((hash, index) => layer.set(hash, index * TREE_HASH_BYTES));
    return { root: merkleRoot(layer, this.#height), layer };
  }

  #closePiece(): void {
    this.#layer.push(raise(this.#piece.subarray(0, this.#filled), 0, this.#height));
    this.#filled = 0;
  }
}

/** The torrent file. Throws `create`, with a message for people, where an option cannot be. */
export function createTorrent(torrent: NewTorrent, files: readonly PlacedFile[], hashes: NewHashes): Uint8Array<ArrayBuffer> {
  checkPieceLength(torrent.pieceLength);
  if (/^(?:\.{0,2}$)|[/\\]/.test(torrent.name)) fail('create', `“${torrent.name}” cannot be the name of a torrent.`);
  const tiers = torrent.trackers.map(tier =>
    tier.map(url => trackerUrl(url) ?? fail('create', `“${url}” is not the address of a tracker.`)),
  );
  const seedsOf = (urls: readonly string[]): string[] =>
    urls.map(url => webSeedUrl(url) ?? fail('create', `“${url}” is not the address of a web seed.`));
  const [webSeeds, httpSeeds] = [seedsOf(torrent.webSeeds), seedsOf(torrent.httpSeeds)];
  const outside = new Map<string, Canonical>([['info', infoOf(torrent, files, hashes)]]);
  const first = tiers[0]?.[0];
  if (first !== undefined) outside.set('announce', first);
  if (tiers.flat().length > 1) outside.set('announce-list', tiers);
  if (webSeeds.length > 0) outside.set('url-list', webSeeds);
  if (httpSeeds.length > 0) outside.set('httpseeds', httpSeeds);
  if (torrent.comment !== '') outside.set('comment', torrent.comment);
  if (torrent.createdBy !== '') outside.set('created by', torrent.createdBy);
  if (torrent.createdAt !== null) outside.set('creation date', torrent.createdAt);
  if (torrent.kind !== 'v1') outside.set('piece layers', layersOf(hashes.trees));
  return encodeCanonical(outside);
}

function infoOf(torrent: NewTorrent, files: readonly PlacedFile[], hashes: NewHashes): Map<string, Canonical> {
  const info = new Map<string, Canonical>([
    ['name', torrent.name],
    ['piece length', torrent.pieceLength],
  ]);
  if (torrent.isPrivate) info.set('private', 1);
  if (torrent.kind !== 'v2') {
    info.set('pieces', hashes.pieces ?? fail('internal', 'a v1 torrent needs the hashes of its pieces'));
    const [only] = files;
    if (files.length === 1 && only?.path.length === 0) info.set('length', only.length);
    else info.set('files', files.map(listed));
  }
  if (torrent.kind !== 'v1') {
    info.set('meta version', 2);
    info.set('file tree', treeOf(torrent.name, files, hashes.trees));
  }
  return info;
}

function listed({ path, length, pad }: PlacedFile): Canonical {
  const entry = new Map<string, Canonical>([
    ['length', length],
    ['path', path],
  ]);
  if (pad) entry.set('attr', 'p');
  return entry;
}

/** BEP 52: folders inside one another, each file a dictionary under the empty name. */
function treeOf(name: string, files: readonly PlacedFile[], trees: NewHashes['trees']): Canonical {
  type Folder = Map<string, Canonical>;
  const top: Folder = new Map();
  const folders = new Map<string, Folder>([['', top]]);
  const folderAt = (path: readonly string[]): Folder => {
    const key = path.join('/');
    let folder = folders.get(key);
    if (folder === undefined) {
      folder = new Map();
      folders.set(key, folder);
      folderAt(path.slice(0, -1)).set(path.at(-1)!, folder);
    }
    return folder;
  };
  files.forEach(({ path, length, pad }, index) => {
    if (pad) return;
    const entry = new Map<string, Canonical>([['length', length]]);
    if (length > 0) entry.set('pieces root', trees[index]?.root ?? fail('internal', 'a v2 torrent needs the trees of its files'));
    folderAt(path.slice(0, -1)).set(path.at(-1) ?? name, new Map([['', entry]]));
  });
  return top;
}

/** By root, so that files of the same content share one. */
function layersOf(trees: NewHashes['trees']): Canonical {
  const layers = new Map<string, readonly [root: Uint8Array, layer: Uint8Array]>();
  for (const tree of trees) if (tree?.layer) layers.set(tree.root.join(), [tree.root, tree.layer]);
  return new Map(layers.values());
}

function comparePaths(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareBytes(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
