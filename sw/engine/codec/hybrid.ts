/** What must hold of the v2 part of a torrent (BEP 52): its hash trees, and where it is a hybrid, one with the v1 part. */
import { sameBytes, toHex } from '../model/ids.ts';
import { merkleRoot, pieceHeight, TREE_HASH_BYTES } from '../model/merkle.ts';
import { damaged, type ListedFile } from './file-list.ts';
import type { Scan } from './scan.ts';

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

/**
 * As v2 has it: each file at the start of a piece, and so with pieces of one size. Clients of v2 ask for the last block of
 * a file whole, zeros past its end included, that of the last file as well.
 */
export function withPads(files: readonly ListedFile[], pieceLength: number): ListedFile[] {
  return files.flatMap(file => {
    const over = file.length % pieceLength;
    if (over === 0) return [file];
    const length = pieceLength - over;
    return [file, { path: ['.pad', String(length)], length, pad: true, root: null }];
  });
}

/**
 * Checks what there is of `piece layers`: for each file longer than a piece, the hashes of its pieces under its root.
 * One that is missing can be asked of peers; one that is wrong cannot be an accident. Returns them by root, in hex.
 */
export function readPieceLayers(
  torrent: Scan,
  files: readonly ListedFile[],
  pieceLength: number,
): ReadonlyMap<string, Uint8Array> {
  const dict = torrent.find(0, 'piece layers');
  const right = new Map<string, Uint8Array>();
  if (dict < 0) return right;
  if (!torrent.isDict(dict)) damaged('its piece layers are no dictionary');
  const layers = new Map<string, Uint8Array>();
  for (const { key, value } of torrent.entries(dict)) {
    const layer = torrent.string(value) ?? damaged('one of its piece layers is no string');
    if (key.length !== TREE_HASH_BYTES || layer.length % TREE_HASH_BYTES !== 0) damaged('one of its piece layers is cut short');
    layers.set(toHex(key), layer);
  }
  for (const { root, length } of files) {
    if (root === null || length <= pieceLength) continue;
    const hex = toHex(root);
    const layer = layers.get(hex);
    // Files of one content share a layer, which is hashed once.
    if (layer === undefined || right.has(hex)) continue;
    const wrongSize = layer.length !== Math.ceil(length / pieceLength) * TREE_HASH_BYTES;
    if (wrongSize || !sameBytes(merkleRoot(layer, pieceHeight(pieceLength)), root))
      damaged('one of its piece layers does not fit its file');
    right.set(hex, layer.slice());
  }
  return right;
}
