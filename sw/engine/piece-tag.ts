/** Names a piece's buffer to a later engine: info-hash, then the index, big-endian. The store does not read it. */
export function pieceTag(infoHash: Uint8Array, piece: number): Uint8Array {
  const tag = new Uint8Array(infoHash.length + 4);
  tag.set(infoHash);
  new DataView(tag.buffer).setUint32(infoHash.length, piece);
  return tag;
}

/** The inverse of {@link pieceTag}; null where the tag is none of ours. */
export function readTag(tag: Uint8Array): { infoHash: Uint8Array; piece: number } | null {
  if (tag.length !== 24) return null;
  return { infoHash: tag.slice(0, 20), piece: new DataView(tag.buffer, tag.byteOffset, 24).getUint32(20) };
}
