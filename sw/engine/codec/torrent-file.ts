/** A .torrent file of an info dictionary whose bytes are to stay as they are: they are what the info-hash is of (BEP 3, BEP 12, BEP 52). */
import { encode } from './bencode.ts';
import { fromHex } from '../model/ids.ts';

const text = new TextEncoder();

/** `layers`: hashes of pieces by root in hex (BEP 52), those that are known. */
export function torrentFile(
  info: Uint8Array,
  tiers: readonly (readonly string[])[],
  layers: ReadonlyMap<string, Uint8Array> = new Map<string, Uint8Array>(),
): Uint8Array<ArrayBuffer> {
  const sorted = [...layers].sort(([a], [b]) => (a < b ? -1 : 1));
  const first = tiers.flat()[0];
  const trackers = tiers.map(tier => tier.map(url => text.encode(url)));
  const parts = [
    text.encode('d'),
    ...(first === undefined ? [] : [text.encode('8:announce'), encode(text.encode(first))]),
    ...(tiers.flat().length > 1 ? [text.encode('13:announce-list'), encode(trackers)] : []),
    text.encode('4:info'),
    info,
    ...(layers.size === 0 ? [] : [text.encode('12:piece layersd')]),
    ...sorted.flatMap(([root, layer]) => [encode(fromHex(root)), encode(layer)]),
    ...(layers.size === 0 ? [] : [text.encode('e')]),
    text.encode('e'),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
