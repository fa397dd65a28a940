/** Torrents of v2 and hybrids (BEP 52), made by plainer means than the engine's own. */
import { createHash } from 'node:crypto';
import bencode from 'bencode';
import { makeTorrent } from './host.ts';

/**
 * The same of v2 (BEP 52), or of both. `layers`: whether the .torrent holds the hashes of the pieces. No pads are given:
 * a hybrid gets those that it needs.
 */
export function makeTreeTorrent(
  files: Readonly<Record<string, number>>,
  pieceLength: number,
  seed: number,
  { hybrid = false, layers = true, tracker = 'http://tracker/announce' } = {},
) {
  const names = Object.keys(files).sort();
  const padded: Record<string, number> = {};
  names.forEach((name, index) => {
    const length = files[name] ?? 0;
    padded[name] = length;
    if (length % pieceLength !== 0 && index < names.length - 1) padded[`.pad/${index}`] = pieceLength - (length % pieceLength);
  });
  const v1 = makeTorrent(padded, pieceLength, seed);
  const v1Info = (bencode.decode(v1.bytes) as { info: Record<string, unknown> }).info;
  const pieceLayers: Record<string, Buffer> = {};
  const tree: Record<string, unknown> = {};
  for (const name of names) {
    const content = v1.contents.get(names.length === 1 ? name : `folder/${name}`) ?? new Uint8Array(0);
    const blocks: Buffer[] = [];
    for (let at = 0; at < content.length; at += 16_384) blocks.push(sha256(content.subarray(at, at + 16_384)));
    const leaf: Record<string, unknown> = { length: content.length };
    if (content.length > 0) {
      const layer = layerOver(blocks, Math.log2(pieceLength / 16_384));
      const [root = Buffer.alloc(0)] = content.length > pieceLength ? rootOver(layer, pieceLength) : rootOver(blocks, 16_384);
      leaf['pieces root'] = root;
      if (content.length > pieceLength) pieceLayers[root.toString('latin1')] = Buffer.concat(layer);
    }
    const parts = name.split('/');
    let folder = tree;
    for (const part of parts.slice(0, -1)) folder = (folder[part] ??= {}) as Record<string, unknown>;
    folder[parts.at(-1) ?? ''] = { '': leaf };
  }
  const shared = { 'file tree': tree, 'meta version': 2, name: v1Info['name'], 'piece length': pieceLength };
  const info = hybrid ? { ...v1Info, ...shared } : shared;
  const infoBytes = Buffer.from(bencode.encode(info));
  const layersBytes = layers ? Buffer.concat([Buffer.from('12:piece layers'), encodeLayers(pieceLayers)]) : Buffer.alloc(0);
  const bytes = Uint8Array.from(
    Buffer.concat([Buffer.from(`d8:announce${tracker.length}:${tracker}4:info`), infoBytes, layersBytes, Buffer.from('e')]),
  );
  const v2Hash = sha256(infoBytes).toString('hex');
  const id = hybrid ? createHash('sha1').update(infoBytes).digest('hex') : v2Hash.slice(0, 40);
  return {
    bytes,
    id,
    v2Hash,
    contents: v1.contents,
    size: [...v1.contents.values()].reduce((sum, { length }) => sum + length, 0),
  };
}

/** Keys of this dictionary are hashes, which no text can hold. */
function encodeLayers(layers: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries(layers).map(([root, layer]) => [Buffer.from(root, 'latin1'), layer] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  const text = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
  return Buffer.concat([Buffer.from('d'), ...entries.flatMap(([root, layer]) => [text(root), text(layer)]), Buffer.from('e')]);
}

function sha256(...parts: Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** Pairs up `levels` times; missing hashes are zeros at the bottom. */
function layerOver(hashes: readonly Buffer[], levels: number, padding: Buffer = Buffer.alloc(32)): Buffer[] {
  let level = [...hashes];
  let missing: Buffer = padding;
  for (let at = 0; at < levels; at++) {
    const below = level;
    const filler = missing;
    level = below.flatMap((left, index) => (index % 2 === 0 ? [sha256(left, below[index + 1] ?? filler)] : []));
    missing = sha256(filler, filler);
  }
  return level;
}

/** `covered`: bytes under each hash. */
function rootOver(hashes: readonly Buffer[], covered: number): Buffer[] {
  let padding: Buffer = Buffer.alloc(32);
  for (let at = 16_384; at < covered; at *= 2) padding = sha256(padding, padding);
  return layerOver(hashes, Math.ceil(Math.log2(hashes.length)), padding);
}
