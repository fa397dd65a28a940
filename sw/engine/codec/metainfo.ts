/**
 * Torrent files (BEP 3, 12, 19, 27, 47) and the info dictionary alone, as peers send it for a magnet (BEP 9).
 *
 * A hybrid (BEP 52) has the files of its v1 part, pads included, and the hash trees of its v2 part.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { EngineError, fail, refuse } from '../errors.ts';
import { ID_BYTES, toHex, truncated, type InfoHash, type TorrentHashes } from '../model/ids.ts';
import { BLOCK, Layout } from '../model/layout.ts';
import { isHost, type PeerAddress } from './address.ts';
import { sha1Of } from './digest.ts';
import { MAX_METADATA } from './extensions.ts';
import { damaged, readFileList, readFileTree, textAt, type ListedFile } from './file-list.ts';
import { readPieceLayers, checkSameFiles, withPads } from './hybrid.ts';
import { distinctPaths, safeName } from './paths.ts';
import { scan as scanBytes, type Scan } from './scan.ts';
import { printable } from './text.ts';
import { trackerUrl, webSeedUrl } from './urls.ts';

/** Bytes of a torrent file. */
export const MAX_TORRENT_BYTES = 10_000_000;
const MAX_PIECE_LENGTH = 512 * 1024 * 1024 - 1;
const MAX_PIECES = 2_097_152;
const MAX_TRACKERS = 100;
const MAX_WEB_SEEDS = 100;
const MAX_NODES = 100;
/** Entries of a list of addresses that are looked at, good or bad; to take an address apart is slow. */
const MAX_LOOKED_AT = 1000;
const MAX_COMMENT = 1000;
const MAX_CREATOR = 100;
/** What every torrent begins with. */
const DICT = 0x64;

export interface Metainfo {
  /** SHA-1 of `info`; of v2 alone, the first 20 bytes of its SHA-256. */
  readonly infoHash: InfoHash;
  /** SHA-1 of `info`; null where it has no v1 part. */
  readonly v1Hash: InfoHash | null;
  /** SHA-256 of `info` in 64 lower-case hex digits; null where it has no v2 part (BEP 52). */
  readonly v2Hash: string | null;
  /** The dictionary's own bytes. */
  readonly info: Uint8Array;
  /** Safe as a file name. */
  readonly name: string;
  readonly layout: Layout;
  /** SHA-1 of each piece, 20 bytes each; empty where the torrent is of v2 alone. */
  readonly pieceHashes: Uint8Array;
  /** Peers may come from its trackers alone (BEP 27). */
  readonly isPrivate: boolean;
  readonly v2Only: boolean;
  /** Null where it has no v2 part. */
  readonly trees: HashTrees | null;
  /** In tiers (BEP 12), each address once. */
  readonly trackers: readonly (readonly string[])[];
  /** Of several files: ending in a slash (BEP 19). */
  readonly webSeeds: readonly string[];
  /** Servers that are asked for pieces (BEP 17). */
  readonly httpSeeds: readonly string[];
  /** Where to enter the DHT. */
  readonly nodes: readonly PeerAddress[];
  /** Texts fit to be shown; "" for none. */
  readonly comment: string;
  readonly createdBy: string;
  /** Seconds since 1970. */
  readonly createdAt: number | null;
}

/** The hash trees of the files (BEP 52). */
export interface HashTrees {
  /** By index of the file in the layout; null for pads and empty files. */
  readonly roots: readonly (Uint8Array | null)[];
  /** The hashes of the pieces of files longer than one, 32 bytes each, by root in hex: those that are known. */
  readonly layers: ReadonlyMap<string, Uint8Array>;
}

/** What stands outside the info dictionary. */
type Surroundings = Pick<Metainfo, 'trackers' | 'webSeeds' | 'httpSeeds' | 'nodes' | 'comment' | 'createdBy' | 'createdAt'>;
const NO_SURROUNDINGS: Surroundings = {
  trackers: [],
  webSeeds: [],
  httpSeeds: [],
  nodes: [],
  comment: '',
  createdBy: '',
  createdAt: null,
};

