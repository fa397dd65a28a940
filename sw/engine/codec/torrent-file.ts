/** A .torrent file of an info dictionary whose bytes are to stay as they are: they are what the info-hash is of (BEP 3, BEP 12). */
import { encode } from './bencode.ts';

const text = new TextEncoder();

export function torrentFile(info: Uint8Array, tiers: readonly (readonly string[])[]): Uint8Array<ArrayBuffer> {
  const first = tiers.flat()[0];
  const trackers = tiers.map(tier => tier.map(url => text.encode(url)));
  const parts = [
    text.encode('d'),
    ...(first === undefined ? [] : [text.encode('8:announce'), encode(text.encode(first))]),
    ...(tiers.flat().length > 1 ? [text.encode('13:announce-list'), encode(trackers)] : []),
    text.encode('4:info'),
    info,
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
