import { readTag } from './piece-tag.ts';
import type { KeptPiece } from './events.ts';
import { toHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';

/** A buffer that outlived the engine or the connection that began it, and the piece that its tag names. */
export interface OwnPiece {
  readonly piece: number;
  readonly kept: KeptPiece;
}

/** By the torrent that they belong to; `nobodys` are of none that there is. */
export function sortKept(
  kept: readonly KeptPiece[],
  isThere: (id: InfoHash) => boolean,
): { readonly byTorrent: ReadonlyMap<InfoHash, readonly OwnPiece[]>; readonly nobodys: readonly KeptPiece[] } {
  const byTorrent = new Map<InfoHash, OwnPiece[]>();
  const nobodys: KeptPiece[] = [];
  for (const buffer of kept) {
    const tag = readTag(buffer.tag);
    const id = tag ? toHex(tag.infoHash) : '';
    if (!tag || !isThere(id)) {
      nobodys.push(buffer);
      continue;
    }
    const pieces = byTorrent.get(id) ?? [];
    pieces.push({ piece: tag.piece, kept: buffer });
    byTorrent.set(id, pieces);
  }
  return { byTorrent, nobodys };
}