/** Reads a torrent file. @throws {Refusal} where it cannot be used */
export function parseTorrent(bytes: Uint8Array): Metainfo {
  if (bytes.length > MAX_TORRENT_BYTES) {
    refuse('torrent-too-large', { most: { bytes: MAX_TORRENT_BYTES } });
  }
  if (bytes[0] !== DICT) refuse('no-torrent');
  // Some servers append to what they send; what follows the torrent is let be.
  const torrent = scanned(bytes, 'allow');
  const infoToken = torrent.find(0, 'info');
  const { info, tree } = readInfo(torrent, infoToken);
  const layers = tree && readPieceLayers(torrent, tree, info.layout.pieceLength);
  const createdAt = torrent.integer(torrent.find(0, 'creation date'));
  return {
    ...info,
    trees: info.trees && { roots: info.trees.roots, layers: layers ?? new Map() },
    trackers: readTrackers(torrent),
    webSeeds: readWebSeeds(torrent, 'url-list', info.layout.files.filter(({ pad }) => !pad).length > 1),
    httpSeeds: readWebSeeds(torrent, 'httpseeds', false),
    nodes: readNodes(torrent),
    comment: printable(textAt(torrent, 0, 'comment') ?? '', MAX_COMMENT) ?? '',
    createdBy: printable(textAt(torrent, 0, 'created by') ?? '', MAX_CREATOR) ?? '',
    createdAt: createdAt !== null && createdAt > 0 && Number.isFinite(createdAt) ? createdAt : null,
  };
}

/**
 * Reads an info dictionary that peers sent. Throws `info-hash` where it is not the one with every hash that is
 * `expected`, else as {@link parseTorrent} does.
 */
export function parseInfo(bytes: Uint8Array, expected: TorrentHashes): Metainfo {
  if (bytes.length > MAX_METADATA) damaged('the list of its files is too long');
  const isRight =
    (expected.v1Hash === null || toHex(sha1Of(bytes)) === expected.v1Hash) &&
    (expected.v2Hash === null || toHex(sha256(bytes)) === expected.v2Hash);
  if (!isRight) fail('info-hash', 'What peers sent is not the list of files of this torrent.');
  return { ...readInfo(scanned(bytes, 'refuse'), 0).info, ...NO_SURROUNDINGS };
}

/** Scans a torrent or an info dictionary; what is wrong is told as of a torrent. */
function scanned(bytes: Uint8Array, trailing: 'refuse' | 'allow'): Scan {
  try {
    return scanBytes(bytes, { trailing });
  } catch (error) {
    if (error instanceof EngineError) refuse('torrent-damaged', { detail: error.message });
    throw error;
  }
}

function readInfo(scan: Scan, dict: number): { info: Omit<Metainfo, keyof Surroundings>; tree: readonly ListedFile[] | null } {
  if (!scan.isDict(dict)) damaged('it says nothing about its files');
  const version = scan.integer(scan.find(dict, 'meta version')) ?? 1;
  if (version > 2) refuse('torrent-too-new');
  const isV2 = version === 2;
  if (isV2 && !scan.isSorted(dict)) damaged('its entries are not in order');
  const pieceLength = readPieceLength(scan, dict, isV2);
  // A copy of its own, so that it does not keep the rest of a file in memory.
  const info = scan.raw(dict).slice();
  const rawName = textAt(scan, dict, 'name') ?? damaged('it has no name');
  const name = safeName(rawName) || toHex(sha1Of(info));

  const tree = readFileTree(scan, dict, name);
  if ((tree !== null) !== isV2) damaged(isV2 ? 'it lists no files' : 'it has a tree of files and does not say of which version');
  const list = readFileList(scan, dict, name);
  if (list !== null && tree !== null) checkSameFiles(list, tree, pieceLength);
  const files = list ?? (tree === null ? damaged('it lists no files') : withPads(tree, pieceLength));

  const layout = layOut(files, pieceLength);
  const v2Only = list === null;
  const pieces = scan.find(dict, 'pieces');
  const listed = scan.string(pieces);
  if (listed === null && !v2Only) damaged('it has no hashes of its pieces');
  if (listed !== null && listed.length !== ID_BYTES * layout.pieceCount)
    damaged('the number of its hashes does not fit its size');
  const hashesEnd = scan.end(pieces) - scan.start(dict);
  const pieceHashes = info.subarray(hashesEnd - (listed?.length ?? 0), hashesEnd);
  const isPrivate = (scan.integer(scan.find(dict, 'private')) ?? 0) !== 0;
  const v1Hash = v2Only ? null : toHex(sha1Of(info));
  const v2Hash = isV2 ? toHex(sha256(info)) : null;
  const infoHash = v1Hash ?? truncated(v2Hash ?? '');
  const trees = tree && { roots: rootsOf(files, tree), layers: new Map<string, Uint8Array>() };
  return { info: { infoHash, v1Hash, v2Hash, info, name, layout, pieceHashes, isPrivate, v2Only, trees }, tree };
}

