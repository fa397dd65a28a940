/** What must hold of the v2 part of a torrent (BEP 52): its hash trees, and where it is a hybrid, one with the v1 part. */
import { sha256 } from '@noble/hashes/sha2.js';
import { sameBytes, toHex } from '../model/ids.ts';
import { BLOCK } from '../model/layout.ts';
import { damaged, type ListedFile } from './file-list.ts';
import type { Scan } from './scan.ts';

const HASH_BYTES = 32;

/** The v1 list must hold the same files in the same order, pads putting each at the start of a piece as v2 does. */
export function checkSameFiles(v1: readonly ListedFile[], v2: readonly ListedFile[], pieceLength: number): void {
  let offset = 0;
  let next = 0;
  for (const file of v1) {
    if (!file.pad) {
      const twin = v2[next++];
      const same = twin?.length === file.length && twin.path.join('/') === file.path.join('/');
      if (!same || (file.length > 0 && offset % pieceLength !== 0)) differs();
    }
    offset += file.length;
  }
  if (next !== v2.length) differs();
}

function differs(): never {
  return damaged('its v1 and v2 parts list different files');
}

/** As v2 has it: each file at the start of a piece. */
export function withPads(files: readonly ListedFile[], pieceLength: number): ListedFile[] {
  return files.flatMap((file, index) => {
    const over = file.length % pieceLength;
    if (over === 0 || index === files.length - 1) return [file];
    const length = pieceLength - over;
    return [file, { path: ['.pad', String(length)], length, pad: true, root: null }];
  });
}

/**
 * Checks what there is of `piece layers`: for each file longer than a piece, the hashes of its pieces under its root.
 * One that is missing can be asked of peers; one that is wrong cannot be an accident.
 */
export function checkPieceLayers(torrent: Scan, files: readonly ListedFile[], pieceLength: number): void {
  const dict = torrent.find(0, 'piece layers');
  if (dict < 0) return;
  if (!torrent.isDict(dict)) damaged('its piece layers are no dictionary');
  const layers = new Map<string, Uint8Array>();
  for (const { key, value } of torrent.entries(dict)) {
    const layer = torrent.string(value) ?? damaged('one of its piece layers is no string');
    if (key.length !== HASH_BYTES || layer.length % HASH_BYTES !== 0) damaged('one of its piece layers is cut short');
    layers.set(toHex(key), layer);
  }
  const blocksPerPiece = pieceLength / BLOCK;
  for (const { root, length } of files) {
    if (root === null || length <= pieceLength) continue;
    const hex = toHex(root);
    const layer = layers.get(hex);
    if (layer === undefined) continue;
    const wrongSize = layer.length !== Math.ceil(length / pieceLength) * HASH_BYTES;
    if (wrongSize || !sameBytes(merkleRoot(layer, zeroRoot(blocksPerPiece)), root))
      damaged('one of its piece layers does not fit its file');
    // Files of one content share a layer, which is hashed once.
    layers.delete(hex);
  }
}

/** The root over these hashes, filled up to a power of two with `padding`. */
function merkleRoot(hashes: Uint8Array, padding: Uint8Array): Uint8Array {
  let level = hashes;
  let filler = padding;
  while (level.length > HASH_BYTES) {
    const above = new Uint8Array(Math.ceil(level.length / (2 * HASH_BYTES)) * HASH_BYTES);
    for (let at = 0; at < above.length; at += HASH_BYTES) {
      const left = 2 * at;
      const pair =
        left + 2 * HASH_BYTES <= level.length
          ? level.subarray(left, left + 2 * HASH_BYTES)
          : joined(level.subarray(left), filler);
      above.set(sha256(pair), at);
    }
    level = above;
    filler = sha256(joined(filler, filler));
  }
  return level;
}

/** The root over `leaves` (a power of two) blocks past the end of a file, whose hashes are zeros. */
function zeroRoot(leaves: number): Uint8Array {
  let hash: Uint8Array = new Uint8Array(HASH_BYTES);
  for (let covered = 1; covered < leaves; covered *= 2) hash = sha256(joined(hash, hash));
  return hash;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