/** The v2 list has no pads, and else the same files in the same order. */
function rootsOf(files: readonly ListedFile[], tree: readonly ListedFile[]): (Uint8Array | null)[] {
  let next = 0;
  return files.map(({ pad }) => (pad ? null : (tree[next++]?.root?.slice() ?? null)));
}

function readPieceLength(scan: Scan, dict: number, isV2: boolean): number {
  const length = scan.integer(scan.find(dict, 'piece length'));
  if (length === null || length <= 0 || length > MAX_PIECE_LENGTH) damaged('its pieces have no length that can be');
  // BEP 52: a power of two, and no less than a block.
  if (isV2 && (length < BLOCK || (length & (length - 1)) !== 0)) damaged('its pieces have no length that can be');
  return length;
}

function layOut(files: readonly ListedFile[], pieceLength: number): Layout {
  const total = files.reduce((sum, file) => sum + file.length, 0);
  if (total === 0) damaged('its files are all empty');
  if (total > MAX_PIECES * pieceLength) damaged('it has more pieces than any real one');
  const visible = files.filter(file => !file.pad);
  const paths = distinctPaths(visible.map(file => file.path));
  let next = 0;
  return new Layout(
    pieceLength,
    files.map(file => {
      const path = file.pad ? file.path : paths[next++]!;
      return path === file.path ? file : { ...file, path };
    }),
  );
}

function readTrackers(torrent: Scan): string[][] {
  const seen = new Set<string>();
  let lookedAt = 0;
  const take = (token: number): string[] => {
    if (lookedAt++ >= MAX_LOOKED_AT || seen.size >= MAX_TRACKERS) return [];
    const url = trackerUrl(textOf(torrent, token));
    if (url === null || seen.has(url)) return [];
    seen.add(url);
    return [url];
  };
  const tiers: string[][] = [];
  for (const tier of torrent.items(torrent.find(0, 'announce-list'))) {
    const urls = [...torrent.items(tier)].flatMap(take);
    if (urls.length > 0) tiers.push(urls);
  }
  if (tiers.length > 0) return tiers;
  const announce = trackerUrl(textOf(torrent, torrent.find(0, 'announce')));
  return announce === null ? [] : [[announce]];
}

function readWebSeeds(torrent: Scan, key: string, severalFiles: boolean): string[] {
  const token = torrent.find(0, key);
  const listed = torrent.isList(token) ? [...torrent.items(token)] : [token];
  const seeds = new Set<string>();
  for (const item of listed.slice(0, MAX_LOOKED_AT)) {
    const url = webSeedUrl(textOf(torrent, item));
    if (url !== null && seeds.size < MAX_WEB_SEEDS) seeds.add(severalFiles && !url.endsWith('/') ? `${url}/` : url);
  }
  return [...seeds];
}

function readNodes(torrent: Scan): PeerAddress[] {
  const nodes: PeerAddress[] = [];
  for (const item of torrent.items(torrent.find(0, 'nodes'))) {
    if (nodes.length >= MAX_NODES) break;
    const [hostToken = -1, portToken = -1] = torrent.items(item);
    const host = textOf(torrent, hostToken);
    const port = torrent.integer(portToken) ?? 0;
    if (isHost(host) && port >= 1 && port <= 65535) nodes.push({ host, port });
  }
  return nodes;
}

/** The text of a string; "" where it is none. */
function textOf(torrent: Scan, token: number): string {
  const bytes = torrent.string(token);
  return bytes === null ? '' : new TextDecoder('utf-8').decode(bytes);
}
